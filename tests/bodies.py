"""A small body in SMPL-X format for tests: capsules around the bones of a T-pose, with every feature of the format.

Its pose correctives, hand means and hand components are random and not zero (the built-in body's are zero, and would
hide mistakes), its kintree and faces are stored as the licensed files store them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import smplx
from nlfgs_studio.core.body.joints import JOINT_NAMES, PARENTS

_SIDES = 6
_CENTRE = {
    "pelvis": (0.0, -0.35, 0.01),
    "spine1": (0.0, -0.24, -0.01),
    "spine2": (0.0, -0.11, 0.0),
    "spine3": (0.0, -0.05, 0.01),
    "neck": (0.0, 0.11, -0.03),
    "head": (0.0, 0.27, -0.01),
    "jaw": (0.0, 0.265, 0.02),
}
_LEFT = {
    "hip": (0.06, -0.44, 0.0),
    "knee": (0.1, -0.82, 0.0),
    "ankle": (0.09, -1.22, -0.03),
    "foot": (0.12, -1.28, 0.09),
    "collar": (0.05, 0.04, -0.01),
    "shoulder": (0.16, 0.06, -0.02),
    "elbow": (0.42, 0.05, -0.04),
    "wrist": (0.67, 0.05, -0.03),
    "eye": (0.032, 0.32, 0.075),
}
_FINGER_BASES = {
    "index": (0.77, 0.05, 0.0),
    "middle": (0.775, 0.055, -0.022),
    "pinky": (0.75, 0.04, -0.062),
    "ring": (0.765, 0.05, -0.043),
    "thumb": (0.7, 0.04, 0.0),
}
_FINGER_STEPS = {"thumb": (0.024, -0.008, 0.024)}
_RADII = {
    "spine1": 0.12, "spine2": 0.12, "spine3": 0.12, "neck": 0.06, "head": 0.055, "jaw": 0.03, "hip": 0.09,
    "knee": 0.075, "ankle": 0.05, "foot": 0.04, "collar": 0.07, "shoulder": 0.06, "elbow": 0.048, "wrist": 0.036,
    "eye": 0.012,
}  # fmt: skip
_TIPS = {
    "head": ((0.0, 0.17, 0.01), 0.085),
    "jaw": ((0.0, -0.05, 0.06), 0.025),
    "eye": ((0.0, 0.0, 0.012), 0.012),
    "foot": ((0.0, -0.01, 0.08), 0.035),
}
"""Ends of the capsules beyond joints without children (offset in metres, radius)."""


def plain_body_arrays(seed: int = 0, num_shape: int = 10, num_expression: int = 10) -> dict[str, np.ndarray]:
    """The arrays of a file that our loader and `smplx.SMPLX` read; the licensed layouts are 10 + 10 and 300 + 100."""
    random = np.random.default_rng(seed)
    joints = _joints()
    vertices, faces, weights, regressor = _mesh(joints)
    shape = _smooth_fields(random, vertices, num_shape, amplitude=0.01)
    near_face = np.exp(-np.square(vertices - (0.0, 0.3, 0.06)).sum(1) / 0.1**2)
    expression = _smooth_fields(random, vertices, num_expression, amplitude=0.01) * near_face[:, None, None]
    landmark_faces = random.integers(0, len(faces), 51)
    return {
        "v_template": vertices,
        "f": faces.astype(np.uint32),
        "shapedirs": np.concatenate([shape, expression], axis=2),
        "posedirs": random.normal(0.0, 0.001, (len(vertices), 3, 486)),
        "J_regressor": regressor,
        "kintree_table": np.array([PARENTS, range(len(PARENTS))]).astype(np.uint32),
        "weights": weights,
        "hands_componentsl": np.linalg.qr(random.normal(size=(45, 45)))[0],
        "hands_componentsr": np.linalg.qr(random.normal(size=(45, 45)))[0],
        "hands_meanl": random.normal(0.0, 0.15, 45),
        "hands_meanr": random.normal(0.0, 0.15, 45),
        "lmk_faces_idx": landmark_faces,
        "lmk_bary_coords": np.full((51, 3), 1.0 / 3.0),
    }


def write_plain_body(path: Path, seed: int = 0, num_shape: int = 10, num_expression: int = 10) -> Path:
    """`plain_body_arrays` as a file."""
    np.savez(path, **plain_body_arrays(seed, num_shape, num_expression))
    return path


def smplx_model(path: Path, **options: object) -> smplx.SMPLX:
    """The `smplx` package's model of a file, at home also with fewer vertices than the licensed ones.

    The package appends fixed vertices of the licensed mesh to its joints; those are clamped into the mesh at hand.
    """
    model = smplx.SMPLX(str(path), **options)
    model.vertex_joint_selector.extra_joints_idxs.clamp_(max=len(model.v_template) - 1)
    return model


def _joints() -> np.ndarray:
    places = []
    for name in JOINT_NAMES:
        side, _, part = name.rpartition("_")
        if not side:
            places.append(_CENTRE[name])
            continue
        place = np.array(_LEFT[part] if part in _LEFT else _finger_joint(part))
        places.append(place * (1.0 if side == "left" else -1.0, 1.0, 1.0))
    return np.array(places, np.float64)


def _finger_joint(part: str) -> np.ndarray:
    finger, number = part[:-1], int(part[-1])
    step = np.array(_FINGER_STEPS.get(finger, (0.028, -0.003, 0.0)))
    return np.array(_FINGER_BASES[finger]) + (number - 1) * step


def _mesh(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A closed capsule from each joint's parent to the joint, and beyond each joint without children."""
    vertices: list[np.ndarray] = []
    faces: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    regressor_rows: dict[int, np.ndarray] = {}
    count = 0
    for joint, parent, start, end, radius in _bones(joints):
        bone_vertices, bone_faces, along = _capsule(start, end, radius)
        bone_weights = np.zeros((len(bone_vertices), len(joints)))
        if joint == parent:
            bone_weights[:, joint] = 1.0
        else:
            share = 0.5 * np.clip((along - 0.7) / 0.3, 0.0, 1.0)
            bone_weights[:, joint] = share
            bone_weights[:, parent] = 1.0 - share
            grandparent = max(PARENTS[parent], 0)
            moved = 0.5 * np.clip((0.3 - along) / 0.3, 0.0, 1.0) * (grandparent != parent)
            bone_weights[:, grandparent] += moved
            bone_weights[:, parent] -= moved
            regressor_rows[joint] = count + np.flatnonzero(along == 1.0)[:_SIDES]
            if joint == 3:
                regressor_rows[0] = count + np.flatnonzero(along == 0.0)[-_SIDES:]
        vertices.append(bone_vertices)
        faces.append(bone_faces + count)
        weights.append(bone_weights)
        count += len(bone_vertices)
    regressor = np.zeros((len(joints), count))
    for joint, ring in regressor_rows.items():
        regressor[joint, ring] = 1.0 / _SIDES
    return np.concatenate(vertices), np.concatenate(faces), np.concatenate(weights), regressor


def _bones(joints: np.ndarray) -> list[tuple[int, int, np.ndarray, np.ndarray, float]]:
    bones = []
    for joint, name in enumerate(JOINT_NAMES):
        part = name.rpartition("_")[2]
        parent = PARENTS[joint]
        if parent >= 0:
            bones.append((joint, parent, joints[parent], joints[joint], _RADII.get(part, 0.009)))
        if joint not in PARENTS:
            sign = -1.0 if name.startswith("right_") else 1.0
            step = np.array(_FINGER_STEPS.get(part[:-1], (0.022, -0.003, 0.0)))
            offset, radius = _TIPS.get(part, (step, 0.008))
            bones.append((joint, joint, joints[joint], joints[joint] + np.array(offset) * (sign, 1.0, 1.0), radius))
    return bones


def _capsule(start: np.ndarray, end: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (pole, rings, pole), outward faces, and how far along the bone each vertex lies, in [0, 1]."""
    axis = (end - start) / np.linalg.norm(end - start)
    across = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    across /= np.linalg.norm(across)
    other = np.cross(axis, across)
    angles = 2.0 * np.pi * np.arange(_SIDES) / _SIDES
    circle = radius * (np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * other)
    fractions = (0.0, 0.5, 1.0)
    rings = [start + fraction * (end - start) + circle for fraction in fractions]
    vertices = np.concatenate([[start - 0.6 * radius * axis], *rings, [end + 0.6 * radius * axis]])
    along = np.concatenate([[0.0], np.repeat(fractions, _SIDES), [1.0]])
    last = len(vertices) - 1
    faces = []
    for side in range(_SIDES):
        following = (side + 1) % _SIDES
        faces.append((0, 1 + following, 1 + side))
        for ring in range(len(fractions) - 1):
            lower, upper = 1 + ring * _SIDES, 1 + (ring + 1) * _SIDES
            faces.append((lower + side, lower + following, upper + following))
            faces.append((lower + side, upper + following, upper + side))
        faces.append((last, last - _SIDES + side, last - _SIDES + following))
    return vertices, np.array(faces), along


def _smooth_fields(random: np.random.Generator, vertices: np.ndarray, count: int, amplitude: float) -> np.ndarray:
    """Random displacements that vary over decimetres, as blend shapes do: (V, 3, count)."""
    frequencies = random.normal(0.0, 6.0, (3, 3 * count))
    phases = random.uniform(0.0, 2.0 * np.pi, 3 * count)
    return amplitude * np.sin(vertices @ frequencies + phases).reshape(len(vertices), 3, count)
