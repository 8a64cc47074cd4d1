"""Takes MakeHuman's relaxed A-pose to the T-pose of SMPL-X: one rotation per joint, the same for every shape.

Because the rotations are fixed, the way from an A-posed shape to its T-posed one is linear; blend shapes stay linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..joints import LEFT_EYE, NUM_JOINTS, PARENTS, RIGHT_EYE

PELVIS = np.array([0.0, -0.35, 0.01])
"""Where SMPL-X has the pelvis in its rest pose, metres."""

_THIGH, _SHIN = (0.06, -1.0, 0.0), (0.02, -1.0, -0.04)
"""Directions of the straightened left leg; SMPL-X stands with its feet about as far apart as the hips are wide."""

_TOES_OUT = np.radians(7.0)

_THUMB_SLOPE = 0.3
"""How far the thumb points below the palm: relaxed in MakeHuman (45°), nearly flat in SMPL-X, whose motions we play."""

_HIPS, _KNEES, _ANKLES, _TOES = (1, 2), (4, 5), (7, 8), (10, 11)
_SHOULDERS, _ELBOWS, _WRISTS = (16, 17), (18, 19), (20, 21)
_FIRST_FINGERS = (25, 40)
_INDEX, _MIDDLE, _PINKY, _RING, _THUMB = range(5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TPose:
    """The linear map from A-posed shapes (or offsets of shapes) to T-posed ones."""

    rotations: Float[np.ndarray, "55 3 3"]
    """World rotation of each joint's part."""
    weights: Float[np.ndarray, "N 55"]

    def apply(
        self, vertices: Float[np.ndarray, "*S N 3"], joints: Float[np.ndarray, "*S 55 3"]
    ) -> tuple[Float[np.ndarray, "*S N 3"], Float[np.ndarray, "*S 55 3"]]:
        """Pose shapes together with their joints; the pelvis comes to lie in the origin."""
        posed = np.zeros_like(joints)
        for joint, parent in enumerate(PARENTS[1:], start=1):
            bone = joints[..., joint, :] - joints[..., parent, :]
            posed[..., joint, :] = posed[..., parent, :] + bone @ self.rotations[parent].T
        shifts = posed - np.einsum("jab,...jb->...ja", self.rotations, joints)
        blended = np.einsum("nj,jab->nab", self.weights, self.rotations).astype(vertices.dtype)
        turned = np.matmul(vertices[..., None, :], np.swapaxes(blended, -1, -2))[..., 0, :]
        return turned + (self.weights @ shifts).astype(vertices.dtype), posed


def t_pose(
    joints: Float[np.ndarray, "55 3"],
    tips: Float[np.ndarray, "10 3"],
    gaze: Float[np.ndarray, "2 3"],
    weights: Float[np.ndarray, "N 55"],
) -> TPose:
    """Find the rotations for the body with these A-posed joints, finger tips and directions of the eyes (left, right).

    Eyes come to look along +z (MakeHuman's squint by 4°). Arms come to lie along ±x with the palms down and the fingers
    straight, spread as they were. Legs come to stand nearly straight with the toes a little outwards. Trunk, neck and
    head stay as they are.
    """
    rotations = np.tile(np.eye(3), (NUM_JOINTS, 1, 1))
    for eye, direction in zip((LEFT_EYE, RIGHT_EYE), gaze, strict=True):
        rotations[eye] = _shortest_turn(direction, np.array([0.0, 0.0, 1.0]))
    for side, sign in enumerate((1.0, -1.0)):
        _turn_leg(rotations, joints, side, sign)
        _turn_arm(rotations, joints, side, sign)
        _straighten_fingers(rotations, joints, tips[5 * side : 5 * side + 5], side)
    return TPose(rotations=rotations, weights=weights)


def _turn_leg(
    rotations: Float[np.ndarray, "55 3 3"], joints: Float[np.ndarray, "55 3"], side: int, sign: float
) -> None:
    hip, knee, ankle, toes = (pair[side] for pair in (_HIPS, _KNEES, _ANKLES, _TOES))
    mirror = np.array([sign, 1.0, 1.0])
    rotations[hip] = _shortest_turn(joints[knee] - joints[hip], mirror * _THIGH)
    rotations[knee] = _shortest_turn(joints[ankle] - joints[knee], mirror * _SHIN)
    foot = (joints[toes] - joints[ankle]) * (1.0, 0.0, 1.0)
    rotations[[ankle, toes]] = _shortest_turn(foot, mirror * (np.sin(_TOES_OUT), 0.0, np.cos(_TOES_OUT)))


def _turn_arm(
    rotations: Float[np.ndarray, "55 3 3"], joints: Float[np.ndarray, "55 3"], side: int, sign: float
) -> None:
    shoulder, elbow, wrist = (pair[side] for pair in (_SHOULDERS, _ELBOWS, _WRISTS))
    fingers = _FIRST_FINGERS[side]
    outwards, forwards = np.array([sign, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    upper, fore = joints[elbow] - joints[shoulder], joints[wrist] - joints[elbow]
    knuckles = joints[fingers + 3 * _INDEX] - joints[fingers + 3 * _PINKY]
    # The elbow's hinge stands upright, so that bending it brings the hand forwards.
    rotations[shoulder] = _frame(outwards, np.array([0.0, -sign, 0.0])) @ _frame(upper, np.cross(upper, fore)).T
    rotations[elbow] = _frame(outwards, forwards) @ _frame(fore, knuckles).T
    rotations[wrist] = _frame(outwards, forwards) @ _frame(joints[fingers + 3 * _MIDDLE] - joints[wrist], knuckles).T


def _straighten_fingers(
    rotations: Float[np.ndarray, "55 3 3"], joints: Float[np.ndarray, "55 3"], tips: Float[np.ndarray, "5 3"], side: int
) -> None:
    hand, first = rotations[_WRISTS[side]], _FIRST_FINGERS[side]
    rotations[first : first + 15] = hand
    thumb = hand @ (tips[_THUMB] - joints[first + 3 * _THUMB])
    lifted = thumb * (1.0, 0.0, 1.0)
    lifted[1] = -_THUMB_SLOPE * np.linalg.norm(lifted)
    rotations[first + 3 * _THUMB : first + 15] = _shortest_turn(thumb, lifted) @ hand
    for finger in (_INDEX, _MIDDLE, _PINKY, _RING):
        chain = [*joints[first + 3 * finger : first + 3 * finger + 3], tips[finger]]
        level = hand @ (chain[1] - chain[0]) * (1.0, 0.0, 1.0)
        for joint in range(3):
            bone = hand @ (chain[joint + 1] - chain[joint])
            rotations[first + 3 * finger + joint] = _shortest_turn(bone, level) @ hand


def _frame(primary: Float[np.ndarray, "3"], secondary: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Right-handed axes in columns: along `primary`, then `secondary` as far as it stands upright on it."""
    first = np.asarray(primary) / np.linalg.norm(primary)
    second = np.asarray(secondary) - np.dot(secondary, first) * first
    second = second / np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)], axis=1)


def _shortest_turn(source: Float[np.ndarray, "3"], goal: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation without twist that takes the direction `source` to the direction `goal` (not opposite ones)."""
    a, b = source / np.linalg.norm(source), goal / np.linalg.norm(goal)
    axis = np.cross(a, b)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1.0 + a @ b)
