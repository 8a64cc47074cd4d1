"""The neural localizer field: a filter for any point of the body, made from where it is, finds it in the picture.

h = GELU(Linear(e(x))) and the filter is affine in h, so the picture's map can be multiplied with the filters' basis
once; each point then costs one product of its code with that map, and 100,000 of them fit into memory.

Where a fit is given, its corrected place multiplies the heatmaps by a normal distribution. That is affine in the place,
so it is five more entries of the code and as many fixed filters: looking a point up in a fit has not to be learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .correction import Correction
from .encoders import FeatureMaps
from .evidence import Given

SMALLEST_SIGMA = 1e-3
"""Metres (NLF)."""

SHARPNESS = 1.0 / 0.6**2
"""Of the lookup: one over the variance in cells. Less wide, the grid would show; wider, the edges of the crop would."""

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
        self.correction = Correction(config) if config.takes_evidence else None

    def codes(self, encodings: Float[Tensor, "*B N code"]) -> Float[Tensor, "*B N extended"]:
        """h of every point, with a constant one behind it."""
        hidden = self.hidden(encodings)
        return torch.cat([hidden, hidden.new_ones(*hidden.shape[:-1], 1)], dim=-1)

    def filters(self, codes: Float[Tensor, "*B N extended"]) -> Float[Tensor, "*B N outputs extended_channels"]:
        """(W_g, b_g) of seed 000: the bias is the last channel. For tests and for looking at; never needed."""
        return torch.einsum("ock,...nk->...noc", self.basis, codes)

    def plain(
        self, features: FeatureMaps, codes: Float[Tensor, "*B N extended"], given: Given | None = None
    ) -> Localization:
        """The field as it is defined, one convolution for each point: what `forward` is judged by."""
        weights = self.filters(codes).expand(len(features.coarse), -1, -1, -1)
        logits = torch.einsum("bchw,bnoc->bnohw", features.coarse, weights[..., :-1]) + weights[..., -1, None, None]
        if given is not None and self.correction is not None:
            config = self.config
            x, y, u, v, z = (part[..., None, None, None] for part in self.correction(features, codes, given).unbind(-1))
            across = _centres(config.cells, 1.0, logits)
            deep = _centres(config.num_depths, 1.0, logits)[:, None, None]
            metric = (across - u).square() + (across[:, None] - v).square()
            volume = (across - x).square() + (across[:, None] - y).square() + (deep - z).square()
            distances = torch.cat([torch.zeros_like(metric), metric, volume], dim=2)
            logits = logits - SHARPNESS / 2.0 * distances * given.known[:, None, None, None, None]
        return self._decoded(logits)

    def forward(
        self, features: FeatureMaps, codes: Float[Tensor, "*B N extended"], given: Given | None = None
    ) -> Localization:
        """Every point in every picture; memory stays bounded where no gradients are asked for."""
        projected = torch.einsum("bchw,ock->bkohw", features.coarse, self.basis[:, :-1])
        projected = (projected + self.basis[:, -1].T[:, :, None, None]).flatten(2)
        if given is not None and self.correction is not None:
            places = self.correction(features, codes, given)
            codes = torch.cat([codes.expand(len(places), -1, -1), places], dim=-1)
            lookup = self._lookup(projected) * given.known[:, None, None]
            # The constant of the code carries what does not depend on the point.
            projected = torch.cat([projected[:, :-1], projected[:, -1:] + lookup[:, :1], lookup[:, 1:]], dim=1)
        if torch.is_grad_enabled():
            return self._decoded(self._logits(codes, projected))
        chunks = [self._decoded(self._logits(part, projected)) for part in codes.split(_POINTS_AT_ONCE, dim=-2)]
        return Localization(
            pixels=torch.cat([chunk.pixels for chunk in chunks], dim=1),
            relative=torch.cat([chunk.relative for chunk in chunks], dim=1),
            sigma=torch.cat([chunk.sigma for chunk in chunks], dim=1),
        )

    def _lookup(self, like: Tensor) -> Float[Tensor, "6 cells_of_outputs"]:
        """-s/2 |c - p|² = -s/2 |c|² + s c·p, up to what all cells have alike: rows for 1 and for each entry of p."""
        config = self.config
        rows = like.new_zeros(6, 2 + config.num_depths, config.cells, config.cells)
        across = _centres(config.cells, 1.0, like)
        deep = _centres(config.num_depths, 1.0, like)[:, None, None]
        flat = across.square() + across.square()[:, None]
        rows[0, 1], rows[0, 2:] = -flat / 2.0, -(flat + deep.square()) / 2.0
        rows[1, 2:] = rows[3, 1] = across
        rows[2, 2:] = rows[4, 1] = across[:, None]
        rows[5, 2:] = deep
        return SHARPNESS * rows.flatten(1)

    def _logits(
        self, codes: Float[Tensor, "*B N longer"], projected: Float[Tensor, "B longer cells_of_outputs"]
    ) -> Float[Tensor, "B N outputs h w"]:
        cells = self.config.cells
        return (codes @ projected).unflatten(-1, (2 + self.config.num_depths, cells, cells))

    def _decoded(self, logits: Float[Tensor, "B N outputs h w"]) -> Localization:
        config = self.config
        batch, points, _, height, columns = logits.shape
        uncertainty, metric, volume = logits[:, :, 0], logits[:, :, 1], logits[:, :, 2:]
        heat = volume.flatten(2).softmax(-1).reshape(volume.shape)
        heat_of_cells = heat.sum(2)
        heat_of_depths = heat.sum((3, 4))
        size = float(config.cell_size)
        x, y = _centres(columns, size, logits), _centres(height, size, logits)
        pixels = torch.stack([heat_of_cells.sum(2) @ x, heat_of_cells.sum(3) @ y], dim=-1) + config.crop_size / 2.0
        metric_heat = metric.flatten(2).softmax(-1).reshape(batch, points, height, columns)
        metric_pixels = torch.stack([metric_heat.sum(2) @ x, metric_heat.sum(3) @ y], dim=-1)
        metric_xy = metric_pixels / config.crop_size * config.metres
        depth = heat_of_depths @ _centres(config.num_depths, config.metres / config.num_depths, logits)
        sigma = functional.softplus((uncertainty * heat_of_cells.detach()).sum((2, 3))) + SMALLEST_SIGMA
        return Localization(
            pixels=pixels,
            relative=torch.cat([metric_xy, depth[..., None]], dim=-1),
            sigma=sigma,
            heat_logits=volume.logsumexp(2) if torch.is_grad_enabled() else None,
        )


def _centres(count: int, size: float, like: Tensor) -> Float[Tensor, " count"]:
    """Of cells or bins, counted from the middle."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) - (count - 1) / 2.0) * size
