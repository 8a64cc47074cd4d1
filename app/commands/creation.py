"""Making an avatar of the pictures of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import StudioError
from ...core.jobs import JobContext
from ..actions import Action, OpenDocument, Report, SetCapturing
from ..captured import with_sources
from ..documents import ReportProgress, document_of
from ..localized import localized_photo
from ..material import prints, set_apart, taken_of
from ..scene import prepared
from ..services import Services
from .registry import attempt, command

if TYPE_CHECKING:
    from ...core.creation.creator import AvatarCreator, Creation
    from ...core.creation.fitted import FittedPicture
    from ...core.creation.taken import Taken

    Made = tuple[Taken, Creation, tuple[FittedPicture, ...]]

JOB = "making your avatar"
TITLE = "me"
_READING, _DRAWING = 0.1, 0.1
"""Parts of the whole work."""


@command("Make my avatar", effect="document")
def make_avatar(services: Services) -> None:
    """Make an avatar of the pictures that were taken, in place of the document; then it can be refined."""
    services.capturer.stop()
    services.corrector.finish()
    keeper = services.capturer.keeper
    keeper.check_corrected()
    if keeper.is_importing:
        raise StudioError("pictures are still coming in", hint="wait until they are there, or cancel that")
    if keeper.is_busy:
        services.later.when(lambda: not keeper.is_busy, lambda: attempt(services, "make_avatar"))
        return
    capturing = services.store.state.capturing
    if not capturing.pictures:
        raise StudioError("there are no pictures of you yet", hint="take some, or choose photos or a film")
    _create(services, [each.path for each in capturing.pictures], TITLE, folder=capturing.folder)


@command("Avatar from a photo…", effect="document", photo="picture.png")
def create_avatar(services: Services, *, photo: str | Path) -> None:
    """Make an avatar of the person in a photo, in place of the document; the photo stays where it is."""
    path = Path(photo).absolute()
    _create(services, [path], path.stem, folder=None)


def _create(services: Services, paths: Sequence[Path], title: str, *, folder: Path | None) -> None:
    services.refining.keep_now()  # two things that take the whole machine would both be slow
    stance, drawing, creator, keeper = services.stance, services.drawing, services.creator, services.capturer.keeper
    kept = () if folder is None else paths

    def making(maker: AvatarCreator, report: ReportProgress) -> Made:
        def reading(fraction: float, message: str) -> None:
            report(_READING * fraction, message)

        def creating(fraction: float, message: str) -> None:
            report(_READING + (1.0 - _READING) * fraction, message)

        taken = taken_of(paths, set_apart([path.name for path in kept]), maker.body, reading)
        made = maker.create(taken.pictures, title, report=creating)
        return taken, made, maker.fit_more(made, taken.held_out, first=len(made.pictures))

    def work(context: JobContext) -> Any:
        def share(fraction: float, message: str) -> None:
            context.report((1.0 - _DRAWING) * fraction, message)

        looked_at = prints(kept)
        taken, made, judged = creator.use(making, share)
        context.report(1.0 - _DRAWING, "preparing to draw")
        document = replace(document_of(made.avatar, made.body), rotations=stance)
        scene = prepared(document, drawing=drawing)
        localized = None if made.localized is None else localized_photo(made.localized, made.body)
        now = prints([path for path in kept if path.exists()])
        is_old = any(looked_at[name] != stamp for name, stamp in now.items())
        return document, scene, localized, made, judged, (*taken.refused, *made.refused), looked_at, is_old

    def finish(result: Any) -> Iterable[Action]:
        document, services.scene, localized, made, judged, refused, looked_at, is_old = result
        notes = (*made.warnings, *(f"left out: {each.reason}" for each in refused))
        notes = tuple(dict.fromkeys(with_sources(each, services.store.state.capturing.pictures) for each in notes))
        yield OpenDocument(
            document=document,
            title=title,
            is_saved=False,
            localized=localized,
            pictures=folder,
            is_of_face=all(each.shot.of_what_it_shows().mode == "face" for each in made.pictures),
            notes=notes,
        )
        services.refining.offer(made, judged=judged, looked_at=looked_at)
        is_old = is_old or keeper.is_correcting  # it was made of the outlines before
        yield SetCapturing(capturing=replace(services.store.state.capturing, outlines_changed=is_old))
        count, goes_on = len(made.pictures), services.store.state.settings.refine.starts_by_itself
        whole = f"{count} of {count + len(refused)}" if refused else f"{count}"
        said = f"made an avatar from {whole} {'picture' if count + len(refused) == 1 else 'pictures'}"
        kind = "warning" if made.warnings else "info"
        usual = "it gets better from now on (G stops it)" if goes_on else "let it get better in the Refine panel (G)"
        yield Report.now(said, hint="the Capture panel says more" if notes else usual, kind=kind)
        if goes_on:  # but nobody is interrupted who paints
            origin = services.store.state.document.origin
            services.later.when(lambda: services.store.state.correcting is None, lambda: _go_on(services, origin))

    services.start(JOB, work, finish)


def _go_on(services: Services, origin: int) -> None:
    """Refine the avatar, unless it is another by now or is being refined."""
    state = services.store.state
    if state.document.origin == origin and not state.refining.is_on:
        attempt(services, "start_refining")
