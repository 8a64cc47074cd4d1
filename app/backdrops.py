"""Pictures behind the avatar: read once, in the background; until one is there the colour is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from ..core.images import read_image
from ..core.jobs import JobContext
from ..core.rendering.display import Backdrop, Display

LONGEST_SIDE = 4096
"""Pixels kept of a picture."""


class Backdrops:
    """Keeps the picture that was asked for last; main thread only."""

    def __init__(self, start: Callable[[str, Callable[[JobContext], Any], Any, Any], None]) -> None:
        """`start` begins a job by name, with what it does and what its result and its error mean."""
        self._start = start
        self._path: Path | None = None
        self._backdrop: Backdrop | None = None
        self._is_reading = False

    def of(self, display: Display) -> Backdrop | None:
        """The picture that is to be seen, as soon as it is read; a file that cannot be read is said once."""
        path = None if display.transparent else display.picture
        if path is None:
            return None
        if path != self._path and not self._is_reading:
            self._path, self._backdrop, self._is_reading = path, None, True
            self._start("backdrop", lambda context: _read(context, path), self._took, self._failed)
        return self._backdrop if path == self._path else None

    def _took(self, backdrop: Backdrop) -> Iterable[Any]:
        self._backdrop, self._is_reading = backdrop, False
        return ()

    def _failed(self, _: BaseException) -> Iterable[Any]:
        self._is_reading = False
        return ()


def _read(context: JobContext, path: Path) -> Backdrop:
    context.report(0.0, f"reading {path.name}")
    rgb = read_image(path)
    share = LONGEST_SIDE / max(rgb.shape[:2])
    if share < 1.0:
        size = [max(1, round(share * side)) for side in rgb.shape[:2]]
        smaller = torch.nn.functional.interpolate(rgb.permute(2, 0, 1)[None], size, mode="bilinear", antialias=True)
        rgb = smaller[0].permute(1, 2, 0).contiguous()
    return Backdrop(rgb=rgb)
