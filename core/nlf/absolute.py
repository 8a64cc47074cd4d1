"""From points about an origin of their own to points before the camera: weighted least squares."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

RIDGE = 1e-4
"""On columns of unit root mean square (NLF)."""

NEAREST = 0.1
"""Metres; nobody is photographed from nearer."""


def absolute_translation(
    rays: Float[Tensor, "B N 2"],
    relative: Float[Tensor, "B N 3"],
    weights: Float[Tensor, "B N"],
) -> Float[Tensor, "B 3"]:
    """t such that `relative + t` projects to `rays` = ((x - cx)/fx, (y - cy)/fy), in the least squares sense.

    A point at (X + tx, Y + ty, Z + tz) is seen at x̂ when X + tx = x̂ (Z + tz): two equations linear in t for each,
    [I₂ | -x̂] t = x̂ Z - (X, Y) (NLF, equation 7). Depth keeps at least `NEAREST` to the middle of the points.
    """
    count = rays.shape[1]
    matrix = rays.new_zeros(*rays.shape[:2], 2, 3)
    matrix[..., 0, 0] = matrix[..., 1, 1] = 1.0
    matrix[..., 2] = -rays
    target = rays * relative[..., 2:] - relative[..., :2]
    root = weights.clamp_min(0.0).sqrt()[..., None]
    matrix = (matrix * root[..., None]).reshape(len(rays), 2 * count, 3)
    target = (target * root).reshape(len(rays), 2 * count, 1)
    scale = matrix.square().mean(1, keepdim=True).sqrt().clamp_min(1e-9)
    scaled = matrix / scale
    gram = scaled.mT @ scaled / (2 * count) + RIDGE * torch.eye(3, device=rays.device, dtype=rays.dtype)
    solution = torch.linalg.solve(gram, scaled.mT @ target / (2 * count)) / scale.mT
    x, y, z = solution[..., 0].unbind(-1)
    middle = (relative[..., 2] * weights).sum(1) / weights.sum(1).clamp_min(1e-9)
    return torch.stack([x, y, torch.maximum(z, NEAREST - middle)], dim=-1)
