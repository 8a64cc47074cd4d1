"""The thread that looks at a person who takes pictures of themselves: it says what to do and presses the shutter.

It sees neither the store nor the window, and keeps no picture: those that are taken go out as events.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from ..core.capture.guidance import Shutter, advice
from ..core.channels import LatestSlot
from ..core.jobs import JobContext
from ..core.tracking.camera_source import is_camera
from ..core.tracking.frame_reader import SourceEnded, SourceOpened
from .captured import Glance
from .watched_source import Ready, SourceWires, WatchedSource

if TYPE_CHECKING:
    from ..core.capture.importing import Observer
    from ..core.capture.shot import Mode, Shot, Trouble
    from ..core.tracking.detection import Frame
    from ..core.tracking.frame_source import FrameSource

WAIT_SECONDS = 0.1
"""For a picture, before wishes are looked at again."""
LOOK_SECONDS = 0.06
"""Between two looks: more would take the time from the window and show nothing."""
URGING_SECONDS = 4.0
"""After a refusal another wish is granted."""
LONGEST_SIDE = 640
"""Pixels of the small copy."""

Wish = Literal["take"]


class Equipment(Protocol):
    """Where sources and observers come from; tests bring their own."""

    def open_source(self, source: str) -> FrameSource: ...

    def observer(self, mode: Mode, report: Callable[[float, str], None], *, still: bool = False) -> Observer:
        """One for a camera or a film, or with `still` for photos."""
        ...


class CaptureEquipment:
    """The real one."""

    def open_source(self, source: str) -> FrameSource:
        from ..core.tracking.sources import open_source

        return open_source(source)

    def observer(self, mode: Mode, report: Callable[[float, str], None], *, still: bool = False) -> Observer:
        from ..core.body.body_registry import default_body
        from ..core.capture.shot_observer import ShotObserver
        from ..core.tracking.tracker import prepare

        body = default_body(lambda fraction, message: report(0.5 * fraction, message))
        prepare(body, lambda fraction, message: report(0.5 + 0.5 * fraction, message))
        return ShotObserver(body, mode, still=still)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How pictures are taken, and what those show that there are."""

    mode: Mode
    is_automatic: bool
    taken: tuple[Shot, ...]
    num_heard: int = 0
    """How many of the thread's own pictures had come when it was made: those are `taken`, unless they were lost."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Took:
    """A picture, as the camera gave it."""

    image: UInt8[np.ndarray, "H W 3"]
    shot: Shot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refused:
    """The picture that was wished for would be of no use."""

    trouble: Trouble


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaptureWires(SourceWires[Took | Refused, Wish]):
    """Beside what every source has: looks, and how pictures are to be taken."""

    glances: LatestSlot[Glance] = field(default_factory=LatestSlot)
    plans: LatestSlot[Plan] = field(default_factory=LatestSlot)


def capture(context: JobContext, source: str, plan: Plan, wires: CaptureWires, equipment: Equipment) -> None:
    """Until the source ends or the job is cancelled.

    Raises:
        StudioError: nobody can be found in pictures on this machine.
        Cancelled: the person wants it to stop.
    """
    run = _Run(context, source, plan, wires, equipment)
    try:
        while not run.is_over:
            run.step()
    finally:
        run.close()


class _Run:
    def __init__(self, context: JobContext, source: str, plan: Plan, wires: CaptureWires, equipment: Equipment) -> None:
        self.is_over = False
        self._context = context
        self._plan = plan
        self._wires = wires
        self._equipment = equipment
        self._is_mirrored = is_camera(source)
        self._observer: Observer | None = None
        self._shutter = Shutter()
        self._shots: list[Shot] = []
        """Of all pictures that it took."""
        self._is_wished = False
        self._refused_at = -URGING_SECONDS
        self._looked_at = 0.0
        self._source = WatchedSource(source, equipment.open_source, wires.events.put)

    def step(self) -> None:
        self._context.check()
        plan, self._plan = self._plan, self._wires.plans.take() or self._plan
        if plan.mode != self._plan.mode and self._observer is not None:
            self._look_for(self._plan.mode)
        for wish in self._wires.wishes.drain():
            if wish == "retry":
                self._source.retry()
            else:
                self._is_wished = True
        for event in self._source.drain():
            self._wires.events.put(event)
            self.is_over |= isinstance(event, SourceEnded)
            if isinstance(event, SourceOpened) and self._observer is None:
                self._look_for(self._plan.mode)
                self._wires.events.put(Ready())
                if not event.live:
                    self._source.begin_anew()
                    break  # what followed was told of the first opening
        frame = self._source.next(WAIT_SECONDS)
        if frame is not None and self._observer is not None:
            time.sleep(max(0.0, self._looked_at + LOOK_SECONDS - time.monotonic()))
            self._looked_at = time.monotonic()
            self._look(frame, self._observer)

    def _look(self, frame: Frame, observer: Observer) -> None:
        shot = observer.observe(frame)
        said = advice(shot, self._taken, self._plan.mode)
        is_due = self._shutter.release(shot, said) and self._plan.is_automatic
        is_wished, self._is_wished = self._is_wished, False
        picture, share = _small_copy(frame.image, mirrored=self._is_mirrored)
        glance = Glance(
            picture=picture,
            share=share,
            is_mirrored=self._is_mirrored,
            shot=shot,
            advice=said,
        )
        self._wires.glances.put(glance)
        troubles = shot.troubles
        # Whoever presses twice wants it all the same.
        is_urged = self._looked_at - self._refused_at < URGING_SECONDS and shot.is_usable
        if is_due or (is_wished and (not troubles or is_urged)):
            self._shots.append(shot)
            self._wires.events.put(Took(image=frame.image, shot=shot))
        elif is_wished:
            self._refused_at = self._looked_at
            self._wires.events.put(Refused(trouble=troubles[0]))

    @property
    def _taken(self) -> tuple[Shot, ...]:
        """As planned, and what was taken since the plan was made."""
        since = self._shots[self._plan.num_heard :]
        return (*self._plan.taken, *(shot for shot in since if shot.mode == self._plan.mode))

    def _look_for(self, mode: Mode) -> None:
        self._put_observer_away()
        self._observer = self._equipment.observer(mode, self._context.report)

    def close(self) -> None:
        """Ends only when the source is closed: what follows may count on it."""
        self._source.close()
        self._put_observer_away()

    def _put_observer_away(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.close()


def _small_copy(image: UInt8[np.ndarray, "H W 3"], *, mirrored: bool) -> tuple[UInt8[np.ndarray, "h w 4"], float]:
    """And how many of its pixels stand for one of the picture's."""
    height, width = image.shape[:2]
    share = min(1.0, LONGEST_SIDE / max(height, width))
    size = (max(1, round(share * width)), max(1, round(share * height)))
    small = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
    if mirrored:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(small.convert("RGBA")), share
