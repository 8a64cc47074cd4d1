"""Random poses and symmetric bodies, for laws that hold for all of them."""

from __future__ import annotations

from dataclasses import replace

import torch
from nlfgs_studio.core.body.joints import MIRROR
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from scipy.spatial import cKDTree
from torch import Tensor


def random_pose(body: BodyModel, seed: int, *, batch: tuple[int, ...] = (), expression: float = 1.0) -> BodyPose:
    """Every joint turned by about half a radian, every action moved, somewhere within metres."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*batch, *shape, generator=generator, dtype=torch.float64).to(body.dtype)

    return BodyPose(
        rotations=0.35 * normal(55, 3), expression=expression * normal(body.num_expression), translation=normal(3)
    )


def random_betas(body: BodyModel, seed: int, *, batch: tuple[int, ...] = ()) -> Tensor:
    generator = torch.Generator().manual_seed(1000 + seed)
    return torch.randn(*batch, body.num_betas, generator=generator, dtype=torch.float64).to(body.dtype)


def symmetric(body: BodyModel) -> tuple[BodyModel, Tensor, Tensor]:
    """The body with the small asymmetries of its mesh averaged away; vertices, and their partners on the other side.

    Vertices that lie on each other, such as where two skins meet, have no partner that is sure; they are left out.
    """
    flip = torch.tensor([-1.0, 1.0, 1.0])
    template, regressor, weights = body.template_vertices.clone(), body.joint_regressor, body.skin_weights.clone()
    _, nearest = cKDTree(template.numpy()).query((template * flip).numpy())
    partners = torch.from_numpy(nearest)
    paired = torch.nonzero(partners[partners] == torch.arange(len(template))).flatten()
    partners = partners[paired]
    assert len(paired) > 0.95 * len(template)
    joints = list(MIRROR)
    template[paired] = (template[paired] + template[partners] * flip) / 2
    weights[paired] = (weights[paired] + weights[partners][:, joints]) / 2
    even = torch.zeros_like(regressor)
    even[:, paired] = (regressor[:, paired] + regressor[joints][:, partners]) / 2
    even /= even.sum(1, keepdim=True)
    return replace(body, template_vertices=template, joint_regressor=even, skin_weights=weights), paired, partners
