"""What a camera or a film does to the avatar, as values: it lies over the document's pose and is never part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from ..core.tracking.camera_source import CameraDevice
from ..core.tracking.solution import Confidence
from .source_use import SourceUse

Vector = tuple[float, float, float]

OutputPhase = Literal["off", "opening", "on", "closing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenPose:
    """A whole pose, where the avatar stands."""

    rotations: tuple[Vector, ...]
    """Axis-angle of all 55 joints, radians."""
    translation: Vector
    """Metres."""
    expression: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What was made of one picture of the source."""

    pose: DrivenPose
    """In the tracker's world, which has the camera at its origin."""
    confidence: Confidence
    milliseconds: Mapping[str, float]
    """Of the tracker's stages, and their sum in "all"."""
    taken_at: float
    """When the picture arrived; seconds of `time.monotonic`."""
    picture: UInt8[np.ndarray, "H W 4"] | None
    """A small copy with what was found in it; None where the last one is recent enough."""
    whole: UInt8[np.ndarray, "h w 3"]
    """The picture as the camera took it, never mirrored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driving(SourceUse):
    """Who drives the avatar, how it goes, and the pose that stands now."""

    pose: DrivenPose | None = None
    """What is shown; None where the document's own pose is."""
    sight: Sight | None = None
    """The last one of this source."""
    held_joints: frozenset[int] = frozenset()
    held_actions: frozenset[int] = frozenset()
    """Joints, and actions of the face, that the person took over with a slider: they are the document's."""
    cameras: tuple[CameraDevice, ...] | None = None
    """Those that the system listed; None until it is asked."""
    output: str = ""
    """The virtual camera that other programs see the avatar in; empty where there is none."""
    output_phase: OutputPhase = "off"


NOBODY_DRIVES = Driving()
