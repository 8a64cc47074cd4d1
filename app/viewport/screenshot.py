"""The picture of the whole window that `--screenshot` asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg
import numpy as np
import torch

from ...core.errors import StudioError
from ...core.images import write_png
from ..state import State
from ..theme import Item
from .viewport import Viewport

STANDING_SECONDS, STILL_SECONDS = 1.5, 0.7
"""The avatar has stood for so long, and the picture has been the same for so long."""


class Screenshot:
    """Asked once a frame."""

    def __init__(self, path: Path, *, driven: bool = False) -> None:
        """`driven`: what the window shows is a picture of somebody who drives the avatar."""
        self._path = path
        self._driven = driven
        self._standing_since: float | None = None

    def is_due(self, state: State, viewport: Viewport) -> bool:
        """Whether the window shows what was asked for, whole.

        Raises:
            StudioError: it never will, because opening failed, or what should drive does not.
        """
        if state.jobs:
            return False
        if state.document.avatar is None and state.document.static is None:
            raise StudioError(state.status.message or "nothing was opened", hint=state.status.hint)
        driving = state.driving
        if self._driven and driving.trouble is not None:
            raise driving.trouble
        if self._driven and driving.sight is None:
            if driving.phase == "off":
                raise StudioError(state.status.message or "nobody drives the avatar", hint=state.status.hint)
            return False
        now = time.monotonic()
        self._standing_since = self._standing_since or now
        is_moving = state.playback.playing or driving.pose is not None
        is_still = is_moving or viewport.still_for(STILL_SECONDS)
        return is_still and now - self._standing_since >= STANDING_SECONDS

    def save(self, frame: Callable[[], None]) -> None:
        """Write the window as a person sees it; `frame` presents one."""
        taken: list[np.ndarray] = []

        def take(_sender: Item, buffer: Any) -> None:
            size = (buffer.get_height(), buffer.get_width(), 4)
            taken.append(np.frombuffer(buffer, np.float32).reshape(size).copy())

        dpg.output_frame_buffer(callback=take)
        while not taken and dpg.is_dearpygui_running():
            frame()
        if taken:
            write_png(self._path, torch.from_numpy(taken[0][..., :3].copy()))
