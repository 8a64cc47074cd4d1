"""From the gradients of splats to those of Gaussians and of the camera: steps 1 to 5 of the model, backwards.

What `projection_kernels.project` computed is computed again in float64. Q stands for the sums of `backward_kernels`.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernels import device_function, kernel
from .backward_kernels import Q_D, Q_D_DY, Q_DD, Q_DY, Q_DY_DY, TO_BLUE, TO_DEPTH, TO_GREEN, TO_RED, Q
from .projection_kernels import (
    BLUE,
    C0,
    C1,
    C2_AXIAL,
    C2_PAIR,
    C2_SECTOR,
    C3_AXIAL,
    C3_PLANAR,
    C3_SECTOR,
    C3_TESSERAL,
    C3_TRIPLE,
    GREEN,
    ONE,
    RED,
    direction,
    fill_basis,
)
from .renderer import DILATION

# Gradients of the camera: rows of W, then t.
NUM_CAMERA = 12


@device_function
def _by_direction(by_values, x, y, z, num_coefficients):
    """The gradient of the direction (float64) from those of the basis functions, `fill_basis` differentiated."""
    v = by_values
    to_x, to_y, to_z = -C1 * v[3], -C1 * v[1], C1 * v[2]
    if num_coefficients > 4:
        to_x += C2_PAIR * (y * v[4] - z * v[7]) + 2.0 * x * (C2_SECTOR * v[8] - C2_AXIAL * v[6])
        to_y += C2_PAIR * (x * v[4] - z * v[5]) - 2.0 * y * (C2_SECTOR * v[8] + C2_AXIAL * v[6])
        to_z += C2_PAIR * (-y * v[5] - x * v[7]) + 4.0 * C2_AXIAL * z * v[6]
        if num_coefficients > 9:
            xx, yy, zz = x * x, y * y, z * z
            to_x += (
                -6.0 * C3_SECTOR * x * y * v[9]
                + C3_TRIPLE * y * z * v[10]
                + 2.0 * C3_TESSERAL * x * y * v[11]
                - 6.0 * C3_AXIAL * x * z * v[12]
                - C3_TESSERAL * (4.0 * zz - 3.0 * xx - yy) * v[13]
                + 2.0 * C3_PLANAR * x * z * v[14]
                - 3.0 * C3_SECTOR * (xx - yy) * v[15]
            )
            to_y += (
                -3.0 * C3_SECTOR * (xx - yy) * v[9]
                + C3_TRIPLE * x * z * v[10]
                - C3_TESSERAL * (4.0 * zz - xx - 3.0 * yy) * v[11]
                - 6.0 * C3_AXIAL * y * z * v[12]
                + 2.0 * C3_TESSERAL * x * y * v[13]
                - 2.0 * C3_PLANAR * y * z * v[14]
                + 6.0 * C3_SECTOR * x * y * v[15]
            )
            to_z += (
                C3_TRIPLE * x * y * v[10]
                - 8.0 * C3_TESSERAL * y * z * v[11]
                + C3_AXIAL * (6.0 * zz - 3.0 * xx - 3.0 * yy) * v[12]
                - 8.0 * C3_TESSERAL * x * z * v[13]
                + C3_PLANAR * (xx - yy) * v[14]
            )
    return to_x, to_y, to_z


@device_function
def _turn_back(rotations, index, x, y, z, to_x, to_y, to_z, by_rotations):
    """The gradient of the unit vector (x, y, z) in the world, from that of `direction`'s; fills that of the rotation.

    With q = (w, a): direction = ((w² - a·a) d + 2 (a·d) a - 2 w a × d) / |q|².
    """
    w, a = np.float64(rotations[index, 0]), np.float64(rotations[index, 1])
    b, c = np.float64(rotations[index, 2]), np.float64(rotations[index, 3])
    norm = w * w + a * a + b * b + c * c
    if not norm > 0.0:
        return to_x, to_y, to_z
    inverse = 1.0 / norm
    cross_x, cross_y, cross_z = b * z - c * y, c * x - a * z, a * y - b * x
    along, to_along = a * x + b * y + c * z, a * to_x + b * to_y + c * to_z
    product = to_x * x + to_y * y + to_z * z
    turned = to_x * cross_x + to_y * cross_y + to_z * cross_z
    value = ((w * w - a * a - b * b - c * c) * product + 2.0 * along * to_along - 2.0 * w * turned) * inverse
    # d × gradient
    other_x, other_y, other_z = y * to_z - z * to_y, z * to_x - x * to_z, x * to_y - y * to_x
    twice = 2.0 * inverse
    by_rotations[index, 0] = twice * (w * product - turned - value * w)
    by_rotations[index, 1] = twice * (along * to_x + to_along * x - a * product - w * other_x - value * a)
    by_rotations[index, 2] = twice * (along * to_y + to_along * y - b * product - w * other_y - value * b)
    by_rotations[index, 3] = twice * (along * to_z + to_along * z - c * product - w * other_z - value * c)
    # the rotation itself, as the transposed of what turned the direction
    tx, ty, tz = twice * (b * to_z - c * to_y), twice * (c * to_x - a * to_z), twice * (a * to_y - b * to_x)
    return (
        to_x + w * tx + (b * tz - c * ty),
        to_y + w * ty + (c * tx - a * tz),
        to_z + w * tz + (a * ty - b * tx),
    )


@device_function
def _by_color(values, by_values, sh, index, num_coefficients, red, green, blue, by_sh):
    """Fill the gradients of the coefficients in use and of the basis functions."""
    for coefficient in range(num_coefficients):
        value = values[coefficient]
        by_sh[index, coefficient, 0] = value * red
        by_sh[index, coefficient, 1] = value * green
        by_sh[index, coefficient, 2] = value * blue
        by_values[coefficient] = (
            sh[index, coefficient, 0] * red + sh[index, coefficient, 1] * green + sh[index, coefficient, 2] * blue
        )


@kernel
def project_back(
    first_chunk,
    last_chunk,
    num_chunks,
    means,
    covariances,
    opacities,
    sh,
    num_coefficients,
    rotations,
    has_rotations,
    view,
    slots,
    splats,
    by_splats,
    by_means,
    by_covariances,
    by_opacities,
    by_sh,
    by_rotations,
    by_camera,
):
    """Write the gradients of the Gaussians of each chunk; `by_camera` (chunks, NUM_CAMERA) gets the chunks' sums.

    The `by_...` of Gaussians come in as zeros: those that are not drawn have no gradient.
    """
    values, by_values = np.zeros(16, np.float32), np.zeros(16, np.float64)
    values[0] = C0
    zero = np.float32(0.0)
    num_gaussians = means.shape[0]
    for chunk in range(first_chunk, last_chunk):
        w00 = w01 = w02 = w10 = w11 = w12 = w20 = w21 = w22 = t0 = t1 = t2 = 0.0
        for index in range(num_gaussians * chunk // num_chunks, num_gaussians * (chunk + 1) // num_chunks):
            slot = slots[index]
            if slot < 0:
                continue
            splat, given = splats[slot], by_splats[slot]
            mx, my, mz = np.float64(means[index, 0]), np.float64(means[index, 1]), np.float64(means[index, 2])
            z = view.w20 * mx + view.w21 * my + view.w22 * mz + view.t2
            inverse_z = 1.0 / z
            u_free = (view.w00 * mx + view.w01 * my + view.w02 * mz + view.t0) * inverse_z
            v_free = (view.w10 * mx + view.w11 * my + view.w12 * mz + view.t1) * inverse_z
            u, v = min(max(u_free, view.min_u), view.max_u), min(max(v_free, view.min_v), view.max_v)

            # Rows of splat_scale · J W, and S, as in `image_covariance`.
            c00, c01 = np.float64(covariances[index, 0]), np.float64(covariances[index, 1])
            c02, c11 = np.float64(covariances[index, 2]), np.float64(covariances[index, 3])
            c12, c22 = np.float64(covariances[index, 4]), np.float64(covariances[index, 5])
            scale_a = view.splat_scale * view.focal_x * inverse_z
            scale_b = view.splat_scale * view.focal_y * inverse_z
            a0 = scale_a * (view.w00 - u * view.w20)
            a1 = scale_a * (view.w01 - u * view.w21)
            a2 = scale_a * (view.w02 - u * view.w22)
            b0 = scale_b * (view.w10 - v * view.w20)
            b1 = scale_b * (view.w11 - v * view.w21)
            b2 = scale_b * (view.w12 - v * view.w22)
            ca0, cb0 = c00 * a0 + c01 * a1 + c02 * a2, c00 * b0 + c01 * b1 + c02 * b2
            ca1, cb1 = c01 * a0 + c11 * a1 + c12 * a2, c01 * b0 + c11 * b1 + c12 * b2
            ca2, cb2 = c02 * a0 + c12 * a1 + c22 * a2, c02 * b0 + c12 * b1 + c22 * b2
            xx0, yy0 = a0 * ca0 + a1 * ca1 + a2 * ca2, b0 * cb0 + b1 * cb1 + b2 * cb2
            xy = b0 * ca0 + b1 * ca1 + b2 * ca2
            xx, yy = xx0 + DILATION, yy0 + DILATION
            slope = xy / yy
            variance_in_row = xx - slope * xy

            # E = ln o - d² / (2 variance_in_row) - dy² / (2 yy), d = dx - slope · dy.
            opacity = np.float64(opacities[index])
            q, q_d = np.float64(given[Q]), np.float64(given[Q_D])
            by_opacities[index] = q / opacity if opacity <= 1.0 else 0.0
            by_center_x = q_d / variance_in_row
            by_center_y = given[Q_DY] / yy - slope * by_center_x
            by_slope = given[Q_D_DY] / variance_in_row
            by_variance = 0.5 * given[Q_DD] / (variance_in_row * variance_in_row)
            by_xx = by_variance
            by_xy = by_slope / yy - 2.0 * slope * by_variance
            by_yy = 0.5 * given[Q_DY_DY] / (yy * yy) + slope * slope * by_variance - slope * by_slope / yy
            if view.antialiased:
                # ln o has ½ ln(det(S - DILATION · I)) - ½ ln(det S) added
                by_undilated = 0.5 * q / (xx0 * yy0 - xy * xy)
                by_dilated = -0.5 * q / (variance_in_row * yy)
                by_xx += by_undilated * yy0 + by_dilated * yy
                by_yy += by_undilated * xx0 + by_dilated * xx
                by_xy -= 2.0 * xy * (by_undilated + by_dilated)

            by_covariances[index, 0] = by_xx * a0 * a0 + by_xy * a0 * b0 + by_yy * b0 * b0
            by_covariances[index, 3] = by_xx * a1 * a1 + by_xy * a1 * b1 + by_yy * b1 * b1
            by_covariances[index, 5] = by_xx * a2 * a2 + by_xy * a2 * b2 + by_yy * b2 * b2
            by_covariances[index, 1] = 2.0 * (by_xx * a0 * a1 + by_yy * b0 * b1) + by_xy * (a0 * b1 + a1 * b0)
            by_covariances[index, 2] = 2.0 * (by_xx * a0 * a2 + by_yy * b0 * b2) + by_xy * (a0 * b2 + a2 * b0)
            by_covariances[index, 4] = 2.0 * (by_xx * a1 * a2 + by_yy * b1 * b2) + by_xy * (a1 * b2 + a2 * b1)

            by_a0, by_b0 = 2.0 * by_xx * ca0 + by_xy * cb0, 2.0 * by_yy * cb0 + by_xy * ca0
            by_a1, by_b1 = 2.0 * by_xx * ca1 + by_xy * cb1, 2.0 * by_yy * cb1 + by_xy * ca1
            by_a2, by_b2 = 2.0 * by_xx * ca2 + by_xy * cb2, 2.0 * by_yy * cb2 + by_xy * ca2
            by_u, by_v = view.focal_x * by_center_x, view.focal_y * by_center_y
            if view.min_u <= u_free <= view.max_u:
                by_u -= scale_a * (view.w20 * by_a0 + view.w21 * by_a1 + view.w22 * by_a2)
            if view.min_v <= v_free <= view.max_v:
                by_v -= scale_b * (view.w20 * by_b0 + view.w21 * by_b1 + view.w22 * by_b2)
            by_z = given[TO_DEPTH] - inverse_z * (
                u_free * by_u
                + v_free * by_v
                + a0 * by_a0 + a1 * by_a1 + a2 * by_a2
                + b0 * by_b0 + b1 * by_b1 + b2 * by_b2
            )  # fmt: skip
            by_x, by_y = by_u * inverse_z, by_v * inverse_z

            # The colour, along the direction from the eye.
            red = given[TO_RED] if splat[RED] > zero else zero
            green = given[TO_GREEN] if splat[GREEN] > zero else zero
            blue = given[TO_BLUE] if splat[BLUE] > zero else zero
            from_eye_x = from_eye_y = from_eye_z = 0.0
            x = y = d = zero
            ex, ey, ez = mx - view.eye_x, my - view.eye_y, mz - view.eye_z
            if num_coefficients > 1:
                w, a, b, c = ONE, zero, zero, zero
                if has_rotations:
                    w, a, b, c = rotations[index, 0], rotations[index, 1], rotations[index, 2], rotations[index, 3]
                x, y, d = np.float32(ex * inverse_z), np.float32(ey * inverse_z), np.float32(ez * inverse_z)
                x, y, d = direction(x, y, d, w, a, b, c)
                fill_basis(values, x, y, d, num_coefficients)
            _by_color(values, by_values, sh, index, num_coefficients, red, green, blue, by_sh)
            if num_coefficients > 1:
                to_x, to_y, to_z = _by_direction(
                    by_values, np.float64(x), np.float64(y), np.float64(d), num_coefficients
                )
                inverse = 1.0 / math.sqrt(ex * ex + ey * ey + ez * ez)
                ex, ey, ez = ex * inverse, ey * inverse, ez * inverse
                if has_rotations:
                    to_x, to_y, to_z = _turn_back(rotations, index, ex, ey, ez, to_x, to_y, to_z, by_rotations)
                along = to_x * ex + to_y * ey + to_z * ez
                from_eye_x = inverse * (to_x - along * ex)
                from_eye_y = inverse * (to_y - along * ey)
                from_eye_z = inverse * (to_z - along * ez)

            by_means[index, 0] = view.w00 * by_x + view.w10 * by_y + view.w20 * by_z + from_eye_x
            by_means[index, 1] = view.w01 * by_x + view.w11 * by_y + view.w21 * by_z + from_eye_y
            by_means[index, 2] = view.w02 * by_x + view.w12 * by_y + view.w22 * by_z + from_eye_z

            # p = W m + t; a = scale (w0 - u w2), b = scale (w1 - v w2); eye = -Wᵀ t.
            w00 += by_x * mx + scale_a * by_a0 + view.t0 * from_eye_x
            w01 += by_x * my + scale_a * by_a1 + view.t0 * from_eye_y
            w02 += by_x * mz + scale_a * by_a2 + view.t0 * from_eye_z
            w10 += by_y * mx + scale_b * by_b0 + view.t1 * from_eye_x
            w11 += by_y * my + scale_b * by_b1 + view.t1 * from_eye_y
            w12 += by_y * mz + scale_b * by_b2 + view.t1 * from_eye_z
            w20 += by_z * mx - scale_a * u * by_a0 - scale_b * v * by_b0 + view.t2 * from_eye_x
            w21 += by_z * my - scale_a * u * by_a1 - scale_b * v * by_b1 + view.t2 * from_eye_y
            w22 += by_z * mz - scale_a * u * by_a2 - scale_b * v * by_b2 + view.t2 * from_eye_z
            t0 += by_x + view.w00 * from_eye_x + view.w01 * from_eye_y + view.w02 * from_eye_z
            t1 += by_y + view.w10 * from_eye_x + view.w11 * from_eye_y + view.w12 * from_eye_z
            t2 += by_z + view.w20 * from_eye_x + view.w21 * from_eye_y + view.w22 * from_eye_z
        sums = by_camera[chunk]
        sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = w00, w01, w02, w10, w11, w12
        sums[6], sums[7], sums[8], sums[9], sums[10], sums[11] = w20, w21, w22, t0, t1, t2
