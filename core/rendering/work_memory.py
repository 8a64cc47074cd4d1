"""One picture on its way through the CPU renderer: its splats, and which tiles draw them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..cameras import Camera
from ..gaussians import Gaussians
from ..geometry import spherical_harmonics
from ..kernels import num_threads, run_split
from .binning_kernels import count_region, count_tiles, fill_tiles, starts_from_counts
from .projection_kernels import SPLAT_SIZE, TILE, View, project
from .renderer import CLAMP_MARGIN, MIN_DEPTH, RenderSettings

MAX_ENTRIES = 1 << 24
"""Pairs of splat and tile listed at once (64 MiB); pictures that need more are drawn region by region."""
TILE_PARTS = 8
"""Per thread: tiles cost very different times, so threads that are done early take another part."""
MAX_SIDE = 32767 * TILE
"""Pixels; tiles are counted in 16 bits."""

Region = tuple[int, int, int, int]
"""First and last tile column, first and last tile row."""


class WorkMemory:
    """The arrays of one picture on its way; they grow to the largest picture drawn and are used again."""

    def __init__(self) -> None:
        self._num_parts = num_threads()
        self._counts = np.zeros(self._num_parts, np.int64)
        self._tiles = np.zeros(self._num_parts, np.int64)
        self._room: dict[str, np.ndarray] = {}
        self.splats = np.empty((0, SPLAT_SIZE), np.float32)
        self._boxes = np.empty((0, 4), np.int16)
        self.slots = np.empty(0, np.int32)

    def project(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> int:
        """Fill `splats`; returns how many entries the tiles' lists will have together."""
        count = len(gaussians)
        self.splats = self._array("splats", (count, SPLAT_SIZE), np.float32)
        self._boxes = self._array("boxes", (count, 4), np.int16)
        self.slots = self._array("slots", (count,), np.int32)
        rotations = gaussians.sh_rotations_wxyz
        run_split(
            project,
            self._num_parts,
            self._num_parts,
            numpy_of(gaussians.means),
            numpy_of(gaussians.covariances),
            numpy_of(gaussians.opacities),
            numpy_of(gaussians.sh),
            num_used_coefficients(gaussians, settings),
            np.zeros((0, 4), np.float32) if rotations is None else numpy_of(rotations),
            rotations is not None,
            view_of(camera, settings),
            self.splats,
            self._boxes,
            self.slots,
            self._counts,
            self._tiles,
        )
        return int(self._tiles.sum())

    def regions(self, camera: Camera, num_entries: int) -> Iterator[Region]:
        """Rectangles of tiles that cover the picture, each with at most `MAX_ENTRIES` entries (or one tile)."""
        waiting = [(0, math.ceil(camera.width / TILE) - 1, 0, math.ceil(camera.height / TILE) - 1)]
        known = num_entries
        while waiting:
            left, right, top, bottom = region = waiting.pop()
            entries, known = known if known >= 0 else self._count(region), -1
            if right < left or bottom < top:
                continue
            if entries <= MAX_ENTRIES or (left == right and top == bottom):
                yield region
            elif bottom - top >= right - left:
                middle = (top + bottom) // 2
                waiting += [(left, right, middle + 1, bottom), (left, right, top, middle)]
            else:
                middle = (left + right) // 2
                waiting += [(middle + 1, right, top, bottom), (left, middle, top, bottom)]

    def bin(self, region: Region) -> tuple[np.ndarray, np.ndarray]:
        """Each tile's splats, in the order of the Gaussians: where the list starts, and the lists one after another."""
        left, right, top, bottom = region
        num_tiles = (right - left + 1) * (bottom - top + 1)
        parts = self._num_parts
        histograms = self._array("histograms", (parts, num_tiles), np.int64)
        tile_starts = self._array("tile_starts", (num_tiles + 1,), np.int64)
        run_split(count_tiles, parts, parts, self._counts, self._boxes, region, histograms)
        starts_from_counts(histograms, tile_starts)
        entries = self._array("entries", (int(tile_starts[-1]),), np.int32)
        run_split(fill_tiles, parts, parts, self._counts, self._boxes, region, histograms, entries)
        return tile_starts, entries

    def _count(self, region: Region) -> int:
        return count_region(self._num_parts, self._counts, self._boxes, region)

    def _array(self, name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        """Uninitialised memory of that name, made anew (with a quarter to spare) only when it has become too small."""
        size = math.prod(shape)
        room = self._room.get(name)
        if room is None or room.size < size:
            room = self._room[name] = np.empty(size + size // 4, dtype)
        return room[:size].reshape(shape)


def num_used_coefficients(gaussians: Gaussians, settings: RenderSettings) -> int:
    """How many spherical harmonics are looked at."""
    degree = max(0, min(gaussians.sh_degree, settings.max_sh_degree, spherical_harmonics.MAX_DEGREE))
    return (degree + 1) ** 2


def numpy_of(tensor: Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", torch.float32).contiguous().numpy()


def view_of(camera: Camera, settings: RenderSettings) -> View:
    matrix = camera.camera_from_world.detach().to("cpu", torch.float64)
    (w00, w01, w02, t0), (w10, w11, w12, t1), (w20, w21, w22, t2) = matrix[:3].tolist()
    eye_x, eye_y, eye_z = (-matrix[:3, :3].T @ matrix[:3, 3]).tolist()
    margin_u = CLAMP_MARGIN * camera.width / (2 * camera.fx)
    margin_v = CLAMP_MARGIN * camera.height / (2 * camera.fy)
    return View(
        w00=w00,
        w01=w01,
        w02=w02,
        w10=w10,
        w11=w11,
        w12=w12,
        w20=w20,
        w21=w21,
        w22=w22,
        t0=t0,
        t1=t1,
        t2=t2,
        eye_x=eye_x,
        eye_y=eye_y,
        eye_z=eye_z,
        focal_x=float(camera.fx),
        focal_y=float(camera.fy),
        center_x=float(camera.cx),
        center_y=float(camera.cy),
        min_u=-camera.cx / camera.fx - margin_u,
        max_u=(camera.width - camera.cx) / camera.fx + margin_u,
        min_v=-camera.cy / camera.fy - margin_v,
        max_v=(camera.height - camera.cy) / camera.fy + margin_v,
        near=max(float(camera.near), MIN_DEPTH),
        splat_scale=float(settings.splat_scale),
        width=float(camera.width),
        height=float(camera.height),
        antialiased=settings.antialiased,
    )
