"""Playing motions."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import StudioError
from ..actions import SetPlayback, SetPose, ShowMotion
from ..services import Services
from .registry import command


@command("Open motion…", path="motion.npz")
def open_motion(services: Services, *, path: str | Path, playing: bool = True) -> None:
    """Play a motion file on the avatar; its pose stays what it was."""
    services.driver.stop()
    services.open_motion(Path(path), playing=playing)


@command("Close motion")
def close_motion(services: Services) -> None:
    """Show the avatar's own pose again."""
    services.store.dispatch(ShowMotion(motion=None))


@command("Play")
def play(services: Services) -> None:
    """Let the motion or the timeline run, from its beginning if it had ended."""
    state = services.store.state
    playback = state.playback
    if playback.motion is None and state.document.timeline.is_empty:
        raise StudioError("there is nothing to play", hint="open a motion file or set keyframes first")
    services.driver.stop()
    ended = playback.seconds >= state.playing_seconds
    services.playhead.show(0.0 if ended else playback.seconds, playing=True)


@command("Pause")
def pause(services: Services) -> None:
    """Hold the motion or the timeline where it is."""
    services.store.dispatch(SetPlayback(playing=False))


@command("Scrub", seconds=0.5)
def scrub(services: Services, *, seconds: float) -> None:
    """Hold the motion or the timeline at a time in seconds."""
    seconds = min(max(seconds, 0.0), services.store.state.playing_seconds)
    services.playhead.show(seconds, playing=False)


@command("Playback", speed=0.5, loop=False)
def set_playback(services: Services, *, speed: float | None = None, loop: bool | None = None) -> None:
    """Change how fast a motion plays and whether it starts over."""
    services.store.dispatch(SetPlayback(speed=speed, loop=loop))


@command("Take pose", effect="document")
def take_pose(services: Services) -> None:
    """Make the pose that the camera or the motion gives the avatar's own, and close the motion."""
    state = services.store.state
    pose = services.current_pose(state)
    is_own = state.playback.motion is None and state.driving.pose is None
    if is_own or pose is None:
        raise StudioError("there is no motion to take a pose from", hint="open a motion file, or drive the avatar")
    if state.driving.pose is not None:
        services.store.dispatch(SetPose(rotations=state.shown.rotations, expression=state.shown.expression))
        return
    x, y, z = pose.translation.tolist()
    rotations = tuple((a, b, c) for a, b, c in pose.rotations.tolist())
    expression = tuple(pose.expression.tolist())
    services.store.dispatch(SetPose(rotations=rotations, translation=(x, y, z), expression=expression))
    services.store.dispatch(ShowMotion(motion=None))
