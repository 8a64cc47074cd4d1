"""From Gaussians in the world to splats on the picture: steps 1 to 4 of the model in `renderer`.

A splat is written so that a row of pixels costs little: with x given y normally distributed,

    xᵀ S⁻¹ x = (dx - slope · dy)² / (Sxx - slope · Sxy) + dy² / Syy,   slope = Sxy / Syy,

each row needs one centre and one summand, and no digits cancel for long, thin splats. Exponents are kept to base 2
with the opacity inside, so that alpha = 2^(LOG_OPACITY + ROW · dy² + ALONG · (dx - SLOPE · dy)²).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..geometry.spherical_harmonics import (
    SH_C0,
    SH_C1,
    SH_C2_AXIAL,
    SH_C2_PAIR,
    SH_C2_SECTOR,
    SH_C3_AXIAL,
    SH_C3_PLANAR,
    SH_C3_SECTOR,
    SH_C3_TESSERAL,
    SH_C3_TRIPLE,
)
from ..kernels import device_function, kernel
from .renderer import DILATION, MAX_PIXELS, MIN_ALPHA

# Columns of a splat, float32; padded to one cache line.
CENTER_X, CENTER_Y, SLOPE, ALONG, ROW, LOG_OPACITY, REACH_Y, RED, GREEN, BLUE, DEPTH = range(11)
SPLAT_SIZE = 16

TILE = 16
"""Pixels along a side of the square that is drawn at once: its sums stay in the first-level cache."""

BLOCK = 32
"""Gaussians whose arithmetic is done together, in columns, so that compilers make vector instructions of it."""

# Rows of a block's columns, float64, between the arithmetic and the decisions.
Z, AT_X, AT_Y, XX, XY, YY, TILT, IN_ROW, BY_IN_ROW, BY_YY, DEVIATION_X, DEVIATION_Y, FROM_EYE = range(13)
NUM_PLACED = FROM_EYE + 3

LOG2_E = 1.0 / math.log(2.0)
LOG_MIN_ALPHA = math.log2(MIN_ALPHA)
MAX_VARIANCE = MAX_PIXELS**2
MAX_FLOAT32 = float(np.finfo(np.float32).max)

ZERO, ONE, TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)
C0, C1, C2_PAIR, C2_AXIAL, C2_SECTOR, C3_SECTOR, C3_TRIPLE, C3_TESSERAL, C3_AXIAL, C3_PLANAR, HALF = (
    np.float32(constant)
    for constant in (
        SH_C0, SH_C1, SH_C2_PAIR, SH_C2_AXIAL, SH_C2_SECTOR,
        SH_C3_SECTOR, SH_C3_TRIPLE, SH_C3_TESSERAL, SH_C3_AXIAL, SH_C3_PLANAR, 0.5,
    )
)  # fmt: skip


class View(NamedTuple):
    """Camera and settings as the kernel needs them; plain numbers only."""

    w00: float
    w01: float
    w02: float
    w10: float
    w11: float
    w12: float
    w20: float
    w21: float
    w22: float
    t0: float
    t1: float
    t2: float
    eye_x: float
    eye_y: float
    eye_z: float
    focal_x: float
    focal_y: float
    center_x: float
    center_y: float
    min_u: float
    max_u: float
    min_v: float
    max_v: float
    near: float
    splat_scale: float
    width: float
    height: float
    antialiased: bool


@device_function
def direction(x, y, z, w, a, b, c):
    """The unit vector along (x, y, z), float32, turned by the conjugate of a quaternion of any length."""
    inverse = ONE / np.float32(math.sqrt(x * x + y * y + z * z))
    x, y, z = x * inverse, y * inverse, z * inverse
    norm = w * w + a * a + b * b + c * c
    double = TWO / norm if norm > ZERO else ZERO
    tx, ty, tz = double * (b * z - c * y), double * (c * x - a * z), double * (a * y - b * x)
    return x - w * tx + (b * tz - c * ty), y - w * ty + (c * tx - a * tz), z - w * tz + (a * ty - b * tx)


@device_function
def fill_basis(values, x, y, z, num_coefficients):
    """As `spherical_harmonics.basis`, without the constant function."""
    values[1], values[2], values[3] = -C1 * y, C1 * z, -C1 * x
    if num_coefficients > 4:
        xx, yy, zz = x * x, y * y, z * z
        values[4], values[5], values[7] = C2_PAIR * x * y, -C2_PAIR * y * z, -C2_PAIR * x * z
        values[6], values[8] = C2_AXIAL * (zz + zz - xx - yy), C2_SECTOR * (xx - yy)
        if num_coefficients > 9:
            four = np.float32(4.0) * zz - xx - yy
            values[9] = -C3_SECTOR * y * (np.float32(3.0) * xx - yy)
            values[10] = C3_TRIPLE * x * y * z
            values[11] = -C3_TESSERAL * y * four
            values[12] = C3_AXIAL * z * (zz + zz - np.float32(3.0) * (xx + yy))
            values[13] = -C3_TESSERAL * x * four
            values[14] = C3_PLANAR * z * (xx - yy)
            values[15] = -C3_SECTOR * x * (xx - np.float32(3.0) * yy)


@device_function
def _bring(given, turns, first, count, means, covariances, rotations, has_rotations):
    """Bring means, covariances and rotations of a block into columns."""
    for i in range(count):
        for axis in range(3):
            given[axis, i] = means[first + i, axis]
        for entry in range(6):
            given[3 + entry, i] = covariances[first + i, entry]
        if has_rotations:
            for component in range(4):
                turns[component, i] = rotations[first + i, component]


@device_function
def _place(given, placed, view):
    """Steps 1 to 3 of a block, without a branch; NaN or infinite where a number is."""
    for i in range(BLOCK):
        mx, my, mz = given[0, i], given[1, i], given[2, i]
        c00, c01, c02, c11, c12, c22 = given[3, i], given[4, i], given[5, i], given[6, i], given[7, i], given[8, i]
        z = view.w20 * mx + view.w21 * my + view.w22 * mz + view.t2
        inverse_z = 1.0 / z
        u = (view.w00 * mx + view.w01 * my + view.w02 * mz + view.t0) * inverse_z
        v = (view.w10 * mx + view.w11 * my + view.w12 * mz + view.t1) * inverse_z
        placed[Z, i] = z
        placed[AT_X, i], placed[AT_Y, i] = view.focal_x * u + view.center_x, view.focal_y * v + view.center_y
        # In units of the depth, which single precision always holds.
        placed[FROM_EYE, i] = (mx - view.eye_x) * inverse_z
        placed[FROM_EYE + 1, i] = (my - view.eye_y) * inverse_z
        placed[FROM_EYE + 2, i] = (mz - view.eye_z) * inverse_z

        u, v = min(max(u, view.min_u), view.max_u), min(max(v, view.min_v), view.max_v)
        # Rows of splat_scale · J W.
        scale_x, scale_y = view.splat_scale * view.focal_x * inverse_z, view.splat_scale * view.focal_y * inverse_z
        a0, b0 = scale_x * (view.w00 - u * view.w20), scale_y * (view.w10 - v * view.w20)
        a1, b1 = scale_x * (view.w01 - u * view.w21), scale_y * (view.w11 - v * view.w21)
        a2, b2 = scale_x * (view.w02 - u * view.w22), scale_y * (view.w12 - v * view.w22)
        ca0 = c00 * a0 + c01 * a1 + c02 * a2
        ca1 = c01 * a0 + c11 * a1 + c12 * a2
        ca2 = c02 * a0 + c12 * a1 + c22 * a2
        xx = a0 * ca0 + a1 * ca1 + a2 * ca2 + DILATION
        xy = b0 * ca0 + b1 * ca1 + b2 * ca2
        yy = c00 * b0 * b0 + c11 * b1 * b1 + c22 * b2 * b2 + 2.0 * (c01 * b0 * b1 + c02 * b0 * b2 + c12 * b1 * b2)
        yy += DILATION
        slope = xy / yy
        in_row = xx - slope * xy
        placed[XX, i], placed[XY, i], placed[YY, i], placed[TILT, i], placed[IN_ROW, i] = xx, xy, yy, slope, in_row
        placed[DEVIATION_X, i], placed[DEVIATION_Y, i] = math.sqrt(xx), math.sqrt(yy)
        placed[BY_IN_ROW, i], placed[BY_YY, i] = 1.0 / in_row, 1.0 / yy


@device_function
def _look(placed, turns, directions):
    """The directions in which the harmonics of a block are seen."""
    for i in range(BLOCK):
        directions[0, i], directions[1, i], directions[2, i] = direction(
            np.float32(placed[FROM_EYE, i]),
            np.float32(placed[FROM_EYE + 1, i]),
            np.float32(placed[FROM_EYE + 2, i]),
            turns[0, i],
            turns[1, i],
            turns[2, i],
            turns[3, i],
        )


@device_function
def _color(values, sh, index, x, y, z, num_coefficients):
    """Half and the sum of basis functions times coefficients; NaN or infinite where a coefficient is.

    The first two degrees, which most avatars have, need no room in memory; `values` is that of the others.
    """
    own = sh[index]
    red, green, blue = HALF + C0 * own[0, 0], HALF + C0 * own[0, 1], HALF + C0 * own[0, 2]
    if num_coefficients > 1:
        first, second, third = -C1 * y, C1 * z, -C1 * x
        red += first * own[1, 0] + second * own[2, 0] + third * own[3, 0]
        green += first * own[1, 1] + second * own[2, 1] + third * own[3, 1]
        blue += first * own[1, 2] + second * own[2, 2] + third * own[3, 2]
    if num_coefficients > 4:
        fill_basis(values, x, y, z, num_coefficients)
        for coefficient in range(4, num_coefficients):
            red += values[coefficient] * own[coefficient, 0]
            green += values[coefficient] * own[coefficient, 1]
            blue += values[coefficient] * own[coefficient, 2]
    return red, green, blue


@kernel
def project(
    first_part,
    last_part,
    num_parts,
    means,
    covariances,
    opacities,
    sh,
    num_coefficients,
    rotations,
    has_rotations,
    view,
    splats,
    boxes,
    slots,
    part_counts,
    part_tiles,
):
    """Write the visible splats of each part at the start of its range, in order of index.

    `boxes` gets the first and last tile of each (columns, then rows), `slots` where each Gaussian's splat is (-1 for
    those not drawn); `part_counts` and `part_tiles` how many splats there are and how many tiles their boxes hold.
    """
    values, directions = np.zeros(16, np.float32), np.zeros((3, BLOCK), np.float32)
    given, placed, turns = np.zeros((9, BLOCK)), np.zeros((NUM_PLACED, BLOCK)), np.zeros((4, BLOCK), np.float32)
    turns[0] = ONE
    num_gaussians = means.shape[0]
    for part in range(first_part, last_part):
        first, last = num_gaussians * part // num_parts, num_gaussians * (part + 1) // num_parts
        slot, tiles = first, 0
        last_opacity, log_opacity, reach = 0.0, 0.0, 0.0
        for index in range(first, last):
            i = (index - first) % BLOCK
            if i == 0:
                _bring(given, turns, index, min(BLOCK, last - index), means, covariances, rotations, has_rotations)
                _place(given, placed, view)
                if num_coefficients > 1:
                    _look(placed, turns, directions)
            slots[index] = -1
            z, center_x, center_y = placed[Z, i], placed[AT_X, i], placed[AT_Y, i]
            xx, yy, in_row = placed[XX, i], placed[YY, i], placed[IN_ROW, i]
            opacity = np.float64(opacities[index])
            # Comparisons are written so that NaN fails them.
            if not (view.near < z <= MAX_FLOAT32 and MIN_ALPHA <= opacity <= MAX_FLOAT32):
                continue
            if not (abs(center_x) <= MAX_PIXELS and abs(center_y) <= MAX_PIXELS):
                continue
            if not (0.0 < xx <= MAX_VARIANCE and 0.0 < yy <= MAX_VARIANCE and in_row > 0.0):
                continue

            opacity = min(opacity, 1.0)
            if view.antialiased:
                undilated = (xx - DILATION) * (yy - DILATION) - placed[XY, i] * placed[XY, i]
                opacity *= math.sqrt(max(undilated, 0.0) / (in_row * yy))
                if not opacity >= MIN_ALPHA:
                    continue

            # The ellipse on which the opacity has fallen to MIN_ALPHA ends at so many standard deviations.
            if opacity != last_opacity:  # many have that of their neighbours, and the logarithm is dear
                last_opacity, log_opacity = opacity, math.log2(opacity)
                reach = math.sqrt((log_opacity - LOG_MIN_ALPHA) * (2.0 / LOG2_E))
            reach_x, reach_y = reach * placed[DEVIATION_X, i], reach * placed[DEVIATION_Y, i]
            # Pixels whose centres lie on it or inside.
            left = int(max(center_x - reach_x, 0.0) + 0.5)
            right = int(min(max(center_x + reach_x, 0.0), view.width) + 0.5) - 1
            top = int(max(center_y - reach_y, 0.0) + 0.5)
            bottom = int(min(max(center_y + reach_y, 0.0), view.height) + 0.5) - 1
            if left > right or top > bottom:
                continue

            red, green, blue = _color(
                values, sh, index, directions[0, i], directions[1, i], directions[2, i], num_coefficients
            )
            if not (math.isfinite(red) and math.isfinite(green) and math.isfinite(blue)):
                continue

            splat, box = splats[slot], boxes[slot]
            splat[CENTER_X], splat[CENTER_Y], splat[SLOPE], splat[REACH_Y] = (
                center_x,
                center_y,
                placed[TILT, i],
                reach_y,
            )
            splat[ALONG], splat[ROW] = -0.5 * LOG2_E * placed[BY_IN_ROW, i], -0.5 * LOG2_E * placed[BY_YY, i]
            splat[LOG_OPACITY], splat[DEPTH] = log_opacity, z
            splat[RED], splat[GREEN], splat[BLUE] = max(red, ZERO), max(green, ZERO), max(blue, ZERO)
            box[0], box[1], box[2], box[3] = left // TILE, right // TILE, top // TILE, bottom // TILE
            tiles += (box[1] - box[0] + 1) * (box[3] - box[2] + 1)
            slots[index] = slot
            slot += 1
        part_counts[part] = slot - first
        part_tiles[part] = tiles
