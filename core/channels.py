"""The only locks of the program: two ways for a thread to tell another something.

A `LatestSlot` holds the newest value (pictures, snapshots): older ones are dropped. An `EventQueue` loses nothing
(errors, "finished"). Writers never wait for readers.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds at most one value; `put` replaces, `take` empties."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None

    def put(self, value: T) -> None:
        with self._lock:
            self._value = value

    def take(self) -> T | None:
        with self._lock:
            value, self._value = self._value, None
            return value


class EventQueue(Generic[T]):
    """First in, first out, nothing lost; `drain` never waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[T] = deque()

    def put(self, event: T) -> None:
        with self._lock:
            self._events.append(event)

    def drain(self) -> list[T]:
        with self._lock:
            events = list(self._events)
            self._events.clear()
            return events
