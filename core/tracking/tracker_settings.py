"""What a person chooses for the tracker; plain values, so that they can be kept in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .smoothing import Smoothing

Parts = Literal["face", "upper", "whole"]
"""The face alone, the body with its hands down to the hips, or all of it."""

Method = Literal["landmarks", "nlf"]
"""What tells the pose of trunk and limbs: the detectors' landmarks, or the points that the network finds as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """How strongly each group follows the person: 1 as seen, 0 not at all, 2 twice as much."""

    head: float = 1.0
    brows: float = 1.0
    eyes: float = 1.0
    """Lids and gaze."""
    mouth: float = 1.0
    """With the jaw and the cheeks."""
    body: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """May be changed between two pictures."""

    parts: Parts = "face"
    method: Method = "landmarks"
    smoothing: Smoothing = field(default_factory=Smoothing)
    gains: Gains = Gains()
