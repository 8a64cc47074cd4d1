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
def direction(x, y, z, rotations, index, has_rotations):
    """The unit vector along (x, y, z), seen from the frame of the spherical harmonics (turned by the conjugate)."""
    x, y, z = np.float32(x), np.float32(y), np.float32(z)
    inverse = ONE / np.float32(math.sqrt(x * x + y * y + z * z))
    x, y, z = x * inverse, y * inverse, z * inverse
    if has_rotations:
        w, a, b, c = rotations[index, 0], rotations[index, 1], rotations[index, 2], rotations[index, 3]
        norm = w * w + a * a + b * b + c * c
        double = TWO / norm if norm > ZERO else ZERO
        tx, ty, tz = double * (b * z - c * y), double * (c * x - a * z), double * (a * y - b * x)
        x, y, z = x - w * tx + (b * tz - c * ty), y - w * ty + (c * tx - a * tz), z - w * tz + (a * ty - b * tx)
    return x, y, z


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
def _image_covariance(covariances, index, u, v, inverse_z, view):
    """Step 3: xx, xy, yy; NaN where the covariance is not finite."""
    covariance = covariances[index]
    c00, c01, c02 = np.float64(covariance[0]), np.float64(covariance[1]), np.float64(covariance[2])
    c11, c12, c22 = np.float64(covariance[3]), np.float64(covariance[4]), np.float64(covariance[5])
    u, v = min(max(u, view.min_u), view.max_u), min(max(v, view.min_v), view.max_v)
    # Rows of splat_scale · J W.
    scale = view.splat_scale * view.focal_x * inverse_z
    a0, a1, a2 = scale * (view.w00 - u * view.w20), scale * (view.w01 - u * view.w21), scale * (view.w02 - u * view.w22)
    scale = view.splat_scale * view.focal_y * inverse_z
    b0, b1, b2 = scale * (view.w10 - v * view.w20), scale * (view.w11 - v * view.w21), scale * (view.w12 - v * view.w22)
    ca0 = c00 * a0 + c01 * a1 + c02 * a2
    ca1 = c01 * a0 + c11 * a1 + c12 * a2
    ca2 = c02 * a0 + c12 * a1 + c22 * a2
    xx = a0 * ca0 + a1 * ca1 + a2 * ca2
    xy = b0 * ca0 + b1 * ca1 + b2 * ca2
    yy = c00 * b0 * b0 + c11 * b1 * b1 + c22 * b2 * b2 + 2.0 * (c01 * b0 * b1 + c02 * b0 * b2 + c12 * b1 * b2)
    return xx + DILATION, xy, yy + DILATION


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
    values = np.zeros(16, np.float32)
    num_gaussians = means.shape[0]
    for part in range(first_part, last_part):
        first, last = num_gaussians * part // num_parts, num_gaussians * (part + 1) // num_parts
        slot, tiles = first, 0
        last_opacity, log_opacity = 1.0, 0.0
        for index in range(first, last):
            slots[index] = -1
            mean = means[index]
            mx, my, mz = np.float64(mean[0]), np.float64(mean[1]), np.float64(mean[2])
            z = view.w20 * mx + view.w21 * my + view.w22 * mz + view.t2
            opacity = np.float64(opacities[index])
            # Comparisons are written so that NaN fails them.
            if not (view.near < z <= MAX_FLOAT32 and MIN_ALPHA <= opacity <= MAX_FLOAT32):
                continue
            inverse_z = 1.0 / z
            u = (view.w00 * mx + view.w01 * my + view.w02 * mz + view.t0) * inverse_z
            v = (view.w10 * mx + view.w11 * my + view.w12 * mz + view.t1) * inverse_z
            center_x, center_y = view.focal_x * u + view.center_x, view.focal_y * v + view.center_y
            if not (abs(center_x) <= MAX_PIXELS and abs(center_y) <= MAX_PIXELS):
                continue

            xx, xy, yy = _image_covariance(covariances, index, u, v, inverse_z, view)
            if not (0.0 < xx <= MAX_VARIANCE and 0.0 < yy <= MAX_VARIANCE):
                continue
            slope = xy / yy
            variance_in_row = xx - slope * xy
            if not variance_in_row > 0.0:
                continue

            opacity = min(opacity, 1.0)
            if view.antialiased:
                undilated = (xx - DILATION) * (yy - DILATION) - xy * xy
                opacity *= math.sqrt(max(undilated, 0.0) / (variance_in_row * yy))
                if not opacity >= MIN_ALPHA:
                    continue

            # The ellipse on which the opacity has fallen to MIN_ALPHA ends at these distances from the centre.
            if opacity != last_opacity:  # many have that of their neighbours, and the logarithm is dear
                last_opacity, log_opacity = opacity, math.log2(opacity)
            reach = (log_opacity - LOG_MIN_ALPHA) * (2.0 / LOG2_E)
            reach_x, reach_y = math.sqrt(reach * xx), math.sqrt(reach * yy)
            # Pixels whose centres lie on it or inside.
            left = int(max(center_x - reach_x, 0.0) + 0.5)
            right = int(min(max(center_x + reach_x, 0.0), view.width) + 0.5) - 1
            top = int(max(center_y - reach_y, 0.0) + 0.5)
            bottom = int(min(max(center_y + reach_y, 0.0), view.height) + 0.5) - 1
            if left > right or top > bottom:
                continue

            x = y = d = ZERO
            if num_coefficients > 1:
                # In units of the depth, which single precision always holds.
                x, y, d = (mx - view.eye_x) * inverse_z, (my - view.eye_y) * inverse_z, (mz - view.eye_z) * inverse_z
                x, y, d = direction(x, y, d, rotations, index, has_rotations)
            red, green, blue = _color(values, sh, index, x, y, d, num_coefficients)
            if not (math.isfinite(red) and math.isfinite(green) and math.isfinite(blue)):
                continue

            splat, box = splats[slot], boxes[slot]
            splat[CENTER_X], splat[CENTER_Y], splat[SLOPE], splat[REACH_Y] = center_x, center_y, slope, reach_y
            splat[ALONG], splat[ROW] = -0.5 * LOG2_E / variance_in_row, -0.5 * LOG2_E / yy
            splat[LOG_OPACITY], splat[DEPTH] = log_opacity, z
            splat[RED], splat[GREEN], splat[BLUE] = max(red, ZERO), max(green, ZERO), max(blue, ZERO)
            box[0], box[1], box[2], box[3] = left // TILE, right // TILE, top // TILE, bottom // TILE
            tiles += (box[1] - box[0] + 1) * (box[3] - box[2] + 1)
            slots[index] = slot
            slot += 1
        part_counts[part] = slot - first
        part_tiles[part] = tiles
