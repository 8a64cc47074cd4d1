"""Drawing that can be gone back over: steps 5 and 6 of the model in `renderer`, and their derivatives.

The way there keeps, per pixel, what light is left and the last splat that took some. The way back visits the same
splats in the opposite order. With v the product of a splat's colour and depth with the picture's gradients, and B that
of all behind it, seen through nothing (at first the gradient of the light that is left),

    T before = T after / (1 - α),   ∂L/∂α = T (v - B),   B in front = B + α (v - B),

so two numbers a pixel are carried along. Each pair of splat and tile gets its sums at a place of its own, and
`gather_splats` adds them up in the order of the tiles: no atomics, the same bits for any number of threads.
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
    LOG_OPACITY,
    RED,
    ROW,
    SLOPE,
    TILE,
)
from .raster_kernels import (
    BATCH,
    HALF,
    HIGHEST_ALPHA,
    LOWEST_EXPONENT,
    LOWEST_TRANSMITTANCE,
    ONE,
    SUM_BLUE,
    SUM_DEPTH,
    SUM_GREEN,
    SUM_RED,
    TRANSMITTANCE,
    ZERO,
    any_open,
    power_of_two,
    rows_reached,
)
from .tile_sorting_kernels import sort_tile, sorting_room

# What a pair of splat and tile gets, float32: sums over the pixels of q = α ∂L/∂α (0 where α is at its maximum) times
# the powers named, where dy is the offset from the splat's centre and d that within the row; then the gradients of
# colour and depth.
Q, Q_D, Q_DD, Q_DY, Q_DY_DY, Q_D_DY, TO_RED, TO_GREEN, TO_BLUE, TO_DEPTH = range(10)
NUM_SUMS = 10

# Planes of a tile on the way back: light left, what is behind, and the picture's gradients.
LIGHT, BEHIND, BY_RED, BY_GREEN, BY_BLUE, BY_DEPTH = range(6)
NONE = -1


@device_function
def _row(offset_y, row, splat):
    """Offset of a row from the splat's centre, and what the exponent is there at most."""
    dy = offset_y + np.float32(row)
    return dy, splat[LOG_OPACITY] + splat[ROW] * dy * dy


@device_function
def _record_row(sums, lasts, row, position, offset, row_exponent, along, red, green, blue, depth):
    """As `_blend_row`, and `lasts` gets the position of a splat that takes light."""
    for column in range(TILE):
        distance = offset + np.float32(column)
        exponent = row_exponent + along * distance * distance
        alpha = power_of_two(exponent)
        alpha = alpha if alpha < HIGHEST_ALPHA else HIGHEST_ALPHA
        transmittance = sums[TRANSMITTANCE, row, column]
        taken = (exponent >= LOWEST_EXPONENT) & (transmittance >= LOWEST_TRANSMITTANCE)
        weight = transmittance * (alpha if taken else ZERO)
        lasts[row, column] = position if taken else lasts[row, column]
        sums[TRANSMITTANCE, row, column] = transmittance - weight
        sums[SUM_RED, row, column] += weight * red
        sums[SUM_GREEN, row, column] += weight * green
        sums[SUM_BLUE, row, column] += weight * blue
        sums[SUM_DEPTH, row, column] += weight * depth


@kernel
def draw_recorded(
    first_tile, last_tile, region, tile_starts, entries, splats, colors, transmittances, depth_sums, lasts
):
    """Sort and draw tiles of the region; `lasts` gets each pixel's last splat, counted from its tile's first."""
    left, right, top, _ = region
    columns = right - left + 1
    height, width = transmittances.shape
    sums = np.empty((5, TILE, TILE), np.float32)
    tile_lasts = np.empty((TILE, TILE), np.int32)
    room = sorting_room(first_tile, last_tile, tile_starts, splats)
    for tile in range(first_tile, last_tile):
        x, y = (left + tile % columns) * TILE, (top + tile // columns) * TILE
        sums[:] = ZERO
        sums[TRANSMITTANCE] = ONE
        tile_lasts[:] = NONE
        first, last = tile_starts[tile], tile_starts[tile + 1]
        sort_tile(entries, first, last, room)
        for start in range(first, last, BATCH):
            if start > first and not any_open(sums):
                break
            for entry in range(start, min(start + BATCH, last)):
                splat, position = splats[entries[entry]], np.int32(entry - first)
                offset_x = np.float32(x) + HALF - splat[CENTER_X]
                offset_y = np.float32(y) + HALF - splat[CENTER_Y]
                slope, along = splat[SLOPE], splat[ALONG]
                red, green, blue, depth = splat[RED], splat[GREEN], splat[BLUE], splat[DEPTH]
                first_row, end_row = rows_reached(splat, offset_y)
                for row in range(first_row, end_row):
                    dy, row_exponent = _row(offset_y, row, splat)
                    offset = offset_x - slope * dy
                    _record_row(sums, tile_lasts, row, position, offset, row_exponent, along, red, green, blue, depth)
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                transmittances[y + row, x + column] = sums[TRANSMITTANCE, row, column]
                colors[y + row, x + column, 0] = sums[SUM_RED, row, column]
                colors[y + row, x + column, 1] = sums[SUM_GREEN, row, column]
                colors[y + row, x + column, 2] = sums[SUM_BLUE, row, column]
                depth_sums[y + row, x + column] = sums[SUM_DEPTH, row, column]
                lasts[y + row, x + column] = tile_lasts[row, column]


@device_function
def _go_back_row(planes, lasts, row, position, offset, row_exponent, along, red, green, blue, depth):
    """Take one splat off one row; returns sums of q, q d, q d² and of weights times the picture's gradients."""
    sum_q = sum_d = sum_dd = to_red = to_green = to_blue = to_depth = ZERO
    for column in range(TILE):
        distance = offset + np.float32(column)
        exponent = row_exponent + along * distance * distance
        free = power_of_two(exponent)
        taken = (exponent >= LOWEST_EXPONENT) & (position <= lasts[row, column])
        free = free if taken else ZERO
        alpha = free if free < HIGHEST_ALPHA else HIGHEST_ALPHA
        by_red, by_green = planes[BY_RED, row, column], planes[BY_GREEN, row, column]
        by_blue, by_depth = planes[BY_BLUE, row, column], planes[BY_DEPTH, row, column]
        behind = planes[BEHIND, row, column]
        light = planes[LIGHT, row, column] / (ONE - alpha)
        more = red * by_red + green * by_green + blue * by_blue + depth * by_depth - behind
        planes[LIGHT, row, column] = light
        planes[BEHIND, row, column] = behind + alpha * more
        weight = light * alpha
        q = (weight if free < HIGHEST_ALPHA else ZERO) * more
        sum_q += q
        sum_d += q * distance
        sum_dd += q * distance * distance
        to_red += weight * by_red
        to_green += weight * by_green
        to_blue += weight * by_blue
        to_depth += weight * by_depth
    return sum_q, sum_d, sum_dd, to_red, to_green, to_blue, to_depth


@device_function
def _go_back_splat(planes, lasts, position, left, top, splat, pair):
    """Take one splat off the tile whose first pixel is (left, top); `pair` gets its sums."""
    offset_x = np.float32(left) + HALF - splat[CENTER_X]
    offset_y = np.float32(top) + HALF - splat[CENTER_Y]
    slope, along = splat[SLOPE], splat[ALONG]
    red, green, blue, depth = splat[RED], splat[GREEN], splat[BLUE], splat[DEPTH]
    q = q_d = q_dd = q_dy = q_dy_dy = q_d_dy = to_red = to_green = to_blue = to_depth = ZERO
    first_row, end_row = rows_reached(splat, offset_y)
    for row in range(first_row, end_row):
        dy, row_exponent = _row(offset_y, row, splat)
        row_q, row_d, row_dd, row_red, row_green, row_blue, row_depth = _go_back_row(
            planes, lasts, row, position, offset_x - slope * dy, row_exponent, along, red, green, blue, depth
        )
        q += row_q
        q_d += row_d
        q_dd += row_dd
        q_dy += row_q * dy
        q_dy_dy += row_q * dy * dy
        q_d_dy += row_d * dy
        to_red += row_red
        to_green += row_green
        to_blue += row_blue
        to_depth += row_depth
    pair[Q], pair[Q_D], pair[Q_DD], pair[Q_DY], pair[Q_DY_DY], pair[Q_D_DY] = q, q_d, q_dd, q_dy, q_dy_dy, q_d_dy
    pair[TO_RED], pair[TO_GREEN], pair[TO_BLUE], pair[TO_DEPTH] = to_red, to_green, to_blue, to_depth


@kernel
def go_back(
    first_tile,
    last_tile,
    region,
    tile_starts,
    entries,
    splats,
    transmittances,
    lasts,
    by_colors,
    by_transmittances,
    by_depth_sums,
    tile_ends,
    pairs,
):
    """Go back over tiles that `draw_recorded` drew, from the gradients `by_...` of what it wrote.

    `tile_ends` gets the end of the entries that took any light; `pairs` (entries, NUM_SUMS) is written up to there.
    """
    left, right, top, _ = region
    columns = right - left + 1
    height, width = transmittances.shape
    planes = np.empty((6, TILE, TILE), np.float32)
    tile_lasts = np.empty((TILE, TILE), np.int32)
    for tile in range(first_tile, last_tile):
        x, y = (left + tile % columns) * TILE, (top + tile // columns) * TILE
        first, count = tile_starts[tile], 0
        planes[:] = ZERO
        planes[LIGHT] = ONE
        tile_lasts[:] = NONE
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                place_y, place_x = y + row, x + column
                tile_lasts[row, column] = lasts[place_y, place_x]
                count = max(count, lasts[place_y, place_x] + 1)
                planes[LIGHT, row, column] = transmittances[place_y, place_x]
                planes[BEHIND, row, column] = by_transmittances[place_y, place_x]
                planes[BY_RED, row, column] = by_colors[place_y, place_x, 0]
                planes[BY_GREEN, row, column] = by_colors[place_y, place_x, 1]
                planes[BY_BLUE, row, column] = by_colors[place_y, place_x, 2]
                planes[BY_DEPTH, row, column] = by_depth_sums[place_y, place_x]
        tile_ends[tile] = first + count
        for entry in range(first + count - 1, first - 1, -1):
            splat, position = splats[entries[entry]], np.int32(entry - first)
            _go_back_splat(planes, tile_lasts, position, x, y, splat, pairs[entry])


@kernel
def gather_splats(first_slot, last_slot, tile_starts, tile_ends, entries, pairs, by_splats):
    """Add up the pairs of the splats in a range of slots, tile after tile."""
    for tile in range(tile_ends.shape[0]):
        for entry in range(tile_starts[tile], tile_ends[tile]):
            slot = entries[entry]
            if first_slot <= slot < last_slot:
                for number in range(NUM_SUMS):
                    by_splats[slot, number] += pairs[entry, number]
