"""The given fit, corrected: what the picture shows at the place where the fit puts a point says how far off that is."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .encoders import FeatureMaps, sampled
from .evidence import Given

_WIDTH = 128


class Correction(nn.Module):
    """Where a heatmap is expected to lie, in cells: 2D, metric and depth."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.seen = nn.Linear(config.channels + config.detail_channels, _WIDTH)
        self.asked = nn.Linear(config.width + 1, _WIDTH, bias=False)
        self.placed = nn.Linear(5 + 1, _WIDTH, bias=False)
        self.last = nn.Linear(_WIDTH, 5)
        nn.init.zeros_(self.last.weight)  # the first answer is the fit itself
        nn.init.zeros_(self.last.bias)

    def forward(
        self, features: FeatureMaps, codes: Float[Tensor, "*B N extended"], given: Given
    ) -> Float[Tensor, "B N 5"]:
        """x and y of H2D, x and y of the metric map, depth bin; counted from the middle of the map."""
        config = self.config
        seen = torch.cat([sampled(level, given.pixels / config.crop_size) for level in features.levels], dim=-1)
        places = expected_places(config, given)
        # How large the body is drawn tells what a pixel is worth in metres.
        scale = (_spread(given.pixels) / _spread(given.points[..., :2]) * (config.metres / config.crop_size)).log()
        placed = torch.cat([places / config.cells, scale.expand(-1, places.shape[1], -1)], dim=-1)
        hidden = functional.gelu(self.seen(seen) + self.asked(codes) + self.placed(placed))
        return places + self.last(hidden)


def expected_places(config: NetworkConfig, given: Given) -> Float[Tensor, "B N 5"]:
    """As `Correction`, of the fit as it is; what lies out of reach is held at the edge."""
    pixels = given.pixels / config.crop_size - 0.5
    # The box's middle, not the mean: how densely points are asked for differs.
    middle = (given.points.amin(1, keepdim=True) + given.points.amax(1, keepdim=True)) / 2.0
    relative = (given.points - middle) / config.metres
    places = torch.cat([pixels, relative], dim=-1).clamp(-0.5, 0.5)
    return places * places.new_tensor([*(config.cells,) * 4, config.num_depths])


def _spread(points: Float[Tensor, "B N 2"]) -> Float[Tensor, "B 1 1"]:
    """A median, since what lies beside or behind the camera is projected anywhere."""
    middle = points.median(1, keepdim=True).values
    return (points - middle).norm(dim=-1).median(1).values[:, None, None].clamp_min(1e-3)
