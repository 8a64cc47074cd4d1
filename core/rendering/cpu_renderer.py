"""Draws on the processor, on any machine: project, bin, then sort and draw tile by tile; kernels on all cores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..cameras import Camera
from ..gaussians import Gaussians
from ..images import to_uint8
from ..kernels import num_threads, run_split
from .cpu_gradients import draw_differentiable
from .raster_kernels import draw_bytes, draw_images
from .renderer import Footprint, RenderedImage, RenderSettings, picture_bytes
from .ring_kernels import draw_ring_images
from .work_memory import MAX_SIDE, TILE_PARTS, WorkMemory


class CpuRenderer:
    """Any number of threads may draw with one renderer: each has work memory of its own, kept from picture to picture.

    `timings` holds the milliseconds of the picture that was finished last.
    """

    name = "cpu"

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._local = threading.local()

    def render(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> RenderedImage:
        rgb = np.empty((camera.height, camera.width, 3), np.float32)
        alpha = np.empty((camera.height, camera.width), np.float32)
        depth = np.empty((camera.height, camera.width), np.float32)
        draw = draw_images if settings.footprint is Footprint.SPLAT else draw_ring_images
        self._draw(gaussians, camera, settings, draw, (rgb, alpha, depth))
        return RenderedImage(rgb=torch.from_numpy(rgb), alpha=torch.from_numpy(alpha), depth=torch.from_numpy(depth))

    def render_rgba8(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        out: UInt8[np.ndarray, "H W 4"] | UInt8[Tensor, "H W 4"],
    ) -> None:
        """Draw into bytes, opaque over the background: what a window shows, without the float images in between.

        Raises:
            ValueError: `out` is not of the camera's size.
        """
        pixels = picture_bytes(out, camera)
        if settings.footprint is Footprint.SPLAT:
            self._draw(gaussians, camera, settings, draw_bytes, (pixels,))
            return
        pixels[..., :3] = to_uint8(self.render(gaussians, camera, settings).rgb)
        pixels[..., 3] = 255

    def render_differentiable(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        background: Float[Tensor, "3"] | None = None,
    ) -> RenderedImage:
        """As `DifferentiableRenderer` says, exactly; each picture has memory of its own until its graph is gone.

        Raises:
            ValueError: for rings, which have no gradients.
        """
        return draw_differentiable(gaussians, camera, settings, background)

    def close(self) -> None:
        """Give back the work memory."""
        self._local = threading.local()

    def _draw(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        draw: Callable[..., None],
        pictures: tuple[np.ndarray, ...],
    ) -> None:
        if max(camera.width, camera.height) > MAX_SIDE:
            raise ValueError(f"a picture's side must not be longer than {MAX_SIDE} pixels")
        memory = self._memory()
        background = tuple(np.float32(channel) for channel in settings.background)
        started = time.perf_counter()
        num_entries = memory.project(gaussians, camera, settings)
        projected = time.perf_counter()
        binning = drawing = 0.0
        for region in memory.regions(camera, num_entries):
            before = time.perf_counter()
            tile_starts, entries = memory.bin(region)
            binned = time.perf_counter()
            run_split(
                draw,
                len(tile_starts) - 1,
                region,
                tile_starts,
                entries,
                memory.splats,
                background,
                *pictures,
                parts=TILE_PARTS * num_threads(),
            )
            binning += binned - before
            drawing += time.perf_counter() - binned
        self.timings = {"project": 1e3 * (projected - started), "bin": 1e3 * binning, "raster": 1e3 * drawing}

    def _memory(self) -> WorkMemory:
        if not hasattr(self._local, "memory"):
            self._local.memory = WorkMemory()
        return self._local.memory
