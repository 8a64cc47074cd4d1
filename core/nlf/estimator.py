"""The Gaussian estimator: from the feature found at a Gaussian's place in the photo to what the Gaussian looks like."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..gaussians import GaussianParameters
from ..geometry.rotations import normalized_quaternion, quaternion_multiply
from .config import NetworkConfig

LARGEST_OFFSET = 4.0
"""Face sizes; hair and clothes leave the skin by some centimetres on faces of about one."""

SCALE_RANGE = 1.5
"""Natural logarithm: how far scales leave the template's own."""


class GaussianEstimator(nn.Module):
    """MLP_shape and MLP_appearance of seed 000, conditioned on e(x) too, which the photo's hidden side needs.

    Rotations, scales and offsets are given in the frame and the size of the face that carries the Gaussian, as changes
    of the template's own.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.estimator_width
        self.place = nn.Linear(config.code_width, width)
        self.seen = nn.Linear(config.channels + config.detail_channels + 1, width)
        self.shape = _head(width, 3 + 3 + (3 if config.predicts_offsets else 0))
        self.appearance = _head(width, 1 + 3 * (config.sh_degree + 1) ** 2)

    def forward(
        self,
        features: Float[Tensor, "N C"],
        encodings: Float[Tensor, "N code"],
        confidences: Float[Tensor, " N"],
        base: GaussianParameters,
    ) -> GaussianParameters:
        """`base` is the template's own Gaussians; `confidences` in 0..1 say how surely each was found."""
        evidence = self.seen(torch.cat([features * confidences[:, None], confidences[:, None]], dim=-1))
        hidden = functional.gelu(self.place(encodings) + evidence)
        shape, appearance = self.shape(hidden), self.appearance(hidden)
        half_turn = torch.cat([shape.new_ones(len(shape), 1), 0.5 * shape[:, :3]], dim=-1)
        offsets = base.offsets
        if self.config.predicts_offsets:
            offsets = offsets + LARGEST_OFFSET * (shape[:, 6:9] / LARGEST_OFFSET).tanh()
        return GaussianParameters(
            offsets=offsets,
            rotations_wxyz=normalized_quaternion(quaternion_multiply(base.rotations_wxyz, half_turn)),
            log_scales=base.log_scales + SCALE_RANGE * (shape[:, 3:6] / SCALE_RANGE).tanh(),
            opacity_logits=base.opacity_logits + appearance[:, 0],
            sh=appearance[:, 1:].reshape(len(appearance), -1, 3),
        )


def _head(width: int, outputs: int) -> nn.Sequential:
    """Its last layer starts at zero: the first avatar is the template, grey."""
    last = nn.Linear(width, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), last)


def sampled(
    features: Float[Tensor, "B C h w"], pixels: Float[Tensor, "B N 2"], image_size: int
) -> Float[Tensor, "B N C"]:
    """Bilinear samples of a map at pixels of the crop; outside the crop, its border."""
    grid = pixels / image_size * 2.0 - 1.0
    samples = functional.grid_sample(features, grid[:, :, None], align_corners=False, padding_mode="border")
    return samples[..., 0].mT
