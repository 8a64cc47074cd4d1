"""Putting layers together, pixel by pixel; their colours are multiplied by their coverage."""

from __future__ import annotations

import numpy as np

from ..kernels import device_function, kernel


@device_function
def _is_behind(front_alpha, front_depth, back_alpha, back_depth, margin):
    """Whether the layer called front is in truth behind the other by more than the margin."""
    return front_alpha > 0.0 and back_alpha > 0.0 and back_depth < front_depth - margin


@kernel
def put_over(
    first_row,
    last_row,
    front_rgb,
    front_alpha,
    front_depth,
    back_rgb,
    back_alpha,
    back_depth,
    margin,
    rgb,
    alpha,
    depth,
):
    """The front layer over the back one, but the other way where the back one is nearer by more than `margin`.

    The depth is that of the first layer which covers half of the pixel, or of the one that covers any of it.
    """
    for row in range(first_row, last_row):
        for column in range(front_alpha.shape[1]):
            a, b = front_alpha[row, column], back_alpha[row, column]
            near, far = front_depth[row, column], back_depth[row, column]
            share_front, share_back = np.float32(1.0), np.float32(1.0) - a
            if _is_behind(a, near, b, far, margin):
                share_front, share_back = np.float32(1.0) - b, np.float32(1.0)
                a, b, near, far = b, a, far, near
            for channel in range(3):
                rgb[row, column, channel] = (
                    share_front * front_rgb[row, column, channel] + share_back * back_rgb[row, column, channel]
                )
            alpha[row, column] = a + (np.float32(1.0) - a) * b
            depth[row, column] = near if a >= 0.5 or (b == 0.0 and a > 0.0) else far


@kernel
def put_on(first_row, last_row, rgb, alpha, backdrop, out):
    """Bytes of the layer over an opaque backdrop, rounding half up."""
    for row in range(first_row, last_row):
        for column in range(alpha.shape[1]):
            through = np.float32(1.0) - alpha[row, column]
            for channel in range(3):
                value = rgb[row, column, channel] + through * backdrop[row, column, channel]
                out[row, column, channel] = np.uint8(
                    min(max(value, np.float32(0.0)), np.float32(1.0)) * np.float32(255.0) + np.float32(0.5)
                )
            out[row, column, 3] = 255
