"""Drawing the tiles: steps 5 to 7 of the model in `renderer`.

Splat by splat, row by row of the tile. A row's pixels are computed all together without a branch, which compilers turn
into vector instructions: the ones that a splat does not reach get weight 0.
"""

from __future__ import annotations

import numpy as np

from ..kernels import device_function, kernel
from .projection_kernels import (
    ALONG,
    BLUE,
    CENTER_X,
    CENTER_Y,
    DEPTH,
    GREEN,
    LOG_MIN_ALPHA,
    LOG_OPACITY,
    REACH_Y,
    RED,
    ROW,
    SLOPE,
    TILE,
)
from .renderer import MAX_ALPHA, MIN_TRANSMITTANCE
from .tile_sorting_kernels import sort_tile, sorting_room

# What is summed up per pixel; planes of a (5, TILE, TILE) array.
TRANSMITTANCE, SUM_RED, SUM_GREEN, SUM_BLUE, SUM_DEPTH = range(5)

BATCH = 64
"""Splats between two looks at the tile for being opaque everywhere."""

ZERO, HALF, ONE, BYTE = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(255.0)
ROWS, LAST = np.float32(TILE), np.float32(TILE - 1)
LOWEST_EXPONENT, HIGHEST_ALPHA = np.float32(LOG_MIN_ALPHA), np.float32(MAX_ALPHA)
LOWEST_TRANSMITTANCE = np.float32(MIN_TRANSMITTANCE)


# 2^y on [-1, 0] by its polynomial of degree 5 (least largest relative error, 8e-8); 2^x = (2^(x/8))^8 on [-8, 0].
EIGHTH = np.float32(0.125)
P0, P1, P2, P3, P4, P5 = (
    np.float32(coefficient)
    for coefficient in (0.999999925, 0.6931422526, 0.2401721894, 0.0552797228, 0.0091886118, 0.0009387883)
)


@device_function
def power_of_two(exponent):
    """2^exponent for exponents in [-8, 0]; what is below is taken for -8."""
    y = exponent * EIGHTH
    y = y if y > -ONE else -ONE
    power = P0 + y * (P1 + y * (P2 + y * (P3 + y * (P4 + y * P5))))
    power = power * power
    power = power * power
    return power * power


@device_function
def _blend_row(sums, row, offset, row_exponent, along, red, green, blue, depth):
    """Blend one splat into one row; `offset` is from the splat's centre in that row to the first pixel's centre."""
    for column in range(TILE):
        distance = offset + np.float32(column)
        exponent = row_exponent + along * distance * distance
        alpha = power_of_two(exponent)
        alpha = alpha if alpha < HIGHEST_ALPHA else HIGHEST_ALPHA
        transmittance = sums[TRANSMITTANCE, row, column]
        taken = (exponent >= LOWEST_EXPONENT) & (transmittance >= LOWEST_TRANSMITTANCE)
        weight = transmittance * (alpha if taken else ZERO)
        sums[TRANSMITTANCE, row, column] = transmittance - weight
        sums[SUM_RED, row, column] += weight * red
        sums[SUM_GREEN, row, column] += weight * green
        sums[SUM_BLUE, row, column] += weight * blue
        sums[SUM_DEPTH, row, column] += weight * depth


@device_function
def rows_reached(splat, offset_y):
    """First row of the tile that a splat reaches, and the one after the last; rounded by hand, which needs no call."""
    first = TILE - int(ROWS - max(-splat[REACH_Y] - offset_y, ZERO))
    return first, int(min(splat[REACH_Y] - offset_y, LAST) + ONE)


@device_function
def _blend_splat(sums, left, top, splat):
    """Blend one splat into the tile whose first pixel is (left, top)."""
    offset_x = np.float32(left) + HALF - splat[CENTER_X]
    offset_y = np.float32(top) + HALF - splat[CENTER_Y]
    slope, along, across, log_opacity = splat[SLOPE], splat[ALONG], splat[ROW], splat[LOG_OPACITY]
    red, green, blue, depth = splat[RED], splat[GREEN], splat[BLUE], splat[DEPTH]
    first_row, end_row = rows_reached(splat, offset_y)
    for row in range(first_row, end_row):
        dy = offset_y + np.float32(row)
        row_exponent = log_opacity + across * dy * dy
        _blend_row(sums, row, offset_x - slope * dy, row_exponent, along, red, green, blue, depth)


@device_function
def any_open(sums):
    """Whether a pixel of the tile still takes contributions; mostly the first row tells."""
    for row in range(TILE):
        count = 0
        for column in range(TILE):
            count += 1 if sums[TRANSMITTANCE, row, column] >= LOWEST_TRANSMITTANCE else 0
        if count > 0:
            return True
    return False


@device_function
def _blend_tile(sums, left, top, entries, first, last, splats):
    """Blend entries first to last - 1, front to back, into the tile whose first pixel is (left, top)."""
    sums[:] = ZERO
    sums[TRANSMITTANCE] = ONE
    for start in range(first, last, BATCH):
        if start > first and not any_open(sums):
            break
        for entry in range(start, min(start + BATCH, last)):
            _blend_splat(sums, left, top, splats[entries[entry]])


@kernel
def draw_images(first_tile, last_tile, region, tile_starts, entries, splats, background, rgb, alpha, depth):
    """Sort and draw tiles of the region into float32 images."""
    left, right, top, _ = region
    columns = right - left + 1
    height, width = alpha.shape
    sums = np.empty((5, TILE, TILE), np.float32)
    room = sorting_room(first_tile, last_tile, tile_starts, splats)
    back_red, back_green, back_blue = background
    for tile in range(first_tile, last_tile):
        x, y = (left + tile % columns) * TILE, (top + tile // columns) * TILE
        first, last = tile_starts[tile], tile_starts[tile + 1]
        sort_tile(entries, first, last, room)
        _blend_tile(sums, x, y, entries, first, last, splats)
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                behind = sums[TRANSMITTANCE, row, column]
                coverage = ONE - behind
                rgb[y + row, x + column, 0] = min(sums[SUM_RED, row, column] + behind * back_red, ONE)
                rgb[y + row, x + column, 1] = min(sums[SUM_GREEN, row, column] + behind * back_green, ONE)
                rgb[y + row, x + column, 2] = min(sums[SUM_BLUE, row, column] + behind * back_blue, ONE)
                alpha[y + row, x + column] = coverage
                depth[y + row, x + column] = sums[SUM_DEPTH, row, column] / coverage if coverage > ZERO else ZERO


@device_function
def _byte(value):
    return np.uint8(np.int32(min(value * BYTE + HALF, BYTE)))


@kernel
def draw_bytes(first_tile, last_tile, region, tile_starts, entries, splats, background, rgba):
    """Sort and draw tiles of the region into bytes, opaque over the background, rounding half up."""
    left, right, top, _ = region
    columns = right - left + 1
    height, width = rgba.shape[0], rgba.shape[1]
    sums = np.empty((5, TILE, TILE), np.float32)
    room = sorting_room(first_tile, last_tile, tile_starts, splats)
    back_red, back_green, back_blue = background
    nothing = np.array([_byte(back_red), _byte(back_green), _byte(back_blue), np.uint8(255)])
    for tile in range(first_tile, last_tile):
        x, y = (left + tile % columns) * TILE, (top + tile // columns) * TILE
        first, last = tile_starts[tile], tile_starts[tile + 1]
        if first == last:
            rgba[y : y + TILE, x : x + TILE] = nothing
            continue
        sort_tile(entries, first, last, room)
        _blend_tile(sums, x, y, entries, first, last, splats)
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                behind = sums[TRANSMITTANCE, row, column]
                rgba[y + row, x + column, 0] = _byte(sums[SUM_RED, row, column] + behind * back_red)
                rgba[y + row, x + column, 1] = _byte(sums[SUM_GREEN, row, column] + behind * back_green)
                rgba[y + row, x + column, 2] = _byte(sums[SUM_BLUE, row, column] + behind * back_blue)
                rgba[y + row, x + column, 3] = 255
