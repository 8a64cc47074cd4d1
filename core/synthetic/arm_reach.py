"""Where the joints of a pose are, and how an arm bends to bring its wrist and its hand where they should be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ..body.joints import JOINT_LIMITS_DEGREES, JOINT_NAMES, PARENTS

LOW, HIGH = np.radians(JOINT_LIMITS_DEGREES.double().numpy()).transpose(2, 0, 1)
"""Radians, (55, 3) each."""
NUM_LARGE = JOINT_NAMES.index("right_wrist") + 1
"""Joints of the body without face and fingers come first."""
_SWIVELS = np.radians(np.arange(-180.0, 180.0, 15.0))
_INVERSE = np.array([1.0, -1.0, -1.0, -1.0])
"""By which the quaternion of the opposite turn differs."""
_NEXT, _LAST = [1, 2, 0], [2, 0, 1]
_ELBOWS_HANG = np.array([0.45, -1.0, -0.35])
"""Where the left elbow goes if it may."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arm:
    """The joints of one arm and how far they turned, axis-angle in radians."""

    side: int
    """1 for the left, -1 for the right."""
    joints: tuple[int, int, int]
    """Shoulder, elbow, wrist."""


ARMS = tuple(
    Arm(side=sign, joints=(index("shoulder"), index("elbow"), index("wrist")))
    for sign, index in (
        (1, lambda name: JOINT_NAMES.index(f"left_{name}")),
        (-1, lambda name: JOINT_NAMES.index(f"right_{name}")),
    )
)


def placed(
    rotations: Float[np.ndarray, "55 3"], rest_joints: Float[np.ndarray, "55 3"]
) -> tuple[Float[np.ndarray, "J 3 3"], Float[np.ndarray, "J 3"]]:
    """Rotations in the world and places of the large joints, the pelvis where it rests."""
    local = Rotation.from_rotvec(rotations[:NUM_LARGE]).as_matrix()
    turns, places = local.copy(), rest_joints[:NUM_LARGE].copy()
    for joint in range(1, NUM_LARGE):
        parent = PARENTS[joint]
        turns[joint] = turns[parent] @ local[joint]
        places[joint] = places[parent] + turns[parent] @ (rest_joints[joint] - rest_joints[parent])
    return turns, places


def reached(
    arm: Arm,
    rest_joints: Float[np.ndarray, "55 3"],
    collar: Float[np.ndarray, "3 3"],
    shoulder: Float[np.ndarray, "3"],
    target: Float[np.ndarray, "3"],
    hand: Float[np.ndarray, "3 3"],
) -> tuple[Float[np.ndarray, "3 3"], float]:
    """Axis-angle of shoulder, elbow and wrist, and by how many radians they had to be held back.

    `collar` is the frame that the shoulder turns in and `shoulder` its place; `target` is the wrist's, `hand` the
    hand's rotation in the world (the T-pose's is none). Of all elbows that lead there the most natural one is taken.
    """
    upper, lower = np.diff(rest_joints[list(arm.joints)], axis=0)
    away = target - shoulder
    a, b = np.linalg.norm(upper), np.linalg.norm(lower)
    distance = float(np.clip(np.linalg.norm(away), 0.35 * (a + b), 0.985 * (a + b)))
    away = away / max(float(np.linalg.norm(away)), 1e-9)
    # The bones enclose this much; at rest they lie nearly in a line, and the elbow bends forward.
    straight = np.arccos(np.clip(upper @ lower / (a * b), -1.0, 1.0))
    inner = np.arccos(np.clip((a * a + b * b - distance * distance) / (2.0 * a * b), -1.0, 1.0))
    bend = max(float(np.pi - inner - straight), 0.0)
    elbow_bend = _quaternion(np.array([0.0, -arm.side * bend, 0.0]))
    stretched = upper + _rotated(elbow_bend, lower)
    swung = _shortest(stretched / np.linalg.norm(stretched), away)
    shoulders = _product(_quaternion(_SWIVELS[:, None] * away), swung)
    frame, wanted = Rotation.from_matrix(np.stack([collar, hand])).as_quat()[:, [3, 0, 1, 2]]
    shoulder_turns = _vector(_product(frame * _INVERSE, shoulders))
    beyond = _excess(shoulder_turns, arm.joints[0])
    hanging = _rotated(shoulders, upper / a) @ (_ELBOWS_HANG * (arm.side, 1.0, 1.0))
    left = _product(_product(shoulders, elbow_bend) * _INVERSE, wanted)
    twists = 2.0 * np.arctan2(left[:, 1], left[:, 0])
    twists = np.remainder(twists + np.pi, 2.0 * np.pi) - np.pi
    # A bent elbow's axis-angle leaves little room for the forearm's own turn.
    room = min(np.radians(50.0), np.radians(18.0) / max(bend, 0.2))
    shared = _quaternion(np.clip(0.5 * twists, -room, room)[:, None] * np.eye(3)[0])
    wrists = _vector(_product(shared * _INVERSE, left))
    best = int(np.argmin(beyond - 0.25 * hanging + 0.35 * _excess(wrists, arm.joints[2])))
    elbow = _vector(_product(elbow_bend, shared[best]))
    joints = list(arm.joints)
    solved = np.stack([shoulder_turns[best], elbow, wrists[best]])
    return np.clip(solved, LOW[joints], HIGH[joints]), float(beyond[best])


def hand_frame(arm: Arm, fingers: Float[np.ndarray, "3"], palm: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation of a hand whose fingers point along `fingers` and whose palm looks along `palm`."""
    along = fingers / np.linalg.norm(fingers)
    down = palm - (palm @ along) * along
    down = down / np.linalg.norm(down)
    # In the T-pose the left fingers point along x and the palm looks down.
    x, y = arm.side * along, -down
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _excess(rotations: Float[np.ndarray, "N 3"], joint: int) -> Float[np.ndarray, " N"]:
    """Radians beyond the joint's limits."""
    beyond = np.maximum(rotations - HIGH[joint], 0.0) + np.maximum(LOW[joint] - rotations, 0.0)
    return beyond.sum(-1)


def _shortest(first: Float[np.ndarray, "3"], second: Float[np.ndarray, "3"]) -> Float[np.ndarray, "4"]:
    """The smallest turn from one unit vector to another."""
    halfway = np.concatenate([[1.0 + first @ second], np.cross(first, second)])
    length = np.linalg.norm(halfway)
    return halfway / length if length > 1e-6 else np.array([0.0, 0.0, 1.0, 0.0])


# Quaternions (wxyz) of numpy: scipy's rotations and numpy's `cross` take several times as long for so few.


def _quaternion(rotations: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 4"]:
    angles = np.sqrt((rotations * rotations).sum(-1, keepdims=True))
    sines = 0.5 * np.sinc(angles / (2.0 * np.pi))
    return np.concatenate([np.cos(0.5 * angles), sines * rotations], axis=-1)


def _vector(quaternions: Float[np.ndarray, "*N 4"]) -> Float[np.ndarray, "*N 3"]:
    """Axis-angle, of at most half a turn."""
    shorter = np.where(quaternions[..., :1] < 0.0, -quaternions, quaternions)
    sines = np.sqrt((shorter[..., 1:] ** 2).sum(-1, keepdims=True))
    angles = 2.0 * np.arctan2(sines, shorter[..., :1])
    return shorter[..., 1:] * np.where(sines > 1e-9, angles / np.maximum(sines, 1e-9), 2.0)


def _product(first: Float[np.ndarray, "*#N 4"], second: Float[np.ndarray, "*#N 4"]) -> Float[np.ndarray, "*_ 4"]:
    """The second turn, then the first; either may be one for all of the other."""
    (w, v), (u, x) = ((turn[..., :1], turn[..., 1:]) for turn in (first, second))
    real = w * u - (v * x).sum(-1, keepdims=True)
    return np.concatenate([real, w * x + u * v + _cross(v, x)], axis=-1)


def _rotated(quaternions: Float[np.ndarray, "*N 4"], vector: Float[np.ndarray, "3"]) -> Float[np.ndarray, "*N 3"]:
    across = 2.0 * _cross(quaternions[..., 1:], vector)
    return vector + quaternions[..., :1] * across + _cross(quaternions[..., 1:], across)


def _cross(first: Float[np.ndarray, "*#N 3"], second: Float[np.ndarray, "*#N 3"]) -> Float[np.ndarray, "*_ 3"]:
    return first[..., _NEXT] * second[..., _LAST] - first[..., _LAST] * second[..., _NEXT]
