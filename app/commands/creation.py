"""Making an avatar of the pictures of a person."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import StudioError
from ...core.jobs import JobContext
from ..actions import Action, OpenDocument, Report
from ..documents import document_of
from ..localized import localized_photo
from ..scene import prepared
from ..services import Services
from ..state import Status
from .registry import command

JOB = "create"
TITLE = "me"
_READING, _DRAWING = 0.1, 0.1
"""Parts of the whole work."""
_MOST_NAMED = 3


@command("Make my avatar", effect="document")
def make_avatar(services: Services) -> None:
    """Make an avatar of the pictures that were taken, in place of the document; then it can be refined."""
    capturing = services.store.state.capturing
    if not capturing.pictures:
        raise StudioError("there are no pictures of you yet", hint="take some, or choose photos or a film")
    services.capturer.stop()
    _create(services, [each.path for each in capturing.pictures], TITLE, folder=capturing.folder)


@command("Avatar from a photo…", effect="document", photo="picture.png")
def create_avatar(services: Services, *, photo: str | Path) -> None:
    """Make an avatar of the person in a photo, in place of the document; the photo stays where it is."""
    path = Path(photo).absolute()
    _create(services, [path], path.stem, folder=None)


def _create(services: Services, paths: Sequence[Path], title: str, *, folder: Path | None) -> None:
    stance, drawing, creator = services.stance, services.drawing, services.creator

    def work(context: JobContext) -> Any:
        from ...core.creation.taken import read_inputs

        def creating(fraction: float, message: str) -> None:
            context.report(_READING + (1.0 - _READING - _DRAWING) * fraction, message)

        taken = read_inputs(paths, report=lambda share, message: context.report(_READING * share, message))
        made = creator.use(lambda maker, report: maker.create(taken.pictures, title, report=report), creating)
        context.report(1.0 - _DRAWING, "preparing to draw")
        document = replace(document_of(made.avatar, made.body), rotations=stance)
        scene = prepared(document, drawing=drawing)
        localized = None if made.localized is None else localized_photo(made.localized, made.body)
        return document, scene, localized, made, (*taken.refused, *made.refused)

    def finish(result: Any) -> Iterable[Action]:
        document, services.scene, localized, made, refused = result
        yield OpenDocument(document=document, title=title, is_saved=False, localized=localized, pictures=folder)
        services.refining.offer(made)
        hints = [f"left out: {each.reason}" for each in refused[:_MOST_NAMED]]
        if len(refused) > _MOST_NAMED:
            hints.append(f"and {len(refused) - _MOST_NAMED} more")
        count = len(made.pictures)
        said = f"made an avatar from {count} {'picture' if count == 1 else 'pictures'}"
        kind = "warning" if made.warnings else "info"
        hint = "; ".join((*made.warnings, *hints)) or "let it get better in the Refine panel (G)"
        status = Status(message=said, hint=hint, kind=kind)
        yield Report(status=status, time=time.time())

    services.start(JOB, work, finish)
