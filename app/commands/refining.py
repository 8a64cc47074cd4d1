"""Making the avatar better from its pictures, while everything else goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..actions import SetRefining, SetSettings
from ..services import Services
from .registry import attempt, command


@command("Start refining", effect="document", seconds=0.2)
def start_refining(services: Services, *, seconds: float | None = None) -> None:
    """Make the avatar more like its pictures, for so many seconds or as long as the settings say; one step of undo."""
    minutes, keeper = services.store.state.settings.refine.minutes, services.capturer.keeper
    services.corrector.finish()
    keeper.check_corrected()
    if keeper.is_correcting:  # it takes them
        services.later.when(
            lambda: not keeper.is_correcting, lambda: attempt(services, "start_refining", seconds=seconds)
        )
        return
    services.refining.start(seconds if seconds is not None else minutes * 60.0 if minutes else None)


@command("Stop refining", effect="document")
def stop_refining(services: Services) -> None:
    """End it and keep what was made."""
    services.refining.stop()


@command("Pause refining")
def pause_refining(services: Services) -> None:
    """Let the machine rest; what was made is shown."""
    services.refining.pause()


@command("Go on refining")
def resume_refining(services: Services) -> None:
    """Go on after a pause."""
    services.refining.resume()


@command("Throw away what was refined")
def revert_refining(services: Services) -> None:
    """End it; the avatar is as it was before."""
    services.refining.revert()


@command("Show before", on=True)
def show_before(services: Services, *, on: bool) -> None:
    """Show the avatar as it was before it was refined, or as it is now."""
    refining = services.store.state.refining
    if on is not refining.shows_before:
        services.store.dispatch(SetRefining(refining=replace(refining, shows_before=on)))


@command("Settings of refining", minutes=1.0, continuous=False)
def set_refine(services: Services, **choices: Any) -> None:
    """Choose how long refining takes and what it learns from: fields of `RefineChoices`; what is not named stays."""
    store = services.store
    settings = store.state.settings
    store.dispatch(SetSettings(settings=replace(settings, refine=replace(settings.refine, **choices))))
