"""LPIPS (Zhang et al., "The Unreasonable Effectiveness of Deep Features", 2018), where its package and weights are."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

WEIGHTS = "alexnet-owt-7be5be79.pth"
"""AlexNet's in torch's hub cache; LPIPS's own come with its package."""

Distance = Callable[[Float[Tensor, "H W 3"], Float[Tensor, "H W 3"]], float]


def lpips_or_reason() -> Distance | str:
    """The distance of two pictures in [0, 1], 0 for the same; or why there is none. Nothing is downloaded."""
    if importlib.util.find_spec("lpips") is None:
        return "not at hand: the package lpips is not installed"
    if not (Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS).is_file():
        return f"not at hand: {WEIGHTS} is not in {torch.hub.get_dir()}/checkpoints"
    network = importlib.import_module("lpips").LPIPS(net="alex", verbose=False)

    def distance(first: Float[Tensor, "H W 3"], second: Float[Tensor, "H W 3"]) -> float:
        pair = (each.permute(2, 0, 1)[None] for each in (first, second))
        with torch.no_grad():
            return float(network(*pair, normalize=True))

    return distance
