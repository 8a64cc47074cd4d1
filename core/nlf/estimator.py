"""The Gaussian estimator: from the feature found at a Gaussian's place in the photo to what the Gaussian looks like."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..gaussians import GaussianParameters
from ..geometry.rotations import normalized_quaternion, quaternion_multiply
from ..geometry.spherical_harmonics import SH_C0
from ..synthetic.transfer import LARGEST_OFFSET
from .config import MAX_SH_DEGREE, NetworkConfig
from .encoders import FeatureMaps, sampled

SCALE_RANGE = 1.5
"""Natural logarithm: how far scales leave the template's own."""

_NEIGHBOURHOOD = 4
"""Pixels of the crop along a side: its mean is a colour too, less noisy and less exactly placed."""

_SOURCES = 4
"""Of a colour: the pixel, its neighbourhood, the part's mean, and what was learned."""

_FAINT = 1e-3
"""What is as good as nothing, in visible Gaussians; a part with less of them is given the whole body's mean."""


class GaussianEstimator(nn.Module):
    """MLP_shape and MLP_appearance of seed 000, conditioned on e(x) too, which the photo's hidden side needs.

    What was seen of a part of the body (drawn softly by e(x)) is given to every Gaussian of it, so that the hidden
    know how their like look. Colours are mixed from those of the photo and a learned one by a gate. Rotations, scales
    and offsets are given in the frame and the size of the face that carries the Gaussian, as changes of the template's.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.estimator_width
        self.place = nn.Linear(config.code_width, width + config.num_parts)
        # Large enough to tell parts apart from the start: of equal ones each would only learn the whole body's mean.
        nn.init.normal_(self.place.weight[width:], std=3.0)
        self.seen = nn.Linear(config.channels + config.detail_channels + 6, width)
        self.certainty = nn.Linear(2, width)
        self.context = nn.Linear(width + 3, width, bias=False)
        self.shape = _head(width, 3 + 3 + 3)
        self.appearance = _head(width, 1 + _SOURCES + 3 * (MAX_SH_DEGREE + 1) ** 2)

    def asked(self, encodings: Float[Tensor, "*B N code"]) -> Float[Tensor, "*B N asked"]:
        """What depends on the point alone, once for any photos: its share in the answer, and of which part it is."""
        place, parts = self.place(encodings).split([self.config.estimator_width, self.config.num_parts], dim=-1)
        return torch.cat([place, parts.softmax(-1)], dim=-1)

    def forward(
        self,
        features: FeatureMaps,
        pixels: Float[Tensor, "B N 2"],
        sigma: Float[Tensor, "B N"],
        visibility: Float[Tensor, "B N"],
        asked: Float[Tensor, "*B N asked"],
        bases: list[GaussianParameters],
    ) -> list[GaussianParameters]:
        """`bases` are the template's own at the points `asked`; `visibility` in 0..1, `sigma` in metres."""
        place, parts = asked.split([self.config.estimator_width, self.config.num_parts], dim=-1)
        places = pixels / self.config.crop_size
        seen_share = visibility[..., None]
        near = functional.avg_pool2d(features.colours, _NEIGHBOURHOOD)
        colours = torch.cat([sampled(features.colours, places), sampled(near, places)], dim=-1)
        samples = torch.cat([*(sampled(level, places) for level in features.levels), colours], dim=-1)
        own = self.seen(samples) * seen_share
        known = torch.cat([own, colours[..., 3:]], dim=-1)
        context = _shared(known, seen_share, parts)
        certainty = torch.stack([visibility, sigma.clamp_min(1e-3).log()], dim=-1)
        hidden = functional.gelu(place + own + self.context(context) + self.certainty(certainty))
        shape, appearance = self.shape(hidden), self.appearance(hidden)
        sources = torch.cat([colours, context[..., -3:]], dim=-1).unflatten(-1, (3, 3))
        sh = self._sh(appearance[..., 1:], sources, visibility)
        return [self._changed(base, *parts) for base, *parts in zip(bases, shape, appearance[..., 0], sh, strict=True)]

    def _sh(
        self,
        answers: Float[Tensor, "B N answers"],
        sources: Float[Tensor, "B N 3 3"],
        visibility: Float[Tensor, "B N"],
    ) -> Float[Tensor, "B N K 3"]:
        in_sight = (visibility + _FAINT).log()
        elsewhere = torch.zeros_like(in_sight)
        prior = torch.stack([in_sight, in_sight, elsewhere, elsewhere], dim=-1)
        gates = (answers[..., :_SOURCES] + prior).softmax(-1)
        count = 3 * (self.config.sh_degree + 1) ** 2
        learned = answers[..., _SOURCES : _SOURCES + count].unflatten(-1, (-1, 3))
        found = (gates[..., :-1, None] * (sources - 0.5)).sum(-2, keepdim=True) / SH_C0
        return torch.cat([found + gates[..., -1:, None] * learned[..., :1, :], learned[..., 1:, :]], dim=-2)

    def _changed(
        self,
        base: GaussianParameters,
        shape: Float[Tensor, "N 9"],
        opacity: Float[Tensor, " N"],
        sh: Float[Tensor, "N K 3"],
    ) -> GaussianParameters:
        half_turn = torch.cat([shape.new_ones(len(shape), 1), 0.5 * shape[:, :3]], dim=-1)
        offsets = base.offsets
        if self.config.predicts_offsets:
            offsets = offsets + LARGEST_OFFSET * (shape[:, 6:9] / LARGEST_OFFSET).tanh()
        return GaussianParameters(
            offsets=offsets,
            rotations_wxyz=normalized_quaternion(quaternion_multiply(base.rotations_wxyz, half_turn)),
            log_scales=base.log_scales + SCALE_RANGE * (shape[:, 3:6] / SCALE_RANGE).tanh(),
            opacity_logits=base.opacity_logits + opacity,
            sh=sh,
        )


def _shared(
    known: Float[Tensor, "B N C"], weights: Float[Tensor, "B N 1"], parts: Float[Tensor, "*B N K"]
) -> Float[Tensor, "B N C"]:
    """The weighted mean of what is known in each part, given back to all of the part."""
    shares = parts * weights
    total = shares.sum(-2)[..., None]
    everywhere = (known * weights).sum(-2, keepdim=True) / (weights.sum(-2, keepdim=True) + _FAINT)
    means = (shares.mT @ known + _FAINT * everywhere) / (total + _FAINT)
    return parts @ means


def _head(width: int, outputs: int) -> nn.Sequential:
    """Its last layer starts at zero: the first avatar is the template, in the photo's colours."""
    last = nn.Linear(width, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), last)
