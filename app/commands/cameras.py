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

    def work(_: JobContext) -> Any:
        from ...core.tracking.camera_source import list_cameras

        return list_cameras()

    def finish(cameras: Any) -> Iterable[Action]:
        yield SetDriving(driving=replace(services.store.state.driving, cameras=cameras))
        waiting, services.waits_for_cameras = services.waits_for_cameras, ""
        if waiting:
            attempt(services, waiting)

    services.start(JOB, work, finish)


def source_or_camera(services: Services, source: str | Path | None, *, before: str, name: str, instead: str) -> str:
    """What was asked for, else the source before, else the first camera.

    Nothing, where it is not known yet which there are: the command of that `name` comes again as soon as it is, unless
    something else is begun meanwhile.

    Raises:
        StudioError: there is no camera; what to choose `instead` is its hint.
    """
    services.waits_for_cameras = ""
    cameras = services.store.state.driving.cameras
    wanted = str(source or before or next((f"camera:{each.number}" for each in cameras or ()), ""))
    if not wanted and cameras is not None:
        raise StudioError("there is no camera", hint=f"connect one, or choose {instead}")
    if not wanted:
        services.waits_for_cameras = name
        if not services.is_running(JOB):
            find_cameras(services)
    return wanted
