"""Another body for an avatar whose own is not at hand: possible where both have the same faces."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..avatar.avatar import Avatar
from ..body.model import BodyModel


def fits(avatar: Avatar, body: BodyModel) -> bool:
    """Whether the avatar's Gaussians hang on faces of `body`: another edition, or another sex, of its own body."""
    template = avatar.template
    if any(name not in body.shells for name in template.worn_shells):
        return False
    faces = torch.cat([body.faces, *(body.shells[name] for name in template.worn_shells)])
    return torch.equal(faces.to(template.faces), template.faces)


def on_stand_in(avatar: Avatar, body: BodyModel) -> Avatar:
    """The avatar on `body`, with its betas where they mean the same there, else with the mean shape.

    Raises:
        ValueError: it does not fit.
    """
    if not fits(avatar, body):
        raise ValueError(f"{avatar.name} does not fit the body {body.identity.name}")
    betas = avatar.betas[: body.num_betas]
    if avatar.body.source != body.identity.source:
        betas = torch.zeros_like(betas)
    return replace(avatar, body=body.identity, betas=betas)
