"""Making an avatar of the pictures of a person."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import StudioError
from ...core.jobs import JobContext
from ..actions import Action, OpenDocument, Report, SetCapturing
from ..documents import ReportProgress, document_of
from ..localized import localized_photo
from ..material import set_apart, taken_of
from ..scene import prepared
from ..services import Services
from ..state import Status
from .registry import attempt, command

if TYPE_CHECKING:
    from ...core.creation.creator import AvatarCreator, Creation
    from ...core.creation.fitted import FittedPicture
    from ...core.creation.taken import Taken

    Made = tuple[Taken, Creation, tuple[FittedPicture, ...]]

JOB = "create"
TITLE = "me"
_READING, _DRAWING = 0.1, 0.1
"""Parts of the whole work."""
_MOST_NAMED = 3


@command("Make my avatar", effect="document")
def make_avatar(services: Services) -> None:
    """Make an avatar of the pictures that were taken, in place of the document; then it can be refined."""
    services.capturer.stop()
    services.corrector.finish()
    if services.capturer.keeper.is_busy:
        raise StudioError("pictures are just being kept", hint="try again in a moment")
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
    stance, drawing, creator = services.stance, services.drawing, services.creator
    names = frozenset() if folder is None else frozenset(path.name for path in paths)

    def making(maker: AvatarCreator, report: ReportProgress) -> Made:
        def reading(fraction: float, message: str) -> None:
            report(_READING * fraction, message)

        def creating(fraction: float, message: str) -> None:
            report(_READING + (1.0 - _READING) * fraction, message)

        taken = taken_of(paths, set_apart(names), maker.body, reading)
        made = maker.create(taken.pictures, title, report=creating)
        return taken, made, maker.fit_more(made, taken.held_out, first=len(made.pictures))

    def work(context: JobContext) -> Any:
        def share(fraction: float, message: str) -> None:
            context.report((1.0 - _DRAWING) * fraction, message)

        taken, made, judged = creator.use(making, share)
        context.report(1.0 - _DRAWING, "preparing to draw")
        document = replace(document_of(made.avatar, made.body), rotations=stance)
        scene = prepared(document, drawing=drawing)
        localized = None if made.localized is None else localized_photo(made.localized, made.body)
        return document, scene, localized, made, judged, (*taken.refused, *made.refused)

    def finish(result: Any) -> Iterable[Action]:
        document, services.scene, localized, made, judged, refused = result
        yield OpenDocument(document=document, title=title, is_saved=False, localized=localized, pictures=folder)
        services.refining.offer(made, judged=judged, names=names)
        yield SetCapturing(capturing=replace(services.store.state.capturing, outlines_changed=False))
        hints = [f"left out: {each.reason}" for each in refused[:_MOST_NAMED]]
        if len(refused) > _MOST_NAMED:
            hints.append(f"and {len(refused) - _MOST_NAMED} more")
        count, goes_on = len(made.pictures), services.store.state.settings.refine.starts_by_itself
        said = f"made an avatar from {count} {'picture' if count == 1 else 'pictures'}"
        kind = "warning" if made.warnings else "info"
        usual = "it gets better from now on (G stops it)" if goes_on else "let it get better in the Refine panel (G)"
        status = Status(message=said, hint="; ".join((*made.warnings, *hints)) or usual, kind=kind)
        yield Report(status=status, time=time.time())
        if goes_on:
            attempt(services, "start_refining")

    services.start(JOB, work, finish)
