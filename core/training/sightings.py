"""What pictures told of each Gaussian while an avatar is refined: which were seen, and which are too coarse."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..geometry.spherical_harmonics import SH_C0
from .densify import Growth

_HALF_SEEN, _UNSEEN = 0.5, 0.3
"""Pixels that a Gaussian painted in one picture. Light that leaks through a closed surface paints far less."""


class Sightings:
    """Gathered from gradients, which every step has anyway."""

    def __init__(self, num_gaussians: int, device: torch.device | str = "cpu") -> None:
        self._painted = torch.zeros(num_gaussians, device=device)
        self._pushed = torch.zeros(num_gaussians, device=device)

    @torch.no_grad()
    def add(self, by_offsets: Float[Tensor, "N 3"], by_colours: Float[Tensor, "N 3"], num_pixels: int) -> None:
        """The gradients of `offsets` and of the first harmonics, of a loss that is the mean over `num_pixels`.

        An absolute difference pulls at a colour with the weight of each pixel, so that its gradient counts pixels.
        What is no number tells nothing, as in `Adam`.
        """
        pixels = _numbers(by_colours.abs().sum(-1).mul_(num_pixels / SH_C0))
        torch.maximum(self._painted, pixels, out=self._painted)
        self._pushed.add_(_numbers(by_offsets.norm(dim=-1)))

    @property
    def seen(self) -> Float[Tensor, " N"]:
        """0: no picture showed it; 1: one at least showed it well."""
        squares = self._painted.square()
        return squares / (squares + _HALF_SEEN**2)

    @property
    def unseen(self) -> Bool[Tensor, " N"]:
        """Which ones no picture told anything of yet."""
        return self._painted < _UNSEEN

    def scores(self, log_scales: Float[Tensor, "N 3"]) -> Float[Tensor, " N"]:
        """How much the pictures since the last growth would have a Gaussian elsewhere, times how far it reaches.

        That is the change of the loss by a shift of its own width: the same for a large face and a small one.
        """
        return self._pushed * log_scales.detach().amax(-1).exp()

    def follow(self, growth: Growth) -> None:
        """Halves were seen where the whole was; what pulls at the Gaussians is gathered anew."""
        self._painted = self._painted[growth.sources]
        self._pushed = torch.zeros_like(self._painted)


def _numbers(values: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    return values.nan_to_num_(0.0, 0.0, 0.0)
