"""What several pictures say of every Gaussian, made one: the views that show it best decide how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from ..gaussians import GaussianParameters

_HIDDEN = 1e-3
"""What a view that does not show a Gaussian counts for, beside one that does: enough to guess by."""
_SHARPNESS = 2.0
"""Powers of the views' weights: means of many views are blurred by what each is off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """What one picture says."""

    parameters: GaussianParameters
    visibility: Float[Tensor, " N"]
    """0..1: whether the picture shows it, and how much from the front."""
    sigma: Float[Tensor, " N"]
    """Metres: how far off each is expected to be."""


def fused(views: Sequence[View]) -> GaussianParameters:
    """Of the same Gaussians: means by visibility and certainty."""
    weights = torch.stack([(view.visibility / view.sigma.clamp_min(1e-4)) ** _SHARPNESS for view in views])
    weights = weights / weights.amax(0, keepdim=True).clamp_min(1e-12) + _HIDDEN
    weights = weights / weights.sum(0, keepdim=True)
    mixed = {}
    for field in fields(GaussianParameters):
        values = torch.stack([getattr(view.parameters, field.name) for view in views])
        mixed[field.name] = (values * weights.reshape(*weights.shape, *(1,) * (values.ndim - 2))).sum(0)
    return GaussianParameters(**mixed)
