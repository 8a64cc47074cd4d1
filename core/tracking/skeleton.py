"""The joints of one shaped body in numpy: where they rest, and where a pose takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from ..body.joints import JOINT_NAMES, NUM_JOINTS, PARENTS
from ..body.model import BodyModel, shape_body

HEAD = JOINT_NAMES.index("head")
NECK = JOINT_NAMES.index("neck")
CHEST = JOINT_NAMES.index("spine3")


def _levels() -> tuple[tuple[list[int], list[int]], ...]:
    depth = [0] * NUM_JOINTS
    for joint in range(1, NUM_JOINTS):
        depth[joint] = depth[PARENTS[joint]] + 1
    levels = [[joint for joint in range(NUM_JOINTS) if depth[joint] == level] for level in range(1, max(depth) + 1)]
    return tuple((level, [PARENTS[joint] for joint in level]) for level in levels)


_LEVELS = _levels()
"""Joints with equal distance from the pelvis, and their parents."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Joints in the world."""

    rotations: Float[np.ndarray, "55 3 3"]
    """From the rest pose's axes."""
    positions: Float[np.ndarray, "55 3"]
    """Metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skeleton:
    """The rest joints of some betas, and how each action shifts them."""

    rest_joints: Float[np.ndarray, "55 3"]
    joint_directions: Float[np.ndarray, "55 3 E"]
    """Metres per unit of each coefficient: a body whose joints are regressed from the face moves them with it."""

    @classmethod
    def of(cls, body: BodyModel, betas: Float[torch.Tensor, " S"]) -> Skeleton:
        directions = torch.tensordot(body.joint_regressor, body.expression_directions, dims=1)
        return cls(
            rest_joints=shape_body(body, betas).joints.double().cpu().numpy(),
            joint_directions=directions.double().cpu().numpy(),
        )

    @property
    def num_expression(self) -> int:
        return self.joint_directions.shape[-1]

    def joints(self, expression: Float[np.ndarray, " E"]) -> Float[np.ndarray, "55 3"]:
        """The rest joints under that expression."""
        return self.rest_joints + self.joint_directions @ expression

    def head_shift(self, expression: Float[np.ndarray, " E"]) -> Float[np.ndarray, "3"]:
        """How far the expression moves the head's joint at rest."""
        return self.joint_directions[HEAD] @ expression


def place(
    rest_joints: Float[np.ndarray, "55 3"],
    rotations: Float[np.ndarray, "55 3 3"],
    pelvis: Float[np.ndarray, "3"] | None = None,
) -> Placed:
    """Every joint in the world; the pelvis at its rest place, or at `pelvis`."""
    world = np.empty((NUM_JOINTS, 3, 3))
    positions = np.empty((NUM_JOINTS, 3))
    world[0] = rotations[0]
    positions[0] = rest_joints[0] if pelvis is None else pelvis
    for level, parents in _LEVELS:
        above = world[parents]
        bones = rest_joints[level] - rest_joints[parents]
        positions[level] = positions[parents] + (above @ bones[..., None])[..., 0]
        world[level] = above @ rotations[level]
    return Placed(rotations=world, positions=positions)
