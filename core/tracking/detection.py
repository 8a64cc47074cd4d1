"""What the detectors saw in one picture, in its own pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

NUM_FACE_POINTS, NUM_BODY_POINTS, NUM_HAND_POINTS = 478, 33, 21


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture of a source; nobody writes into its pixels."""

    image: UInt8[np.ndarray, "H W 3"]
    """RGB."""
    seconds: float
    """Since the source began."""
    index: int
    """Counted by the source; numbers are missing where pictures were dropped."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceDetection:
    """MediaPipe's face mesh with irises."""

    points: Float[np.ndarray, "478 3"]
    """x, y in pixels (pixel centres at half-integers); z in the same unit, relative, smaller is nearer."""
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyDetection:
    """MediaPipe's pose of one person (BlazePose's 33 points)."""

    points: Float[np.ndarray, "33 2"]
    """Pixels; may lie outside the picture."""
    world: Float[np.ndarray, "33 3"]
    """Metres about the middle of the hips, in the camera's axes: x right, y down, z away from it."""
    visibility: Float[np.ndarray, " 33"]
    """0..1: inside the picture and not covered."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandDetection:
    """One hand's 21 points: wrist, then thumb, index, middle, ring and little finger from root to tip."""

    points: Float[np.ndarray, "21 2"]
    """Pixels."""
    world: Float[np.ndarray, "21 3"]
    """Metres about the hand's middle, in the camera's axes: x right, y down, z away from it."""
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detection:
    """Everything found of the one person that is followed; None is what was not looked for or not found."""

    width: int
    height: int
    face: FaceDetection | None = None
    body: BodyDetection | None = None
    left_hand: HandDetection | None = None
    """The person's own left."""
    right_hand: HandDetection | None = None
    held_seconds: float = 0.0
    """How much older than this picture the one is in which body and hands were seen."""
    milliseconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """How long each detector took."""


def in_precision(detection: Detection, dtype: type[np.floating[Any]]) -> Detection:
    """The same with coordinates of that kind, such as `np.float32` to keep many."""
    return replace(
        detection,
        face=_converted(detection.face, dtype),
        body=_converted(detection.body, dtype),
        left_hand=_converted(detection.left_hand, dtype),
        right_hand=_converted(detection.right_hand, dtype),
    )


def _converted(part: Any, dtype: type[np.floating[Any]]) -> Any:
    if part is None:
        return None
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return replace(
        part, **{name: value.astype(dtype) for name, value in values.items() if isinstance(value, np.ndarray)}
    )
