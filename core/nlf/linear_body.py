"""A body at some of its vertices, as what it is linear in and what its joints turn: for fits.

With the joints' rotations held, linear blend skinning is linear in rest points and rest joints alike, and both are
linear in the betas.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..body.joints import NUM_JOINTS, PARENTS
from ..body.model import BodyModel


class LinearBody:
    """Double precision; one body, no batch. Pose correctives and the face's actions are left out."""

    def __init__(self, body: BodyModel, vertices: Int[Tensor, " M"]) -> None:
        directions = body.shape_directions.double().permute(2, 0, 1)
        stacked = torch.cat([body.template_vertices.double()[None], directions])
        self.skin_weights: Float[Tensor, "M 55"] = body.skin_weights[vertices].double()
        self.num_betas = body.num_betas
        self._joints: Float[Tensor, "S1 55 3"] = body.joint_regressor.double() @ stacked
        self._points: Float[Tensor, "S1 M 3"] = stacked[:, vertices]
        self._subtrees = _subtrees()

    def posed(
        self, rotations: Float[Tensor, "55 3 3"], betas: Float[Tensor, " S"]
    ) -> tuple[Float[Tensor, "M 3"], Float[Tensor, "S M 3"]]:
        """The points under global rotations of the joints, and their derivative by each beta; not translated."""
        shifts = placed(rotations, self._joints) - torch.einsum("jab,sjb->sja", rotations, self._joints)
        mixed = torch.einsum("mj,jab->mab", self.skin_weights, rotations)
        stack = torch.einsum("mab,smb->sma", mixed, self._points) + self.skin_weights @ shifts
        return stack[0] + torch.tensordot(betas, stack[1:], dims=1), stack[1:]

    def turning(self, rotations: Float[Tensor, "55 3 3"], betas: Float[Tensor, " S"]) -> Float[Tensor, "55 3 M 3"]:
        """Derivative of the points by a turn ω (world axes, radians) of each joint with all that it carries."""
        joints = self._joints[0] + torch.tensordot(betas, self._joints[1:], dims=1)
        rest = self._points[0] + torch.tensordot(betas, self._points[1:], dims=1)
        places = placed(rotations, joints)
        shifts = places - torch.einsum("jab,jb->ja", rotations, joints)
        by_joint = torch.einsum("jab,mb->jma", rotations, rest) + shifts[:, None]  # as each alone would move the point
        weights = self.skin_weights.T
        carried = torch.einsum("jk,kma->jma", self._subtrees, weights[..., None] * by_joint)
        levers = carried - (self._subtrees @ weights)[..., None] * places[:, None]
        axes = torch.eye(3, dtype=torch.float64)
        return torch.linalg.cross(axes[None, :, None, :], levers[:, None])


def placed(rotations: Float[Tensor, "55 3 3"], joints: Float[Tensor, "*B 55 3"]) -> Float[Tensor, "*B 55 3"]:
    """Where every joint comes to lie, the pelvis at rest; linear in the rest joints."""
    places = [joints[..., 0, :]]
    for joint in range(1, NUM_JOINTS):
        bone = joints[..., joint, :] - joints[..., PARENTS[joint], :]
        places.append(places[PARENTS[joint]] + bone @ rotations[PARENTS[joint]].T)
    return torch.stack(places, dim=-2)


def turned_along(turns: Float[Tensor, "55 3 3"], rotations: Float[Tensor, "55 3 3"]) -> Float[Tensor, "55 3 3"]:
    """Every joint turned by its own turn and by those of all that carry it, the root's outermost."""
    totals = [turns[0]]
    for joint in range(1, NUM_JOINTS):
        totals.append(totals[PARENTS[joint]] @ turns[joint])
    return torch.stack(totals) @ rotations


def _subtrees() -> Float[Tensor, "55 55"]:
    """Row j is one at the joints that joint j carries, itself among them."""
    carried = torch.eye(NUM_JOINTS, dtype=torch.float64)
    for joint in range(NUM_JOINTS - 1, 0, -1):
        carried[PARENTS[joint]] += carried[joint]
    return carried
