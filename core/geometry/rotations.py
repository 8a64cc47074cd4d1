"""Rotations as axis-angle vectors (radians), unit quaternions (w x y z) and matrices.

Every function is batched over leading dimensions, differentiable, and has finite gradients at the zero rotation: where
a closed form divides by the angle, its Taylor series is taken for small angles, and the unused branch is fed a harmless
number so that its gradient is not NaN. A matrix or quaternion turns column vectors: `v' = R v`.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_SMALL_SQUARED_ANGLE = 1e-4
"""Below it the series below are exact to 1e-13, beyond it the closed forms lose no digits."""


def axis_angle_to_matrix(axis_angle: Float[Tensor, "*B 3"]) -> Float[Tensor, "*B 3 3"]:
    """Rodrigues' formula: I + sin(θ)/θ K + (1 - cos θ)/θ² K²."""
    squared = axis_angle.square().sum(-1)
    small = squared < _SMALL_SQUARED_ANGLE
    safe = torch.where(small, 1.0, squared)
    angle = safe.sqrt()
    first = torch.where(small, 1.0 - squared / 6.0 + squared.square() / 120.0, angle.sin() / angle)
    # 2 sin²(θ/2) keeps the digits that 1 - cos(θ) loses.
    second = torch.where(
        small, 0.5 - squared / 24.0 + squared.square() / 720.0, 2.0 * (angle / 2).sin().square() / safe
    )
    cross = _cross_product_matrix(axis_angle)
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return identity + first[..., None, None] * cross + second[..., None, None] * (cross @ cross)


def axis_angle_to_quaternion(axis_angle: Float[Tensor, "*B 3"]) -> Float[Tensor, "*B 4"]:
    """Unit quaternion; w is not negative for angles up to π."""
    squared = axis_angle.square().sum(-1, keepdim=True)
    small = squared < _SMALL_SQUARED_ANGLE
    angle = torch.where(small, 1.0, squared).sqrt()
    real = torch.where(small, 1.0 - squared / 8.0 + squared.square() / 384.0, (angle / 2).cos())
    factor = torch.where(small, 0.5 - squared / 48.0 + squared.square() / 3840.0, (angle / 2).sin() / angle)
    return torch.cat([real, factor * axis_angle], dim=-1)


def quaternion_to_axis_angle(quaternion_wxyz: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B 3"]:
    """The shorter way round (angle at most π); the quaternion may have any non-zero length."""
    unit = _shorter_way(normalized_quaternion(quaternion_wxyz))
    real, imaginary = unit[..., :1], unit[..., 1:]
    squared = imaginary.square().sum(-1, keepdim=True)
    small = squared < _SMALL_SQUARED_ANGLE
    sine = torch.where(small, 1.0, squared).sqrt()
    tangent_squared = squared / torch.where(small, real.square(), 1.0)
    series = 2.0 * (1.0 - tangent_squared / 3.0 + tangent_squared.square() / 5.0) / torch.where(small, real, 1.0)
    factor = torch.where(small, series, 2.0 * torch.atan2(sine, real) / sine)
    return factor * imaginary


def quaternion_to_matrix(quaternion_wxyz: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B 3 3"]:
    """The quaternion may have any length; zero gives the identity."""
    w, x, y, z = normalized_quaternion(quaternion_wxyz).unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def matrix_to_quaternion(matrix: Float[Tensor, "*B 3 3"]) -> Float[Tensor, "*B 4"]:
    """Unit quaternion with w not negative.

    4 q qᵀ is linear in the matrix; its row with the largest diagonal entry, normalised, is the quaternion.
    """
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = matrix.flatten(-2).unbind(-1)
    outer = [
        1 + m00 + m11 + m22, m21 - m12, m02 - m20, m10 - m01,
        m21 - m12, 1 + m00 - m11 - m22, m10 + m01, m02 + m20,
        m02 - m20, m10 + m01, 1 - m00 + m11 - m22, m21 + m12,
        m10 - m01, m02 + m20, m21 + m12, 1 - m00 - m11 + m22,
    ]  # fmt: skip
    rows = torch.stack(outer, dim=-1).unflatten(-1, (4, 4))
    largest = rows.diagonal(dim1=-2, dim2=-1).argmax(-1)
    row = rows.take_along_dim(largest[..., None, None], dim=-2).squeeze(-2)
    return _shorter_way(normalized_quaternion(row))


def matrix_to_axis_angle(matrix: Float[Tensor, "*B 3 3"]) -> Float[Tensor, "*B 3"]:
    """Angle at most π."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def quaternion_multiply(
    second_wxyz: Float[Tensor, "*#B 4"], first_wxyz: Float[Tensor, "*#B 4"]
) -> Float[Tensor, "*B 4"]:
    """Hamilton's product: the rotation that turns by `first`, then by `second`."""
    a, b, c, d = second_wxyz.unbind(-1)
    w, x, y, z = first_wxyz.unbind(-1)
    product = [
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    ]
    return torch.stack(product, dim=-1)


def quaternion_conjugate(quaternion_wxyz: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B 4"]:
    """The inverse of a unit quaternion."""
    return torch.cat([quaternion_wxyz[..., :1], -quaternion_wxyz[..., 1:]], dim=-1)


def normalized_quaternion(quaternion_wxyz: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B 4"]:
    """Of length one; a quaternion of length zero becomes the identity."""
    # Dividing by the largest entry first keeps the squares of tiny and huge quaternions in range.
    largest = quaternion_wxyz.detach().abs().amax(-1, keepdim=True)
    is_zero = largest == 0
    # Made on the device: a copy from the host would be a wait.
    identity = torch.eye(1, 4, dtype=quaternion_wxyz.dtype, device=quaternion_wxyz.device)[0].expand_as(quaternion_wxyz)
    scaled = torch.where(is_zero, identity, quaternion_wxyz / torch.where(is_zero, 1.0, largest))
    return scaled / scaled.square().sum(-1, keepdim=True).sqrt()


def slerp(
    start_wxyz: Float[Tensor, "*B 4"], end_wxyz: Float[Tensor, "*B 4"], fraction: Float[Tensor, "*B"]
) -> Float[Tensor, "*B 4"]:
    """Unit quaternions between two, at constant angular speed, the shorter way round; `fraction` in [0, 1]."""
    turn = quaternion_to_axis_angle(quaternion_multiply(end_wxyz, quaternion_conjugate(start_wxyz)))
    return quaternion_multiply(axis_angle_to_quaternion(fraction[..., None] * turn), start_wxyz)


def _shorter_way(unit_wxyz: Tensor) -> Tensor:
    return torch.where(unit_wxyz[..., :1] < 0, -unit_wxyz, unit_wxyz)


def _cross_product_matrix(vector: Tensor) -> Tensor:
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))
