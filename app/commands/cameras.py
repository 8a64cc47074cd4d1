"""The cameras of this machine: which there are, and beginning with one before anybody has looked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import StudioError
from ...core.jobs import JobContext
from ..actions import Action, SetDriving
from ..services import Services
from .registry import attempt, command

JOB = "cameras"


@command("Look for cameras")
def find_cameras(services: Services) -> None:
    """List the cameras of this machine, without switching any on."""
    _look(services)


def source_or_camera(services: Services, source: str | Path | None, *, before: str, command: str, else_: str) -> str:
    """What was asked for, else the source before, else the first camera.

    Nothing, where cameras have to be looked for: `command` comes again when they are known.

    Raises:
        StudioError: there is no camera; `else_` says what to choose instead.
    """
    cameras = services.store.state.driving.cameras
    wanted = str(source or before or next((f"camera:{each.number}" for each in cameras or ()), ""))
    if not wanted and cameras is not None:
        raise StudioError("there is no camera", hint=f"connect one, or choose {else_}")
    if not wanted and any(job.name == JOB for job in services.store.state.jobs):
        raise StudioError("cameras are being looked for", hint=f"try again in a moment, or choose {else_}")
    if not wanted:
        _look(services, then=command)
    return wanted


def _look(services: Services, *, then: str = "") -> None:
    def work(_: JobContext) -> Any:
        from ...core.tracking.camera_source import list_cameras

        return list_cameras()

    def finish(cameras: Any) -> Iterable[Action]:
        yield SetDriving(driving=replace(services.store.state.driving, cameras=cameras))
        if then:
            attempt(services, then)

    services.start(JOB, work, finish)
