"""Pictures that never leave the graphics card: drawn there into the window's texture, or copied into it."""

from __future__ import annotations

import time
from typing import Any

import torch

from ...core.cameras import Camera
from ...core.gaussians import Gaussians
from ...core.rendering.renderer import Renderer, RenderSettings
from ..services import Services
from .interop import CudaTexture, InteropError, open_interop
from .texture import ViewportTexture


class DirectDrawing:
    """Knows which renderers can; main thread only."""

    def __init__(self, services: Services, texture: ViewportTexture, *, uses_interop: bool) -> None:
        self._services = services
        self._texture = texture
        self._interop: CudaTexture | None = None
        self._refusal = "" if uses_interop else "switched off by --no-interop"
        self._asked = not uses_interop

    def reaches(self, renderer: Renderer) -> bool:
        """Whether this renderer's pictures need not pass through the host's memory."""
        if self._texture.gl_name is None:
            return False
        if hasattr(renderer, "render_to_texture"):
            return True
        device = device_of(renderer)
        return device is not None and self._has_interop(device)

    def draw(self, renderer: Any, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> float:
        """Draw into the texture, which gets the camera's size; milliseconds of the copy, where there is one.

        Raises:
            StudioError: the renderer has failed.
        """
        if hasattr(renderer, "render_to_texture"):
            name = self._texture.resized(camera.width, camera.height)
            renderer.render_to_texture(gaussians, camera, settings, name)
            return 0.0
        rgba = renderer.render_rgba8_on_device(gaussians, camera, settings)
        started = time.perf_counter()
        assert self._interop is not None
        try:
            self._interop.write(rgba)
        except InteropError as error:
            self._give_up(str(error))
            self._texture.upload(rgba.cpu().numpy())  # this once, so that no picture is missing
        return 1e3 * (time.perf_counter() - started)

    def close(self) -> None:
        """Let go of the texture, while its context is there."""
        if self._interop is not None:
            self._give_up("the window is closing", tells=False)

    def _has_interop(self, device: torch.device) -> bool:
        if not self._asked:
            self._asked = True
            self._interop, self._refusal = open_interop(self._texture, device)
            if self._interop is None:
                self._tell()
        return self._interop is not None

    def _give_up(self, reason: str, *, tells: bool = True) -> None:
        interop, self._interop, self._refusal = self._interop, None, reason
        self._texture.before_resize = None
        if interop is not None:
            try:
                interop.release()
            except InteropError as error:
                self._refusal = f"{reason}; {error}"
        if tells:
            self._tell()

    def _tell(self) -> None:
        self._services.report(
            f"CUDA's pictures reach the window through the host's memory: {self._refusal}",
            hint="slower, and right all the same",
            kind="warning",
        )


def device_of(renderer: Renderer) -> torch.device | None:
    """Where the renderer wants Gaussians and leaves bytes; None for the host."""
    return getattr(renderer, "device", None) if hasattr(renderer, "render_rgba8_on_device") else None
