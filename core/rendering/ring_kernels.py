"""Drawing tiles in rings: step 5 of the model in `renderer` for `Footprint.RING`, else as `raster_kernels`."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import device_function, kernel
from .projection_kernels import (
    ALONG,
    BLUE,
    CENTER_X,
    CENTER_Y,
    DEPTH,
    GREEN,
    LOG2_E,
    LOG_MIN_ALPHA,
    LOG_OPACITY,
    REACH_Y,
    RED,
    ROW,
    SLOPE,
    TILE,
)
from .renderer import MAX_ALPHA, MIN_ALPHA, MIN_TRANSMITTANCE, RING_WIDTH
from .tile_sorting_kernels import sort_tile, sorting_room

EDGE = 0.5 * RING_WIDTH + 0.5
"""Pixels from the ellipse to where its line ends."""
ONE_SIGMA = -0.5 * LOG2_E
"""Exponent of two of a Gaussian at one standard deviation."""


@device_function
def _coverage(u, dy, along, across, slope):
    """How much of a pixel the line covers: its distance to the ellipse to first order, from the exponent's gradient."""
    exponent = along * u * u + across * dy * dy
    gradient_x = 2.0 * along * u
    gradient_y = 2.0 * across * dy - slope * gradient_x
    steepness = math.sqrt(gradient_x * gradient_x + gradient_y * gradient_y)
    covered = EDGE - abs(exponent - ONE_SIGMA) / max(steepness, 1e-12)
    return exponent, min(max(covered, 0.0), 1.0)


@device_function
def _blend_ring(sums, left, top, splat):
    """Blend one ring into the tile whose first pixel is (left, top); sums: transmittance, red, green, blue, depth."""
    offset_x = left + 0.5 - splat[CENTER_X]
    offset_y = top + 0.5 - splat[CENTER_Y]
    opacity = min(2.0 ** np.float64(splat[LOG_OPACITY]), MAX_ALPHA)
    slope = np.float64(splat[SLOPE])
    first_row = math.ceil(max(-splat[REACH_Y] - offset_y, 0.0))
    last_row = math.floor(min(splat[REACH_Y] - offset_y, TILE - 1.0))
    for row in range(first_row, last_row + 1):
        dy = offset_y + row
        for column in range(TILE):
            exponent, covered = _coverage(
                offset_x + column - slope * dy, dy, np.float64(splat[ALONG]), np.float64(splat[ROW]), slope
            )
            alpha = opacity * covered
            transmittance = sums[0, row, column]
            if (
                exponent + splat[LOG_OPACITY] >= LOG_MIN_ALPHA
                and alpha >= MIN_ALPHA
                and transmittance >= MIN_TRANSMITTANCE
            ):
                weight = transmittance * alpha
                sums[0, row, column] = transmittance - weight
                sums[1, row, column] += weight * splat[RED]
                sums[2, row, column] += weight * splat[GREEN]
                sums[3, row, column] += weight * splat[BLUE]
                sums[4, row, column] += weight * splat[DEPTH]


@kernel
def draw_ring_images(first_tile, last_tile, region, tile_starts, entries, splats, background, rgb, alpha, depth):
    """Draw tiles of the region into float32 images, as `raster_kernels.draw_images` does."""
    left, right, top, _ = region
    columns = right - left + 1
    height, width = alpha.shape
    sums = np.empty((5, TILE, TILE), np.float64)
    room = sorting_room(first_tile, last_tile, tile_starts, splats)
    for tile in range(first_tile, last_tile):
        x, y = (left + tile % columns) * TILE, (top + tile // columns) * TILE
        sums[:] = 0.0
        sums[0] = 1.0
        sort_tile(entries, tile_starts[tile], tile_starts[tile + 1], room)
        for entry in range(tile_starts[tile], tile_starts[tile + 1]):
            _blend_ring(sums, x, y, splats[entries[entry]])
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                behind = sums[0, row, column]
                coverage = 1.0 - behind
                for channel in range(3):
                    value = sums[1 + channel, row, column] + behind * background[channel]
                    rgb[y + row, x + column, channel] = min(value, 1.0)
                alpha[y + row, x + column] = coverage
                depth[y + row, x + column] = sums[4, row, column] / coverage if coverage > 0.0 else 0.0
