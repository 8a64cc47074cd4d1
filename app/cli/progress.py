"""How far long work is, on the standard error: a bar that is redrawn in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, NoReturn, TextIO

from typing_extensions import Self

BAR_WIDTH = 24
SECONDS_BETWEEN_BARS = 0.1
SECONDS_BETWEEN_LINES = 10.0
PATIENCE = 0.5
"""Seconds; work that takes less shows nothing."""


class ProgressLine:
    """One piece of work at a time; use it as a context manager, so that the bar is gone when the work ends.

    Ctrl-C ends the work at the next `show` at the latest: what is raised inside a library's callback may get lost.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._started = time.monotonic()
        self._shown = self._started - SECONDS_BETWEEN_LINES
        self._place = ""
        self._drawn = False
        self._interrupted = False
        self._handler: Any = None

    def show(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        """Say how far the work is; without `seconds_left` it is reckoned from the time taken so far.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if self._interrupted:
            raise KeyboardInterrupt
        now = time.monotonic()
        elapsed = now - self._started
        if elapsed < PATIENCE:
            return
        if seconds_left is None and 0.02 < fraction < 1.0:
            seconds_left = elapsed * (1.0 - fraction) / fraction
        place = f"{100.0 * min(1.0, fraction):3.0f} %  {message}".rstrip()
        text = place if seconds_left is None else f"{place}  {_duration(seconds_left)} left"
        if self._terminal:
            if now - self._shown >= SECONDS_BETWEEN_BARS or place != self._place:
                self._draw(fraction, text)
                self._shown, self._place = now, place
        elif message and now - self._shown >= SECONDS_BETWEEN_LINES and place != self._place:
            print(text.strip(), file=self._stream, flush=True)
            self._shown, self._place = now, place

    def _draw(self, fraction: float, text: str) -> None:
        filled = round(BAR_WIDTH * min(1.0, max(0.0, fraction)))
        line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {text}"
        columns = shutil.get_terminal_size().columns
        self._stream.write("\r\x1b[K" + line[: columns - 1])
        self._stream.flush()
        self._drawn = True

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False

    def _interrupt(self, *_: object) -> NoReturn:
        self._interrupted = True
        raise KeyboardInterrupt

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        self.clear()


@contextlib.contextmanager
def asked_to_stop(line: ProgressLine, words: str) -> Iterator[Callable[[], bool]]:
    """Whether SIGINT or SIGTERM came, which is answered with `words`; the second one ends the program as usual."""
    asked = False

    def ask(number: int, *_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before[signal.Signals(number)])
        line.clear()
        print(f"{words} (again: ends at once)", file=sys.stderr)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _duration(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
