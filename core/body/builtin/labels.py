"""Says which part of the body each quad belongs to: by mesh groups, painted masks, skinning and geometry."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from ..joints import JAW, JOINT_NAMES, LEFT_EYE, RIGHT_EYE
from ..parts import PART_NAMES
from .makehuman import MakeHumanData
from .surface import BODY_GROUPS, Surface, neighbour_averaging, triangles

_PART_OF_JOINT = {
    "pelvis": "hips", "spine1": "abdomen", "spine2": "chest", "spine3": "chest", "collar": "chest",
    "neck": "neck", "head": "face", "jaw": "face", "eye": "face", "shoulder": "upper_arm", "elbow": "forearm",
    "wrist": "hand", "index": "hand", "middle": "hand", "ring": "hand", "pinky": "hand", "thumb": "hand",
    "hip": "thigh", "knee": "shin", "ankle": "foot", "foot": "foot",
}  # fmt: skip

_PART_OF_GROUP = {
    "helper-upper-teeth": "teeth_upper",
    "helper-lower-teeth": "teeth_lower",
    "helper-tongue": "tongue",
}

_PUPIL_ANGLE, _IRIS_ANGLE = np.radians(14.0), np.radians(27.0)
"""From the eye's axis. The eye's rings of vertices lie at 11°, 22° and 45°: the iris gets a radius of 5.5 mm."""

_LID_RADIUS = 0.021
"""Metres from the eye's centre; the eyeball's own radius is 0.016."""

_HAIRLINE = np.array([[-0.01, 0.070], [0.025, 0.060], [0.045, 0.035], [0.065, 0.020], [0.085, -0.015],
                      [0.115, -0.035], [0.150, -0.055]])  # fmt: skip
"""Metres (behind, above) the middle of the eyes: over the forehead, down the temple, around the ear, to the nape."""

_BROW = np.array([[-0.016, 0.0165], [-0.004, 0.0195], [0.010, 0.0225], [0.024, 0.0165]])
"""The brow's middle line, metres (outwards, above) the eye's centre."""

_BROW_HALF_HEIGHT = 0.0045

_WAIST = 0.07
"""Metres above the pelvis up to which trousers reach."""

_BLUR_ROUNDS = 4


def label_quads(
    surface: Surface,
    data: MakeHumanData,
    template: Float[np.ndarray, "V 3"],
    weights: Float[np.ndarray, "V 55"],
) -> Int[np.ndarray, " Q"]:
    """Index into `PART_NAMES` of each of the body's quads; the template's last 55 vertices are the joints."""
    joints = template[-len(JOINT_NAMES) :]
    corners = template[surface.quads]
    centres = corners.mean(axis=1)
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    texture = surface.texture_coordinates[surface.texture_quads].mean(axis=1)
    skin = surface.quad_groups == BODY_GROUPS.index("body")
    other_side = KDTree(centres).query(centres * (-1.0, 1.0, 1.0))[1]

    def painted(name: str) -> Bool[np.ndarray, " Q"]:
        """MPFB painted some masks on one side only, or larger there."""
        mask = data.texture_mask(name, texture)
        return mask | mask[other_side]

    labels = _Labels(centres[:, 0] > 0.0)
    _label_by_joint(labels, _blurred(weights, surface.quads)[surface.quads].sum(axis=1).argmax(axis=1))
    chest_floor = joints[[JOINT_NAMES.index("spine2"), JOINT_NAMES.index("spine3")], 1].mean()
    labels.put("abdomen", labels.are("chest") & (centres[:, 1] < chest_floor))
    waist = joints[JOINT_NAMES.index("pelvis"), 1] + _WAIST
    labels.put("abdomen", labels.are("hips") & (centres[:, 1] > waist))
    labels.put("back", (labels.are("chest") | labels.are("abdomen")) & (normals[:, 2] < 0.0))
    for part, mask in (("hand", "fingernails"), ("foot", "toenails")):
        labels.put_sides(mask, painted(mask) & (labels.are(f"{part}_left") | labels.are(f"{part}_right")))

    head = labels.are("face") & skin
    _label_head(labels, head, centres, joints[[LEFT_EYE, RIGHT_EYE]])
    labels.put_sides("ear", head & painted("ears"))
    cavities = [data.segment_mask(f"eye_cavity.{side}", texture) for side in "LR"]
    labels.put_sides("eye_socket", head & np.logical_or(*cavities))
    with_jaw = weights[surface.quads, JAW].mean(axis=1) > 0.5
    labels.put("lip_upper", head & painted("lips") & ~with_jaw)
    labels.put("lip_lower", head & painted("lips") & with_jaw)
    labels.put("mouth_inside", head & painted("inside-mouth"))
    for index, name in enumerate(BODY_GROUPS[1:], start=1):
        inside = surface.quad_groups == index
        if name.endswith("eye"):
            _label_eyeball(labels, inside, centres)
        else:
            labels.put("lashes" if "eyelashes" in name else _PART_OF_GROUP[name], inside)
    return labels.indices


class _Labels:
    """The labels so far; a later one wins."""

    def __init__(self, left: Bool[np.ndarray, " Q"]) -> None:
        self.indices = np.zeros(len(left), dtype=np.int64)
        self._left = left

    def put(self, name: str, where: Bool[np.ndarray, " Q"]) -> None:
        self.indices[where] = PART_NAMES.index(name)

    def put_sides(self, name: str, where: Bool[np.ndarray, " Q"]) -> None:
        self.put(f"{name}_left", where & self._left)
        self.put(f"{name}_right", where & ~self._left)

    def are(self, name: str) -> Bool[np.ndarray, " Q"]:
        return self.indices == PART_NAMES.index(name)


def _blurred(values: Float[np.ndarray, "V C"], quads: Int[np.ndarray, "Q 4"]) -> Float[np.ndarray, "V C"]:
    """Averages over neighbouring vertices, which takes the teeth out of the borders between parts."""
    averaging = neighbour_averaging(triangles(quads), len(values))
    for _ in range(_BLUR_ROUNDS):
        values = 0.5 * (values + averaging @ values)
    return values


def _label_by_joint(labels: _Labels, strongest: Int[np.ndarray, " Q"]) -> None:
    """Start from the joint that moves a quad most."""
    for joint, name in enumerate(JOINT_NAMES):
        part = _PART_OF_JOINT[name.removeprefix("left_").removeprefix("right_").rstrip("123") if "_" in name else name]
        (labels.put if part in PART_NAMES else labels.put_sides)(part, strongest == joint)


def _label_head(
    labels: _Labels,
    head: Bool[np.ndarray, " Q"],
    centres: Float[np.ndarray, "Q 3"],
    eyes: Float[np.ndarray, "2 3"],
) -> None:
    between_eyes = eyes.mean(axis=0)
    behind, above = (between_eyes - centres)[:, 2], (centres - between_eyes)[:, 1]
    to_eye = centres - np.where(centres[:, :1] > 0.0, eyes[:1], eyes[1:])
    outwards = to_eye[:, 0] * np.sign(centres[:, 0])

    labels.put("forehead", head & (above > 0.026) & (behind < 0.05))
    labels.put("scalp", head & (above > np.interp(behind, _HAIRLINE[:, 0], _HAIRLINE[:, 1])))
    brow_middle = np.interp(outwards, _BROW[:, 0], _BROW[:, 1])
    in_brow = (np.abs(above - brow_middle) < _BROW_HALF_HEIGHT) & (outwards > _BROW[0, 0]) & (outwards < _BROW[-1, 0])
    labels.put_sides("brow", head & in_brow & (behind < 0.03))
    labels.put_sides("eyelid", head & (np.linalg.norm(to_eye, axis=1) < _LID_RADIUS) & (to_eye[:, 2] > 0.0))


def _label_eyeball(labels: _Labels, eye: Bool[np.ndarray, " Q"], centres: Float[np.ndarray, "Q 3"]) -> None:
    arms = centres - centres[eye].mean(axis=0)
    angle = np.arccos(np.clip(arms[:, 2] / np.linalg.norm(arms, axis=1), -1.0, 1.0))
    labels.put_sides("sclera", eye)
    labels.put_sides("iris", eye & (angle < _IRIS_ANGLE))
    labels.put_sides("pupil", eye & (angle < _PUPIL_ANGLE))
