"""Pelvis and chest from hips and shoulders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..body.joints import JOINT_NAMES
from .lifting import LEFT_EAR, LEFT_HIP, LEFT_SHOULDER, NOSE, RIGHT_EAR, RIGHT_HIP, RIGHT_SHOULDER, BodyPoints
from .turns import cross, frame, matrices, normalized, vectors

_UP = np.array([0.0, 1.0, 0.0])
_CHEST_LEADS = 0.59
"""Of the bend between pelvis and chest lies above the line from hips to shoulders: with the spine's shares and the
usual distances of its joints, that line leans by the other 0.41 of the bend."""
_SPINE_LEAN = 0.5
"""Of the torso's lean forward that the spine makes; the hips make the rest."""
_LARGEST_BEND = np.radians((40.0, 40.0, 30.0))
_LEAN_DOUBT = np.radians(12.0)
"""The detector's spread in how far a torso leans towards the camera; a smaller lean is taken for upright."""
_SHOULDERS_TILT = 0.6
"""Of the tilt of the shoulders' line that the chest makes; the rest is a shrug."""
_NOSE_DIRECTION = np.array([0.0, -0.3, 1.0])
"""From between the ears, of a head that looks straight ahead."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Torso:
    """Rotations in the world, and how sure they are (0..1)."""

    pelvis: Float[np.ndarray, "3 3"]
    bend: Float[np.ndarray, "3"]
    """Axis-angle of the chest against the pelvis, about one and the same axis for every joint of the spine."""
    pelvis_confidence: float
    chest_confidence: float

    @property
    def chest(self) -> Float[np.ndarray, "3 3"]:
        return self.pelvis @ matrices(self.bend)


class TorsoSolver:
    """Solves the torso of one body."""

    def __init__(self, rest_joints: Float[np.ndarray, "55 3"]) -> None:
        left, right, left_hip, right_hip = (
            rest_joints[JOINT_NAMES.index(name)]
            for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
        )
        self._upright_from_rest = frame(left - right, left + right - left_hip - right_hip).T

    def solve(self, points: BodyPoints) -> Torso:
        """Both from the same up; hips that are not seen hang under the shoulders."""
        places, visibility = points.places, points.visibility
        shoulders = normalized(places[LEFT_SHOULDER] - places[RIGHT_SHOULDER])
        hips = normalized(places[LEFT_HIP] - places[RIGHT_HIP])
        chest_confidence = float(visibility[[LEFT_SHOULDER, RIGHT_SHOULDER]].min())
        pelvis_confidence = chest_confidence * float(visibility[[LEFT_HIP, RIGHT_HIP]].min())
        known = float(np.interp(pelvis_confidence, (0.5, 0.9), (0.0, 1.0)))
        middle = places[[LEFT_SHOULDER, RIGHT_SHOULDER]].mean(0)
        spine = _doubted(normalized(middle - places[[LEFT_HIP, RIGHT_HIP]].mean(0)), middle)
        guess = _UP - 0.5 * (_UP @ shoulders) * shoulders
        up = normalized(known * spine + (1.0 - known) * guess)
        shoulders = normalized(shoulders - (1.0 - _SHOULDERS_TILT) * (shoulders @ up) * up)
        hips = normalized(known * hips + (1.0 - known) * (shoulders - (shoulders @ up) * up))
        upright = frame((1.0 - _CHEST_LEADS) * shoulders + _CHEST_LEADS * hips, up)
        bend = vectors(frame(hips, up).T @ frame(shoulders, up))
        lean = np.arctan2(upright[:, 1] @ cross(upright[:, 0], _UP), upright[:, 1] @ _UP)
        bend[0] += _SPINE_LEAN * lean
        bend = np.clip(bend, -_LARGEST_BEND, _LARGEST_BEND)
        middle_rotation = upright @ self._upright_from_rest
        return Torso(
            pelvis=middle_rotation @ matrices(-(1.0 - _CHEST_LEADS) * bend),
            bend=bend,
            pelvis_confidence=pelvis_confidence,
            chest_confidence=chest_confidence,
        )


def head_rotation(points: BodyPoints) -> tuple[Float[np.ndarray, "3 3"], float]:
    """In the world, from ears and nose; and how sure it is."""
    places = points.places
    ears = places[LEFT_EAR] - places[RIGHT_EAR]
    nose = places[NOSE] - places[[LEFT_EAR, RIGHT_EAR]].mean(0)
    rest = frame(np.array([1.0, 0.0, 0.0]), _NOSE_DIRECTION)
    return frame(ears, nose) @ rest.T, float(points.visibility[[NOSE, LEFT_EAR, RIGHT_EAR]].min())


def _doubted(spine: np.ndarray, ray: np.ndarray) -> np.ndarray:
    """The torso's direction with a small lean towards or away from the camera taken for upright."""
    away = normalized(ray * (1.0, 0.0, 1.0))
    lean = float(spine @ away)
    angle = np.arcsin(np.clip(lean, -1.0, 1.0))
    kept = angle * angle / (angle * angle + _LEAN_DOUBT * _LEAN_DOUBT)
    return normalized(spine - (1.0 - kept) * lean * away)
