"""Avatars for tests: nothing about them is zero, round or symmetric, so that no mistake can hide."""

from __future__ import annotations

import torch
from nlfgs_studio.core.avatar.avatar import Avatar, Provenance
from nlfgs_studio.core.avatar.template import make_template
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.gaussians import GaussianParameters


def random_avatar(body: BodyModel, *, k: int = 2, seed: int = 0) -> Avatar:
    """Kernels of all proportions with colours of degree 3, off the surface, on a body of random shape."""
    random = torch.Generator().manual_seed(seed)
    template = make_template(body, k=k, worn_shells=tuple(body.shells))
    count = template.num_gaussians

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random)

    sh = 0.15 * normal(count, 16, 3)
    sh[:, 0] = 0.8 * normal(count, 3)
    return Avatar(
        name="Ünïque name, with blanks  and\nlines",
        body=body.identity,
        betas=0.5 * normal(min(10, body.num_betas)),
        template=template,
        parameters=GaussianParameters(
            offsets=0.3 * normal(count, 3),
            rotations_wxyz=normal(count, 4),
            log_scales=-0.9 + 0.5 * normal(count, 3),
            opacity_logits=1.0 + 2.0 * normal(count),
            sh=sh,
        ),
        provenance=Provenance(made_by="a test", details=(("photo", "a b.jpg"), ("seconds", "1.5"))),
    )


def bent_pose(body: BodyModel, *, seed: int = 0) -> BodyPose:
    """Every joint turned, the face moved, away from the origin."""
    random = torch.Generator().manual_seed(seed)
    rotations = 0.35 * torch.randn(55, 3, generator=random)
    rotations[0] = torch.tensor([0.2, 0.9, -0.3])
    return BodyPose(
        rotations=rotations,
        expression=0.5 * torch.rand(body.num_expression, generator=random),
        translation=torch.tensor([0.3, 1.1, -0.4]),
    )
