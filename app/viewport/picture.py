"""Drawing the picture of a state, only when something that it shows has changed."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np
from jaxtyping import UInt8

from ...core.errors import StudioError
from ...core.gaussians import Gaussians
from ...core.rendering.composition import Composer
from ...core.rendering.display import Backdrop, Subject
from ...core.rendering.renderer import Renderer
from ..services import Services
from ..state import State, Vector, View
from ..subjects import render_settings
from .direct import DirectDrawing, device_of
from .modes import ModeStarter

PIXEL_BUDGET = 30.0
"""Milliseconds that filling pixels may take in a picture that will be replaced at once; beyond it has fewer pixels."""
PIXEL_STAGES = ("raster", "mesh", "floor", "upload")
SMALLEST_SHARE = 0.5
SHARE_STEP = 0.05
"""Of the viewport's width, for pictures in motion; in steps, so that the texture is not made anew for each."""
NUM_JUDGED = 5
"""Pictures of one size whose middle time decides: a single slow one may be another program's doing."""
STILL_SECONDS = 0.15
"""Without a change for so long, a picture with fewer pixels is replaced by a whole one."""

Drawn = Subject | Gaussians
"""Bare Gaussians where the renderer makes and shows them on a device of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One new picture and what it took."""

    rgba: UInt8[np.ndarray, "H W 4"] | None
    """Valid until the next one is drawn; None where the window's texture has it already."""
    size: tuple[int, int]
    """Width and height in pixels."""
    stages: dict[str, float]
    """Milliseconds of each stage's last run; what has not changed since the last picture was not run again."""
    renderer: str
    num_gaussians: int


class Painter:
    """Remembers by identity what the last picture showed."""

    def __init__(self, services: Services, direct: DirectDrawing) -> None:
        self._services = services
        self._direct = direct
        self._shown: tuple[Drawn | None, View | None, Backdrop | None, int, int] = (None, None, None, 0, 0)
        self._composer = Composer()
        self._modes = ModeStarter(services)
        self._share = 1.0
        self._is_whole = True
        self._changed_at = -STILL_SECONDS
        self._pixel_times: deque[float] = deque(maxlen=NUM_JUDGED)
        self._buffer = np.empty((0, 0, 4), np.uint8)

    def draw(self, state: State, width: int, height: int) -> Picture | None:
        """The picture of `state`, `width` by `height` pixels or fewer while things move; None: the last one stands."""
        state = self._modes.shown(state)
        renderer, subject = self._what_draws_what(state)
        backdrop = self._services.backdrops.of(state.view.display)
        now = time.monotonic()
        shown = (subject, state.view, backdrop, width, height)
        if any(new is not old and new != old for new, old in zip(shown, self._shown, strict=True)):
            self._shown, self._changed_at = shown, now
            share = self._share
        elif not self._is_whole and now - self._changed_at >= STILL_SECONDS:
            share = 1.0
        elif getattr(renderer, "has_newer_order", False):
            share = 1.0 if self._is_whole else self._share
        else:
            return None
        self._is_whole = share == 1.0
        width, height = max(1, round(share * width)), max(1, round(share * height))
        if subject is None or renderer is None:
            buffer = self._bytes(width, height)
            buffer[:] = _bytes_of(state.view.background)
            return Picture(rgba=buffer, size=(width, height), stages={}, renderer="", num_gaussians=0)
        try:
            return self._drawn(renderer, subject, state.view, backdrop, width, height)
        except StudioError as error:
            if renderer.name == "cpu":
                raise
            renderer = self._services.renderers.in_place_of_failed(error)
            subject = self._services.scene.subject(state)
            assert subject is not None
            return self._drawn(renderer, subject, state.view, backdrop, width, height)

    def _what_draws_what(self, state: State) -> tuple[Renderer | None, Drawn | None]:
        """The renderer, and what it is to be given."""
        document = state.document
        if document.avatar is None and document.static is None:
            return None, None
        renderer = self._services.renderers.of_view(state)
        device = device_of(renderer)
        if device is not None and state.view.display.is_plain and self._direct.reaches(renderer):
            return renderer, self._services.scene.gaussians_on(state, device)
        return renderer, self._services.scene.subject(state)

    def _drawn(
        self,
        renderer: Renderer,
        subject: Drawn,
        view: View,
        backdrop: Backdrop | None,
        width: int,
        height: int,
    ) -> Picture:
        camera, settings = view.orbit.camera(width, height), render_settings(view)
        gaussians = subject.gaussians if isinstance(subject, Subject) else subject
        rgba: np.ndarray | None = None
        if view.display.is_plain and self._direct.reaches(renderer):
            copying = self._direct.draw(renderer, gaussians, camera, settings)
            stages = self._services.timings | renderer.timings | ({"upload": copying} if copying else {})
        else:
            assert isinstance(subject, Subject)
            rgba = self._bytes(width, height)
            self._composer.render_rgba8(renderer, subject, camera, settings, rgba, view.display, backdrop)
            stages = self._services.timings | self._composer.timings
        return Picture(
            rgba=rgba, size=(width, height), stages=stages, renderer=renderer.name, num_gaussians=len(gaussians)
        )

    def _bytes(self, width: int, height: int) -> UInt8[np.ndarray, "H W 4"]:
        if self._buffer.shape[:2] != (height, width):
            self._buffer = np.empty((height, width, 4), np.uint8)
        return self._buffer

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


def _bytes_of(colour: Vector) -> tuple[int, int, int, int]:
    red, green, blue = (round(255.0 * value) for value in colour)
    return (red, green, blue, 255)
