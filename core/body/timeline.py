"""A timeline: motion clips placed in time, and keyframes of pose, expression and camera; pure values.

Who drives the pose at a moment (and alike the expression): between the first and the last key the keys do, elsewhere
the clip that covers the moment (the one that began last), and where there is none what ended last is held; before
everything, what begins first. While a clip begins it fades in from what earlier clips show, or hold; clips meet keys
without a transition. The camera has keys only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, Protocol, TypeVar, cast, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from ..cameras import OrbitCamera
from .interpolation import Easing, PoseValue, eased, expression_between, orbit_between, pose_between
from .model import BodyModel
from .motion import Motion
from .parameters import BodyPose

Value = TypeVar("Value", covariant=True)
Shown = TypeVar("Shown")
Row = Literal["pose", "expression", "camera"]
ROWS: tuple[Row, ...] = ("pose", "expression", "camera")

SAME_MOMENT = 5e-4
"""Seconds; two keys of a row that are nearer than this are one."""
SHORTEST, LONGEST = 0.1, 3600.0
"""Seconds that a timeline, or a clip on it, can last."""
MIN_SPEED, MAX_SPEED = 0.05, 20.0
"""Of a clip, as a multiple of the motion's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseKey:
    """What the body does at a moment, and how it goes on to the next key."""

    seconds: float
    value: PoseValue
    easing: Easing = "smooth"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionKey:
    seconds: float
    value: tuple[float, ...]
    """Strength of every action of the face."""
    easing: Easing = "smooth"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraKey:
    seconds: float
    value: OrbitCamera
    easing: Easing = "smooth"


Key = PoseKey | ExpressionKey | CameraKey


@runtime_checkable
class _KeyOf(Protocol[Value]):
    @property
    def seconds(self) -> float: ...
    @property
    def value(self) -> Value: ...
    @property
    def easing(self) -> Easing: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A motion that plays for a while; where that is longer than the motion, it starts over."""

    motion: Motion
    start: float
    """Seconds on the timeline."""
    duration: float
    """Seconds on the timeline."""
    speed: float = 1.0
    fade: float = 0.0
    """Seconds from its start in which it takes over from the clips before it."""

    @property
    def end(self) -> float:
        return self.start + self.duration

    def motion_seconds(self, seconds: float) -> float:
        """The moment of the motion at a moment of the timeline; outside of the clip, at its nearer end."""
        played = (min(max(seconds, self.start), self.end) - self.start) * self.speed
        return played if played <= self.motion.seconds else played % self.motion.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a timeline shows at a moment; None where it leaves something to the person."""

    pose: PoseValue | None = None
    expression: tuple[float, ...] | None = None
    orbit: OrbitCamera | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Two timelines are equal when they show the same; motions compare by identity. Keys are sorted by time."""

    pose: tuple[PoseKey, ...] = ()
    expression: tuple[ExpressionKey, ...] = ()
    camera: tuple[CameraKey, ...] = ()
    clips: tuple[Clip, ...] = ()
    duration: float = 4.0
    """Seconds; what lies beyond is kept but not played."""

    def __post_init__(self) -> None:
        if not SHORTEST <= self.duration <= LONGEST:
            raise ValueError(f"a timeline lasts {SHORTEST} to {LONGEST} seconds, not {self.duration}")
        for keys in (self.pose, self.expression, self.camera):
            moments = [0.0, *(key.seconds for key in keys), LONGEST]
            if not all(first <= second for first, second in pairwise(moments)):
                raise ValueError("keys are sorted by time, and time begins at 0")
        for clip in self.clips:
            if not (0.0 <= clip.start <= LONGEST and SHORTEST <= clip.duration <= LONGEST):
                raise ValueError(f"no clip lasts from {clip.start} to {clip.end} seconds")
            if not MIN_SPEED <= clip.speed <= MAX_SPEED:
                raise ValueError(f"a clip's speed lies in {MIN_SPEED} to {MAX_SPEED}, not {clip.speed}")
            if not 0.0 <= clip.fade <= LONGEST:
                raise ValueError(f"no clip fades in for {clip.fade} seconds")

    @property
    def is_empty(self) -> bool:
        return not (self.pose or self.expression or self.camera or self.clips)

    def keys(self, row: Row) -> tuple[Key, ...]:
        return cast("tuple[Key, ...]", getattr(self, row))

    def at(self, seconds: float, body: BodyModel, *, pelvis: Float[Tensor, "3"] | None = None) -> Moment:
        """What is shown on `body`, whose rest pelvis clips are put on (of its mean shape where not given)."""
        faces = [clip for clip in self.clips if clip.motion.expression is not None]
        poses: dict[int, BodyPose] = {}

        def shown(clip: Clip) -> BodyPose:
            if id(clip) not in poses:
                poses[id(clip)] = clip.motion.pose_at(clip.motion_seconds(seconds), body, pelvis=pelvis)
            return poses[id(clip)]

        def face(clip: Clip) -> tuple[float, ...]:
            return tuple(shown(clip).expression.tolist())

        pose_clip = _leading(self.clips, self.pose, seconds)
        face_clip = _leading(faces, self.expression, seconds)
        return Moment(
            pose=_between_keys(self.pose, seconds, pose_between)
            if pose_clip is None
            else _faded_in(pose_clip, self.clips, seconds, lambda clip: _value_of(shown(clip)), pose_between),
            expression=_between_keys(self.expression, seconds, expression_between)
            if face_clip is None
            else _faded_in(face_clip, faces, seconds, face, expression_between),
            orbit=_between_keys(self.camera, seconds, orbit_between),
        )


EMPTY = Timeline()


def _leading(clips: Sequence[Clip], keys: Sequence[Key], seconds: float) -> Clip | None:
    """The clip that drives at a moment; None where the keys do, or nothing."""
    if not clips or (keys and keys[0].seconds <= seconds <= keys[-1].seconds):
        return None
    covering = [clip for clip in clips if clip.start <= seconds < clip.end]
    if covering:
        return max(covering, key=lambda clip: clip.start)
    over = [clip for clip in clips if clip.end <= seconds]
    if over:
        last = max(over, key=lambda clip: clip.end)
        return None if keys and last.end <= keys[-1].seconds <= seconds else last
    if keys and keys[-1].seconds <= seconds:
        return None
    first = min(clips, key=lambda clip: clip.start)
    return None if keys and keys[0].seconds <= first.start else first


def _faded_in(
    clip: Clip,
    clips: Sequence[Clip],
    seconds: float,
    shown: Callable[[Clip], Shown],
    between: Callable[[Shown, Shown, float], Shown],
) -> Shown:
    """What a clip shows at a moment; while it begins, on the way there from what the clips before it show."""
    before = [other for other in clips if other.start < clip.start]
    played, fade = seconds - clip.start, min(clip.fade, clip.duration)
    former = _leading(before, (), seconds) if 0.0 <= played < fade else None
    if former is None:
        return shown(clip)
    return between(_faded_in(former, before, seconds, shown, between), shown(clip), eased(played / fade, "smooth"))


def _value_of(pose: BodyPose) -> PoseValue:
    x, y, z = pose.translation.tolist()
    return PoseValue(rotations=tuple((a, b, c) for a, b, c in pose.rotations.tolist()), translation=(x, y, z))


def _between_keys(
    keys: Sequence[_KeyOf[Value]], seconds: float, between: Callable[[Value, Value, float], Value]
) -> Value | None:
    if not keys:
        return None
    place = bisect_right([key.seconds for key in keys], seconds) - 1
    if place < 0:
        return keys[0].value
    if place == len(keys) - 1:
        return keys[-1].value
    first, second = keys[place], keys[place + 1]
    fraction = eased((seconds - first.seconds) / (second.seconds - first.seconds), first.easing)
    return first.value if fraction == 0.0 else between(first.value, second.value, fraction)


def key_of(row: Row, seconds: float, value: Any, easing: Easing = "smooth") -> Key:
    """A key of that row."""
    kind: type[Any] = {"pose": PoseKey, "expression": ExpressionKey, "camera": CameraKey}[row]
    return kind(seconds=seconds, value=value, easing=easing)


def with_key(timeline: Timeline, row: Row, key: Key) -> Timeline:
    """The timeline with a key more, in place of one at that moment; it lasts at least until the key."""
    others = tuple(other for other in timeline.keys(row) if abs(other.seconds - key.seconds) >= SAME_MOMENT)
    keys = tuple(sorted((*others, key), key=lambda each: each.seconds))
    return _with(timeline, row, keys, until=key.seconds)


def without_key(timeline: Timeline, row: Row, seconds: float) -> Timeline:
    """
    Raises:
        KeyError: there is no key at that moment.
    """
    key = key_at(timeline, row, seconds)
    return _with(timeline, row, tuple(other for other in timeline.keys(row) if other is not key))


def moved_key(timeline: Timeline, row: Row, seconds: float, to: float) -> Timeline:
    """The key at one moment stands at another, in place of one that stood there.

    Raises:
        KeyError: there is no key at that moment.
    """
    key = key_at(timeline, row, seconds)
    return with_key(without_key(timeline, row, seconds), row, replace(key, seconds=max(0.0, to)))


def with_easing(timeline: Timeline, row: Row, seconds: float, easing: Easing) -> Timeline:
    """
    Raises:
        KeyError: there is no key at that moment.
    """
    key = key_at(timeline, row, seconds)
    return with_key(timeline, row, replace(key, easing=easing))


def key_at(timeline: Timeline, row: Row, seconds: float) -> Key:
    """
    Raises:
        KeyError: there is no key at that moment.
    """
    for key in timeline.keys(row):
        if abs(key.seconds - seconds) < SAME_MOMENT:
            return key
    raise KeyError(f"{row} {seconds}")


def has_key(timeline: Timeline, row: Row, seconds: float) -> bool:
    return any(abs(key.seconds - seconds) < SAME_MOMENT for key in timeline.keys(row))


def with_clip(timeline: Timeline, clip: Clip) -> Timeline:
    """The timeline with a clip more; it lasts at least until the clip's end."""
    return replace(timeline, clips=(*timeline.clips, clip), duration=max(timeline.duration, clip.end))


def without_clip(timeline: Timeline, index: int) -> Timeline:
    return replace(timeline, clips=(*timeline.clips[:index], *timeline.clips[index + 1 :]))


def with_changed_clip(timeline: Timeline, index: int, clip: Clip) -> Timeline:
    """The timeline with another clip in one's place; it lasts at least until the clip's end."""
    clips = (*timeline.clips[:index], clip, *timeline.clips[index + 1 :])
    return replace(timeline, clips=clips, duration=max(timeline.duration, clip.end))


def _with(timeline: Timeline, row: Row, keys: tuple[Any, ...], *, until: float = 0.0) -> Timeline:
    duration = max(timeline.duration, until)
    if row == "pose":
        return replace(timeline, pose=keys, duration=duration)
    if row == "expression":
        return replace(timeline, expression=keys, duration=duration)
    return replace(timeline, camera=keys, duration=duration)
