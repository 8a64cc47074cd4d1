"""What was asked for a moment too early, and is done by itself as soon as it can be."""

from __future__ import annotations

from collections.abc import Callable


class Later:
    """`tick` once a frame."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], Callable[[], object]]] = []

    def when(self, is_due: Callable[[], bool], deed: Callable[[], object]) -> None:
        """Do it now, or in the first frame in which it is due."""
        self._waiting.append((is_due, deed))
        self.tick()

    def tick(self) -> None:
        waiting, self._waiting = self._waiting, []
        for is_due, deed in waiting:
            if is_due():
                deed()
            else:
                self._waiting.append((is_due, deed))
