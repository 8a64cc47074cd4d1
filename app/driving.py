"""Drives the avatar by a camera or a film; belongs to the main thread, owns the thread that looks.

The document is not touched: what is seen lies over its pose. Troubles of the source are told and wait for a retry.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobFinished, JobRunner, Progress
from ..core.tracking.frame_reader import SourceEnded, SourceOpened, SourceRecovered, SourceTrouble
from .actions import Report, SetDriving, SetPlayback
from .drive_thread import (
    Calibrated,
    DriveEvent,
    Equipment,
    Ready,
    Request,
    TrackingEquipment,
    Wires,
    Wish,
    drive,
)
from .driven import Phase, Sight
from .presence import Presence
from .settings import DriveSettings
from .state import Kind, State, Status
from .store import Store
from .watched_source import LetGo, Opens, title_of

JOB = "drive"
SETTLED_SECONDS = 0.5
"""Shape and choices must have stood so long before all is made anew for them."""
NEWEST_WEIGHT = 0.15
"""Of a picture in the running means."""

logger = logging.getLogger(__name__)


class Driver:
    """`tick` once a frame; `close` at the end leaves no thread and no open camera."""

    def __init__(self, store: Store) -> None:
        self.equipment: Equipment = TrackingEquipment()
        self.may_open: Callable[[], bool] = lambda: True
        """Whether nothing else holds a source open: a camera serves one at a time."""
        self.progress: Progress | None = None
        """How far the start is, while it goes on."""
        self.latency: float | None = None
        """Milliseconds from a picture's arrival until the avatar shows it."""
        self._seconds_between: float | None = None
        """Two pictures that the avatar follows."""
        self._store = store
        self._presence = Presence()
        self._jobs = JobRunner()
        self._wires = Wires()
        self._told: DriveSettings | None = None
        self._driven: tuple[object, ...] = ()
        """What the thread was started for."""
        self._wanted: tuple[object, ...] = ()
        """What the state asks for now."""
        self._wanted_since = 0.0
        self._is_due = False
        """Whether it is to begin, once nothing holds a source open any more."""
        self._ticked_at: float | None = None
        self._presented: Sight | None = None

    @property
    def rate(self) -> float | None:
        """Pictures a second that the avatar follows."""
        return None if self._seconds_between is None else 1.0 / self._seconds_between

    @property
    def holds_source(self) -> bool:
        """Whether a source may be open."""
        return JOB in self._jobs.running

    # What the person asks for

    def start(self, source: str) -> None:
        """Let the source drive from now on, in place of one that does.

        Raises:
            StudioError: there is nobody to drive.
        """
        state = self._store.state
        if state.document.body is None:
            raise StudioError("there is no avatar to drive", hint="open an avatar first")
        self._store.dispatch(SetPlayback(playing=False))
        self._set(phase="preparing", source=source, title=title_of(source), trouble=None, sight=None)
        self._presence.begin()
        self._is_due = True
        self._jobs.cancel(JOB)
        self._begin_when_free()

    def stop(self) -> None:
        """Let go of the source; a camera is off as soon as the phase is."""
        self._is_due = False
        if self._store.state.driving.is_on:
            is_running = JOB in self._jobs.running
            self._jobs.cancel(JOB)
            self._end("stopping" if is_running else "off")

    def retry(self) -> None:
        """Try the source again, after a trouble.

        Raises:
            StudioError: nothing has driven yet, or there is nobody to drive.
        """
        driving = self._store.state.driving
        if not driving.source:
            raise StudioError("nothing was tried yet", hint="choose a camera or a film")
        if JOB in self._jobs.running and driving.is_on:
            self._set(trouble=None, open_source=driving.source)
            self._wires.wishes.put("retry")
        else:
            self.start(driving.source)

    def calibrate(self) -> None:
        """What the face does now is neutral, and where the person is now is where the avatar stands.

        Raises:
            StudioError: no face is seen.
        """
        driving = self._store.state.driving
        if driving.phase == "driving" and (driving.sight is None or driving.sight.confidence.face == 0.0):
            raise StudioError("no face is seen", hint="look into the camera, then calibrate")
        self._wish("calibrate")
        self._say("look calmly into the camera for a second")

    def forget_calibration(self) -> None:
        self._wish("forget calibration")

    def _wish(self, wish: Wish) -> None:
        """
        Raises:
            StudioError: nobody drives the avatar.
        """
        if self._store.state.driving.phase != "driving":
            raise StudioError("nobody drives the avatar", hint="start a camera or a film first")
        self._presence.begin()
        self._wires.wishes.put(wish)

    def close(self) -> None:
        self._is_due = False
        self._jobs.close()

    # Frames

    def tick(self, now: float) -> None:
        """Take in what the thread brought and let the avatar follow; `now` in seconds of a steady clock."""
        elapsed = 0.0 if self._ticked_at is None else max(0.0, now - self._ticked_at)
        self._ticked_at = now
        progress, finished = self._jobs.drain()
        for event in self._wires.events.drain():
            self._take(event)
        for job in finished:
            self._finish(job)
        self._begin_when_free()
        is_preparing = self._store.state.driving.phase == "preparing"
        self.progress = (progress[-1] if progress else self.progress) if is_preparing else None
        self._start_again_when_changed(now)
        self._tell_settings()
        self._follow(now, elapsed)

    def _follow(self, now: float, elapsed: float) -> None:
        state = self._store.state
        driving = state.driving
        sight = self._wires.sights.take()
        if sight is not None and driving.is_on:
            self._presence.see(sight, now)
            if sight.picture is None and driving.sight is not None:
                sight = replace(sight, picture=driving.sight.picture)
            self._set(sight=sight)
        pose = self._presence.pose(state.document, state.settings.drive, is_on=driving.is_on, now=now, elapsed=elapsed)
        if pose is not driving.pose:
            self._set(pose=pose)

    def presented(self, now: float) -> None:
        """A frame that shows the present state stands on the screen."""
        sight, before = self._store.state.driving.sight, self._presented
        if sight is None or sight is before:
            return
        self._presented = sight
        self.latency = _mean(self.latency, 1e3 * (now - sight.taken_at))
        if before is not None and sight.taken_at > before.taken_at:
            # Their rate would jump where two pictures come close together.
            self._seconds_between = _mean(self._seconds_between, sight.taken_at - before.taken_at)

    # The thread

    def _begin_when_free(self) -> None:
        if not self._is_due or JOB in self._jobs.running or not self.may_open():
            return
        self._is_due = False
        state = self._store.state
        if state.document.body is None:
            self._end("off")
            return
        wires, equipment, settings = Wires(), self.equipment, state.settings.drive
        request = Request(
            source=state.driving.source,
            body=state.document.body,
            betas=torch.tensor(state.document.betas, dtype=torch.float32),
            settings=settings,
        )
        self._wires, self._told, self._driven = wires, settings, _what_is_driven(state)
        self.progress = self.latency = self._seconds_between = self._presented = None
        self._set(open_source=request.source)
        self._jobs.start(JOB, lambda context: drive(context, request, wires, equipment))

    def _take(self, event: DriveEvent) -> None:
        if isinstance(event, Opens | LetGo):
            self._set(open_source=event.source if isinstance(event, Opens) else "")
            return
        if self._is_due or not self._store.state.driving.is_on:
            return  # of a source that is being let go
        title = self._store.state.driving.title
        if isinstance(event, Ready):
            self._set(phase="driving")
        elif isinstance(event, Calibrated) and event.succeeded:
            self._say("calibrated: that face is the neutral one")
        elif isinstance(event, Calibrated):
            self._say("no face was seen for long enough", hint="look into the camera, then calibrate", kind="warning")
        elif isinstance(event, SourceOpened):
            self._set(title=event.description, trouble=None)
        elif isinstance(event, SourceTrouble):
            self._set(trouble=self._told_of(event.error))
        elif isinstance(event, SourceRecovered):
            self._say(f"{title} gives pictures again")
            self._set(trouble=None)
        elif isinstance(event, SourceEnded):
            self._say(f"{title} has ended")

    def _finish(self, job: JobFinished) -> None:
        if self._is_due:
            return
        self._end("off")
        error = job.error
        if error is None or isinstance(error, Cancelled):
            return
        if not isinstance(error, StudioError):
            logger.error("driving failed", exc_info=error)
            failure = f"driving failed inside the program: {type(error).__name__}: {error}"
            error = StudioError(failure, hint="try again; the document is untouched")
        self._set(trouble=self._told_of(error))

    def _start_again_when_changed(self, now: float) -> None:
        """A tracker belongs to a body of one shape, a reader to its choices: for others they are made anew."""
        state = self._store.state
        if not state.driving.is_on or self._is_due:
            return
        if state.document.body is None:
            self.stop()
            return
        wanted = _what_is_driven(state)
        if wanted != self._wanted:
            self._wanted, self._wanted_since = wanted, now
        if wanted != self._driven and now - self._wanted_since >= SETTLED_SECONDS:
            self.start(state.driving.source)

    def _tell_settings(self) -> None:
        settings = self._store.state.settings.drive
        if settings is not self._told:
            self._told = settings
            self._wires.settings.put(settings)

    # The state

    def _end(self, phase: Phase) -> None:
        """Nobody drives from now on; what the person held is the document's anyway."""
        self._set(phase=phase, trouble=None, held_joints=frozenset(), held_actions=frozenset())

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetDriving(driving=replace(self._store.state.driving, **changes)))

    def _told_of(self, error: StudioError) -> StudioError:
        self._say(error.message, hint=error.hint, kind="error")
        return error

    def _say(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        self._store.dispatch(Report(status=Status(message=message, hint=hint, kind=kind), time=time.time()))


def _what_is_driven(state: State) -> tuple[object, ...]:
    loops = state.settings.drive.loop and not state.driving.is_camera
    return (state.document.body, state.document.betas, loops)


def _mean(before: float | None, newest: float) -> float:
    return newest if before is None else before + NEWEST_WEIGHT * (newest - before)
