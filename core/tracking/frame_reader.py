"""Reads a source on a thread of its own: the newest picture wins, troubles are told, nothing waits for a camera."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..channels import EventQueue, LatestSlot
from ..errors import StudioError
from .detection import Frame
from .frame_source import FrameSource, SourceDarkError, SourceError, SourceStalledError, mirrored

FIRST_SECONDS, STALL_SECONDS = 10.0, 3.0
"""Without the first or another picture, before that is called a trouble; opening takes some seconds anyway."""
DARK_SECONDS = 2.0
"""Cameras begin with some black pictures."""
DARK_LEVEL = 8.0
"""Mean of 0..255 below which a picture is black; a room lit by a screen has 20 and more."""
CLOSE_SECONDS = 2.0
"""How long an end is waited for; a thread that hangs in a driver may hold the camera beyond that."""
STILL_SECONDS = 0.1
"""Between two looks at a photo that is shown on and on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOpened:
    """Pictures come from now on."""

    description: str
    width: int
    height: int
    fps: float | None
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTrouble:
    """No useful pictures come; unless they come again by themselves, `retry` is needed."""

    error: StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecovered:
    """The trouble went by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEnded:
    """After the last picture of a file."""


logger = logging.getLogger(__name__)

SourceEvent = SourceOpened | SourceTrouble | SourceRecovered | SourceEnded


class FrameReader:
    """Opens and reads one source; `close` lets go of the camera.

    Files play at their own rate, as a camera would deliver them; with `loop` they begin anew at their end. A photo is
    shown on and on. `mirror` may be changed at any time.
    """

    def __init__(self, open_source: Callable[[], FrameSource], *, loop: bool = False, mirror: bool = False) -> None:
        self.mirror = mirror
        self._open_source = open_source
        self._loop = loop
        self._events: EventQueue[SourceEvent] = EventQueue()
        self._hanging: list[_Run] = []
        """Openings that were given up while a driver held their threads."""
        self._run = self._started()

    def next(self, seconds: float = 0.0) -> Frame | None:
        """The newest picture not yet taken; waits that long for one. Its `seconds` tell when it arrived."""
        return self._run.next(seconds)

    def age(self, frame: Frame) -> float:
        """Seconds since the picture arrived."""
        return time.monotonic() - self._run.began - frame.seconds

    def drain(self) -> list[SourceEvent]:
        """What happened since the last call; never waits, and notices a camera that hangs."""
        self._run.notice_stall()
        return self._events.drain()

    def retry(self) -> None:
        """Close the source and open it again; time counts anew."""
        if not self._run.stop():
            self._hanging.append(self._run)
        self._run = self._started()

    def close(self) -> bool:
        """Stop reading; whether the source is certainly closed. If not, a later call may find it so."""
        self._run.stop()
        return self.is_closed

    @property
    def is_closed(self) -> bool:
        """Whether no thread is left that may hold the source open."""
        self._hanging = [run for run in self._hanging if not run.has_ended]
        return self._run.has_ended and not self._hanging

    def _started(self) -> _Run:
        return _Run(self._open_source, self._events, loop=self._loop, is_mirrored=lambda: self.mirror)


class _Run:
    """One opening of the source, to its end, its failure or `stop`; what comes later is dropped."""

    def __init__(
        self,
        open_source: Callable[[], FrameSource],
        events: EventQueue[SourceEvent],
        *,
        loop: bool,
        is_mirrored: Callable[[], bool],
    ) -> None:
        self.began = time.monotonic()
        self._open_source = open_source
        self._events = events
        self._loop = loop
        self._is_mirrored = is_mirrored
        self._frames: LatestSlot[Frame] = LatestSlot()
        self._arrived = threading.Event()
        self._stopped = threading.Event()
        self._count = 0
        self._waits_since: float | None = self.began
        """None where no picture is to come: the source failed or ended."""
        self._dark_since: float | None = None
        self._in_trouble = False
        self._thread = threading.Thread(target=self._read, name="source", daemon=True)
        self._thread.start()

    def next(self, seconds: float) -> Frame | None:
        if seconds > 0.0:
            self._arrived.wait(seconds)
        self._arrived.clear()
        return self._frames.take()

    def stop(self) -> bool:
        """Whether the thread has ended, and the source is closed with it."""
        self._stopped.set()
        self._thread.join(CLOSE_SECONDS)
        return self.has_ended

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def notice_stall(self) -> None:
        since, patience = self._waits_since, STALL_SECONDS if self._count else FIRST_SECONDS
        if since is not None and not self._in_trouble and time.monotonic() - since > patience:
            self._tell_trouble(
                SourceStalledError(
                    f"no picture came for {patience:.0f} seconds",
                    hint="it goes on when pictures come again; else try again, a camera after plugging it in anew",
                )
            )

    def _read(self) -> None:
        try:
            again = True
            while again and not self._stopped.is_set():
                with contextlib.closing(self._open_source()) as source:
                    if self._count == 0:
                        self._tell_opened(source)
                    self._read_through(source)
                again = self._loop and not source.live
            self._tell(SourceEnded())
        except StudioError as error:
            self._tell_trouble(error)
        except Exception as error:  # a driver may raise anything, and the person must learn of it
            logger.exception("the source failed")
            self._tell_trouble(SourceError(f"the source failed: {error}", hint="try again, or choose another source"))
        finally:
            self._waits_since = None

    def _read_through(self, source: FrameSource) -> None:
        """Deliver the pictures from the source's beginning to its end."""
        opened = time.monotonic()
        while not self._stopped.is_set() and (frame := source.read()) is not None:
            if not source.live:
                self._waits_since = None  # for the film's own pace nobody is to blame
                if self._stopped.wait(max(0.0, opened + frame.seconds - time.monotonic())):
                    return
            self._deliver(frame)
            while source.num_frames == 1 and not self._stopped.wait(STILL_SECONDS):
                self._deliver(frame)

    def _deliver(self, frame: Frame) -> None:
        now = time.monotonic()
        if self._is_mirrored():
            frame = mirrored(frame)
        self._frames.put(replace(frame, seconds=now - self.began, index=self._count))
        self._arrived.set()
        self._count += 1
        self._waits_since = now
        self._judge_light(frame, now)

    def _judge_light(self, frame: Frame, now: float) -> None:
        """Tell when pictures have been black for a while, and take any trouble back when they are not."""
        if frame.image[::8, ::8].mean() >= DARK_LEVEL:
            self._dark_since = None
            if self._in_trouble:
                self._in_trouble = False
                self._tell(SourceRecovered())
            return
        if self._dark_since is None:
            self._dark_since = now
        if not self._in_trouble and now - self._dark_since > DARK_SECONDS:
            self._tell_trouble(
                SourceDarkError("the pictures are black", hint="open the camera's shutter, or switch on a light")
            )

    def _tell_opened(self, source: FrameSource) -> None:
        self._tell(
            SourceOpened(
                description=source.description,
                width=source.width,
                height=source.height,
                fps=source.fps,
                live=source.live,
            )
        )

    def _tell_trouble(self, error: StudioError) -> None:
        self._in_trouble = True
        self._tell(SourceTrouble(error=error))

    def _tell(self, event: SourceEvent) -> None:
        if not self._stopped.is_set():
            self._events.put(event)
