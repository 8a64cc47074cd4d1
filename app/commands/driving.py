"""Driving the avatar by a camera or a film, what the person takes over from it, and what is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from ...core.errors import StudioError
from ...core.jobs import JobContext
from ...core.tracking.tracker_settings import Method, Parts
from ..actions import HandBack, Report, SetSettings, ShowMotion
from ..endings import with_ending
from ..services import Services
from .body import expression_index, joint_index
from .cameras import source_or_camera
from .registry import body_of, command


@command("Drive", source="camera:0")
def start_driving(services: Services, *, source: str | Path | None = None) -> None:
    """Let a camera (`camera:0`), a film, a folder of pictures or a photo move the avatar; None: the one before."""
    before = services.store.state.driving.source
    wanted = source_or_camera(
        services, source, before=before, name="start_driving", instead="a film in the Drive panel"
    )
    if not wanted:
        return
    services.corrector.finish()
    if services.store.state.capturing.is_on:
        services.capturer.stop()
        services.report("no pictures are taken any more: the camera drives the avatar now")
    services.driver.start(wanted)


@command("Stop driving")
def stop_driving(services: Services) -> None:
    """Let go of the camera; the avatar goes back to its own pose."""
    services.driver.stop()


@command("Try again")
def retry_driving(services: Services) -> None:
    """Open the camera or the film again after something was wrong with it."""
    services.driver.retry()


@command("Calibrate")
def calibrate_driving(services: Services) -> None:
    """Make the face that is seen now the neutral one, and the place where the person is now the avatar's."""
    services.driver.calibrate()


@command("Forget calibration")
def forget_calibration(services: Services) -> None:
    """Take the face as it is seen, without a neutral one."""
    services.driver.forget_calibration()


@command("Hand back", joint="left elbow")
def hand_back(services: Services, *, joint: str | int | None = None, action: str | int | None = None) -> None:
    """Let the camera move a joint or an action of the face again that a slider took over; without a name, all."""
    if joint is None and action is None:
        services.store.dispatch(HandBack())
        return
    actions = () if action is None else (expression_index(body_of(services), action),)
    services.store.dispatch(HandBack(joints=() if joint is None else (joint_index(joint),), actions=actions))


@command("Drive settings", parts="whole", mirror=False, smoothing={"head": 0.2}, gains={"mouth": 1.2})
def set_drive(
    services: Services,
    *,
    parts: str | None = None,
    method: str | None = None,
    smoothing: Mapping[str, float] | None = None,
    gains: Mapping[str, float] | None = None,
    **choices: bool,
) -> None:
    """Choose what follows the person and how; what is not named stays. `choices` are fields of `DriveSettings`."""
    store = services.store
    settings = store.state.settings
    tracker = settings.drive.tracker
    if parts is not None:
        if parts not in get_args(Parts):
            raise StudioError(f"nobody can be driven by {parts!r}", hint=f"there are {', '.join(get_args(Parts))}")
        tracker = replace(tracker, parts=parts)
    if method is not None:
        if method not in get_args(Method):
            raise StudioError(f"there is no tracker {method!r}", hint=f"there are {', '.join(get_args(Method))}")
        tracker = replace(tracker, method=method)
    tracker = replace(
        tracker,
        smoothing=replace(tracker.smoothing, **(smoothing or {})),
        gains=replace(tracker.gains, **(gains or {})),
    )
    drive = replace(settings.drive, tracker=tracker, **choices)
    if drive != settings.drive:
        store.dispatch(SetSettings(settings=replace(settings, drive=drive)))


@command("Play recording")
def play_recording(services: Services) -> None:
    """Show what was recorded last."""
    motion = _recorded(services)
    services.driver.stop()
    services.store.dispatch(ShowMotion(motion=motion))


@command("Save recording…", path="recording.npz")
def save_recording(services: Services, *, path: str | Path) -> None:
    """Write what was recorded last as a motion (SMPL-X NPZ)."""
    motion, path = _recorded(services), with_ending(path, ".npz").absolute()

    def work(_: JobContext) -> None:
        from ...core.storage.motion_npz import write_motion

        write_motion(path, motion)

    services.start("export", work, lambda _: [Report.now(f"saved the recording {path.name}")])


@command("Virtual camera", on=True)
def set_virtual_camera(services: Services, *, on: bool) -> None:
    """Show the picture to other programs as a camera, or no longer."""
    services.virtual_camera.start() if on else services.virtual_camera.stop()


def _recorded(services: Services) -> Any:
    motion = services.store.state.recorded
    if motion is None:
        raise StudioError("nothing was recorded yet", hint="press Record first")
    return motion
