"""Palm and fingers from a hand's 21 points."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..body.joints import JOINT_LIMITS_DEGREES, JOINT_NAMES, LEFT_HAND, RIGHT_HAND
from .turns import cross, matrices, normalized, shortest_turn, vectors

FINGERS = ("index", "middle", "pinky", "ring", "thumb")
"""In the order of the body's joints, three each."""
_FIRST_POINT = {"thumb": 1, "index": 5, "middle": 9, "ring": 13, "pinky": 17}
"""Of the four points from a finger's root to its tip."""
_PALM = tuple(FINGERS.index(name) for name in ("index", "middle", "ring", "pinky"))
_THUMB = FINGERS.index("thumb")
_POINTS = np.array([[_FIRST_POINT[name] + number for number in range(4)] for name in FINGERS])


class HandSolver:
    """Solves one hand of one body."""

    def __init__(self, rest_joints: Float[np.ndarray, "55 3"], side: str) -> None:
        joints = LEFT_HAND if side == "left" else RIGHT_HAND
        rest = rest_joints[joints].reshape(5, 3, 3)
        wrist = rest_joints[JOINT_NAMES.index(f"{side}_wrist")]
        bones = np.diff(rest, axis=1)
        # A finger's last bone goes on as the one before.
        self._bones = normalized(np.concatenate([bones, bones[:, -1:]], axis=1))
        self._palm = normalized(rest[list(_PALM), 0] - wrist)
        self._limits = np.radians(JOINT_LIMITS_DEGREES[joints].double().numpy()).reshape(5, 3, 3, 2)
        self._curl = np.array([0.0, 0.0, -1.0 if side == "left" else 1.0])

    def palm(self, points: Float[np.ndarray, "21 3"]) -> Float[np.ndarray, "3 3"]:
        """The rotation of the wrist joint in the frame of the points: the best for wrist and knuckles (Kabsch)."""
        return palm_turn(self._palm, normalized(points[_POINTS[list(_PALM), 0]] - points[0]))

    def fingers(self, points: Float[np.ndarray, "21 3"], palm: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "15 3 3"]:
        """Local rotations within the natural limits: roots curl and part, the joints beyond are hinges."""
        seen = normalized(np.diff(points[_POINTS], axis=1)) @ palm
        local = np.empty((5, 3, 3, 3))
        above = np.broadcast_to(np.eye(3), (5, 3, 3))
        for number in range(3):
            towards = (above.swapaxes(-1, -2) @ seen[:, number, :, None])[..., 0]
            turn = vectors(shortest_turn(self._bones[:, number], towards))
            if number > 0:
                turn[:_THUMB] = self._hinged(self._bones[:_THUMB, number], towards[:_THUMB])
            turn = np.clip(turn, self._limits[:, number, :, 0], self._limits[:, number, :, 1])
            local[:, number] = matrices(turn)
            above = above @ local[:, number]
        return local.reshape(15, 3, 3)

    def _hinged(self, rest: Float[np.ndarray, "4 3"], seen: Float[np.ndarray, "4 3"]) -> Float[np.ndarray, "4 3"]:
        """The turn about the axis of curling that brings each bone nearest to where it is seen."""
        along = (rest * seen).sum(-1) - (rest @ self._curl) * (seen @ self._curl)
        return np.arctan2(cross(rest, seen) @ self._curl, along)[:, None] * self._curl


def palm_turn(rest: Float[np.ndarray, "N 3"], seen: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation that takes the rest directions nearest to those seen."""
    left, _, right = np.linalg.svd(seen.T @ rest)
    left[:, -1] *= np.sign(np.linalg.det(left @ right))
    return left @ right
