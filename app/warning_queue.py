"""What the program's modules warn of, on any thread, on its way to the person."""

from __future__ import annotations

import logging

from ..core.channels import EventQueue


class WarningQueue(logging.Handler):
    """Keeps what the program's modules warn of, on any thread, until the main thread shows it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._messages: EventQueue[str] = EventQueue()

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is None:  # errors with their trace are reported by whoever caught them
            self._messages.put(record.getMessage())

    def drain(self) -> list[str]:
        return self._messages.drain()
