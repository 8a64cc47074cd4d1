"""Light that is painted onto an avatar: Gaussians have none of their own, and without it all looks flat.

A bright sky above and in front, a darker floor, hollows that see little of either; and a little of a lamp beside the
camera, which moves with the viewer and so goes into the first band of the spherical harmonics.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from ..geometry.spherical_harmonics import SH_C0, SH_C1

_KEY = np.array([0.30, 0.62, 0.72]) / np.linalg.norm([0.30, 0.62, 0.72])
_HALFWAY = (_KEY + np.eye(3)[2]) / np.linalg.norm(_KEY + np.eye(3)[2])
"""Between the key light and a viewer in front, where smooth things shine."""
_CELL = 0.008
"""Metres; the grid on which points shade each other."""


def openness(
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    num_directions: int = 15,
    cell: float = _CELL,
) -> Float[np.ndarray, " N"]:
    """Which share of the sky each point sees, 0 to 1, weighted by the cosine.

    From each of some directions the points are drawn onto a grid that keeps the nearest; what lies well behind it is in
    shade.
    """
    # Shade needs no more digits than these, and takes half the time with them.
    points, normals = points.astype(np.float32), normals.astype(np.float32)
    seen, total = np.zeros(len(points), np.float32), np.full(len(points), 1e-6, np.float32)
    for index in range(num_directions):
        # A spiral with equal areas on the sphere, from the zenith to a little below the horizon.
        height = 1.0 - 1.35 * (index + 0.5) / num_directions
        angle = index * math.pi * (3.0 - math.sqrt(5.0))
        radius = math.sqrt(1.0 - height * height)
        direction = np.array([radius * math.sin(angle), height, radius * math.cos(angle)], np.float32)
        side = np.cross(direction, [0.3, 0.2, 1.0]).astype(np.float32)
        side /= np.linalg.norm(side)
        depth = points @ direction
        u = ((points @ side) / cell).astype(np.int64)
        v = ((points @ np.cross(direction, side).astype(np.float32)) / cell).astype(np.int64)
        cells = (u - u.min()) * (v.max() - v.min() + 1) + v - v.min()
        nearest = np.full(cells.max() + 1, -np.inf, np.float32)
        np.maximum.at(nearest, cells, depth)
        cosine = np.maximum(normals @ direction, 0.0)
        # A slanted surface spans several depths within one cell; and shade fades in over some cells.
        behind = nearest[cells] - depth - cell * (1.0 + 1.0 / np.maximum(cosine, 0.2))
        seen += cosine * np.clip(1.0 - behind / (2.5 * cell), 0.0, 1.0)
        total += cosine
    return (seen / total).astype(np.float64)


def lit(
    albedo: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    open_sky: Float[np.ndarray, " N"],
    softness: Float[np.ndarray, " N"],
    gloss: Float[np.ndarray, " N"],
) -> Float[np.ndarray, "N 3"]:
    """Colours under the painted light; `softness` 1 lets red light into the shade, as skin does; `gloss` shines."""
    facing_up = 0.5 + 0.5 * (normals @ np.array([0.0, 0.86, 0.51]))
    key = np.clip(normals @ _KEY, 0.0, 1.0)
    light = (0.50 + 0.32 * facing_up + 0.26 * key) * (0.45 + 0.55 * open_sky)
    light = np.clip(light, 0.02, 1.12)[:, None]
    bleeding = 1.0 + softness[:, None] * np.array([-0.16, 0.06, 0.12])
    shine = 1.4 * gloss * open_sky * np.clip(normals @ _HALFWAY, 0.0, 1.0) ** 20
    return np.clip(albedo * light**bleeding + shine[:, None], 0.0, 1.0)


def as_harmonics(
    colours: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], sheen: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, "N 4 3"]:
    """Degree 1: `colours` seen at a slant of about 60°, brighter by half of `sheen` seen head on, darker at the rim."""
    # The basis of band 1 is (-y, z, -x) times the constant.
    sh = np.empty((len(colours), 4, 3), np.float32)
    sh[:, 0] = (colours - 0.5 * sheen - 0.5) / SH_C0
    for band, axis, sign in ((1, 1, 1.0), (2, 2, -1.0), (3, 0, 1.0)):
        np.multiply(sheen, (sign / SH_C1 * normals[:, axis])[:, None], out=sh[:, band], casting="same_kind")
    return sh


def turned_about_z(normals: Float[np.ndarray, "N 3"], angles: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 3"]:
    """Normals turned by radians, counter-clockwise seen from in front."""
    cosine, sine = np.cos(angles), np.sin(angles)
    x, y, z = normals.T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=-1)
