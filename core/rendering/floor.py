"""The ground under the subject: a disc that fades out, lines, and a soft shadow of what is near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from ..cameras import Camera
from ..kernels import num_threads, run_split
from .floor_kernels import draw_floor
from .layers import blank_layer, layer
from .renderer import RenderedImage

SHADOW_SIDE, SHADOW_CELL = 2.4, 0.02
"""Metres: of the square that the shadow is kept for, and of its cells."""
SHADOW_REACH = 0.22
"""Metres above the ground at which the shadow has fallen to 1 / e."""
SHADOW_BLUR = 0.05
"""Metres, the standard deviation of its softness."""


NUM_POINTS = 30_000
"""Of the subject's points, so many are enough to tell where it is near the ground."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """Where the ground lies and how dark the shadow on it is."""

    height: float
    """World y, metres."""
    center: tuple[float, float]
    """World x and z of the middle."""
    shadow: Float[Tensor, "R C"]
    """Darkness in [0, 1] by rows of z and columns of x, over `SHADOW_SIDE` around the centre."""


def ground_under(points: Float[Tensor, "N 3"], height: float, *, shadow: bool = True) -> Ground:
    """The ground at that height, with the shadow of the points near it."""
    places = points[:: max(1, len(points) // NUM_POINTS)].detach().cpu().double().numpy()
    places = places[np.isfinite(places).all(axis=1)]
    side = round(SHADOW_SIDE / SHADOW_CELL)
    darkness = np.zeros((side, side))
    if len(places) == 0:
        return Ground(height=height, center=(0.0, 0.0), shadow=torch.from_numpy(darkness))
    x, z = (float(value) for value in np.median(places[:, [0, 2]], axis=0))
    if shadow:
        cells = np.floor((places[:, [0, 2]] - (x, z)) / SHADOW_CELL + 0.5 * side).astype(np.int64)
        inside = ((cells >= 0) & (cells < side)).all(axis=1)
        above = np.maximum(places[inside, 1] - height, 0.0)
        np.maximum.at(darkness, (cells[inside, 1], cells[inside, 0]), np.exp(-above / SHADOW_REACH))
        darkness = gaussian_filter(darkness, SHADOW_BLUR / SHADOW_CELL, mode="constant", truncate=3.0)
    return Ground(height=height, center=(x, z), shadow=torch.from_numpy(darkness))


def render_floor(ground: Ground, camera: Camera, *, floor: bool, grid: bool) -> RenderedImage:
    """The ground over black, so `rgb` is multiplied by `alpha`; depth 0 where it is not seen."""
    image = blank_layer(camera)
    matrix = camera.camera_from_world.detach().cpu().double().numpy()
    eye = -matrix[:3, :3].T @ matrix[:3, 3]
    half = 0.5 * SHADOW_SIDE
    run_split(
        draw_floor,
        camera.height,
        (float(camera.fx), float(camera.fy), float(camera.cx), float(camera.cy)),
        np.ascontiguousarray(matrix[:3, :3]),
        eye,
        float(ground.height),
        (float(ground.center[0]), float(ground.center[1])),
        floor,
        grid,
        ground.shadow.contiguous().numpy(),
        (ground.center[0] - half, ground.center[1] - half, SHADOW_CELL),
        *image,
        parts=4 * num_threads(),
    )
    return layer(image)
