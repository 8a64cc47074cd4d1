"""The loops of `trainable_rig`: from parameters to Gaussians on a posed mesh at once, and back.

With L = J F s (F the face's frame at rest, s its size, J the deformation gradient at the Gaussian), of a Gaussian with
offset o, rotation R and scales e:  mean = surface point + L o,  covariance = M Mᵀ,  M = L R diag(e).
"""

from __future__ import annotations

import math

import numpy as np

from ..kernels import device_function, kernel
from .rig_kernels import POSITION, ROTATION, STRETCH

_ONE, _TWO, _TINY = np.float32(1.0), np.float32(2.0), np.float32(1e-20)


@device_function
def _rotation(w, x, y, z, matrix):
    """Fill the matrix of a quaternion of any length; returns the inverse of that length."""
    inverse = _ONE / max(np.float32(math.sqrt(w * w + x * x + y * y + z * z)), _TINY)
    w, x, y, z = w * inverse, x * inverse, y * inverse, z * inverse
    xx, yy, zz, xy, xz, yz = x * x, y * y, z * z, x * y, x * z, y * z
    wx, wy, wz = w * x, w * y, w * z
    matrix[0, 0], matrix[0, 1], matrix[0, 2] = _ONE - _TWO * (yy + zz), _TWO * (xy - wz), _TWO * (xz + wy)
    matrix[1, 0], matrix[1, 1], matrix[1, 2] = _TWO * (xy + wz), _ONE - _TWO * (xx + zz), _TWO * (yz - wx)
    matrix[2, 0], matrix[2, 1], matrix[2, 2] = _TWO * (xz - wy), _TWO * (yz + wx), _ONE - _TWO * (xx + yy)
    return inverse


@device_function
def _multiply(first, second, product):
    for row in range(3):
        a, b, c = first[row, 0], first[row, 1], first[row, 2]
        for column in range(3):
            product[row, column] = a * second[0, column] + b * second[1, column] + c * second[2, column]


@kernel
def carry_gaussians(  # type: ignore[no-untyped-def]
    start, stop, corners, barycentrics, vertices, frames, offsets, rotations, log_scales,
    linear, means, covariances, turned,
):  # fmt: skip
    """`frames` (N 3 3) are F s of each Gaussian; `linear` (N 3 3) gets L, `turned` the quaternion of J's rotation."""
    turn, gradient = np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32)
    stretch, root = np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32)
    for g in range(start, stop):
        first, second, third = vertices[corners[g, 0]], vertices[corners[g, 1]], vertices[corners[g, 2]]
        a, b, c = barycentrics[g, 0], barycentrics[g, 1], barycentrics[g, 2]
        with_second = with_third = np.float32(0.0)
        for number in range(ROTATION, STRETCH):
            with_second += first[number] * second[number]
            with_third += first[number] * third[number]
        signed_b, signed_c = (-b if with_second < 0.0 else b), (-c if with_third < 0.0 else c)
        w = a * first[3] + signed_b * second[3] + signed_c * third[3]
        x = a * first[4] + signed_b * second[4] + signed_c * third[4]
        y = a * first[5] + signed_b * second[5] + signed_c * third[5]
        z = a * first[6] + signed_b * second[6] + signed_c * third[6]
        inverse = _rotation(w, x, y, z, turn)
        turned[g, 0], turned[g, 1], turned[g, 2], turned[g, 3] = w * inverse, x * inverse, y * inverse, z * inverse
        entry = STRETCH
        for row in range(3):
            for column in range(row, 3):
                value = a * first[entry] + b * second[entry] + c * third[entry]
                stretch[row, column] = value
                stretch[column, row] = value
                entry += 1
        _multiply(turn, stretch, gradient)
        _multiply(gradient, frames[g], linear[g])
        for row in range(3):
            means[g, row] = (
                a * first[POSITION + row] + b * second[POSITION + row] + c * third[POSITION + row]
                + linear[g, row, 0] * offsets[g, 0]
                + linear[g, row, 1] * offsets[g, 1]
                + linear[g, row, 2] * offsets[g, 2]
            )  # fmt: skip
        _rotation(rotations[g, 0], rotations[g, 1], rotations[g, 2], rotations[g, 3], turn)
        _multiply(linear[g], turn, root)
        for column in range(3):
            scale = np.float32(math.exp(log_scales[g, column]))
            for row in range(3):
                root[row, column] *= scale
        entry = 0
        for row in range(3):
            for column in range(row, 3):
                covariances[g, entry] = (
                    root[row, 0] * root[column, 0] + root[row, 1] * root[column, 1] + root[row, 2] * root[column, 2]
                )
                entry += 1


@kernel
def carry_back(  # type: ignore[no-untyped-def]
    start, stop, rotations, log_scales, linear, by_means, by_covariances, by_offsets, by_rotations, by_log_scales
):
    """The gradients of what a Gaussian is made of, from those of mean and covariance."""
    turn, root = np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32)
    by_root, by_turn = np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32)
    half = np.float32(0.5)
    for g in range(start, stop):
        for column in range(3):
            by_offsets[g, column] = (
                linear[g, 0, column] * by_means[g, 0]
                + linear[g, 1, column] * by_means[g, 1]
                + linear[g, 2, column] * by_means[g, 2]
            )
        inverse = _rotation(rotations[g, 0], rotations[g, 1], rotations[g, 2], rotations[g, 3], turn)
        _multiply(linear[g], turn, root)
        xx, yy, zz = by_covariances[g, 0], by_covariances[g, 3], by_covariances[g, 5]
        xy, xz, yz = half * by_covariances[g, 1], half * by_covariances[g, 2], half * by_covariances[g, 4]
        for column in range(3):
            scale = np.float32(math.exp(log_scales[g, column]))
            u, v, t = scale * root[0, column], scale * root[1, column], scale * root[2, column]
            by_u, by_v, by_t = (
                _TWO * (xx * u + xy * v + xz * t),
                _TWO * (xy * u + yy * v + yz * t),
                _TWO * (xz * u + yz * v + zz * t),
            )
            by_log_scales[g, column] = by_u * u + by_v * v + by_t * t
            by_root[0, column], by_root[1, column], by_root[2, column] = by_u * scale, by_v * scale, by_t * scale
        for row in range(3):
            for column in range(3):
                by_turn[row, column] = (
                    linear[g, 0, row] * by_root[0, column]
                    + linear[g, 1, row] * by_root[1, column]
                    + linear[g, 2, row] * by_root[2, column]
                )
        w, x = rotations[g, 0] * inverse, rotations[g, 1] * inverse
        y, z = rotations[g, 2] * inverse, rotations[g, 3] * inverse
        d = by_turn
        by_w = _TWO * (x * (d[2, 1] - d[1, 2]) + y * (d[0, 2] - d[2, 0]) + z * (d[1, 0] - d[0, 1]))
        by_x = _TWO * (
            w * (d[2, 1] - d[1, 2]) + y * (d[0, 1] + d[1, 0]) + z * (d[0, 2] + d[2, 0]) - _TWO * x * (d[1, 1] + d[2, 2])
        )
        by_y = _TWO * (
            w * (d[0, 2] - d[2, 0]) + x * (d[0, 1] + d[1, 0]) + z * (d[1, 2] + d[2, 1]) - _TWO * y * (d[0, 0] + d[2, 2])
        )
        by_z = _TWO * (
            w * (d[1, 0] - d[0, 1]) + x * (d[0, 2] + d[2, 0]) + y * (d[1, 2] + d[2, 1]) - _TWO * z * (d[0, 0] + d[1, 1])
        )
        # A quaternion's length changes nothing.
        along = by_w * w + by_x * x + by_y * y + by_z * z
        by_rotations[g, 0], by_rotations[g, 1] = (by_w - along * w) * inverse, (by_x - along * x) * inverse
        by_rotations[g, 2], by_rotations[g, 3] = (by_y - along * y) * inverse, (by_z - along * z) * inverse


@kernel
def gather_at_vertices(corners, barycentrics, by_means, by_vertices):  # type: ignore[no-untyped-def]
    """Add each Gaussian's gradient to the vertices around it; one thread, so that the order is always the same."""
    for g in range(len(corners)):
        for corner in range(3):
            vertex, weight = corners[g, corner], barycentrics[g, corner]
            for axis in range(3):
                by_vertices[vertex, axis] += weight * by_means[g, axis]
