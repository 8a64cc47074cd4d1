"""How a body stands or sits when only its head is seen: upright and relaxed, turned and bent as far as the head asks.

Shares after the motion of people at a desk: looking to the side turns the head first, the chest a little, and the
whole body only where the neck cannot follow.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..body.joints import JOINT_NAMES
from ..body.presets import pose_preset
from .skeleton import HEAD, NECK
from .turns import matrices, vectors

SPINE = tuple(JOINT_NAMES.index(name) for name in ("spine1", "spine2", "spine3"))
SPINE_SHARES = (0.25, 0.4, 0.35)
"""Of a bend or a turn between pelvis and chest; they add up to one."""

_RELAXED = matrices(np.array(pose_preset("Relaxed")))
"""Standing, arms hanging; local rotations."""
_CHEST_SHARE = np.array([0.12, 0.18, 0.15])
"""Of the head's nod, turn and tilt that the chest makes."""
_NECK_SHARE = 0.4
_EASY_TURN = np.radians(70.0)
"""A head turned further takes the whole body along."""
_EASY_BEND = np.radians(50.0)
"""A head nodding or tilting further takes the chest along."""


def turn_about_vertical(rotation: Float[np.ndarray, "3 3"]) -> float:
    """Radians: the turn about y that comes nearest to the rotation."""
    return float(np.arctan2(rotation[0, 2] - rotation[2, 0], rotation[0, 0] + rotation[2, 2]))


def bend_spine(rotations: Float[np.ndarray, "55 3 3"], bend: Float[np.ndarray, "3"]) -> None:
    """Share an axis-angle between pelvis and chest among the spine's joints, in place; exact, since they turn alike."""
    rotations[list(SPINE)] = matrices(np.array(SPINE_SHARES)[:, None] * bend)


def share_neck(rotations: Float[np.ndarray, "55 3 3"], head_from_chest: Float[np.ndarray, "3 3"]) -> None:
    """Let neck and head together turn the head against the chest as asked, in place; exact."""
    rotations[NECK] = matrices(_NECK_SHARE * vectors(head_from_chest))
    rotations[HEAD] = rotations[NECK].T @ head_from_chest


def posture_under(head_rotation: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "55 3 3"]:
    """Local rotations of a relaxed body whose head has this rotation in the world, exactly."""
    rotations = _RELAXED.copy()
    turn = turn_about_vertical(head_rotation)
    beyond = _excess(turn, _EASY_TURN)
    pelvis = matrices(np.array([0.0, beyond, 0.0]))
    swing = vectors(matrices(np.array([0.0, -turn, 0.0])) @ head_rotation)
    bend = _CHEST_SHARE * np.array([swing[0], turn - beyond, swing[2]])
    bend[[0, 2]] += [_excess(swing[0], _EASY_BEND), _excess(swing[2], _EASY_BEND)]
    rotations[0] = pelvis
    bend_spine(rotations, bend)
    share_neck(rotations, matrices(bend).T @ pelvis.T @ head_rotation)
    return rotations


def _excess(angle: float, limit: float) -> float:
    return angle - float(np.clip(angle, -limit, limit))
