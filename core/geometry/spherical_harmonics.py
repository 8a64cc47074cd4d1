"""Real spherical harmonics to degree 3: colours that depend on the direction they are seen along.

Order and signs are those of 3D Gaussian Splatting (Kerbl et al. 2023), so files of that format need no change.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from .rotations import quaternion_to_matrix

MAX_DEGREE = 3

# Normalisation of each band's polynomials: products of 1/√(4π), √3, √5, √7, √15, ...
SH_C0 = 0.5 / math.sqrt(math.pi)
SH_C1 = math.sqrt(3.0 / (4.0 * math.pi))
SH_C2_PAIR = math.sqrt(15.0 / (4.0 * math.pi))
SH_C2_AXIAL = math.sqrt(5.0 / (16.0 * math.pi))
SH_C2_SECTOR = math.sqrt(15.0 / (16.0 * math.pi))
SH_C3_SECTOR = math.sqrt(35.0 / (32.0 * math.pi))
SH_C3_TRIPLE = math.sqrt(105.0 / (4.0 * math.pi))
SH_C3_TESSERAL = math.sqrt(21.0 / (32.0 * math.pi))
SH_C3_AXIAL = math.sqrt(7.0 / (16.0 * math.pi))
SH_C3_PLANAR = math.sqrt(105.0 / (16.0 * math.pi))


def degree_of(num_coefficients: int) -> int:
    """The degree that a number of coefficients belongs to.

    Raises:
        ValueError: not 1, 4, 9 or 16.
    """
    degree = math.isqrt(max(num_coefficients, 0)) - 1
    if not 0 <= degree <= MAX_DEGREE or (degree + 1) ** 2 != num_coefficients:
        raise ValueError(f"spherical harmonics have 1, 4, 9 or 16 coefficients, not {num_coefficients}")
    return degree


def basis(directions: Float[Tensor, "*B 3"], degree: int) -> Float[Tensor, "*B K"]:
    """The (degree + 1)² basis functions at unit directions."""
    x, y, z = directions.unbind(-1)
    functions = [torch.full_like(x, SH_C0)]
    if degree >= 1:
        functions += [-SH_C1 * y, SH_C1 * z, -SH_C1 * x]
    if degree >= 2:
        functions += [
            SH_C2_PAIR * x * y,
            -SH_C2_PAIR * y * z,
            SH_C2_AXIAL * (2.0 * z * z - x * x - y * y),
            -SH_C2_PAIR * x * z,
            SH_C2_SECTOR * (x * x - y * y),
        ]
    if degree >= 3:
        functions += [
            -SH_C3_SECTOR * y * (3.0 * x * x - y * y),
            SH_C3_TRIPLE * x * y * z,
            -SH_C3_TESSERAL * y * (4.0 * z * z - x * x - y * y),
            SH_C3_AXIAL * z * (2.0 * z * z - 3.0 * x * x - 3.0 * y * y),
            -SH_C3_TESSERAL * x * (4.0 * z * z - x * x - y * y),
            SH_C3_PLANAR * z * (x * x - y * y),
            -SH_C3_SECTOR * x * (x * x - 3.0 * y * y),
        ]
    return torch.stack(functions, dim=-1)


def evaluate(sh: Float[Tensor, "N K 3"], directions: Float[Tensor, "N 3"]) -> Float[Tensor, "N 3"]:
    """The colours seen along unit directions (from the eye to the Gaussian): 0.5 + sum, clamped below at 0."""
    values = basis(directions, degree_of(sh.shape[1]))
    return (0.5 + (values.unsqueeze(-1) * sh).sum(dim=1)).clamp_min(0.0)


def rotate(sh: Float[Tensor, "N K 3"], rotations_wxyz: Float[Tensor, "N 4"]) -> Float[Tensor, "N K 3"]:
    """Coefficients of the turned function: its value along R d is the old one along d.

    A rotation mixes the functions of one band only, so each band is solved by itself and exactly: the turned function
    is sampled at fixed directions and projected back.
    """
    degree = degree_of(sh.shape[1])
    matrices = quaternion_to_matrix(rotations_wxyz)
    samples, projections = _projections(sh.dtype, sh.device)
    # The new function at s is the old one at Rᵀs; as rows, s R.
    old_values = basis(samples @ matrices, degree)
    bands = [sh[:, :1]]
    for band in range(1, degree + 1):
        columns = slice(band * band, (band + 1) ** 2)
        bands.append(projections[band] @ old_values[..., columns] @ sh[:, columns])
    return torch.cat(bands, dim=1)


@cache
def _projections(dtype: torch.dtype, device: torch.device) -> tuple[Float[Tensor, "S 3"], tuple[Tensor, ...]]:
    """Directions spread evenly over the sphere (golden spiral), and per band the map from values there to weights."""
    count = 16
    index = torch.arange(count, dtype=torch.float64) + 0.5
    z = 1.0 - 2.0 * index / count
    angle = math.pi * (1.0 + math.sqrt(5.0)) * index
    radius = torch.sqrt(1.0 - z * z)
    samples = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle), z], dim=-1)
    values = basis(samples, MAX_DEGREE)
    projections = tuple(
        torch.linalg.pinv(values[:, band * band : (band + 1) ** 2]).to(device, dtype) for band in range(MAX_DEGREE + 1)
    )
    return samples.to(device, dtype), projections
