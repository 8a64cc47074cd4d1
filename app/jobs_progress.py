"""How far the running jobs are, as the person is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..core.jobs import Progress

STANDS_SECONDS = 3.0
"""A job that has moved no further for so long cannot say what time is left."""


class JobsProgress:
    """The newest word of each job; times are seconds of a steady clock."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Progress, float]] = {}
        """With when its fraction was first said."""

    def take(self, progress: Iterable[Progress], now: float) -> None:
        for each in progress:
            before, since = self._newest.get(each.name, (None, now))
            moved = before is None or before.fraction != each.fraction
            self._newest[each.name] = each, now if moved else since

    def forget(self, name: str) -> None:
        self._newest.pop(name, None)

    def of(self, name: str, now: float) -> Progress:
        """Of a job that runs, whether it has said anything or not."""
        silent = Progress(name=name, fraction=0.0, message="", seconds_left=None)
        newest, since = self._newest.get(name, (silent, now))
        return newest if now - since < STANDS_SECONDS else replace(newest, seconds_left=None)
