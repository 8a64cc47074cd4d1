"""Takes pictures of a person by a camera or a film; belongs to the main thread, owns the thread that looks.

Pictures go to the keeper, and nowhere else. The source serves this or driving, never both.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobFinished, JobRunner, Progress
from ..core.tracking.frame_reader import SourceEnded, SourceOpened, SourceRecovered, SourceTrouble
from .actions import Report, SetCapturing
from .capture_thread import (
    CaptureEquipment,
    CaptureEvent,
    Equipment,
    Plan,
    Ready,
    Refused,
    Took,
    Wires,
    capture,
)
from .captured import Phase
from .picture_keeper import PictureKeeper
from .state import Kind, Status
from .store import Store
from .watched_source import LetGo, Opens, title_of

if TYPE_CHECKING:
    from ..core.capture.shot import Shot

JOB = "capture"

logger = logging.getLogger(__name__)


class Capturer:
    """`tick` once a frame; `close` at the end leaves no thread and no open camera."""

    def __init__(self, store: Store) -> None:
        self.equipment: Equipment = CaptureEquipment()
        self.keeper = PictureKeeper(store, lambda report: self.equipment.observer("body", report, still=True))
        self.may_open: Callable[[], bool] = lambda: True
        """Whether nothing else holds a source open: a camera serves one at a time."""
        self.progress: Progress | None = None
        """How far the start is, while it goes on."""
        self._store = store
        self._jobs = JobRunner()
        self._wires = Wires()
        self._plan: Plan | None = None
        """The last one that the thread was told."""
        self._unkept: list[Shot] = []
        """Of pictures that are on their way into the folder."""
        self._num_heard = 0
        """How many pictures the thread that runs has brought."""
        self._is_due = False
        """Whether it is to begin, once nothing holds a source open any more."""

    @property
    def holds_source(self) -> bool:
        """Whether a source may be open."""
        return JOB in self._jobs.running

    # What the person asks for

    def start(self, source: str) -> None:
        """Look at the person by this source from now on, in place of one that is open."""
        self._set(phase="preparing", source=source, title=title_of(source), trouble=None, glance=None, refusal=None)
        self._is_due = True
        self._jobs.cancel(JOB)
        self._begin_when_free()

    def stop(self) -> None:
        """Let go of the source; a camera is off as soon as the phase is."""
        self._is_due = False
        if self._store.state.capturing.is_on:
            is_running = JOB in self._jobs.running
            self._jobs.cancel(JOB)
            self._end("stopping" if is_running else "off")

    def retry(self) -> None:
        """Try the source again, after a trouble.

        Raises:
            StudioError: nothing was tried yet.
        """
        capturing = self._store.state.capturing
        if not capturing.source:
            raise StudioError("nothing was tried yet", hint="choose a camera, a film or a photo")
        if JOB in self._jobs.running and capturing.is_on:
            self._set(trouble=None, open_source=capturing.source)
            self._wires.wishes.put("retry")
        else:
            self.start(capturing.source)

    def take(self) -> None:
        """Press the shutter: at once, or of the whole body when the countdown has run.

        Raises:
            StudioError: nobody is looked at.
        """
        state = self._store.state
        if state.capturing.phase != "looking":
            raise StudioError("no camera looks at you", hint="start one in the Capture panel")
        chosen = state.settings.capture
        if chosen.mode == "body" and state.capturing.due is None:
            self._set(due=time.monotonic() + chosen.countdown, refusal=None)
        elif chosen.mode == "body":
            self._set(due=None)  # pressed again, it is called off
        else:
            self._wires.wishes.put("take")

    def close(self) -> None:
        self._is_due = False
        self._jobs.close()
        for event in self._wires.events.drain():
            self._take(event)
        self.keeper.close()

    # Frames

    def tick(self, now: float) -> None:
        """Take in what the thread brought; `now` in seconds of a steady clock."""
        progress, finished = self._jobs.drain()
        for event in self._wires.events.drain():
            self._take(event)
        for job in finished:
            self._finish(job)
        self._begin_when_free()
        is_preparing = self._store.state.capturing.phase == "preparing"
        self.progress = (progress[-1] if progress else self.progress) if is_preparing else None
        glance = self._wires.glances.take()
        # One that comes while another source is due is of the source before.
        if glance is not None and self._store.state.capturing.is_on and not self._is_due:
            self._set(glance=glance)
        due = self._store.state.capturing.due
        if due is not None and now >= due:
            self._set(due=None)
            self._wires.wishes.put("take")
        self.keeper.tick()
        self._tell_plan()

    # The thread

    def _begin_when_free(self) -> None:
        if not self._is_due or JOB in self._jobs.running or not self.may_open():
            return
        self._is_due, self._num_heard = False, 0
        source, wires, equipment, plan = self._store.state.capturing.source, Wires(), self.equipment, self._wanted
        self._wires, self._plan, self.progress = wires, plan, None
        self._set(open_source=source)
        self._jobs.start(JOB, lambda context: capture(context, source, plan, wires, equipment))

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

    def _take(self, event: CaptureEvent) -> None:
        if isinstance(event, Opens | LetGo):
            self._set(open_source=event.source if isinstance(event, Opens) else "")
            return
        if isinstance(event, Took):
            self._keep(event)
            return
        if self._is_due or not self._store.state.capturing.is_on:
            return  # of a source that is being let go
        title = self._store.state.capturing.title
        if isinstance(event, Ready):
            self._set(phase="looking")
        elif isinstance(event, Refused):
            self._set(refusal=event.trouble, due=self._next_due())
        elif isinstance(event, SourceOpened):
            self._set(title=event.description, trouble=None)
        elif isinstance(event, SourceTrouble):
            self._set(trouble=self._told_of(event.error))
        elif isinstance(event, SourceRecovered):
            self._say(f"{title} gives pictures again")
            self._set(trouble=None)
        elif isinstance(event, SourceEnded):
            self._say(f"{title} has ended")

    def _keep(self, taken: Took) -> None:
        self._num_heard += 1
        self._unkept.append(taken.shot)
        self.keeper.add(taken.image, taken.shot, self._store.state.capturing.title)
        self._set(taken_at=time.monotonic(), refusal=None, due=self._next_due())

    def _next_due(self) -> float | None:
        """Who stands far from the keyboard goes on without it."""
        state = self._store.state
        chosen = state.settings.capture
        goes_on = chosen.mode == "body" and chosen.is_automatic and state.capturing.is_on
        return time.monotonic() + chosen.countdown if goes_on else None

    def _finish(self, job: JobFinished) -> None:
        if self._is_due:
            return
        self._end("off")
        error = job.error
        if error is None or isinstance(error, Cancelled):
            return
        if not isinstance(error, StudioError):
            logger.error("capturing failed", exc_info=error)
            failure = f"looking failed inside the program: {type(error).__name__}: {error}"
            error = StudioError(failure, hint="try again; the pictures are untouched")
        self._set(trouble=self._told_of(error))

    # The state

    def _end(self, phase: Phase) -> None:
        self._set(phase=phase, trouble=None, glance=None, due=None, refusal=None)

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetCapturing(capturing=replace(self._store.state.capturing, **changes)))

    def _told_of(self, error: StudioError) -> StudioError:
        self._say(error.message, hint=error.hint, kind="error")
        return error

    def _say(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        self._store.dispatch(Report(status=Status(message=message, hint=hint, kind=kind), time=time.time()))
