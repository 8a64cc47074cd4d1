"""Making an avatar from a photo."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.jobs import JobContext
from ..actions import Action, OpenDocument, Report
from ..documents import document_of
from ..localized import localized_photo
from ..scene import prepared
from ..services import Services
from ..state import Status
from .registry import command

JOB = "create"
_PREPARING, _CREATING, _DRAWING = 0.5, 0.4, 0.1
"""Parts of the whole work."""


@command("Avatar from a photo…", effect="document", photo="picture.png")
def create_avatar(services: Services, *, photo: str | Path) -> None:
    """Make an avatar of the person in a photo, in place of the document; the photo stays where it is."""
    path, stance, drawing = Path(photo).absolute(), services.stance, services.drawing

    def work(context: JobContext) -> Any:
        from ...core.body.body_registry import default_body
        from ...core.creation.photo_avatar import photo_creator, read_photo

        def preparing(fraction: float, message: str) -> None:
            context.report(_PREPARING * fraction, message)

        def creating(fraction: float, message: str) -> None:
            context.report(_PREPARING + _CREATING * fraction, message)

        picture = read_photo(path)
        with photo_creator(default_body(preparing), report=preparing) as creator:
            made = creator.create(picture, path.name, report=creating)
        context.report(1.0 - _DRAWING, "preparing to draw")
        document = replace(document_of(made.avatar, made.body), rotations=stance)
        scene = prepared(document, drawing=drawing)
        return document, scene, localized_photo(made, path.name), made.evidence.num_people

    def finish(result: Any) -> Iterable[Action]:
        document, services.scene, localized, num_people = result
        yield OpenDocument(document=document, title=path.stem, is_saved=False, localized=localized)
        hint = f"{num_people} people are in it, the largest was taken: crop it for another" if num_people > 1 else ""
        yield Report(status=Status(message=f"made an avatar from {path.name}", hint=hint), time=time.time())

    services.start(JOB, work, finish)
