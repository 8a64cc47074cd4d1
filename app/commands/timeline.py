"""The timeline: keyframes of what is shown, motion clips, recording; and writing all of it as a motion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ...core.body.interpolation import EASINGS, Easing, PoseValue
from ...core.body.motion import Motion
from ...core.body.timeline import (
    EMPTY,
    LONGEST,
    MAX_SPEED,
    MIN_SPEED,
    ROWS,
    SHORTEST,
    Clip,
    Row,
    Timeline,
    has_key,
    key_at,
    key_of,
    moved_key,
    with_changed_clip,
    with_clip,
    with_easing,
    with_key,
    without_clip,
    without_key,
)
from ...core.errors import StudioError
from ...core.jobs import JobContext
from .. import baking
from ..actions import Action, SetTimeline, ShowMotion
from ..endings import with_ending
from ..services import Services
from .registry import body_of, command

What = Literal["pose", "expression", "camera", "body", "all"]
"""One row of the timeline, pose and expression, or every row."""


@command("Add keyframe", effect="document", what="pose", seconds=0.25)
def add_keyframe(
    services: Services, *, what: What = "all", seconds: float | None = None, easing: Easing | None = None
) -> None:
    """Keep what is shown, in a key at the playhead or at another moment."""
    timeline = _timeline(services)
    moment = _seconds(services.store.state.playback.seconds if seconds is None else seconds)
    for row in _rows(what):
        former = key_at(timeline, row, moment).easing if has_key(timeline, row, moment) else "smooth"
        timeline = with_key(timeline, row, key_of(row, moment, _shown(services, row), _easing(easing or former)))
    services.store.dispatch(SetTimeline(timeline=timeline))
    services.playhead.keep()


@command("Remove keyframe", effect="document", what="pose", seconds=1.0)
def remove_keyframe(services: Services, *, what: What = "all", seconds: float) -> None:
    """Remove the keys at a moment."""
    timeline = _timeline(services)
    for row in _rows_with_key(timeline, what, seconds):
        timeline = without_key(timeline, row, seconds)
    _set(services, timeline)


@command("Move keyframe", effect="document", what="all", seconds=1.0, to=1.5)
def move_keyframe(services: Services, *, what: What = "all", seconds: float, to: float) -> None:
    """Bring the keys at one moment to another."""
    timeline = _timeline(services)
    for row in _rows_with_key(timeline, what, seconds):
        timeline = moved_key(timeline, row, seconds, _seconds(to))
    _set(services, timeline)


@command("Easing", effect="document", what="pose", seconds=1.0, easing="hold")
def set_easing(services: Services, *, what: What = "all", seconds: float, easing: Easing) -> None:
    """Choose how what is shown goes from the keys at a moment to the next ones."""
    timeline = _timeline(services)
    for row in _rows_with_key(timeline, what, seconds):
        timeline = with_easing(timeline, row, seconds, _easing(easing))
    _set(services, timeline)


@command("Place motion…", effect="document", path="motion.npz", start=0.5)
def place_clip(services: Services, *, path: str | Path | None = None, start: float | None = None) -> None:
    """Put a motion file, or the motion that is shown, on the timeline, at the playhead or at another moment."""
    _timeline(services)
    playback = services.store.state.playback
    if path is None:
        if playback.motion is None:
            raise StudioError("there is no motion to place", hint="open a motion file first")
        motion = playback.motion
        services.store.dispatch(ShowMotion(motion=None))
        _set(services, _with_motion(services, motion, _seconds(start or 0.0)))
        return
    at = _seconds(start if start is not None else 0.0 if playback.motion is not None else playback.seconds)
    source = Path(path).absolute()

    def read(context: JobContext) -> Motion:
        from ...core.storage.motion_npz import read_motion

        context.report(0.0, f"reading {source.name}")
        return read_motion(source)

    def finish(motion: Motion) -> Iterable[Action]:
        yield SetTimeline(timeline=_with_motion(services, motion, at))
        if services.store.state.playback.motion is None:
            services.playhead.show(services.store.state.playback.seconds)

    services.start("motion", read, finish)


@command("Change clip", effect="document", index=0, start=1.0, duration=0.3, speed=0.5, fade=0.1)
def change_clip(
    services: Services,
    *,
    index: int,
    start: float | None = None,
    duration: float | None = None,
    speed: float | None = None,
    fade: float | None = None,
) -> None:
    """Move a clip, let it last longer (it starts over where the motion ends) or shorter, play it faster or slower.

    With `fade` it takes over from the clips before it in so many seconds.
    """
    timeline = _timeline(services)
    clip = _clip(timeline, index)
    if start is not None:
        clip = replace(clip, start=_seconds(start))
    if duration is not None:
        clip = replace(clip, duration=min(max(duration, SHORTEST), LONGEST))
    if speed is not None:
        clip = replace(clip, speed=min(max(speed, MIN_SPEED), MAX_SPEED))
    if fade is not None:
        clip = replace(clip, fade=min(max(fade, 0.0), LONGEST))
    _set(services, with_changed_clip(timeline, index, clip))


@command("Remove clip", effect="document", index=0)
def remove_clip(services: Services, *, index: int) -> None:
    """Take a clip off the timeline."""
    timeline = _timeline(services)
    _clip(timeline, index)
    _set(services, without_clip(timeline, index))


@command("Length", effect="document", seconds=7.5)
def set_duration(services: Services, *, seconds: float) -> None:
    """Choose how long the timeline lasts; what lies beyond is kept but not played."""
    timeline = _timeline(services)
    _set(services, replace(timeline, duration=min(max(_seconds(seconds), SHORTEST), LONGEST)))


@command("Clear timeline", effect="document")
def clear_timeline(services: Services) -> None:
    """Take everything off the timeline; what is shown stays."""
    _timeline(services)
    services.store.dispatch(SetTimeline(timeline=EMPTY))


@command("Record")
def start_recording(services: Services) -> None:
    """Record what is shown from now on: what sliders, the gizmo and motions do."""
    services.playhead.start_recording()


@command("Stop recording", effect="document")
def stop_recording(services: Services) -> None:
    """End the recording; it becomes a clip on the timeline where it began."""
    _timeline(services)
    recorded = services.playhead.recorded()
    if recorded is None:
        raise StudioError("nothing was recorded", hint="start a recording first")
    motion, start = recorded
    timeline = _with_motion(services, motion, start)
    _set(services, timeline)
    services.playhead.show(start if services.store.state.playback.motion is None else 0.0)
    hidden = timeline.pose and timeline.pose[0].seconds < start + motion.seconds and start < timeline.pose[-1].seconds
    services.report(
        f"{motion.name}: {motion.seconds:.1f} s",
        hint="pose keys are shown in its place between the first and the last of them" if hidden else "",
    )


@command("Export motion…", path="performance.npz", fps=20.0)
def export_motion(services: Services, *, path: str | Path, fps: float = 30.0) -> None:
    """Write what the timeline, or the motion, shows on this body as a motion (SMPL-X NPZ)."""
    body_of(services)
    if not 1.0 <= fps <= 240.0:
        raise StudioError("a motion has 1 to 240 frames a second")
    baking.save_motion(services, with_ending(path, ".npz").absolute(), fps=fps)


def _timeline(services: Services) -> Timeline:
    body_of(services)
    return services.store.state.document.timeline


def _set(services: Services, timeline: Timeline) -> None:
    """Take another timeline over, and show what stands at the playhead now, unless the person has changed that."""
    was_touched = services.playhead.is_touched(services.store.state)
    services.store.dispatch(SetTimeline(timeline=timeline))
    if not was_touched and not timeline.is_empty and services.store.state.playback.motion is None:
        services.playhead.show(services.store.state.playback.seconds)


def _rows(what: str) -> tuple[Row, ...]:
    if what not in get_args(What):
        raise StudioError(f"there are no keys of {what!r}", hint=f"there are {', '.join(get_args(What))}")
    return {"all": ROWS, "body": ROWS[:2]}.get(what) or (cast(Row, what),)


def _rows_with_key(timeline: Timeline, what: str, seconds: float) -> tuple[Row, ...]:
    rows: tuple[Row, ...] = tuple(row for row in _rows(what) if has_key(timeline, row, seconds))
    if not rows:
        raise StudioError(f"there is no keyframe at {seconds:.2f} s", hint="click one on the timeline")
    return rows


def _shown(services: Services, row: Row) -> Any:
    """What a key of that row keeps now."""
    state = services.store.state
    if row == "camera":
        return state.view.orbit
    pose = services.current_pose(state)
    assert pose is not None
    if state.playback.motion is None:
        document = state.shown
        if row == "expression":
            return document.expression
        return PoseValue(rotations=document.rotations, translation=document.translation)
    if row == "expression":
        return tuple(pose.expression.tolist())
    x, y, z = pose.translation.tolist()
    return PoseValue(rotations=tuple((a, b, c) for a, b, c in pose.rotations.tolist()), translation=(x, y, z))


def _seconds(seconds: float) -> float:
    """A moment of a timeline, to the millisecond.

    Raises:
        StudioError: no timeline is so long.
    """
    if not 0.0 <= seconds <= LONGEST:
        raise StudioError(f"a timeline has the seconds 0 to {LONGEST:.0f}, not {seconds}")
    return round(seconds, 3)


def _easing(name: str) -> Easing:
    if name not in EASINGS:
        raise StudioError(f"there is no easing {name!r}", hint=f"there are {', '.join(EASINGS)}")
    return cast(Easing, name)


def _clip(timeline: Timeline, index: int) -> Clip:
    if not 0 <= index < len(timeline.clips):
        raise StudioError(f"there is no clip {index}", hint="click one on the timeline")
    return timeline.clips[index]


def _with_motion(services: Services, motion: Motion, start: float) -> Timeline:
    """The timeline with a motion more; one that was empty lasts until its end."""
    clip = Clip(motion=motion, start=start, duration=min(max(motion.seconds, SHORTEST), LONGEST))
    timeline = services.store.state.document.timeline
    return with_clip(replace(timeline, duration=clip.end) if timeline.is_empty else timeline, clip)
