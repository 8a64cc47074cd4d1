"""Small meshes whose right answers are known, and Gaussians on them."""

from __future__ import annotations

import math

import torch
from nlfgs_studio.core.avatar.template import Template, spread_points
from nlfgs_studio.core.gaussians import GaussianParameters
from torch import Tensor


def cylinder(rings: int = 9, sides: int = 16, radius: float = 0.05, length: float = 0.4) -> tuple[Tensor, Tensor]:
    """Vertices (V, 3) and outward faces (F, 3) of an open tube along x."""
    angle = torch.arange(sides) * (math.tau / sides)
    ring = torch.stack([torch.zeros(sides), radius * angle.cos(), radius * angle.sin()], -1)
    along = torch.linspace(-0.5 * length, 0.5 * length, rings)
    vertices = (ring[None] + torch.stack([along, 0 * along, 0 * along], -1)[:, None]).reshape(-1, 3)
    faces = []
    for i in range(rings - 1):
        for j in range(sides):
            a, b = i * sides + j, i * sides + (j + 1) % sides
            faces += [[a, a + sides, b], [b, a + sides, b + sides]]
    return vertices, torch.tensor(faces)[:, [0, 2, 1]]


def strip(columns: int = 33, rows: int = 9, length: float = 0.4, width: float = 0.1) -> tuple[Tensor, Tensor]:
    """A flat cloth in the plane z = 0, its normal towards +z, the middle column at x = 0."""
    x, y = torch.meshgrid(
        torch.linspace(-0.5 * length, 0.5 * length, columns),
        torch.linspace(-0.5 * width, 0.5 * width, rows),
        indexing="ij",
    )
    vertices = torch.stack([x, y, torch.zeros_like(x)], -1).reshape(-1, 3)
    faces = []
    for i in range(columns - 1):
        for j in range(rows - 1):
            a = i * rows + j
            faces += [[a, a + rows, a + rows + 1], [a, a + rows + 1, a + 1]]
    return vertices, torch.tensor(faces)


def template_on(faces: Tensor, k: int = 4) -> Template:
    return Template(
        faces=faces,
        face_indices=torch.arange(len(faces)).repeat_interleave(k),
        barycentrics=spread_points(k).float().repeat(len(faces), 1),
        k=k,
    )


def random_parameters(
    count: int, seed: int = 0, *, dtype: torch.dtype = torch.float32, coefficients: int = 4
) -> GaussianParameters:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype)

    return GaussianParameters(
        offsets=0.3 * normal(count, 3),
        rotations_wxyz=normal(count, 4),
        log_scales=-1.2 + 0.4 * normal(count, 3),
        opacity_logits=normal(count),
        sh=normal(count, coefficients, 3),
    )


def bend(vertices: Tensor, degrees: float, sharpness: float = 40.0) -> Tensor:
    """Turn what lies at x > 0 about the z axis through the origin, smoothly near it."""
    share = torch.sigmoid(sharpness * vertices[:, 0])
    angle = math.radians(degrees) * share
    x, y = vertices[:, 0], vertices[:, 1]
    turned = torch.stack([x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos(), vertices[:, 2]], -1)
    return torch.where((x > 0)[:, None], turned, vertices)


def fold(vertices: Tensor, degrees: float) -> Tensor:
    """Fold a strip about the y axis: what lies at x > 0 turns up towards +z by that angle, the crease one line."""
    angle = math.radians(degrees)
    x = vertices[:, 0]
    folded = torch.stack([x * math.cos(angle), vertices[:, 1], x * math.sin(angle)], -1)
    return torch.where((x > 0)[:, None], folded, vertices)
