"""What lies between two keys: poses turn at constant speed the shorter way, cameras travel the shorter way round."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from ..cameras import OrbitCamera
from ..geometry.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle, slerp

Vector = tuple[float, float, float]

Easing = Literal["linear", "smooth", "hold", "ease in", "ease out"]
"""How a value goes from its key to the next one."""
EASINGS: tuple[Easing, ...] = ("smooth", "linear", "hold", "ease in", "ease out")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseValue:
    """A pose as plain numbers that compare by value."""

    rotations: tuple[Vector, ...]
    """Axis-angle of all 55 joints, radians."""
    translation: Vector = (0.0, 0.0, 0.0)
    """Metres."""


def eased(fraction: float, easing: Easing) -> float:
    """How far the value is, for how far the time is on the way to the next key; both in [0, 1]."""
    if easing == "linear":
        return fraction
    if easing == "hold":
        return 0.0
    if easing == "ease in":
        return fraction * fraction
    if easing == "ease out":
        return fraction * (2.0 - fraction)
    return fraction * fraction * (3.0 - 2.0 * fraction)


def pose_between(first: PoseValue, second: PoseValue, fraction: float) -> PoseValue:
    """Each joint turned spherically; joints that do not turn keep their very numbers."""
    start = torch.tensor(first.rotations, dtype=torch.float64)
    end = torch.tensor(second.rotations, dtype=torch.float64)
    fractions = torch.full((len(start),), fraction, dtype=torch.float64)
    between = slerp(axis_angle_to_quaternion(start), axis_angle_to_quaternion(end), fractions)
    turned = quaternion_to_axis_angle(between).tolist()
    return PoseValue(
        rotations=tuple(
            old if old == new else (x, y, z)
            for old, new, (x, y, z) in zip(first.rotations, second.rotations, turned, strict=True)
        ),
        translation=_vector_between(first.translation, second.translation, fraction),
    )


def expression_between(first: tuple[float, ...], second: tuple[float, ...], fraction: float) -> tuple[float, ...]:
    return tuple(_mix(a, b, fraction) for a, b in zip(first, second, strict=True))


def orbit_between(first: OrbitCamera, second: OrbitCamera, fraction: float) -> OrbitCamera:
    """Around the target the shorter way; distances change by the same factor in the same time."""
    turn = math.remainder(second.yaw - first.yaw, math.tau)
    return OrbitCamera(
        target=_vector_between(first.target, second.target, fraction),
        yaw=math.remainder(first.yaw + fraction * turn, math.tau),
        pitch=_mix(first.pitch, second.pitch, fraction),
        distance=math.exp(_mix(math.log(first.distance), math.log(second.distance), fraction)),
        vertical_fov=_mix(first.vertical_fov, second.vertical_fov, fraction),
    )


def _vector_between(first: Vector, second: Vector, fraction: float) -> Vector:
    x, y, z = (_mix(a, b, fraction) for a, b in zip(first, second, strict=True))
    return (x, y, z)


def _mix(first: float, second: float, fraction: float) -> float:
    """Exact at both ends, and where both are the same."""
    return first if first == second else (1.0 - fraction) * first + fraction * second
