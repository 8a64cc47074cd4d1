"""The 52 facial actions, split into what the jaw and the eyes do as joints and the soft rest that is the expression.

MakeHuman's actions move teeth and eyeballs along straight lines. Here `jawOpen` and `eyeLook*` drive joints instead;
their columns hold only what the skin does beside that: at strength 1 joint and column together give the action again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from ..joints import JAW, LEFT_EYE, RIGHT_EYE
from .surface import neighbour_averaging

ACTION_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""ARKit's names, in the order of the expression's columns."""

_STRAY = (0.001, 0.002)
"""Metres from the neighbours' mean at which ironing begins, and at which a vertex takes the mean."""

_IRONING_ROUNDS = 6

MOTOR_JOINTS = (JAW, LEFT_EYE, RIGHT_EYE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Actions:
    """Expression columns and, beside them, the joints that each action turns."""

    offsets: Float[np.ndarray, "52 N 3"]
    """Metres at strength 1."""
    joint_rotations: Float[np.ndarray, "52 3 3"]
    """Axis-angle of jaw, left eye and right eye at strength 1, radians."""


def _motor_of(name: str) -> int | None:
    """The joint that an action turns; `jawForward` and its like slide the jaw and stay blend shapes."""
    if name == "jawOpen":
        return JAW
    if name.startswith("eyeLook"):
        return LEFT_EYE if name.endswith("Left") else RIGHT_EYE
    return None


def split_actions(
    offsets: Float[np.ndarray, "52 N 3"],
    vertices: Float[np.ndarray, "N 3"],
    joints: Float[np.ndarray, "55 3"],
    weights: Float[np.ndarray, "N 55"],
    rigid_parts: Mapping[int, Int[np.ndarray, " K"]],
) -> Actions:
    """Find each motor's rotation from the part it moves whole (lower teeth, eyeball), and take it out of the offsets.

    `rigid_parts` gives these vertices for each motor joint. They keep no rest at all in the actions that turn them: an
    eyeball that also slid would look glassy. `mouthClose` closes the lips of an open jaw; its offsets are turned so
    that they do so after the jaw's rotation, exactly at strength 1.
    """
    soft = offsets.astype(np.float64)
    rotations = np.zeros((len(ACTION_NAMES), len(MOTOR_JOINTS), 3))
    for action, name in enumerate(ACTION_NAMES):
        joint = _motor_of(name)
        if joint is None:
            continue
        part = rigid_parts[joint]
        arms = vertices[part] - joints[joint]
        turn = Rotation.align_vectors(arms + offsets[action, part], arms)[0]
        rotations[action, MOTOR_JOINTS.index(joint)] = turn.as_rotvec()
        soft[action] = _rest_beside_joint(offsets[action], vertices, joints[joint], turn, weights[:, joint])
        soft[action, part] = 0.0
    jaw_turn = Rotation.from_rotvec(rotations[ACTION_NAMES.index("jawOpen"), 0])
    close = ACTION_NAMES.index("mouthClose")
    soft[close] = np.linalg.solve(_blended(jaw_turn, weights[:, JAW]), offsets[close, :, :, None])[..., 0]
    return Actions(offsets=soft, joint_rotations=rotations)


def _rest_beside_joint(
    offsets: Float[np.ndarray, "N 3"],
    vertices: Float[np.ndarray, "N 3"],
    pivot: Float[np.ndarray, "3"],
    turn: Rotation,
    weights: Float[np.ndarray, " N"],
) -> Float[np.ndarray, "N 3"]:
    """Offsets that skinning, applied after them, turns into the wanted ones: solves skin(v + x) = v + offset for x."""
    wanted = vertices + offsets - pivot
    return np.linalg.solve(_blended(turn, weights), wanted[..., None])[..., 0] + pivot - vertices


def _blended(turn: Rotation, weights: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 3 3"]:
    """The linear part of skinning when one joint turns and the others rest."""
    share = weights[:, None, None]
    return (1.0 - share) * np.eye(3) + share * turn.as_matrix()


def ironed(offsets: Float[np.ndarray, "A N 3"], faces: Int[np.ndarray, "F 3"]) -> Float[np.ndarray, "A N 3"]:
    """Draw single vertices that stray from their neighbours by more than a millimetre or two back among them.

    A few of MakeHuman's actions leave spikes: in the folds of a full smile, inside the nose when an eye blinks, along
    the middle line when the mouth closes.
    """
    averaging = neighbour_averaging(faces, offsets.shape[1])
    touched = np.unique(faces)
    result = offsets.copy()
    for _ in range(_IRONING_ROUNDS):
        means = np.stack([averaging @ offset for offset in result])
        stray = np.linalg.norm(result - means, axis=-1, keepdims=True)
        share = np.clip((stray - _STRAY[0]) / (_STRAY[1] - _STRAY[0]), 0.0, 1.0)
        result[:, touched] += (share * (means - result))[:, touched]
    return result
