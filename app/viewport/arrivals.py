"""What was just opened is brought into view; undo and redo leave the camera alone."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from ...core.body.motion import Motion
from ..commands import attempt
from ..services import Services
from .viewport import Viewport


class Arrivals:
    """Asked once a frame, on the main thread."""

    def __init__(self, services: Services, viewport: Callable[[], Viewport]) -> None:
        """`viewport` gives the one that stands now."""
        self._services = services
        self._viewport = viewport
        self._origin = 0
        self._motion: Motion | None = None
        self._waiting: Path | None = None
        self._driver = ""
        self._is_opening = False
        """The first document."""

    def open(self, *, source: str, motion: Path | None, drive: str | None) -> None:
        """Start to open a document; and, when it stands, a motion for it, and what drives it."""
        gc.disable()
        self._is_opening = True
        attempt(self._services, "open", source=source)
        self._waiting = motion
        self._driver = drive or ""

    def tick(self) -> None:
        """Frame a new document as it is looked at, a new motion from its front; what brought its camera keeps it."""
        state = self._services.store.state
        newest, motion = len(state.files) - 1, state.playback.motion
        is_new_document = newest > self._origin and state.document.origin == newest
        is_new_motion = motion is not None and motion is not self._motion
        self._motion = motion
        if is_new_document:
            gc.freeze()  # a collection that went through all the modules would stop every thread for half a second
        if self._is_opening and (is_new_document or not any(job.name == "open" for job in state.jobs)):
            self._is_opening = False
            gc.enable()
        if is_new_document:
            self._origin = newest
            if self._waiting is not None:
                attempt(self._services, "open_motion", path=self._waiting)
                self._waiting = None
            if not state.file.has_view:
                self._viewport().frame("head" if self._driver or state.file.is_of_face else "body")
            if self._driver:
                attempt(self._services, "start_driving", source=self._driver)
                self._driver = ""
        elif is_new_motion:
            self._viewport().frame("body", from_front=True)
