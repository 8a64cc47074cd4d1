"""Loops of `recoloring`: colours of depths, and the directions in which Gaussians are flattest."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import kernel


@kernel
def color_depth(first_row, last_row, depth, alpha, nearest, farthest, table, rgb):
    """Colours between the rows of `table` (farthest first), multiplied by alpha."""
    last = table.shape[0] - 1
    for row in range(first_row, last_row):
        for column in range(alpha.shape[1]):
            nearness = (farthest - depth[row, column]) / max(farthest - nearest, 1e-6)
            place = min(max(nearness, 0.0), 1.0) * last
            lower = min(int(place), last - 1)
            share = place - lower
            for channel in range(3):
                color = (1.0 - share) * table[lower, channel] + share * table[lower + 1, channel]
                rgb[row, column, channel] = alpha[row, column] * color


@kernel
def flattest_directions(first, last, covariances, directions):
    """Unit eigenvectors of the least eigenvalues, of unknown sign; the z axis where there is no such direction.

    The eigenvalue by its cosine (Smith, "Eigenvalues of a symmetric 3 x 3 matrix", 1961); the vector is normal to the
    rows of what is left when it is taken off the diagonal.
    """
    rows = np.empty((3, 3), np.float64)
    for index in range(first, last):
        covariance = covariances[index]
        xx, xy, xz = np.float64(covariance[0]), np.float64(covariance[1]), np.float64(covariance[2])
        yy, yz, zz = np.float64(covariance[3]), np.float64(covariance[4]), np.float64(covariance[5])
        mean = (xx + yy + zz) / 3.0
        a, b, c = xx - mean, yy - mean, zz - mean
        spread = math.sqrt((a * a + b * b + c * c + 2.0 * (xy * xy + xz * xz + yz * yz)) / 6.0)
        best, x, y, z = 0.0, 0.0, 0.0, 1.0
        if spread > 0.0 and math.isfinite(spread):
            determinant = a * (b * c - yz * yz) - xy * (xy * c - yz * xz) + xz * (xy * yz - b * xz)
            cosine = min(max(determinant / (2.0 * spread * spread * spread), -1.0), 1.0)
            least = 2.0 * spread * math.cos((math.acos(cosine) + 2.0 * math.pi) / 3.0)
            rows[0, 0], rows[0, 1], rows[0, 2] = a - least, xy, xz
            rows[1, 0], rows[1, 1], rows[1, 2] = xy, b - least, yz
            rows[2, 0], rows[2, 1], rows[2, 2] = xz, yz, c - least
            for number in range(3):
                first_row, second_row = rows[number], rows[(number + 1) % 3]
                across_x = first_row[1] * second_row[2] - first_row[2] * second_row[1]
                across_y = first_row[2] * second_row[0] - first_row[0] * second_row[2]
                across_z = first_row[0] * second_row[1] - first_row[1] * second_row[0]
                size = math.sqrt(across_x * across_x + across_y * across_y + across_z * across_z)
                if size > best:
                    best, x, y, z = size, across_x / size, across_y / size, across_z / size
        directions[index, 0], directions[index, 1], directions[index, 2] = x, y, z
