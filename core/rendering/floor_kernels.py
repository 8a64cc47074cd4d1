"""Drawing the ground: each pixel's ray meets the plane in one point, where lines, shadow and disc are evaluated."""

from __future__ import annotations

import math

from ..kernels import device_function, kernel

RADIUS = 2.6
"""Metres; the ground fades out towards it."""
SPACING, MAJOR = 0.25, 4
"""Metres between lines, and which of them are stronger: those of whole metres."""
LINE_HALF_WIDTH, MAJOR_HALF_WIDTH = 0.0022, 0.0038
"""Metres."""
LINE_STRENGTH, MAJOR_STRENGTH = 0.30, 0.62
DISC_STRENGTH, SHADOW_STRENGTH = 0.30, 0.85
DISC_LIGHT, LINE_LIGHT = 0.52, 0.68
NARROWEST_CROSSING = 1e-6


@device_function
def _line(position, spacing, half_width, footprint):
    """How much of a pixel of that width (metres on the ground) is covered by the lines at multiples of `spacing`."""
    distance = abs(position - spacing * math.floor(position / spacing + 0.5))
    half = max(half_width, 0.5 * footprint)
    covered = min(max((half + 0.5 * footprint - distance) / footprint, 0.0), 1.0) * half_width / half
    # Where lines come closer than pixels they become an even tone, which is left out.
    return covered * min(max(2.0 - 4.0 * footprint / spacing, 0.0), 1.0)


@device_function
def _sampled(values, x, z, origin_x, origin_z, cell):
    """Between the middles of the cells; 0 outside."""
    column, row = (x - origin_x) / cell - 0.5, (z - origin_z) / cell - 0.5
    if not (0.0 <= column < values.shape[1] - 1 and 0.0 <= row < values.shape[0] - 1):
        return 0.0
    left, top = int(column), int(row)
    across, down = column - left, row - top
    upper = values[top, left] * (1.0 - across) + values[top, left + 1] * across
    lower = values[top + 1, left] * (1.0 - across) + values[top + 1, left + 1] * across
    return upper * (1.0 - down) + lower * down


@kernel
def draw_floor(
    first_row,
    last_row,
    lens,
    rotation,
    eye,
    height,
    center,
    has_floor,
    has_grid,
    shadow,
    shadow_place,
    rgb,
    coverage,
    depth,
):
    """Colour rows, multiplied by their coverage, and give the depth of the ground, 0 where it is not seen.

    `lens` is fx, fy, cx, cy; `rotation` camera from world; `center` x and z of the disc; `shadow` the darkness of the
    cells of a square, `shadow_place` its least x and z and the side of a cell.
    """
    fx, fy, cx, cy = lens
    center_x, center_z = center
    origin_x, origin_z, cell = shadow_place
    above = height - eye[1]
    for row in range(first_row, last_row):
        for column in range(depth.shape[1]):
            for channel in range(3):
                rgb[row, column, channel] = 0.0
            coverage[row, column] = 0.0
            depth[row, column] = 0.0
            u, v = (column + 0.5 - cx) / fx, (row + 0.5 - cy) / fy
            # The ray of depth 1 in the world, and how it turns from pixel to pixel.
            dx = rotation[0, 0] * u + rotation[1, 0] * v + rotation[2, 0]
            dy = rotation[0, 1] * u + rotation[1, 1] * v + rotation[2, 1]
            dz = rotation[0, 2] * u + rotation[1, 2] * v + rotation[2, 2]
            if dy * above <= 0.0 or abs(dy) < NARROWEST_CROSSING:
                continue
            t = above / dy
            x, z = eye[0] + t * dx, eye[2] + t * dz
            distance = math.hypot(x - center_x, z - center_z)
            if distance >= RADIUS:
                continue
            fade = min((RADIUS - distance) / (0.55 * RADIUS), 1.0)
            fade = fade * fade * (3.0 - 2.0 * fade)
            width_x = width_z = 0.0
            for axis in range(2):
                focal = fx if axis == 0 else fy
                change = -t * rotation[axis, 1] / (focal * dy)
                width_x += abs(t * rotation[axis, 0] / focal + dx * change)
                width_z += abs(t * rotation[axis, 2] / focal + dz * change)
            alpha, light = 0.0, 0.0
            if has_floor:
                alpha = DISC_STRENGTH * fade
                light = alpha * DISC_LIGHT
                dark = SHADOW_STRENGTH * fade * _sampled(shadow, x, z, origin_x, origin_z, cell)
                alpha, light = dark + (1.0 - dark) * alpha, (1.0 - dark) * light
            if has_grid:
                minor = max(_line(x, SPACING, LINE_HALF_WIDTH, width_x), _line(z, SPACING, LINE_HALF_WIDTH, width_z))
                major = max(
                    _line(x, MAJOR * SPACING, MAJOR_HALF_WIDTH, width_x),
                    _line(z, MAJOR * SPACING, MAJOR_HALF_WIDTH, width_z),
                )
                line = fade * max(LINE_STRENGTH * minor, MAJOR_STRENGTH * major)
                alpha, light = line + (1.0 - line) * alpha, line * LINE_LIGHT + (1.0 - line) * light
            for channel in range(3):
                rgb[row, column, channel] = light
            coverage[row, column] = alpha
            depth[row, column] = t
