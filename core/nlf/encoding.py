"""Where on the body a point is, as numbers that a network can tell apart: e(x)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import NetworkConfig


class PositionalEncoding(nn.Module):
    """Learnable Fourier features of the canonical coordinates, beside the surface's own signature.

    [sin Bx, cos Bx] / √(2 F) as in NLF (Sárándi and Pons-Moll 2024); B starts normal and is trained.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(torch.randn(config.num_frequencies, 3) * config.frequency_deviation)

    def forward(
        self, points: Float[Tensor, "*N 3"], signatures: Float[Tensor, "*N signature"]
    ) -> Float[Tensor, "*N code"]:
        """`points` are normalised by the box of the canonical body: -0.5..0.5 along its longest side."""
        phases = points @ self.frequencies.T
        waves = torch.cat([phases.sin(), phases.cos()], dim=-1) / phases.shape[-1] ** 0.5
        return torch.cat([waves, signatures], dim=-1)
