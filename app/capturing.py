"""Takes pictures of a person by a camera or a film; belongs to the main thread, owns the thread that looks.

Pictures go to the keeper, and nowhere else. The source serves this or driving, never both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import StudioError
from ..core.jobs import JobContext
from .actions import SetCapturing
from .capture_thread import CaptureEquipment, CaptureWires, Equipment, Plan, Refused, Took, capture
from .captured import Capturing
from .picture_keeper import PictureKeeper
from .source_job import SourceJob
from .source_use import Phase
from .store import Store

if TYPE_CHECKING:
    from ..core.capture.shot import Shot


class Capturer(SourceJob[CaptureWires]):
    """`tick` once a frame."""

    name = "capture"
    deed = "looking"
    sources = "a camera, a film or a photo"
    untouched = "the pictures are"

    def __init__(self, store: Store) -> None:
        super().__init__(store, CaptureWires)
        self.equipment: Equipment = CaptureEquipment()
        self.keeper = PictureKeeper(store, lambda report: self.equipment.observer("body", report, still=True))
        self._plan: Plan | None = None
        """The last one that the thread was told."""
        self._unkept: list[Shot] = []
        """Of pictures that are on their way into the folder."""
        self._num_heard = 0
        """How many pictures the thread that runs has brought."""

    @property
    def _use(self) -> Capturing:
        return self._store.state.capturing

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetCapturing(capturing=replace(self._use, **changes)))

    def _end(self, phase: Phase) -> None:
        self._set(phase=phase, trouble=None, glance=None, due=None, refusal=None)

    # What the person asks for

    def start(self, source: str) -> None:
        self._prepare(source, glance=None, refusal=None)

    def take(self) -> None:
        """Press the shutter: at once, or of the whole body when the countdown has run.

        Raises:
            StudioError: nobody is looked at.
        """
        state = self._store.state
        if state.capturing.phase != "running":
            raise StudioError("no camera looks at you", hint="start one in the Capture panel")
        chosen = state.settings.capture
        if chosen.mode == "body" and state.capturing.due is None:
            self._set(due=time.monotonic() + chosen.countdown, refusal=None)
        elif chosen.mode == "body":
            self._set(due=None)  # pressed again, it is called off
        else:
            self._wires.wishes.put("take")

    def close(self) -> None:
        super().close()
        for event in self._wires.events.drain():
            self._take(event)
        self.keeper.close()

    # Frames

    def tick(self, now: float) -> None:
        """Take in what the thread brought; `now` in seconds of a steady clock."""
        self._listen()
        glance = self._wires.glances.take()
        # One that comes while another source is due is of the source before.
        if glance is not None and self._use.is_on and not self._is_due:
            self._set(glance=glance)
        due = self._use.due
        if due is not None and now >= due:
            self._set(due=None)
            self._wires.wishes.put("take")
        self.keeper.tick()
        self._tell_plan()

    # The thread

    def _begin(self) -> Callable[[JobContext], None]:
        self._num_heard, self._plan = 0, None
        source, wires, equipment = self._use.source, self._wires, self.equipment
        plan = self._plan = self._wanted
        return lambda context: capture(context, source, plan, wires, equipment)

    @property
    def _wanted(self) -> Plan:
        state = self._store.state
        chosen = state.settings.capture
        kept = tuple(each.shot for each in state.capturing.pictures if each.shot.mode == chosen.mode)
        # What the keeper is done with and did not keep - the disk was full - is wanted again.
        self._unkept = [shot for shot in self._unkept if shot not in kept] if self.keeper.is_busy else []
        # Pictures of the whole body are taken when the countdown has run.
        is_automatic = chosen.is_automatic and chosen.mode == "face"
        unkept = (shot for shot in self._unkept if shot.mode == chosen.mode)
        return Plan(mode=chosen.mode, is_automatic=is_automatic, taken=(*kept, *unkept), num_heard=self._num_heard)

    def _tell_plan(self) -> None:
        wanted = self._wanted
        if self._plan is not None and wanted != self._plan:
            self._plan = wanted
            self._wires.plans.put(wanted)

    def _take(self, event: Any) -> None:
        if isinstance(event, Took):
            self._keep(event)  # also when its source is being let go
        else:
            super()._take(event)

    def _hear(self, event: Refused) -> None:
        self._set(refusal=event.trouble, due=self._next_due())

    def _keep(self, taken: Took) -> None:
        self._num_heard += 1
        self._unkept.append(taken.shot)
        self.keeper.add(taken.image, taken.shot, self._use.title)
        self._set(taken_at=time.monotonic(), refusal=None, due=self._next_due())

    def _next_due(self) -> float | None:
        """Who stands far from the keyboard goes on without it."""
        state = self._store.state
        chosen = state.settings.capture
        goes_on = chosen.mode == "body" and chosen.is_automatic and state.capturing.is_on
        return time.monotonic() + chosen.countdown if goes_on else None
