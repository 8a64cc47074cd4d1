"""The parameters that are trained, and what the optimiser remembers of each."""

from __future__ import annotations

from dataclasses import fields

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from ..gaussians import GaussianParameters
from .adam import Adam
from .densify import Growth
from .settings import LearningRates

_NAMES = tuple(field.name for field in fields(GaussianParameters))


class TrainedParameters:
    """Leaves for the graph, changed in place."""

    def __init__(self, parameters: GaussianParameters, rates: LearningRates, device: torch.device) -> None:
        self._rates = rates
        self._leaves = {name: _leaf(getattr(parameters, name).to(device)) for name in _NAMES}
        self._adams = {name: Adam(_flat(leaf), self._rates_of(name, leaf)) for name, leaf in self._leaves.items()}

    @property
    def now(self) -> GaussianParameters:
        """The leaves themselves."""
        return GaussianParameters(**self._leaves)

    def copied(self) -> GaussianParameters:
        """As they are now, on the host, for others to keep."""
        return GaussianParameters(**{name: leaf.detach().clone().cpu() for name, leaf in self._leaves.items()})

    def forget_gradients(self) -> None:
        for leaf in self._leaves.values():
            leaf.grad = None

    def step(self, factor: float, resting: Bool[Tensor, " N"]) -> None:
        """Go down the gradients, at `factor` of the rates; the Gaussians that rest stay as they are.

        Adam would blow up what little light leaks through to them.
        """
        for name, leaf in self._leaves.items():
            if leaf.grad is not None:
                gradient = _flat(leaf.grad).masked_fill_(resting[:, None], 0.0)
                self._adams[name].step(gradient, factor)

    def raise_degree(self, degree: int) -> None:
        """Give the colours more harmonics, of strength zero."""
        sh = self._leaves["sh"].detach()
        if (missing := (degree + 1) ** 2 - sh.shape[1]) > 0:
            leaf = self._leaves["sh"] = _leaf(functional.pad(sh, (0, 0, 0, missing)))
            self._adams["sh"] = self._adams["sh"].widened(_flat(leaf), self._rates_of("sh", leaf))

    def follow(self, growth: Growth) -> None:
        """Take over the Gaussians after a change of their number."""
        self._leaves = {name: _leaf(getattr(growth.parameters, name)) for name in _NAMES}
        self._adams = {
            name: adam.rearranged(_flat(self._leaves[name]), growth.sources, growth.is_new)
            for name, adam in self._adams.items()
        }

    def _rates_of(self, name: str, leaf: Tensor) -> Float[Tensor, " C"]:
        if name != "sh":
            rate = {
                "offsets": self._rates.offsets,
                "rotations_wxyz": self._rates.rotations,
                "log_scales": self._rates.log_scales,
                "opacity_logits": self._rates.opacity_logits,
            }[name]
            return torch.full((_flat(leaf).shape[1],), rate)
        rates = torch.full((leaf.shape[1], 3), self._rates.sh_rest)
        rates[0] = self._rates.sh_base
        return rates.flatten()


def _leaf(values: Tensor) -> Tensor:
    return values.detach().clone().contiguous().requires_grad_()


def _flat(values: Tensor) -> Float[Tensor, "N C"]:
    return values.detach().reshape(len(values), -1)
