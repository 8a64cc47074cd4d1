"""Long work on a thread of its own: progress, cancel, and errors that reach the caller's thread.

A job is a function of a `JobContext`. It sees neither the store nor the window: its inputs are captured when it is
made, its result and its errors come back through `JobRunner.drain`, called by the main thread once a frame.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .background import give_way
from .channels import EventQueue, LatestSlot
from .errors import Cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: `fraction` in [0, 1]; `seconds_left` is None until it can be told."""

    name: str
    fraction: float
    message: str
    seconds_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JobFinished:
    """The last word of a job: exactly one of `error` and `result` says how it ended (`Cancelled` when stopped)."""

    name: str
    result: Any
    error: BaseException | None


class JobContext:
    """What a job may do to the outside: report progress and learn that it should stop."""

    def __init__(self, name: str, progress: LatestSlot[Progress], cancelled: threading.Event) -> None:
        self._name = name
        self._progress = progress
        self._cancelled = cancelled
        self._started = time.monotonic()

    def report(self, fraction: float, message: str = "", *, seconds_left: float | None = None) -> None:
        """Say how far the work is; raises `Cancelled` when the person wants it to stop.

        Without `seconds_left` they are guessed from the time that the fraction took.
        """
        self.check()
        elapsed = time.monotonic() - self._started
        if seconds_left is None and fraction > 0.02 and elapsed > 0.5:
            seconds_left = elapsed * (1.0 - fraction) / fraction
        self._progress.put(Progress(name=self._name, fraction=fraction, message=message, seconds_left=seconds_left))

    def check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled(self._name)


class JobRunner:
    """Runs one job at a time per name; `close` stops them all and waits for their threads."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._progress: dict[str, LatestSlot[Progress]] = {}
        self._finished: EventQueue[JobFinished] = EventQueue()

    def start(self, name: str, work: Callable[[JobContext], Any]) -> None:
        """Start `work` on a thread of its own.

        Raises:
            ValueError: a job of that name is still running.
        """
        if name in self._running:
            raise ValueError(f"job {name!r} is running")
        cancelled = threading.Event()
        slot = self._progress[name] = LatestSlot()
        context = JobContext(name, slot, cancelled)
        thread = threading.Thread(target=self._run, args=(name, work, context), name=f"job-{name}", daemon=True)
        self._running[name] = (thread, cancelled)
        thread.start()

    def _run(self, name: str, work: Callable[[JobContext], Any], context: JobContext) -> None:
        give_way()
        try:
            finished = JobFinished(name=name, result=work(context), error=None)
        except BaseException as error:  # whatever it is, the main thread must learn of it
            finished = JobFinished(name=name, result=None, error=error)
        self._finished.put(finished)

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    def cancel(self, name: str) -> None:
        """Ask the job to stop; it ends at its next `report` or `check`."""
        if name in self._running:
            self._running[name][1].set()

    def drain(self) -> tuple[list[Progress], list[JobFinished]]:
        """The newest progress of each running job and the jobs that ended since the last call."""
        progress = [value for slot in self._progress.values() if (value := slot.take()) is not None]
        finished = self._finished.drain()
        for job in finished:
            thread, _ = self._running.pop(job.name)
            thread.join()
            del self._progress[job.name]
        return progress, finished

    def close(self, seconds: float = 10.0) -> None:
        """Cancel every job and wait for the threads."""
        for _, cancelled in self._running.values():
            cancelled.set()
        for thread, _ in self._running.values():
            thread.join(seconds)
