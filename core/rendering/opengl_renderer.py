"""Draws on any graphics card with OpenGL 3.3: Gaussians are projected by transform feedback and blended as quads.

Quads are drawn front to back, so that a pixel that is full rejects the rest by its depth: after each share of them a
pass marks the full pixels. Sums are floats; bytes are made once, at the end. The order comes from `depth_sorting`: for
files and tests the exact one is waited for, the window draws with the last one until the next is there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from ..cameras import Camera
from ..errors import StudioError
from ..gaussians import Gaussians
from ..geometry import spherical_harmonics
from . import opengl_context
from .depth_sorting import Order, SortingWorker, sorted_order, view_of
from .opengl_drawing import Drawing
from .opengl_state import drawing_in
from .renderer import RenderedImage, RenderSettings, picture_bytes


class OpenGLRenderer:
    """Belongs to the thread that made it where it draws in a window's context."""

    name = "opengl"

    def __init__(self, find_context: Callable[[], opengl_context.Context] = opengl_context.find_context) -> None:
        """
        Raises:
            StudioError: there is no OpenGL, or it is too old.
        """
        self.timings: dict[str, float] = {}
        self._context = find_context()
        self._worker = SortingWorker()
        self._order: Order | None = None
        self._wanted_order = False
        try:
            with drawing_in(self._context):
                opengl_context.require_version()
                self.description = opengl_context.describe()
                """The driver's name for what draws."""
                self._drawing = Drawing()
        except BaseException:
            self._context.close()
            raise

    @property
    def is_software(self) -> bool:
        """Whether the processor does the drawing after all."""
        return opengl_context.is_software(self.description)

    @property
    def has_newer_order(self) -> bool:
        """Whether the last picture was drawn in an old order, and would now come out better."""
        return self._wanted_order and self._worker.is_ready

    def render(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> RenderedImage:
        size = (camera.height, camera.width)
        if 0 in size:
            return RenderedImage(rgb=torch.zeros(*size, 3), alpha=torch.zeros(size), depth=torch.zeros(size))
        with drawing_in(self._context):
            self._blend(gaussians, camera, settings, exact=True)
            started = time.perf_counter()
            colors, depths = self._drawing.read_sums()
        image = _image(torch.from_numpy(colors), torch.from_numpy(depths), settings)
        self.timings["raster"] += 1e3 * (time.perf_counter() - started)
        return image

    def render_rgba8(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        out: UInt8[np.ndarray, "H W 4"] | UInt8[Tensor, "H W 4"],
    ) -> None:
        """Draw into bytes in memory, opaque over the background, in the exact order.

        Raises:
            ValueError: `out` is not of the camera's size.
        """
        pixels = picture_bytes(out, camera)
        if pixels.size == 0:
            return
        whole = pixels if pixels.flags.c_contiguous else np.empty(pixels.shape, np.uint8)
        with drawing_in(self._context):
            self._blend(gaussians, camera, settings, exact=False)
            started = time.perf_counter()
            self._drawing.read_bytes(settings, whole)
        self.timings["raster"] += 1e3 * (time.perf_counter() - started)
        if whole is not pixels:
            pixels[:] = whole

    def render_to_texture(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings, texture: int) -> None:
        """Draw into a texture of bytes of this context and the camera's size; nothing is copied to memory.

        The last order serves until the worker has the next one: see `has_newer_order`. The times are those that this
        thread was held up, not the graphics card's.
        """
        with drawing_in(self._context):
            self._blend(gaussians, camera, settings, exact=False, wait=False)
            started = time.perf_counter()
            self._drawing.show(texture, settings)
        self.timings["raster"] += 1e3 * (time.perf_counter() - started)

    def close(self) -> None:
        self._worker.close()
        with contextlib.suppress(StudioError), drawing_in(self._context):
            self._drawing.close()
        self._context.close()

    def _blend(
        self, gaussians: Gaussians, camera: Camera, settings: RenderSettings, *, exact: bool, wait: bool = True
    ) -> None:
        degree = max(0, min(gaussians.sh_degree, settings.max_sh_degree, spherical_harmonics.MAX_DEGREE))
        num_coefficients = (degree + 1) ** 2
        started = time.perf_counter()
        self._drawing.upload(gaussians, num_coefficients, antialiased=settings.antialiased)
        self._drawing.project(gaussians, camera, settings, num_coefficients, exact=exact)
        projected = time.perf_counter()
        order = self._order_for(gaussians, camera, wait=wait)
        ordered = time.perf_counter()
        self._drawing.blend(len(order.indices), settings)
        self.timings = {
            "project": 1e3 * (projected - started),
            "sort": 1e3 * (ordered - projected),
            "raster": 1e3 * (time.perf_counter() - ordered),
        }

    def _order_for(self, gaussians: Gaussians, camera: Camera, *, wait: bool) -> Order:
        """The order to draw in; without `wait` it may be that of an earlier view of as many Gaussians."""
        view, before = view_of(gaussians.means, camera), self._order
        newest = self._worker.take() or before
        if newest is None or not view.is_of(newest.view):
            if wait or newest is None or len(newest.view.means) != len(gaussians):
                newest = sorted_order(view)
            else:
                self._worker.ask(view)
        self._wanted_order = not view.is_of(newest.view)
        if newest is not before:
            self._drawing.set_order(newest.indices)
            self._order = newest
        return newest


def _image(colors: Tensor, depths: Tensor, settings: RenderSettings) -> RenderedImage:
    """Step 7 of the picture model. Sums beyond single precision become its largest number."""
    largest = torch.finfo(torch.float32).max
    alpha = colors[..., 3].clamp(0.0, 1.0)
    background = (1.0 - alpha).unsqueeze(-1) * colors.new_tensor(settings.background)
    depth = depths[..., 0].clamp_max(largest) / torch.where(alpha > 0.0, depths[..., 3], 1.0)
    return RenderedImage(rgb=(colors[..., :3] + background).clamp(0.0, 1.0), alpha=alpha, depth=depth)
