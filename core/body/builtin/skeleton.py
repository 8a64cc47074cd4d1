"""Maps the 163 bones of MakeHuman's rig onto the 55 joints of SMPL-X: where each joint lies, and what it moves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from ..joints import JOINT_NAMES, LEFT_EYE, NUM_JOINTS, RIGHT_EYE
from .makehuman import BaseMesh, Bone

MAX_INFLUENCES = 4
"""Joints that move one vertex; the few vertices of MakeHuman with more lose the weakest."""

_BONES = {
    "pelvis": ("spine05",), "spine1": ("spine03",), "spine2": ("spine02",), "spine3": ("spine01",),
    "neck": ("neck01",), "head": ("head",), "jaw": ("jaw",), "eye": ("eye",),
    "collar": ("clavicle",), "shoulder": ("upperarm01",), "elbow": ("lowerarm01",), "wrist": ("wrist",),
    "hip": ("upperleg01",), "knee": ("lowerleg01",), "ankle": ("foot",),
    "foot": tuple(f"toe{toe}-1" for toe in range(1, 6)),
    **{
        f"{finger}{joint}": (f"finger{number}-{joint}",)
        for number, finger in enumerate(("thumb", "index", "middle", "ring", "pinky"), start=1)
        for joint in (1, 2, 3)
    },
}  # fmt: skip
"""The bones that start in a joint, without their sides."""


def _bones_of(joint: str) -> tuple[str, ...]:
    for side, suffix in (("left_", ".L"), ("right_", ".R")):
        if joint.startswith(side):
            return tuple(bone + suffix for bone in _BONES[joint.removeprefix(side)])
    return _BONES[joint]


JOINT_BONES = tuple(_bones_of(joint) for joint in JOINT_NAMES)
EYE_GROUPS = ("helper-l-eye", "helper-r-eye")
_TIP_BONES = tuple(f"finger{finger}-3.{side}" for side in "LR" for finger in (2, 3, 5, 4, 1))


class JointMarkers:
    """The base vertices that mark each joint; a joint lies in the mean of its markers' means, at every shape."""

    def __init__(self, base: BaseMesh, bones: Mapping[str, Bone]) -> None:
        self._markers = [[bones[name].head for name in names] for names in JOINT_BONES]
        # MakeHuman's own markers of the eyes stray up to 2 mm from the eyeballs when the face changes.
        for joint, group in zip((LEFT_EYE, RIGHT_EYE), EYE_GROUPS, strict=True):
            self._markers[joint] = [np.unique(base.quads[group])]

    def positions(self, shapes: Float[np.ndarray, "*S N 3"]) -> Float[np.ndarray, "*S 55 3"]:
        """Where the joints lie in given vertices of the base mesh (linear: offsets give offsets).

        Joints of several bones (the balls of the feet) lie in the mean of the bones' heads.
        """
        return np.stack(
            [
                np.mean([shapes[..., indices, :].mean(axis=-2) for indices in markers], axis=0)
                for markers in self._markers
            ],
            axis=-2,
        )


def finger_tips(bones: Mapping[str, Bone], vertices: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "10 3"]:
    """Ends of the fingers: left index, middle, pinky, ring, thumb, then right."""
    return np.stack([vertices[bones[name].tail].mean(axis=0) for name in _TIP_BONES])


def gaze(base: BaseMesh, vertices: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "2 3"]:
    """Directions in which the left and right eye of some vertices look: the middle of the pupil's ring of eight."""
    directions = []
    for group in EYE_GROUPS:
        eye = vertices[np.unique(base.quads[group])]
        front = (eye - eye.mean(axis=0))[np.argsort(-eye[:, 2])[:8]]
        directions.append(front.mean(axis=0) / np.linalg.norm(front.mean(axis=0)))
    return np.stack(directions)


def skin_weights(
    base: BaseMesh,
    bones: Mapping[str, Bone],
    bone_weights: Mapping[str, tuple[Int[np.ndarray, " K"], Float[np.ndarray, " K"]]],
) -> Float[np.ndarray, "N 55"]:
    """A bone's weight goes to the nearest joint at or above it, and to the pelvis where there is none.

    Rows sum to one with at most `MAX_INFLUENCES` entries; rows of the rig's own marker cubes may be empty.
    """
    joint_of_bone = {name: joint for joint, names in enumerate(JOINT_BONES) for name in names}

    def joint_above(name: str) -> int:
        while name and name not in joint_of_bone:
            name = bones[name].parent
        return joint_of_bone.get(name, 0)

    weights = np.zeros((len(base.vertices), NUM_JOINTS))
    for name, (indices, values) in bone_weights.items():
        np.add.at(weights[:, joint_above(name)], indices, values)
    np.put_along_axis(weights, np.argsort(-weights, axis=1)[:, MAX_INFLUENCES:], 0.0, axis=1)
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
