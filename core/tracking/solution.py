"""What tracking says of one picture, between its parts and to the outside.

The tracker's world has the camera at its origin: x to the picture's right, y up, z towards the camera's back, so
that a body in its rest pose faces the camera (SMPL-X looks along +z) and `camera_from_world` is diag(1, -1, -1, 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float

from ..body.parameters import BodyPose
from ..cameras import Camera
from .detection import Detection

CAMERA_FROM_WORLD = (1.0, -1.0, -1.0)
"""Diagonal of the rotation between the tracker's world and the camera's OpenCV axes; it is its own inverse."""


def tracking_camera(focal: float, width: int, height: int) -> Camera:
    """The pinhole camera that films in the tracker's world; `focal` in pixels."""
    return Camera(
        camera_from_world=torch.diag(torch.tensor((*CAMERA_FROM_WORLD, 1.0))),
        fx=focal,
        fy=focal,
        cx=width / 2.0,
        cy=height / 2.0,
        width=width,
        height=height,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceSolution:
    """The head in the tracker's world and what the face does.

    A rest point p of the shaped body that moves with the head lies at
    `head_rotation @ (p - rest_head_joint) + head_position`.
    """

    head_rotation: Float[np.ndarray, "3 3"]
    """From the rest pose's axes to the world's: the global rotation of the head joint."""
    head_position: Float[np.ndarray, "3"]
    """Metres; where the head joint is."""
    jaw: Float[np.ndarray, "3"]
    """Axis-angle relative to the head, radians, beside what the action jawOpen turns."""
    left_eye: Float[np.ndarray, "3"]
    right_eye: Float[np.ndarray, "3"]
    expression: Float[np.ndarray, " E"]
    """One coefficient for each of the body's actions, within their ranges."""
    confidence: float
    """0..1; how well the landmarks fit what the face can do."""
    residual: float
    """Median distance of landmarks and fit, in parts of the distance between the outer eye corners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """0..1 for each part; 0 is not seen."""

    face: float = 0.0
    body: float = 0.0
    left_hand: float = 0.0
    right_hand: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedFrame:
    """One picture's answer: a pose of the body that was asked for, in the tracker's world."""

    index: int
    seconds: float
    pose: BodyPose
    """55 joints, expression, `trans`; complete and natural even where nothing was seen."""
    confidence: Confidence
    detection: Detection | None = None
    """None where no picture was looked at (between two, or bridged)."""
    milliseconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Of each stage: the detectors' (which run side by side), then "solve face", "solve body" and "steady"."""
