"""More Gaussians where pictures ask for detail, fewer where nothing is left to be seen; the binding is kept.

A Gaussian that is too coarse becomes two halves along its longest axis, which together have its mean and covariance.
Halves stay on the face that carried the whole: they move along it as far as it goes, and by their offsets beyond.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..avatar.avatar import Groups
from ..avatar.template import Template, edge_frames
from ..gaussians import GaussianParameters
from ..geometry.rotations import normalized_quaternion, quaternion_to_matrix

_NARROWER = 1.0 / 1.6
"""What is left of the longest axis of a half (Kerbl et al. 2023, section 5.2)."""
_APART = (1.0 - _NARROWER**2) ** 0.5
"""How far a half lies from the middle of the whole, in its standard deviations, for the covariance to be the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DensifySettings:
    """When the number of Gaussians changes, and how far it may grow."""

    every: int = 200
    """Steps between changes."""
    share: float = 0.04
    """Of the Gaussians, split at each change: those with the highest scores."""
    most: int = 200_000
    """Gaussians altogether, however often an avatar is refined again."""
    least_opacity: float = 0.02
    """Below it a Gaussian is removed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Growth:
    """The Gaussians after a change, M of them, and where each came from."""

    template: Template
    parameters: GaussianParameters
    groups: Groups | None
    sources: Int[Tensor, " M"]
    """The Gaussian from before that each is, or is a half of; they keep their order."""
    is_new: Bool[Tensor, " M"]
    """Halves, for which an optimiser starts anew."""
    offset_steps: Float[Tensor, "M 3"]
    """By which the offsets differ from those of the sources; 0 for what stayed whole."""
    log_scale_steps: Float[Tensor, "M 3"]


@torch.no_grad()
def grown(
    template: Template,
    parameters: GaussianParameters,
    groups: Groups | None,
    rest_vertices: Float[Tensor, "V 3"],
    scores: Float[Tensor, " N"],
    settings: DensifySettings,
) -> Growth | None:
    """Split the Gaussians with the highest scores and leave the transparent ones out; None where nothing changes.

    All tensors are of one device; `rest_vertices` is the canonical mesh. A score of 0 never splits.
    """
    stays = parameters.opacity_logits.sigmoid() >= settings.least_opacity
    counts = stays.long()
    room = min(settings.most - int(stays.sum()), round(settings.share * len(parameters)))
    if room > 0:
        best = torch.where(stays, scores, 0.0).topk(min(room, len(scores)))
        counts[best.indices[best.values > 0.0]] = 2
    if bool((counts == 1).all()) or not bool(counts.any()):
        return None
    sources = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    is_new = (counts == 2)[sources]
    template = replace(
        template, face_indices=template.face_indices[sources], barycentrics=template.barycentrics[sources]
    )
    copies = GaussianParameters(
        offsets=parameters.offsets[sources],
        rotations_wxyz=parameters.rotations_wxyz[sources],
        log_scales=parameters.log_scales[sources],
        opacity_logits=parameters.opacity_logits[sources],
        sh=parameters.sh[sources],
    )
    _part(template, copies, rest_vertices, is_new.nonzero().squeeze(-1))
    return Growth(
        template=template,
        parameters=copies,
        groups=None if groups is None else replace(groups, indices=groups.indices[sources.to(groups.indices.device)]),
        sources=sources,
        is_new=is_new,
        offset_steps=copies.offsets - parameters.offsets[sources],
        log_scale_steps=copies.log_scales - parameters.log_scales[sources],
    )


def _part(
    template: Template, parameters: GaussianParameters, rest_vertices: Float[Tensor, "V 3"], halves: Int[Tensor, " H"]
) -> None:
    """Move the halves apart, two of a whole one after the other, and narrow them; in the tensors given."""
    rotations = quaternion_to_matrix(normalized_quaternion(parameters.rotations_wxyz[halves]))
    log_scales = parameters.log_scales[halves]
    longest = log_scales.argmax(-1, keepdim=True)
    signs = torch.ones_like(log_scales[:, :1])
    signs[1::2] = -1.0
    axes = rotations.gather(2, longest[:, None].expand(-1, 3, 1)).squeeze(-1)
    steps = signs * _APART * log_scales.gather(1, longest).exp() * axes

    barycentrics, along = template.barycentrics[halves], _barycentric_steps(template, rest_vertices, halves, steps)
    # How much of the step lies on the face: up to the first barycentric number that would pass below zero.
    shares = torch.where(along < 0.0, barycentrics.to(along) / along.neg().clamp_min(1e-12), 1.0).amin(-1, keepdim=True)
    shares = shares.clamp(0.0, 1.0)
    template.barycentrics[halves] = (barycentrics + (shares * along).to(barycentrics)).clamp_min(0.0)
    beyond = torch.cat([(1.0 - shares) * steps[:, :2], steps[:, 2:]], dim=-1)
    parameters.offsets[halves] += beyond
    narrower = log_scales.new_tensor(_NARROWER).log()
    parameters.log_scales[halves] = log_scales.scatter_add(1, longest, narrower.expand_as(longest))


def _barycentric_steps(
    template: Template, rest_vertices: Float[Tensor, "V 3"], which: Int[Tensor, " H"], steps: Float[Tensor, "H 3"]
) -> Float[Tensor, "H 3"]:
    """The steps along a face, given in its frame and size, in barycentric numbers; 0 on degenerate faces."""
    first, second, third = rest_vertices[template.faces[template.face_indices[which]]].unbind(-2)
    frames, lengths, areas2, valid = edge_frames(second - first, third - first)
    sizes = torch.where(valid, areas2, 1.0).sqrt()
    to_third = ((third - first) * frames[:, :, 0]).sum(-1)
    by_third = steps[:, 1] * sizes * lengths / torch.where(valid, areas2, 1.0)
    by_second = (steps[:, 0] * sizes - by_third * to_third) / lengths
    return torch.stack([-by_second - by_third, by_second, by_third], -1) * valid[:, None]
