"""The loop that brings Gaussians from the frames of their faces to metres on the canonical mesh, float32."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import kernel


@kernel
def place_gaussians(  # type: ignore[no-untyped-def]
    start, stop, frames, sizes, face_indices, offsets, rotations, log_scales, placed, covariances
):
    """Twin of `rig.place`: `placed` (N 3) gets the offsets in canonical axes, `covariances` (N 6) theirs."""
    one, two = np.float32(1.0), np.float32(2.0)
    root = np.zeros((3, 3), np.float32)
    for i in range(start, stop):
        face = face_indices[i]
        size = sizes[face]
        w, x, y, z = rotations[i, 0], rotations[i, 1], rotations[i, 2], rotations[i, 3]
        # By the largest first: squares of tiny and of huge quaternions would leave the range.
        largest = max(abs(w), abs(x), abs(y), abs(z))
        if largest == 0.0:
            w = largest = one
        w, x, y, z = w / largest, x / largest, y / largest, z / largest
        inverse = one / np.float32(math.sqrt(w * w + x * x + y * y + z * z))
        w, x, y, z = w * inverse, x * inverse, y * inverse, z * inverse
        xx, yy, zz, xy, xz, yz = x * x, y * y, z * z, x * y, x * z, y * z
        wx, wy, wz = w * x, w * y, w * z
        s0 = np.float32(math.exp(log_scales[i, 0])) * size
        s1 = np.float32(math.exp(log_scales[i, 1])) * size
        s2 = np.float32(math.exp(log_scales[i, 2])) * size
        a0, a1, a2 = (one - two * (yy + zz)) * s0, two * (xy - wz) * s1, two * (xz + wy) * s2
        b0, b1, b2 = two * (xy + wz) * s0, (one - two * (xx + zz)) * s1, two * (yz - wx) * s2
        c0, c1, c2 = two * (xz - wy) * s0, two * (yz + wx) * s1, (one - two * (xx + yy)) * s2
        for row in range(3):
            f, g, h = frames[face, row, 0], frames[face, row, 1], frames[face, row, 2]
            root[row, 0] = f * a0 + g * b0 + h * c0
            root[row, 1] = f * a1 + g * b1 + h * c1
            root[row, 2] = f * a2 + g * b2 + h * c2
            placed[i, row] = size * (f * offsets[i, 0] + g * offsets[i, 1] + h * offsets[i, 2])
        entry = 0
        for row in range(3):
            for column in range(row, 3):
                covariances[i, entry] = (
                    root[row, 0] * root[column, 0] + root[row, 1] * root[column, 1] + root[row, 2] * root[column, 2]
                )
                entry += 1
