"""Looking at a dressed person along the skin's normals: flat Gaussians in a grid of cells, and rays through it."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import device_function, kernel

REACH = 1.5
"""Standard deviations; farther out a Gaussian is not met."""
MAX_HITS = 192
NUM_SOURCES = 4
_BACK = -0.3
"""Cosine between a ray and a normal below which it meets a surface from behind."""


@kernel
def fill_cells(points, extents, low, cell, shape, starts, entries):
    """Lists which Gaussians reach into each cell: with no `entries` only counts them, into `starts[1:]`."""
    counts_only = entries.shape[0] == 0
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for point in range(points.shape[0]):
        for axis in range(3):
            first[axis] = max(int((points[point, axis] - extents[point, axis] - low[axis]) / cell), 0)
            last[axis] = min(int((points[point, axis] + extents[point, axis] - low[axis]) / cell), shape[axis] - 1)
        for x in range(first[0], last[0] + 1):
            for y in range(first[1], last[1] + 1):
                for z in range(first[2], last[2] + 1):
                    index = (x * shape[1] + y) * shape[2] + z
                    if counts_only:
                        starts[index + 1] += 1
                    else:
                        entries[starts[index]] = point
                        starts[index] += 1


@kernel
def look_back(
    first, last, origins, directions, reaches, below, surfels, low, cell, shape, starts, entries, depths, covered,
    sources, weights,
):  # fmt: skip
    """What is seen from outside at each origin, looking against its direction from at most its reach.

    A row of `surfels` is place, inverse covariance (xx, xy, xz, yy, yz, zz), normal, opacity. Fills `depths` with
    metres from the origin to what is seen, `covered` with its opacity, and the Gaussians that make it with their
    shares. A surface met from behind belongs to another part: nothing is looked for beyond.
    """
    ts, alphas, ids = np.empty(MAX_HITS), np.empty(MAX_HITS), np.empty(MAX_HITS, np.int64)
    place, steps, at, until, per = (
        np.empty(3), np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3), np.empty(3)
    )  # fmt: skip
    for ray in range(first, last):
        dx, dy, dz = directions[ray, 0], directions[ray, 1], directions[ray, 2]
        ox, oy, oz = origins[ray, 0] - below * dx, origins[ray, 1] - below * dy, origins[ray, 2] - below * dz
        place[0], place[1], place[2] = ox, oy, oz
        reach, number, behind = reaches[ray] + below, 0, 0.0
        inside = True
        for axis in range(3):
            direction = directions[ray, axis]
            at[axis] = math.floor((place[axis] - low[axis]) / cell)
            inside = inside and 0 <= at[axis] < shape[axis]
            steps[axis] = 1 if direction > 0.0 else -1
            per[axis] = cell / max(abs(direction), 1e-12)
            edge = (at[axis] + (1 if direction > 0.0 else 0)) * cell + low[axis]
            until[axis] = abs(edge - place[axis]) / max(abs(direction), 1e-12)
        entered = 0.0
        while inside and entered < reach:
            nearest = 0
            if until[1] < until[nearest]:
                nearest = 1
            if until[2] < until[nearest]:
                nearest = 2
            leaves = until[nearest]
            index = (at[0] * shape[1] + at[1]) * shape[2] + at[2]
            for entry in range(starts[index], starts[index + 1]):
                other = entries[entry]
                s = surfels[other]
                qx, qy, qz = s[0] - ox, s[1] - oy, s[2] - oz
                ax = s[3] * dx + s[4] * dy + s[5] * dz
                ay = s[4] * dx + s[6] * dy + s[7] * dz
                az = s[5] * dx + s[7] * dy + s[8] * dz
                t = (ax * qx + ay * qy + az * qz) / (ax * dx + ay * dy + az * dz)
                if t < entered or t >= leaves or t > reach:
                    continue
                qx, qy, qz = qx - t * dx, qy - t * dy, qz - t * dz
                away = s[3] * qx * qx + s[6] * qy * qy + s[8] * qz * qz
                away += 2.0 * (s[4] * qx * qy + s[5] * qx * qz + s[7] * qy * qz)
                if away > REACH * REACH:
                    continue
                alpha = s[12] * math.exp(-0.5 * away)
                cosine = dx * s[9] + dy * s[10] + dz * s[11]
                if cosine < _BACK:
                    behind += alpha * (t > below + 0.003)
                elif number < MAX_HITS:
                    rank = number
                    while rank > 0 and ts[rank - 1] > t:
                        ts[rank], alphas[rank], ids[rank] = ts[rank - 1], alphas[rank - 1], ids[rank - 1]
                        rank -= 1
                    ts[rank], alphas[rank], ids[rank] = t, alpha, other
                    number += 1
            if behind > 0.7:
                break
            entered = leaves
            at[nearest] += steps[nearest]
            until[nearest] += per[nearest]
            inside = 0 <= at[nearest] < shape[nearest]
        _seen(ray, number, below, ts, alphas, ids, depths, covered, sources, weights)


@device_function
def _seen(ray, number, below, ts, alphas, ids, depths, covered, sources, weights):
    """Lay the hits, which come by their distance, over each other, the outermost first."""
    for rank in range(NUM_SOURCES):
        weights[ray, rank] = 0.0
        sources[ray, rank] = -1
    remaining, middle = 1.0, ts[number - 1] if number > 0 else 0.0
    for rank in range(number - 1, -1, -1):
        remaining *= 1.0 - alphas[rank]
        if remaining < 0.5:
            middle = ts[rank]
            break
    remaining, total, depth = 1.0, 0.0, 0.0
    for rank in range(number - 1, -1, -1):
        weight = remaining * alphas[rank]
        remaining -= weight
        # What is well before or behind the surface in the middle of what covers says nothing of its place.
        if abs(ts[rank] - middle) < 0.006:
            depth += weight * ts[rank]
            total += weight
        lowest = 0
        for slot in range(1, NUM_SOURCES):
            if weights[ray, slot] < weights[ray, lowest]:
                lowest = slot
        if weight > weights[ray, lowest]:
            weights[ray, lowest] = weight
            sources[ray, lowest] = ids[rank]
        if remaining < 0.02:
            break
    depths[ray] = depth / total - below if total > 0.0 else 0.0
    covered[ray] = 1.0 - remaining
