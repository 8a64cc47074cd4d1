"""Light on points: what an environment and a lamp give to a surface, and which points the lamp does not reach."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import kernel


@kernel
def irradiance(normals, reach, environment, direction, colour, factors):
    """Fill `factors` with the root of each normal's light: display values have a gamma of about 2.

    `reach` are the shares of lamp and environment, `environment` nine bands for each colour; `direction` leads to the
    lamp.
    """
    for point in range(normals.shape[0]):
        x, y, z = normals[point, 0], normals[point, 1], normals[point, 2]
        cosine = max(x * direction[0] + y * direction[1] + z * direction[2], 0.0) * reach[point, 0]
        for channel in range(3):
            sky = (
                environment[0, channel]
                + environment[1, channel] * y + environment[2, channel] * z + environment[3, channel] * x
                + environment[4, channel] * x * y + environment[5, channel] * y * z
                + environment[6, channel] * (3.0 * z * z - 1.0) + environment[7, channel] * x * z
                + environment[8, channel] * (x * x - y * y)
            )  # fmt: skip
            light = max(sky, 0.02) * reach[point, 1] + colour[channel] * cosine
            factors[point, channel] = math.sqrt(light)


@kernel
def nearest_depths(points, across, along, direction, low_u, low_v, cell, depths):
    """Fill `depths` with how far the nearest point of each cell lies towards the lamp."""
    depths[:] = -np.inf
    rows, columns = depths.shape
    for point in range(points.shape[0]):
        x, y, z = points[point, 0], points[point, 1], points[point, 2]
        u = int((x * across[0] + y * across[1] + z * across[2] - low_u) / cell)
        v = int((x * along[0] + y * along[1] + z * along[2] - low_v) / cell)
        if 0 <= u < columns and 0 <= v < rows:
            depth = x * direction[0] + y * direction[1] + z * direction[2]
            depths[v, u] = max(depths[v, u], depth)


@kernel
def reach_of_points(points, normals, across, along, direction, low_u, low_v, cell, depths, radius, fade, reach):
    """Fill `reach` with the share of nine cells around each point, `radius` apart, in which nothing lies before it."""
    rows, columns = depths.shape
    for point in range(points.shape[0]):
        # A step along the normal keeps a surface from shading itself.
        x = points[point, 0] + 1.5 * cell * normals[point, 0]
        y = points[point, 1] + 1.5 * cell * normals[point, 1]
        z = points[point, 2] + 1.5 * cell * normals[point, 2]
        u = int((x * across[0] + y * across[1] + z * across[2] - low_u) / cell)
        v = int((x * along[0] + y * along[1] + z * along[2] - low_v) / cell)
        depth = x * direction[0] + y * direction[1] + z * direction[2]
        lit = 0.0
        for down in range(-1, 2):
            for right in range(-1, 2):
                row, column = v + radius * down, u + radius * right
                if 0 <= row < rows and 0 <= column < columns:
                    behind = depths[row, column] - depth
                    lit += min(max(1.0 - (behind - 0.5 * fade) / fade, 0.0), 1.0)
                else:
                    lit += 1.0
        reach[point] = lit / 9.0
