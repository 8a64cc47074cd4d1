"""Adam (Kingma and Ba, 2015) by rows: a row whose gradient is zero rests, as does what it remembers.

A Gaussian that a picture does not show, and a correction of another picture, would otherwise drift on.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..kernels import run_split
from .adam_kernels import step_rows

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-12
"""The second moment forgets within about as many steps as there are pictures; gradients of means are tiny."""


class Adam:
    """Changes `values` in place; one rate for each column."""

    def __init__(self, values: Float[Tensor, "N C"], rates: Float[Tensor, " C"]) -> None:
        self.values, self._rates = values, rates.to(values)
        self._first, self._second = torch.zeros_like(values), torch.zeros_like(values)
        self._counts = torch.zeros(len(values), dtype=torch.int32, device=values.device)

    @torch.no_grad()
    def step(self, gradient: Float[Tensor, "N C"], factor: float = 1.0) -> None:
        """Once, at `factor` of the rates."""
        if self.values.device.type == "cpu":
            arrays = (self.values, gradient.contiguous(), self._first, self._second, self._counts, self._rates)
            numbers = (np.float32(each) for each in (factor, BETA1, BETA2, EPSILON))
            run_split(step_rows, len(self.values), *(each.detach().numpy() for each in arrays), *numbers)
            return
        self.step_plainly(gradient, factor)

    @torch.no_grad()
    def step_plainly(self, gradient: Float[Tensor, "N C"], factor: float = 1.0) -> None:
        """`step` in torch, for any device; waits for none."""
        rows = (gradient.abs().sum(1, keepdim=True) > 0.0) & gradient.isfinite().all(1, keepdim=True)
        self._counts += rows[:, 0]
        counts = self._counts.clamp_min(1).to(self.values)[:, None]
        gradient = torch.where(rows, gradient, 0.0)
        torch.where(rows, self._first.lerp(gradient, 1.0 - BETA1), self._first, out=self._first)
        torch.where(rows, self._second.lerp(gradient.square(), 1.0 - BETA2), self._second, out=self._second)
        first = self._first / (1.0 - torch.exp(counts * math.log(BETA1)))
        second = self._second / (1.0 - torch.exp(counts * math.log(BETA2)))
        self.values -= rows * factor * self._rates * first / (second.sqrt() + EPSILON)

    def widened(self, values: Float[Tensor, "N C2"], rates: Float[Tensor, " C2"]) -> Adam:
        """For more columns, the old ones first; what is remembered of those stays."""
        wider = Adam(values, rates)
        columns = self.values.shape[1]
        wider._first[:, :columns], wider._second[:, :columns] = self._first, self._second
        wider._counts = self._counts.clone()
        return wider

    def rearranged(self, values: Float[Tensor, "M C"], sources: Int[Tensor, " M"], is_new: Bool[Tensor, " M"]) -> Adam:
        """For other rows: what is remembered comes from the rows `sources`, where they are not new."""
        other = Adam(values, self._rates)
        kept = ~is_new
        other._first[kept], other._second[kept] = self._first[sources[kept]], self._second[sources[kept]]
        other._counts[kept] = self._counts[sources[kept]]
        return other
