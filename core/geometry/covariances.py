"""Covariances as six numbers (xx, xy, xz, yy, yz, zz), and as rotation and scale."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .rotations import matrix_to_quaternion, normalized_quaternion, quaternion_to_matrix


def symmetric6_from_matrix(matrices: Float[Tensor, "*B 3 3"]) -> Float[Tensor, "*B 6"]:
    """The upper triangle, row by row; of an almost symmetric matrix the mean of both halves."""
    m = matrices
    return torch.stack(
        [
            m[..., 0, 0],
            0.5 * (m[..., 0, 1] + m[..., 1, 0]),
            0.5 * (m[..., 0, 2] + m[..., 2, 0]),
            m[..., 1, 1],
            0.5 * (m[..., 1, 2] + m[..., 2, 1]),
            m[..., 2, 2],
        ],
        dim=-1,
    )


def matrix_from_symmetric6(symmetric6: Float[Tensor, "*B 6"]) -> Float[Tensor, "*B 3 3"]:
    xx, xy, xz, yy, yz, zz = symmetric6.unbind(-1)
    return torch.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], dim=-1).unflatten(-1, (3, 3))


def from_rotation_scale(rotations_wxyz: Float[Tensor, "*B 4"], scales: Float[Tensor, "*B 3"]) -> Float[Tensor, "*B 6"]:
    """R diag(s)² Rᵀ; quaternions of any non-zero length."""
    roots = quaternion_to_matrix(normalized_quaternion(rotations_wxyz)) * scales[..., None, :]
    return symmetric6_from_matrix(roots @ roots.transpose(-1, -2))


def transformed(covariances: Float[Tensor, "*B 6"], linear: Float[Tensor, "*B 3 3"]) -> Float[Tensor, "*B 6"]:
    """A S Aᵀ: the covariance after the linear map A."""
    return symmetric6_from_matrix(linear @ matrix_from_symmetric6(covariances) @ linear.transpose(-1, -2))


def decompose(covariances: Float[Tensor, "*B 6"]) -> tuple[Float[Tensor, "*B 4"], Float[Tensor, "*B 3"]]:
    """Unit quaternions and standard deviations, ascending, whose `from_rotation_scale` is the covariance again.

    Shear is no obstacle: a symmetric matrix always has orthogonal axes. Computed in float64; rounding below zero in
    the smallest variance becomes zero.
    """
    variances, axes = torch.linalg.eigh(matrix_from_symmetric6(covariances.double()))
    handedness = torch.where(torch.linalg.det(axes) < 0, -1.0, 1.0).to(axes)
    axes = torch.cat([axes[..., :2], axes[..., 2:] * handedness[..., None, None]], dim=-1)
    scales = variances.clamp(min=0).sqrt()
    return matrix_to_quaternion(axes).to(covariances), scales.to(covariances)
