"""Taking pictures of oneself, and keeping them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import StudioError
from ..actions import SetSettings
from ..services import Services
from .cameras import source_or_camera
from .registry import command


@command("Start the camera", source="camera:0")
def start_capture(services: Services, *, source: str | Path | None = None) -> None:
    """Look at a person through a camera (`camera:0`), a film or a photo, to take pictures; None: the one before."""
    state = services.store.state
    wanted = source_or_camera(
        services,
        source,
        before=state.capturing.source,
        name="start_capture",
        instead="photos or a film in the Capture panel",
    )
    if not wanted:
        return
    services.corrector.finish()
    if state.driving.is_on:
        services.driver.stop()
        services.report("the avatar is no longer driven: pictures are taken now")
    services.capturer.start(wanted)


@command("Stop the camera")
def stop_capture(services: Services) -> None:
    """Let go of the camera; the pictures stay."""
    services.capturer.stop()


@command("Try again")
def retry_capture(services: Services) -> None:
    """Open the camera or the film again after something was wrong with it."""
    services.capturer.retry()


@command("Take a picture")
def take_picture(services: Services) -> None:
    """Press the shutter; pictures of the whole body are taken when the countdown has run."""
    services.capturer.take()


@command("Capture settings", mode="body", countdown=10)
def set_capture(services: Services, **choices: Any) -> None:
    """Choose how pictures are taken; `choices` are fields of `CaptureSettings`, what is not named stays."""
    settings = services.store.state.settings
    capture = replace(settings.capture, **choices)
    if capture != settings.capture:
        services.store.dispatch(SetSettings(settings=replace(settings, capture=capture)))


@command("Look for pictures")
def find_pictures(services: Services) -> None:
    """Show the pictures that were taken for this document before."""
    services.capturer.keeper.begin()


@command("Import photos or films…", paths=("picture.png",))
def import_pictures(services: Services, *, paths: Sequence[str | Path]) -> None:
    """Keep a copy of the best pictures of photos, folders and films; they themselves stay as they are."""
    services.capturer.keeper.import_([Path(path).absolute() for path in paths])


@command("Delete a picture", name="picture-1.jpg")
def delete_picture(services: Services, *, name: str) -> None:
    """Remove one of the pictures that were taken, for good."""
    if name not in {each.name for each in services.store.state.capturing.pictures}:
        raise StudioError(f"there is no picture {name}", hint="it may be deleted already")
    services.capturer.keeper.delete(name)
    services.refining.forget((name,))


@command("Delete all pictures…")
def delete_pictures(services: Services) -> None:
    """Remove all pictures that were taken for this document, for good."""
    services.refining.forget([each.name for each in services.store.state.capturing.pictures])
    services.capturer.keeper.delete_all()
