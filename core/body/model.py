"""The SMPL-X body: blend shapes, then linear blend skinning (Loper et al. 2015; Pavlakos et al. 2019).

`shape_body` makes the rest mesh of some betas, `pose_body` moves it. Both are batched over leading dimensions,
differentiable and run on the device of their inputs; `fast_forward` is the quick way for one body a frame.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    quaternion_multiply,
    quaternion_to_axis_angle,
)
from .joints import FACE_JOINTS, NUM_JOINTS, PARENTS
from .parameters import BodyPose


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyIdentity:
    """Which body an avatar was made on; equal identities mean the same mesh and the same parameters."""

    source: Literal["builtin", "smplx"]
    name: str
    """Such as `builtin-1` or `SMPLX_NEUTRAL`."""
    fingerprint: str
    """Of template, faces and bases; 16 hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyModel:
    """A body in SMPL-X format; metres, y up, facing +z in the T-pose."""

    identity: BodyIdentity
    template_vertices: Float[Tensor, "V 3"]
    faces: Int[Tensor, "F 3"]
    """Counter-clockwise seen from outside."""
    shape_directions: Float[Tensor, "V 3 S"]
    """Metres per unit of each beta."""
    expression_directions: Float[Tensor, "V 3 E"]
    pose_directions: Float[Tensor, "486 V3"] | None
    """Pose correctives, one column per vertex coordinate; None where the file holds zeros."""
    joint_regressor: Float[Tensor, "55 V"]
    skin_weights: Float[Tensor, "V 55"]
    hands_components_left: Float[Tensor, "45 45"]
    """Principal components of the fingers' axis-angle vectors, one a row."""
    hands_components_right: Float[Tensor, "45 45"]
    hands_mean_left: Float[Tensor, "45"]
    hands_mean_right: Float[Tensor, "45"]
    expression_names: tuple[str, ...]
    expression_ranges: Float[Tensor, "E 2"]
    """Lowest and highest strength that makes sense."""
    action_joint_rotations: Float[Tensor, "E 3 3"] | None = None
    """Axis-angle by which each action at strength 1 turns jaw, left eye and right eye."""
    part_names: tuple[str, ...] = ()
    face_parts: Int[Tensor, " F"] | None = None
    """Index into `part_names`."""
    uv: Float[Tensor, "T 2"] | None = None
    uv_faces: Int[Tensor, "F 3"] | None = None
    shells: dict[str, Int[Tensor, "_ 3"]] = field(default_factory=dict)
    """Faces over the body's vertices that are drawn only when worn: tights, skirt, hair."""

    @property
    def num_vertices(self) -> int:
        return self.template_vertices.shape[0]

    @property
    def num_betas(self) -> int:
        return self.shape_directions.shape[-1]

    @property
    def num_expression(self) -> int:
        return self.expression_directions.shape[-1]

    @property
    def dtype(self) -> torch.dtype:
        return self.template_vertices.dtype

    @property
    def device(self) -> torch.device:
        return self.template_vertices.device


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapedBody:
    """The rest mesh of some betas, face neutral; metres."""

    vertices: Float[Tensor, "*B V 3"]
    joints: Float[Tensor, "*B 55 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PosedBody:
    """The mesh in the world; metres."""

    vertices: Float[Tensor, "*B V 3"]
    joints: Float[Tensor, "*B 55 3"]
    joint_transforms: Float[Tensor, "*B 55 4 4"]
    """World from rest joint frame: the frame at the rest joint, with the world's axes, goes where the joint went."""


def shape_body(model: BodyModel, betas: Float[Tensor, "*B S"]) -> ShapedBody:
    """The rest mesh of `betas`, which may be fewer than the body has (the others are zero).

    Raises:
        ValueError: there are more betas than the body has.
    """
    num_given = betas.shape[-1]
    if num_given > model.num_betas:
        raise ValueError(f"{num_given} betas, but {model.identity.name} has {model.num_betas}")
    directions = model.shape_directions[..., :num_given].flatten(0, 1)
    offsets = (betas @ directions.T).unflatten(-1, (model.num_vertices, 3))
    vertices = model.template_vertices + offsets
    return ShapedBody(vertices=vertices, joints=model.joint_regressor @ vertices)


def effective_rotations(model: BodyModel, pose: BodyPose) -> Float[Tensor, "*B 55 3"]:
    """Axis-angle after the actions turned jaw and eyes; the pose's own rotation of these joints comes on top."""
    if model.action_joint_rotations is None:
        return pose.rotations
    driven = torch.tensordot(pose.expression, model.action_joint_rotations, dims=1)
    combined = quaternion_multiply(
        axis_angle_to_quaternion(pose.rotations[..., FACE_JOINTS, :]), axis_angle_to_quaternion(driven)
    )
    before, after = pose.rotations[..., : FACE_JOINTS.start, :], pose.rotations[..., FACE_JOINTS.stop :, :]
    return torch.cat([before, quaternion_to_axis_angle(combined), after], dim=-2)


def pose_body(model: BodyModel, shaped: ShapedBody, pose: BodyPose) -> PosedBody:
    """The mesh of `shaped` with the expression, joints and translation of `pose`.

    As in the `smplx` package the expression also moves the joints that are regressed from the face, and the body turns
    about its pelvis before it is translated. Either argument may be unbatched.
    """
    rotations = axis_angle_to_matrix(effective_rotations(model, pose))
    offsets = pose.expression @ model.expression_directions.flatten(0, 1).T
    vertices = shaped.vertices + offsets.unflatten(-1, (model.num_vertices, 3))
    joints = model.joint_regressor @ vertices
    if model.pose_directions is not None:
        identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
        feature = (rotations[..., 1:, :, :] - identity).flatten(-3)
        vertices = vertices + (feature @ model.pose_directions).unflatten(-1, (model.num_vertices, 3))
    world_rotations, world_joints = _chain(rotations, joints)
    # A vertex v of the rest mesh goes to R (v - j) + j' with each joint; the weights mix R and j' - R j.
    shifts = world_joints - (world_rotations @ joints[..., None]).squeeze(-1)
    mixed = model.skin_weights @ torch.cat([world_rotations.flatten(-2), shifts], dim=-1)
    turned = (mixed[..., :9].unflatten(-1, (3, 3)) @ vertices[..., None]).squeeze(-1)
    translation = pose.translation[..., None, :]
    world_joints = world_joints + translation
    return PosedBody(
        vertices=turned + mixed[..., 9:] + translation,
        joints=world_joints,
        joint_transforms=_homogeneous(world_rotations, world_joints),
    )


def _levels() -> tuple[list[list[int]], list[int]]:
    """Joints by their distance from the pelvis, and where each joint stands in that order."""
    depth = [0] * NUM_JOINTS
    for joint in range(1, NUM_JOINTS):
        depth[joint] = depth[PARENTS[joint]] + 1
    levels = [[joint for joint in range(NUM_JOINTS) if depth[joint] == level] for level in range(max(depth) + 1)]
    order = [joint for level in levels for joint in level]
    return levels, [order.index(joint) for joint in range(NUM_JOINTS)]


_LEVELS, _PLACE_IN_ORDER = _levels()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hierarchy:
    """The joints' order on one device: indexing by lists would copy them there, and wait for it, in every pose."""

    parents: Tensor
    """Of each joint; the pelvis is its own."""
    levels: tuple[tuple[Tensor, Tensor], ...]
    """Below the pelvis: the joints of each level, and where their parents stand in the level above."""
    place_in_order: Tensor


@cache
def _hierarchy(device: torch.device) -> _Hierarchy:
    def indices(values: Iterable[int]) -> Tensor:
        return torch.tensor(list(values), device=device)

    return _Hierarchy(
        parents=indices([0, *PARENTS[1:]]),
        levels=tuple(
            (indices(level), indices(above.index(PARENTS[joint]) for joint in level))
            for above, level in itertools.pairwise(_LEVELS)
        ),
        place_in_order=indices(_PLACE_IN_ORDER),
    )


def _chain(rotations: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
    """Rotation and place of every joint in the world, from local rotations and rest joints; level by level."""
    hierarchy = _hierarchy(rotations.device)
    bones = joints - joints.index_select(-2, hierarchy.parents)
    batch = torch.broadcast_shapes(rotations.shape[:-3], joints.shape[:-2])
    rotations, joints = rotations.expand(*batch, -1, -1, -1), joints.expand(*batch, -1, -1)
    level_rotations, level_places = [rotations[..., :1, :, :]], [joints[..., :1, :]]
    for level, parents in hierarchy.levels:
        parent_rotations = level_rotations[-1].index_select(-3, parents)
        moved = (parent_rotations @ bones.index_select(-2, level)[..., None]).squeeze(-1)
        level_places.append(level_places[-1].index_select(-2, parents) + moved)
        level_rotations.append(parent_rotations @ rotations.index_select(-3, level))
    world_rotations = torch.cat(level_rotations, dim=-3).index_select(-3, hierarchy.place_in_order)
    return world_rotations, torch.cat(level_places, dim=-2).index_select(-2, hierarchy.place_in_order)


def _homogeneous(rotations: Tensor, translations: Tensor) -> Tensor:
    last_row = torch.eye(4, dtype=rotations.dtype, device=rotations.device)[3].expand(*rotations.shape[:-2], 1, 4)
    return torch.cat([torch.cat([rotations, translations[..., None]], dim=-1), last_row], dim=-2)


def moved(model: BodyModel, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> BodyModel:
    """The model on another device or with another floating-point type."""

    def converted(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(device=device, dtype=dtype if value.is_floating_point() else None)
        if isinstance(value, dict):
            return {key: converted(item) for key, item in value.items()}
        return value

    return replace(model, **{item.name: converted(getattr(model, item.name)) for item in fields(model)})


def fingerprint(*arrays: np.ndarray) -> str:
    """16 hexadecimal digits that differ when any number, shape or type differs."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
