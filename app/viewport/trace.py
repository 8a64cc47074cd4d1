"""What the window does, one JSON object a line, into the file that NLFGS_STUDIO_TRACE names.

Into the file beside it whose name ends in `.frames` goes a line for every frame: what its parts took.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import IO, Any

import dearpygui.dearpygui as dpg

from ...core.body.timeline import ROWS
from ..state import Document, State
from .viewport import Viewport

SETTLED_SECONDS = 0.4
LOOK_SECONDS = 0.1
"""Between two looks at where the widgets are."""


class Trace:
    """Writes a line for every new picture, and one when nothing has moved for a while; does nothing unless asked."""

    def __init__(self) -> None:
        path = os.environ.get("NLFGS_STUDIO_TRACE")
        self._file = _opened(path) if path else None
        self._frames = _opened(f"{path}.frames") if path else None
        self._state: State | None = None
        self._changed_at = 0.0
        self._is_settled = False
        self._looked_at = 0.0
        self._rectangles: dict[str, tuple[float, float, float, float]] = {}

    def frame(self, state: State, viewport: Viewport, *, new_picture: bool, started: float, worked: float) -> None:
        """A frame was presented that began at `started` and had done its own work at `worked`, in seconds."""
        if self._file is None or self._frames is None:
            return
        now = time.monotonic()
        if new_picture:
            self._write(
                event="picture",
                number=viewport.num_pictures,
                stages=viewport.figures.stages,
                is_driven=state.driving.pose is not None,
                is_refined=state.refining.avatar is not None,
                seen=0.0 if state.driving.sight is None else state.driving.sight.confidence.face,
            )
        self._watch(state, viewport, new_picture=new_picture, now=now)
        figures = {
            "time": now,
            "is_settled": self._is_settled,
            "jobs": [job.name for job in state.jobs],
            "work": 1e3 * (worked - started),
            "present": 1e3 * (now - worked),
            "stages": viewport.figures.stages if new_picture else {},
        }
        self._frames.write(json.dumps(figures) + "\n")

    def _watch(self, state: State, viewport: Viewport, *, new_picture: bool, now: float) -> None:
        """Tell once that nothing has moved for a while."""
        is_followed = state.correcting is None or state.correcting.is_up_to_date
        if new_picture or state is not self._state or state.jobs or not is_followed:
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
            keys={row: [key.seconds for key in state.document.timeline.keys(row)] for row in ROWS},
            clips=[(clip.start, clip.duration) for clip in state.document.timeline.clips],
            status=state.status.message,
            errors=[entry.status.message for entry in state.log if entry.status.kind == "error"],
            fallback=viewport.texture.fallback_reason,
            renderer=viewport.figures.renderer,
            latency=viewport.latency.milliseconds,
            selected_joint=state.selected_joint,
            driving=state.driving.phase,
            refining=state.refining.phase,
            captured=len(state.capturing.pictures),
            is_correcting=state.correcting is not None,
            handles=viewport.gizmo_handles(state),
            rectangles=self._rectangles,
        )

    def close(self) -> None:
        for file in (self._file, self._frames):
            if file is not None:
                file.close()

    def _write(self, **fields: Any) -> None:
        assert self._file is not None
        self._file.write(json.dumps({"time": time.monotonic(), **fields}) + "\n")


def _opened(path: str) -> IO[str]:
    return open(path, "w", encoding="utf-8", buffering=1)  # noqa: PTH123


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
