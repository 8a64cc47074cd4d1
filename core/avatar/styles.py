"""Hides and tints the parts of an avatar: the same Gaussians in the same places, with other opacities and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..body.joints import JOINT_GROUPS
from ..body.model import BodyModel
from ..gaussians import GaussianParameters
from ..geometry.spherical_harmonics import SH_C0
from .avatar import Avatar, Groups
from .part_styles import PartStyle
from .undress import COVERING, undressed

_HIDDEN_LOGIT = -16.0
"""Far below what any renderer draws, and finite."""


def groups_of(avatar: Avatar, body: BodyModel) -> Groups:
    """What the avatar says of its groups, else the regions of the body by the joints that they hang on."""
    if avatar.groups is not None:
        return avatar.groups
    joints = body.skin_weights.argmax(dim=1)[avatar.template.corners[:, 0]]
    region = torch.zeros(body.skin_weights.shape[1], dtype=torch.int64)
    for index, members in enumerate(JOINT_GROUPS.values()):
        region[list(members)] = index
    return Groups(names=tuple(JOINT_GROUPS), indices=region[joints])


def styled_avatar(avatar: Avatar, body: BodyModel, styles: Sequence[PartStyle]) -> Avatar:
    """The avatar as the styles show it; groups that it does not have are passed over."""
    if not styles:
        return avatar
    visible, tints = _per_gaussian(groups_of(avatar, body), styles)
    avatar, hidden = _without_gaps(avatar, body, visible < 0.5, styles)
    old = avatar.parameters
    logits = torch.where(hidden, torch.full_like(old.opacity_logits, _HIDDEN_LOGIT), old.opacity_logits)
    parameters = GaussianParameters(
        offsets=old.offsets,
        rotations_wxyz=old.rotations_wxyz,
        log_scales=old.log_scales,
        opacity_logits=logits,
        sh=_tinted(old.sh, tints),
    )
    return replace(avatar, parameters=parameters)


def _without_gaps(
    avatar: Avatar, body: BodyModel, hidden: Bool[Tensor, " N"], styles: Sequence[PartStyle]
) -> tuple[Avatar, Bool[Tensor, " N"]]:
    """With skin where what covers it is hidden, and without what is hidden otherwise."""
    if avatar.groups is None:
        return avatar, hidden
    covering = {style.group for style in styles if not style.visible} & set(COVERING)
    indices = torch.tensor([index for index, name in enumerate(avatar.groups.names) if name in covering])
    over_skin = torch.isin(avatar.groups.indices, indices)
    if not bool(over_skin.any()):
        return avatar, hidden
    avatar, still = undressed(avatar, body, over_skin)
    return avatar, still | (hidden & ~over_skin)


def _per_gaussian(groups: Groups, styles: Sequence[PartStyle]) -> tuple[Float[Tensor, " N"], Float[Tensor, "N 3"]]:
    visible, tints = torch.ones(len(groups.names)), torch.ones(len(groups.names), 3)
    for style in styles:
        if style.group in groups.names:
            index = groups.names.index(style.group)
            visible[index], tints[index] = float(style.visible), torch.tensor(style.tint)
    indices: Int[Tensor, " N"] = groups.indices
    return visible[indices], tints[indices]


def _tinted(sh: Float[Tensor, "N K 3"], tints: Float[Tensor, "N 3"]) -> Float[Tensor, "N K 3"]:
    """The whole colour, 0.5 + sum, times the tint: the constant takes what the half loses."""
    tinted = sh * tints[:, None, :]
    tinted[:, 0] += 0.5 * (tints - 1.0) / SH_C0
    return tinted
