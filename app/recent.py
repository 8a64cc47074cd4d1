"""The files opened and saved last, kept beyond the end of the program."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from ..core.errors import StudioError
from ..core.paths import atomic_write, settings_directory
from .actions import MAX_RECENT

logger = logging.getLogger(__name__)


class RecentFiles:
    """A small file in the person's settings; that it cannot be written is said once until it can."""

    def __init__(self) -> None:
        self._is_failing = False

    def read(self) -> tuple[Path, ...]:
        """Newest first; what makes no sense is left out."""
        try:
            stored = json.loads((settings_directory() / "recent.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError, StudioError):
            return ()
        return tuple(Path(each) for each in stored if isinstance(each, str)) if isinstance(stored, list) else ()

    def add(self, path: Path) -> None:
        """Put a file first. What another window has added meanwhile stays."""
        paths = list(dict.fromkeys((path, *self.read())))[:MAX_RECENT]
        try:
            with atomic_write(settings_directory() / "recent.json") as temporary:
                temporary.write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")
        except StudioError as error:
            if not self._is_failing:
                logger.warning("the list of recent files is not kept: %s", error)
            self._is_failing = True
        else:
            self._is_failing = False
