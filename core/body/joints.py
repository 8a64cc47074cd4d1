"""The 55 joints of SMPL-X: names, tree, groups, the other side's joint, and how far each bends naturally.

Rest frames have the world's axes in the T-pose: x to the body's left, y up, z to the front. So, by the right hand:
knees bend about +x, hips and toes lift about -x, the left elbow bends forward about -y, the left arm falls about -z,
left fingers curl about -z and the left thumb about +y; on the right side y and z change sign.
"""

from __future__ import annotations

from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")

JOINT_NAMES: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "jaw", "left_eye", "right_eye",
    *(f"left_{finger}{number}" for finger in _FINGERS for number in (1, 2, 3)),
    *(f"right_{finger}{number}" for finger in _FINGERS for number in (1, 2, 3)),
)  # fmt: skip
"""In the order of the `smplx` package (which calls the eyes left_eye_smplhf and right_eye_smplhf)."""

NUM_JOINTS = len(JOINT_NAMES)

PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
    20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38,
    21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53,
)  # fmt: skip

LEFT_HAND = slice(25, 40)
RIGHT_HAND = slice(40, 55)
JAW, LEFT_EYE, RIGHT_EYE = 22, 23, 24
FACE_JOINTS = slice(JAW, RIGHT_EYE + 1)
"""Jaw, left eye, right eye: the joints that an action may drive."""


def _indices(*names: str) -> tuple[int, ...]:
    return tuple(JOINT_NAMES.index(name) for name in names)


def _side(side: str, *names: str) -> tuple[int, ...]:
    return _indices(*(f"{side}_{name}" for name in names))


JOINT_GROUPS: MappingProxyType[str, tuple[int, ...]] = MappingProxyType(
    {
        "torso": _indices("pelvis", "spine1", "spine2", "spine3"),
        "head": _indices("neck", "head", "jaw", "left_eye", "right_eye"),
        "left arm": _side("left", "collar", "shoulder", "elbow", "wrist"),
        "right arm": _side("right", "collar", "shoulder", "elbow", "wrist"),
        "left hand": tuple(range(25, 40)),
        "right hand": tuple(range(40, 55)),
        "left leg": _side("left", "hip", "knee", "ankle", "foot"),
        "right leg": _side("right", "hip", "knee", "ankle", "foot"),
    }
)
"""Every joint is in one group."""


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return name.replace("left_", "right_", 1)
    return name.replace("right_", "left_", 1)


MIRROR: tuple[int, ...] = tuple(JOINT_NAMES.index(_other_side(name)) for name in JOINT_NAMES)
"""The joint of the other side; joints of the middle are their own."""


def mirrored(rotations: Float[Tensor, "*B 55 3"]) -> Float[Tensor, "*B 55 3"]:
    """The pose seen in a mirror at the plane x = 0: sides swapped, x kept, y and z with the other sign."""
    return rotations[..., list(MIRROR), :] * rotations.new_tensor([1.0, -1.0, -1.0])


_Range = tuple[int, int]

# Degrees about x, y, z; ranges of healthy adults rounded for sliders, a little generous where joints share a motion.
_CENTRE_AND_LEFT: dict[str, tuple[_Range, _Range, _Range]] = {
    "pelvis": ((-180, 180), (-180, 180), (-180, 180)),
    "spine1": ((-20, 40), (-20, 20), (-20, 20)),
    "spine2": ((-15, 30), (-20, 20), (-20, 20)),
    "spine3": ((-15, 25), (-20, 20), (-15, 15)),
    "neck": ((-30, 35), (-40, 40), (-25, 25)),
    "head": ((-35, 35), (-45, 45), (-25, 25)),
    "jaw": ((-3, 32), (-8, 8), (-4, 4)),
    "left_eye": ((-30, 30), (-40, 40), (-5, 5)),
    "left_hip": ((-125, 35), (-45, 45), (-30, 60)),
    "left_knee": ((-5, 150), (-20, 20), (-8, 8)),
    "left_ankle": ((-30, 50), (-25, 25), (-25, 25)),
    "left_foot": ((-60, 35), (-5, 5), (-5, 5)),
    "left_collar": ((-15, 15), (-25, 20), (-15, 35)),
    "left_shoulder": ((-80, 80), (-125, 45), (-90, 95)),
    "left_elbow": ((-60, 60), (-150, 5), (-10, 10)),
    "left_wrist": ((-70, 70), (-30, 35), (-80, 75)),
    "left_index1": ((-15, 15), (-25, 20), (-95, 30)),
    "left_middle1": ((-15, 15), (-20, 20), (-95, 30)),
    "left_ring1": ((-15, 15), (-20, 25), (-95, 30)),
    "left_pinky1": ((-15, 15), (-20, 35), (-95, 30)),
    "left_thumb1": ((-45, 45), (-45, 45), (-45, 45)),
    "left_thumb2": ((-35, 35), (-35, 60), (-35, 35)),
    "left_thumb3": ((-25, 25), (-25, 85), (-25, 25)),
}
for _finger in ("index", "middle", "ring", "pinky"):
    _CENTRE_AND_LEFT[f"left_{_finger}2"] = ((-5, 5), (-5, 5), (-115, 5))
    _CENTRE_AND_LEFT[f"left_{_finger}3"] = ((-5, 5), (-5, 5), (-85, 10))


def _limits(name: str) -> tuple[_Range, _Range, _Range]:
    if name in _CENTRE_AND_LEFT:
        return _CENTRE_AND_LEFT[name]
    about_x, (low_y, high_y), (low_z, high_z) = _CENTRE_AND_LEFT[_other_side(name)]
    return about_x, (-high_y, -low_y), (-high_z, -low_z)


JOINT_LIMITS_DEGREES: Float[Tensor, "55 3 2"] = torch.tensor(
    [_limits(name) for name in JOINT_NAMES], dtype=torch.float32
)
"""Lowest and highest natural value of each component of a joint's axis-angle vector; for sliders, never enforced."""
