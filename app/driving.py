"""Drives the avatar by a camera or a film; belongs to the main thread, owns the thread that looks.

The document is not touched: what is seen lies over its pose. Troubles of the source are told and wait for a retry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from ..core.errors import StudioError
from ..core.jobs import JobContext
from .actions import SetDriving, SetPlayback
from .drive_thread import Calibrated, DriveWires, Equipment, Request, TrackingEquipment, Wish, drive
from .driven import Driving, Sight
from .presence import Presence
from .settings import DriveSettings
from .source_job import SourceJob
from .source_use import Phase
from .state import State
from .store import Store

SETTLED_SECONDS = 0.5
"""Shape and choices must have stood so long before all is made anew for them."""
NEWEST_WEIGHT = 0.15
"""Of a picture in the running means."""


class Driver(SourceJob[DriveWires]):
    """`tick` once a frame."""

    name = "drive"
    deed = "driving"
    sources = "a camera or a film"
    untouched = "the document is"

    def __init__(self, store: Store) -> None:
        super().__init__(store, DriveWires)
        self.equipment: Equipment = TrackingEquipment()
        self.latency: float | None = None
        """Milliseconds from a picture's arrival until the avatar shows it."""
        self._seconds_between: float | None = None
        """Two pictures that the avatar follows."""
        self._presence = Presence()
        self._told: DriveSettings | None = None
        self._driven: tuple[object, ...] = ()
        """What the thread was started for."""
        self._wanted: tuple[object, ...] = ()
        """What the state asks for now."""
        self._wanted_since = 0.0
        self._ticked_at: float | None = None
        self._presented: Sight | None = None

    @property
    def rate(self) -> float | None:
        """Pictures a second that the avatar follows."""
        return None if self._seconds_between is None else 1.0 / self._seconds_between

    @property
    def _use(self) -> Driving:
        return self._store.state.driving

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetDriving(driving=replace(self._use, **changes)))

    def _end(self, phase: Phase) -> None:
        """Nobody drives from now on; what the person held is the document's anyway."""
        self._set(phase=phase, trouble=None, held_joints=frozenset(), held_actions=frozenset())

    # What the person asks for

    def start(self, source: str) -> None:
        """Let the source drive from now on, in place of one that does.

        Raises:
            StudioError: there is nobody to drive.
        """
        if self._store.state.document.body is None:
            raise StudioError("there is no avatar to drive", hint="open an avatar first")
        self._store.dispatch(SetPlayback(playing=False))
        self._presence.begin()
        self._prepare(source, sight=None)

    def calibrate(self) -> None:
        """What the face does now is neutral, and where the person is now is where the avatar stands.

        Raises:
            StudioError: no face is seen.
        """
        driving = self._use
        if driving.phase == "running" and (driving.sight is None or driving.sight.confidence.face == 0.0):
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
        if self._use.phase != "running":
            raise StudioError("nobody drives the avatar", hint="start a camera or a film first")
        self._presence.begin()
        self._wires.wishes.put(wish)

    # Frames

    def tick(self, now: float) -> None:
        """Take in what the thread brought and let the avatar follow; `now` in seconds of a steady clock."""
        elapsed = 0.0 if self._ticked_at is None else max(0.0, now - self._ticked_at)
        self._ticked_at = now
        self._listen()
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

    def _begin(self) -> Callable[[JobContext], None] | None:
        state = self._store.state
        if state.document.body is None:
            return None
        wires, equipment, settings = self._wires, self.equipment, state.settings.drive
        request = Request(
            source=state.driving.source,
            body=state.document.body,
            betas=torch.tensor(state.document.betas, dtype=torch.float32),
            settings=settings,
        )
        self._told, self._driven = settings, _what_is_driven(state)
        self.latency = self._seconds_between = self._presented = None
        return lambda context: drive(context, request, wires, equipment)

    def _hear(self, event: Calibrated) -> None:
        if event.succeeded:
            self._say("calibrated: that face is the neutral one")
        else:
            self._say("no face was seen for long enough", hint="look into the camera, then calibrate", kind="warning")

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


def _what_is_driven(state: State) -> tuple[object, ...]:
    loops = state.settings.drive.loop and not state.driving.is_camera
    return (state.document.body, state.document.betas, loops)


def _mean(before: float | None, newest: float) -> float:
    return newest if before is None else before + NEWEST_WEIGHT * (newest - before)
