"""What the window does, one JSON object a line, into the file that NLFGS_STUDIO_TRACE names."""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import IO, Any

import dearpygui.dearpygui as dpg

from ..state import Document, State
from .viewport import Viewport

SETTLED_SECONDS = 0.4
LOOK_SECONDS = 0.1
"""Between two looks at where the widgets are."""


class Trace:
    """Writes a line for every new picture, and one when nothing has moved for a while; does nothing unless asked."""

    def __init__(self) -> None:
        path = os.environ.get("NLFGS_STUDIO_TRACE")
        self._file: IO[str] | None = open(path, "w", encoding="utf-8", buffering=1) if path else None  # noqa: SIM115, PTH123
        self._state: State | None = None
        self._changed_at = 0.0
        self._is_settled = False
        self._looked_at = 0.0
        self._rectangles: dict[str, tuple[float, float, float, float]] = {}

    def frame(self, state: State, viewport: Viewport, *, new_picture: bool) -> None:
        if self._file is None:
            return
        now = time.monotonic()
        if new_picture:
            self._write(event="picture", number=viewport.num_pictures, stages=viewport.figures.stages)
        if new_picture or state is not self._state:
            self._state, self._changed_at, self._is_settled = state, now, False
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at, rectangles = now, _rectangles()
        if rectangles != self._rectangles:
            self._rectangles, self._changed_at, self._is_settled = rectangles, now, False
        elif not self._is_settled and now - self._changed_at >= SETTLED_SECONDS:
            self._is_settled = True
            self._write_settled(state, viewport)

    def _write_settled(self, state: State, viewport: Viewport) -> None:
        self._write(
            event="settled",
            pictures=viewport.num_pictures,
            picture=hashlib.sha256(viewport.texture.read().tobytes()).hexdigest(),
            document=_digest(state.document),
            has_avatar=state.document.avatar is not None,
            unsaved=state.unsaved,
            seconds=state.playback.seconds,
            playing=state.playback.playing,
            status=state.status.message,
            errors=[entry.status.message for entry in state.log if entry.status.kind == "error"],
            fallback=viewport.texture.fallback_reason,
            latency=viewport.latency.milliseconds,
            rectangles=self._rectangles,
        )

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, **fields: Any) -> None:
        assert self._file is not None
        self._file.write(json.dumps({"time": time.monotonic(), **fields}) + "\n")


def _digest(document: Document) -> str:
    values = (document.betas, document.rotations, document.translation, document.expression)
    return hashlib.sha256(repr(values).encode()).hexdigest()


def _rectangles() -> dict[str, tuple[float, float, float, float]]:
    """Left, top, width and height of the named widgets that are to be seen."""
    rectangles = {}
    for name in dpg.get_aliases():
        state = dpg.get_item_state(name) if dpg.does_item_exist(name) else {}
        if state.get("visible") and "rect_min" in state and "rect_size" in state:
            rectangles[name] = (*state["rect_min"], *state["rect_size"])
    return rectangles
