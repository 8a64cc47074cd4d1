"""Values that may enter the state: finite, of sensible size, and as many as there should be. Others are ValueErrors."""

from __future__ import annotations

import math

from ...core.body.joints import NUM_JOINTS
from ...core.body.timeline import PoseValue
from ...core.cameras import OrbitCamera
from ..state import Document, Vector

MAX_MAGNITUDE = 1e4
"""Beyond this many metres or radians float32 no longer holds a millimetre."""


def number(value: float, name: str) -> float:
    number = float(value)
    if not math.isfinite(number) or abs(number) > MAX_MAGNITUDE:
        raise ValueError(f"{name} must be a finite number of sensible size, not {value}")
    return number


def between(value: float, lowest: float, highest: float, name: str) -> float:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} lies in {lowest} to {highest}, not {value}")
    return float(value)


def vector(values: Vector, name: str) -> Vector:
    if len(values) != 3:
        raise ValueError(f"{name} has 3 values, not {len(values)}")
    return (number(values[0], name), number(values[1], name), number(values[2], name))


def check_index(index: int, size: int, name: str) -> None:
    if not 0 <= index < size:
        raise ValueError(f"{name} {index} is none of the {size} there are")


def with_value(values: tuple[float, ...], index: int, value: float, name: str) -> tuple[float, ...]:
    check_index(index, len(values), name)
    return (*values[:index], number(value, name), *values[index + 1 :])


def all_values(values: tuple[float, ...], old: tuple[float, ...], name: str) -> tuple[float, ...]:
    if len(values) != len(old):
        raise ValueError(f"{name}: {len(old)} values are needed, not {len(values)}")
    return tuple(number(value, name) for value in values)


def check_timeline(document: Document) -> None:
    """The document's timeline fits its body.

    Raises:
        ValueError: a key holds what the body cannot take.
    """
    timeline = document.timeline
    for key in timeline.pose:
        _check_pose(key.value)
    for key in timeline.expression:
        all_values(key.value, document.expression, "expression")
    for key in timeline.camera:
        _check_orbit(key.value)


def _check_pose(pose: PoseValue) -> None:
    if len(pose.rotations) != NUM_JOINTS:
        raise ValueError(f"a pose has {NUM_JOINTS} joints, not {len(pose.rotations)}")
    for rotation in pose.rotations:
        vector(rotation, "rotation")
    vector(pose.translation, "translation")


def _check_orbit(orbit: OrbitCamera) -> None:
    """
    Raises:
        ValueError: such a camera shows nothing.
    """
    vector(orbit.target, "target")
    for value in (orbit.yaw, orbit.pitch, orbit.distance, orbit.vertical_fov):
        number(value, "camera")
    if not (orbit.distance > 0.0 and orbit.vertical_fov > 0.0):
        raise ValueError("a camera stands away from what it sees")
