"""The quick way to pose one body: what `model.pose_body` computes, in compiled loops without gradients.

What a body's arrays are full of zeros for is laid out once: skinning weights keep only the joints that hold a vertex,
each action only the runs of coordinates that it moves, and pose correctives of joints at rest are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..kernels import run_split
from .joints import FACE_JOINTS, NUM_JOINTS, PARENTS
from .model import BodyModel, PosedBody, ShapedBody
from .parameters import BodyPose
from .skinning_kernels import add_expression, add_pose_correctives, move_joints, rotation_matrices, skin_vertices

_NEGLIGIBLE_WEIGHT = 1e-7
"""55 such weights a metre from their joint move a vertex by less than 1e-5 m."""
_MERGED_GAP = 24
"""Coordinates; runs that are nearer are joined, since starting a run costs about as much."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _SparseWeights:
    """For vertex v the entries from `entry_starts[v]` to `entry_starts[v + 1]`."""

    entry_starts: Int[np.ndarray, " V1"]
    joints: Int[np.ndarray, " W"]
    weights: Float[np.ndarray, " W"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _SparseExpression:
    """The actions as runs of coordinates; see `skinning_kernels.add_expression`."""

    run_starts: Int[np.ndarray, " E1"]
    targets: Int[np.ndarray, " R"]
    lengths: Int[np.ndarray, " R"]
    offsets: Float[np.ndarray, " C"]


class FastPoser:
    """Poses one body a call, on the CPU, in float32; equal to `pose_body` within 1e-5 m."""

    def __init__(self, model: BodyModel) -> None:
        directions = model.expression_directions.detach().cpu().to(torch.float32)
        self._num_vertices = model.num_vertices
        self._num_expression = model.num_expression
        self._weights = _sparse_weights(_array(model.skin_weights))
        self._expression = _sparse_expression(directions.flatten(0, 1).T.contiguous().numpy())
        regressed = torch.tensordot(model.joint_regressor.detach().cpu().to(torch.float32), directions, dims=1)
        self._joint_directions = regressed.flatten(0, 1).contiguous().numpy()
        self._pose_directions = None if model.pose_directions is None else _array(model.pose_directions)
        actions = model.action_joint_rotations
        self._action_rotations = None if actions is None else _array(actions).reshape(-1, 9)
        self._parents = np.array(PARENTS, np.int64)

    def pose(self, shaped: ShapedBody, pose: BodyPose) -> PosedBody:
        """As `pose_body`, for one body.

        Raises:
            ValueError: the inputs are batched, or of another body.
        """
        vertices, rotations, expression = _array(shaped.vertices), _array(pose.rotations), _array(pose.expression)
        expected = ((self._num_vertices, 3), (NUM_JOINTS, 3), (self._num_expression,))
        if (vertices.shape, rotations.shape, expression.shape) != expected:
            raise ValueError("the fast path poses one body of its own model a call")
        joints = _array(shaped.joints) + (self._joint_directions @ expression).reshape(NUM_JOINTS, 3)

        local = self._local_rotations(rotations, expression)
        transforms = np.tile(np.eye(4, dtype=np.float32), (NUM_JOINTS, 1, 1))
        skin = np.empty((NUM_JOINTS, 12), np.float32)
        move_joints(local, joints, self._parents, _array(pose.translation), transforms, skin)

        rest = vertices.copy()
        coordinates = rest.reshape(-1)
        runs = self._expression
        add_expression(expression, runs.run_starts, runs.targets, runs.lengths, runs.offsets, coordinates)
        if self._pose_directions is not None:
            run_split(add_pose_correctives, len(coordinates), local, self._pose_directions, coordinates)

        posed = np.empty_like(rest)
        held = self._weights
        run_split(skin_vertices, len(rest), rest, held.entry_starts, held.joints, held.weights, skin, posed)
        joint_transforms = torch.from_numpy(transforms)
        return PosedBody(
            vertices=torch.from_numpy(posed),
            joints=joint_transforms[:, :3, 3].clone(),
            joint_transforms=joint_transforms,
        )

    def _local_rotations(
        self, rotations: Float[np.ndarray, "55 3"], expression: Float[np.ndarray, " E"]
    ) -> Float[np.ndarray, "55 3 3"]:
        """As `effective_rotations`, as matrices."""
        local = np.empty((NUM_JOINTS, 3, 3), np.float32)
        rotation_matrices(rotations, local)
        if self._action_rotations is not None:
            driven = np.empty((3, 3, 3), np.float32)
            rotation_matrices((expression @ self._action_rotations).reshape(3, 3), driven)
            local[FACE_JOINTS] = local[FACE_JOINTS] @ driven
        return local


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().to(device="cpu", dtype=torch.float32).contiguous().numpy()


def _sparse_weights(weights: Float[np.ndarray, "V 55"]) -> _SparseWeights:
    vertices, joints = np.nonzero(np.abs(weights) > _NEGLIGIBLE_WEIGHT)
    counts = np.bincount(vertices, minlength=len(weights))
    return _SparseWeights(
        entry_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        joints=joints.astype(np.int64),
        weights=np.ascontiguousarray(weights[vertices, joints]),
    )


def _sparse_expression(directions: Float[np.ndarray, "E C"]) -> _SparseExpression:
    """`directions` holds one action a row, flat over the coordinates."""
    run_starts = [0]
    bounds: list[tuple[int, int]] = []
    offsets: list[np.ndarray] = []
    for row in directions:
        moved = np.flatnonzero(row)
        breaks = np.flatnonzero(np.diff(moved) > _MERGED_GAP)
        first = moved[np.concatenate([[0], breaks + 1])] if len(moved) else moved
        last = moved[np.concatenate([breaks, [len(moved) - 1]])] if len(moved) else moved
        for start, end in zip(first, last, strict=True):
            bounds.append((int(start), int(end) + 1 - int(start)))
            offsets.append(row[start : end + 1])
        run_starts.append(len(bounds))
    runs = np.array(bounds, np.int64).reshape(-1, 2)
    return _SparseExpression(
        run_starts=np.array(run_starts, np.int64),
        targets=np.ascontiguousarray(runs[:, 0]),
        lengths=np.ascontiguousarray(runs[:, 1]),
        offsets=np.concatenate([*offsets, np.empty(0, np.float32)]).astype(np.float32),
    )
