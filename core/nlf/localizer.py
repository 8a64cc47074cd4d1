"""The neural localizer field: a filter for any point of the body, made from where it is, finds it in the picture.

h = GELU(Linear(e(x))) and the filter is affine in h, so the picture's map can be multiplied with the filters' basis
once; each point then costs one product of its code with that map, and 100,000 of them fit into memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig

SMALLEST_SIGMA = 1e-3
"""Metres (NLF)."""

_POINTS_AT_ONCE = 4096
"""Without gradients: keeps the logits of a chunk in the processor's caches."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Localization:
    """Where points were found, in the crop that the encoder saw."""

    pixels: Float[Tensor, "B N 2"]
    """x, y in pixels of the crop; pixel centres at half-integers."""
    relative: Float[Tensor, "B N 3"]
    """Metres, in the camera's OpenCV axes, about an origin that is the picture's own."""
    sigma: Float[Tensor, "B N"]
    """Metres: how far off the point is expected to be."""
    heat_logits: Float[Tensor, "B N h w"] | None = None
    """Of the cells, depths summed up: log of the unnormalised H2D. Kept for the loss when gradients are asked for."""


class LocalizerField(nn.Module):
    """φ_hyper: canonical point to a 1×1 convolution, evaluated for all points together."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.hidden = nn.Sequential(nn.Linear(config.code_width, config.width), nn.GELU())
        outputs = 2 + config.num_depths  # uncertainty, metric x and y, then the depth bins
        self.basis = nn.Parameter(torch.empty(outputs, config.channels + 1, config.width + 1))
        nn.init.normal_(self.basis, std=(config.channels * config.width) ** -0.5)

    def codes(self, encodings: Float[Tensor, "N code"]) -> Float[Tensor, "N extended"]:
        """h of every point, with a constant one behind it."""
        hidden = self.hidden(encodings)
        return torch.cat([hidden, hidden.new_ones(len(hidden), 1)], dim=-1)

    def filters(self, codes: Float[Tensor, "N extended"]) -> Float[Tensor, "N outputs extended_channels"]:
        """(W_g, b_g) of seed 000: the bias is the last channel. For tests and for looking at; never needed."""
        return torch.einsum("ock,nk->noc", self.basis, codes)

    def plain(self, features: Float[Tensor, "B C h w"], codes: Float[Tensor, "N extended"]) -> Localization:
        """The field as it is defined, one convolution for each point: what `forward` is judged by."""
        weights = self.filters(codes)
        logits = torch.einsum("bchw,noc->bnohw", features, weights[..., :-1]) + weights[None, ..., -1, None, None]
        return self._decoded(logits)

    def forward(self, features: Float[Tensor, "B C h w"], codes: Float[Tensor, "N extended"]) -> Localization:
        """Every point in every picture; memory stays bounded where no gradients are asked for."""
        projected = torch.einsum("bchw,ock->bokhw", features, self.basis[:, :-1])
        projected = projected + self.basis[:, -1][None, :, :, None, None]
        if torch.is_grad_enabled():
            return self._decoded(self._logits(projected, codes))
        chunks = [self._decoded(self._logits(projected, part)) for part in codes.split(_POINTS_AT_ONCE)]
        return Localization(
            pixels=torch.cat([chunk.pixels for chunk in chunks], dim=1),
            relative=torch.cat([chunk.relative for chunk in chunks], dim=1),
            sigma=torch.cat([chunk.sigma for chunk in chunks], dim=1),
        )

    @staticmethod
    def _logits(
        projected: Float[Tensor, "B outputs extended h w"], codes: Float[Tensor, "N extended"]
    ) -> Float[Tensor, "B N outputs h w"]:
        batch, outputs, width, height, columns = projected.shape
        cells = projected.transpose(1, 2).reshape(batch, width, -1)
        return (codes @ cells).reshape(batch, len(codes), outputs, height, columns)

    def _decoded(self, logits: Float[Tensor, "B N outputs h w"]) -> Localization:
        config = self.config
        batch, points, _, height, columns = logits.shape
        uncertainty, metric, volume = logits[:, :, 0], logits[:, :, 1], logits[:, :, 2:]
        heat = volume.flatten(2).softmax(-1).reshape(volume.shape)
        heat_of_cells = heat.sum(2)
        heat_of_depths = heat.sum((3, 4))
        x, y = _centres(columns, config.stride, logits), _centres(height, config.stride, logits)
        pixels = torch.stack([heat_of_cells.sum(2) @ x, heat_of_cells.sum(3) @ y], dim=-1)
        metric_heat = metric.flatten(2).softmax(-1).reshape(batch, points, height, columns)
        metric_pixels = torch.stack([metric_heat.sum(2) @ x, metric_heat.sum(3) @ y], dim=-1)
        metric_xy = (metric_pixels / config.image_size - 0.5) * config.metres
        depths = (torch.arange(config.num_depths, device=logits.device, dtype=logits.dtype) + 0.5) / config.num_depths
        depth = (heat_of_depths @ (depths - 0.5)) * config.metres
        sigma = functional.softplus((uncertainty * heat_of_cells.detach()).sum((2, 3))) + SMALLEST_SIGMA
        return Localization(
            pixels=pixels,
            relative=torch.cat([metric_xy, depth[..., None]], dim=-1),
            sigma=sigma,
            heat_logits=volume.logsumexp(2) if torch.is_grad_enabled() else None,
        )


def _centres(count: int, stride: int, like: Tensor) -> Float[Tensor, " count"]:
    """Of cells, in pixels of the crop."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) + 0.5) * stride
