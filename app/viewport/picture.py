"""Drawing the picture of a state, only when something that it shows has changed."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np
from jaxtyping import UInt8

from ...core.cameras import Camera
from ...core.gaussians import Gaussians
from ...core.images import to_uint8
from ...core.rendering.renderer import Renderer, RenderSettings
from ..services import Services
from ..state import State, Vector, View

PIXEL_BUDGET = 30.0
"""Milliseconds that filling pixels may take in a picture that will be replaced at once; beyond it has fewer pixels."""
PIXEL_STAGES = ("raster", "upload")
SMALLEST_SHARE = 0.5
SHARE_STEP = 0.05
"""Of the viewport's width, for pictures in motion; in steps, so that the texture is not made anew for each."""
NUM_JUDGED = 5
"""Pictures of one size whose middle time decides: a single slow one may be another program's doing."""
STILL_SECONDS = 0.15
"""Without a change for so long, a picture with fewer pixels is replaced by a whole one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One new picture and what it took."""

    rgba: UInt8[np.ndarray, "H W 4"]
    """Valid until the next one is drawn."""
    stages: dict[str, float]
    """Milliseconds of each stage's last run; what has not changed since the last picture was not run again."""
    renderer: str
    num_gaussians: int


class Painter:
    """Remembers by identity what the last picture showed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._shown: tuple[Gaussians | None, View | None, int, int] = (None, None, 0, 0)
        self._share = 1.0
        self._is_whole = True
        self._changed_at = -STILL_SECONDS
        self._pixel_times: deque[float] = deque(maxlen=NUM_JUDGED)
        self._buffer = np.empty((0, 0, 4), np.uint8)

    def draw(self, state: State, width: int, height: int) -> Picture | None:
        """The picture of `state`, `width` by `height` pixels or fewer while things move; None: the last one stands."""
        gaussians = self._services.gaussians(state)
        now = time.monotonic()
        shown = (gaussians, state.view, width, height)
        if any(new is not old and new != old for new, old in zip(shown, self._shown, strict=True)):
            self._shown, self._changed_at = shown, now
            share = self._share
        elif not self._is_whole and now - self._changed_at >= STILL_SECONDS:
            share = 1.0
        else:
            return None
        self._is_whole = share == 1.0
        width, height = max(1, round(share * width)), max(1, round(share * height))
        if self._buffer.shape[:2] != (height, width):
            self._buffer = np.empty((height, width, 4), np.uint8)
        if gaussians is None:
            self._buffer[:] = _bytes_of(state.view.background)
            return Picture(rgba=self._buffer, stages={}, renderer="", num_gaussians=0)
        renderer = self._services.renderer_or_fallback(state)
        _render(renderer, gaussians, state.view, self._buffer)
        stages = self._services.timings | renderer.timings
        return Picture(rgba=self._buffer, stages=stages, renderer=renderer.name, num_gaussians=len(gaussians))

    def took(self, stages: dict[str, float]) -> None:
        """Learn from the last pictures, upload included, how many pixels the next one in motion can have."""
        if self._is_whole and self._share < 1.0:
            return
        self._pixel_times.append(sum(stages.get(stage, 0.0) for stage in PIXEL_STAGES))
        if len(self._pixel_times) == NUM_JUDGED:
            fitting = self._share * min(1.25, (PIXEL_BUDGET / max(median(self._pixel_times), 1e-3)) ** 0.5)
            share = min(1.0, max(SMALLEST_SHARE, SHARE_STEP * int(fitting / SHARE_STEP + 1e-6)))
            if share != self._share:
                self._share = share
                self._pixel_times.clear()


def _render(renderer: Renderer, gaussians: Gaussians, view: View, out: UInt8[np.ndarray, "H W 4"]) -> None:
    height, width = out.shape[:2]
    camera: Camera = view.orbit.camera(width, height)
    settings = RenderSettings(
        background=view.background, splat_scale=view.splat_scale, max_sh_degree=view.max_sh_degree
    )
    straight_to_bytes = getattr(renderer, "render_rgba8", None)
    if straight_to_bytes is not None:
        straight_to_bytes(gaussians, camera, settings, out)
    else:
        out[..., :3] = to_uint8(renderer.render(gaussians, camera, settings).rgb)
        out[..., 3] = 255


def _bytes_of(colour: Vector) -> tuple[int, int, int, int]:
    red, green, blue = (round(255.0 * value) for value in colour)
    return (red, green, blue, 255)
