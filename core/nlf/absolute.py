"""From points about an origin of their own to points before the camera: weighted least squares."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..cameras import Camera, projected, rays_through

RIDGE = 1e-4
"""On columns of unit root mean square (NLF)."""

NEAREST = 0.1
"""Metres; nobody is photographed from nearer."""

_ROUNDS = 8
_AGREEMENT = 16.0
"""Pixels between where a point was found and where it comes to lie, from which on it is doubted; or what half miss."""


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


def placed(
    pixels: Float[Tensor, "M 2"],
    relative: Float[Tensor, "M 3"],
    sigma: Float[Tensor, " M"],
    inside: Bool[Tensor, " M"],
    camera: Camera,
) -> Float[Tensor, "M 3"]:
    """Points before the camera, in its OpenCV axes: `relative` moved to where it projects to `pixels`.

    Of the points `inside` the picture, those that do not agree count less and less: above all points beyond its edge,
    which were found within it. Where the two agree, the answer lies halfway between them (NLF).
    """
    rays = rays_through(pixels, camera.intrinsics)
    trust = inside.to(pixels)
    points, seen = relative, relative
    for _ in range(_ROUNDS):
        points = relative + absolute_translation(rays[None], relative[None], (trust / sigma.square())[None])[0]
        depth = points[:, 2:].clamp_min(NEAREST)
        seen = torch.cat([rays * depth, depth], dim=-1)
        miss = (projected(torch.cat([points[:, :2], depth], dim=-1), camera) - pixels).norm(dim=-1)
        usual = miss[inside].median().clamp_min(_AGREEMENT) if inside.any() else _AGREEMENT
        trust = inside / (1.0 + (miss / usual).square())
    return points + 0.5 * trust[:, None] * (seen - points)


def within(pixels: Float[Tensor, "M 2"], camera: Camera, *, margin: float) -> Bool[Tensor, " M"]:
    """Which lie in the camera's picture, `margin` pixels from its edge or more."""
    size = pixels.new_tensor([camera.width, camera.height])
    return ((pixels >= margin) & (pixels <= size - margin)).all(-1)
