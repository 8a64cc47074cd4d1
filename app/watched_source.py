"""A source of pictures as a thread reads it, and what the person must be told of it: when it may be open."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, TypeVar

from ..core.channels import EventQueue
from ..core.tracking.camera_source import is_camera
from ..core.tracking.detection import Frame
from ..core.tracking.frame_reader import FrameReader, SourceEvent
from ..core.tracking.frame_source import FrameSource

WAIT_SECONDS = 0.1
"""Between two looks at whether a driver has let go."""

Event = TypeVar("Event")
Wish = TypeVar("Wish")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opens:
    """A source is tried: it may be open from now on."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LetGo:
    """The source is certainly closed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """What is seen in the pictures comes from now on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceWires(Generic[Event, Wish]):
    """Between the thread that reads and the main one; both ends may be used at any time."""

    events: EventQueue[Event | Opens | LetGo | Ready | SourceEvent] = field(default_factory=EventQueue)
    wishes: EventQueue[Wish | Literal["retry"]] = field(default_factory=EventQueue)


def title_of(source: str) -> str:
    """Until the source says its own name."""
    return source if is_camera(source) else Path(source).name


class WatchedSource:
    """Opens it at once; belongs to the thread that made it, which closes it."""

    def __init__(
        self,
        source: str,
        open_source: Callable[[str], FrameSource],
        tell: Callable[[Opens | LetGo], None],
        *,
        loop: bool = False,
        mirror: bool = False,
    ) -> None:
        self._source = source
        self._tell = tell
        self._is_open = True
        self._reader = FrameReader(lambda: open_source(source), loop=loop, mirror=mirror)

    def show_mirrored(self, mirror: bool) -> None:
        self._reader.mirror = mirror

    def drain(self) -> list[SourceEvent]:
        """What happened since the last call."""
        events = self._reader.drain()
        self._say_when_closed()
        return events

    def next(self, seconds: float) -> Frame | None:
        """The newest picture; waits that long for one."""
        return self._reader.next(seconds)

    def age(self, frame: Frame) -> float:
        """Seconds since the picture arrived."""
        return self._reader.age(frame)

    def retry(self) -> None:
        """Open it again."""
        self._is_open = True
        self._tell(Opens(source=self._source))
        self._reader.retry()

    def begin_anew(self) -> None:
        """A film has run on meanwhile: show it from its beginning."""
        self._reader.close()
        self._reader.drain()
        self._reader.retry()

    def close(self) -> None:
        """Ends only when the source is closed: what follows may count on it."""
        if not self._reader.close():
            logger.warning("%s does not answer; it may be open until it does", self._source)
            while not self._reader.close():
                time.sleep(WAIT_SECONDS)
        self._say_when_closed()

    def _say_when_closed(self) -> None:
        if self._is_open and self._reader.is_closed:
            self._is_open = False
            self._tell(LetGo())
