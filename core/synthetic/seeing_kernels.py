"""What a posed person's Gaussians show to an eye before light falls on them."""

from __future__ import annotations

import math

from ..geometry.spherical_harmonics import SH_C0, SH_C1
from ..kernels import kernel


@kernel
def seen_colours(which, means, rotations_wxyz, sh, rest_normals, eye, colours, normals):
    """Of some Gaussians: the colours of their degree 1 harmonics seen from `eye`, and their normals in the world."""
    for row in range(which.shape[0]):
        index = which[row]
        w, x, y, z = (
            rotations_wxyz[index, 0], rotations_wxyz[index, 1], rotations_wxyz[index, 2], rotations_wxyz[index, 3]
        )  # fmt: skip
        xx, xy, xz = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
        yx, yy, yz = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
        zx, zy, zz = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
        a, b, c = rest_normals[index, 0], rest_normals[index, 1], rest_normals[index, 2]
        normals[row, 0] = xx * a + xy * b + xz * c
        normals[row, 1] = yx * a + yy * b + yz * c
        normals[row, 2] = zx * a + zy * b + zz * c
        dx, dy, dz = means[index, 0] - eye[0], means[index, 1] - eye[1], means[index, 2] - eye[2]
        length = max(math.sqrt(dx * dx + dy * dy + dz * dz), 1e-6)
        # Along the canonical direction: the transposed rotation.
        right = SH_C1 * (xx * dx + yx * dy + zx * dz) / length
        up = SH_C1 * (xy * dx + yy * dy + zy * dz) / length
        front = SH_C1 * (xz * dx + yz * dy + zz * dz) / length
        for channel in range(3):
            value = SH_C0 * sh[index, 0, channel] - up * sh[index, 1, channel]
            value += front * sh[index, 2, channel] - right * sh[index, 3, channel]
            colours[row, channel] = max(0.5 + value, 0.0)


@kernel
def in_view(means, matrix, lens, size, near, margin, largest, which):
    """Fill `which` with the Gaussians that may touch a picture; how many they are.

    `lens` is fx, fy, cx, cy, `size` width and height; a Gaussian reaches `largest` metres from its middle, and a margin
    of pixels is left beside the picture.
    """
    fx, fy, cx, cy = lens
    number = 0
    for index in range(means.shape[0]):
        x, y, z = means[index, 0], means[index, 1], means[index, 2]
        depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
        if depth <= near:
            continue
        column = fx * (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]) / depth + cx
        row = fy * (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]) / depth + cy
        reach = margin + largest * fx / depth
        if -reach < column < size[0] + reach and -reach < row < size[1] + reach:
            which[number] = index
            number += 1
    return number
