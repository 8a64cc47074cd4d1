"""Who is captured in tests: shots that are told what to show, seen by an observer that answers at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from drivers import HEIGHT, WIDTH, FakeEquipment
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import State
from nlfgs_studio.core.capture.shot import BodyView, FaceView, Mode, Shot
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking.mediapipe_graphs import PersonSegmenter

PATIENCE = 30.0
FACE = FaceView(
    box=(20.0, 12.0, 44.0, 36.0),
    yaw=0.0,
    pitch=0.0,
    roll=0.0,
    smile=0.1,
    mouth_open=0.0,
    blink=0.0,
    sharpness=0.9,
    brightness=0.5,
    clipped=0.0,
    share=0.5,
    is_cut=False,
    has_covered_eyes=False,
    fingerprint=5,
)
BODY = BodyView(box=(20.0, 2.0, 44.0, 46.0), yaw=0.0, is_whole=True, sharpness=0.9, share=0.9, fingerprint=6)


def shot(mode: Mode = "face", **face: object) -> Shot:
    """A good one from the front, but for these fields of the face."""
    # A face of 24 pixels would be too small to be of use.
    return Shot(
        mode=mode,
        width=10 * WIDTH,
        height=10 * HEIGHT,
        seconds=0.0,
        brightness=0.5,
        num_faces=1,
        face=replace(FACE, box=(200.0, 120.0, 440.0, 360.0), **face),
        body=BODY if mode == "body" else None,
    )


class FakeObserver:
    def __init__(self, equipment: FakeCaptureEquipment, mode: Mode) -> None:
        self._equipment = equipment
        self.mode: Mode = mode
        self.is_closed = False

    def observe(self, frame) -> Shot:
        if self._equipment.observing_error is not None:
            raise self._equipment.observing_error
        return replace(self._equipment.shot, seconds=frame.seconds)

    def close(self) -> None:
        assert not self.is_closed
        self.is_closed = True


class FakeCaptureEquipment(FakeEquipment):
    """Give it to `Capturer.equipment`."""

    def __init__(self) -> None:
        super().__init__(1)
        self.shot = shot()
        self.observing_error: Exception | None = None
        self.loading_error: StudioError | None = None
        self.loading = threading.Event()
        """Clear: the detectors take long to load."""
        self.loading.set()
        self.observers: list[FakeObserver] = []

    def observer(self, mode: Mode, report, *, still: bool = False) -> FakeObserver:  # noqa: ARG002
        while not self.loading.wait(0.01):
            report(0.25, "loading the detectors")
        if self.loading_error is not None:
            raise self.loading_error
        self.observers.append(FakeObserver(self, mode))
        return self.observers[-1]


class FakeSegmenter(PersonSegmenter):
    """Takes for the person what is not the wall, whose colour is in the middle of the upper edge."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.num_open = 0
        self.error: StudioError | None = None
        self.breaks: Exception | None = None
        """Raised once, by a picture that is looked at."""

    def __call__(self) -> FakeSegmenter:
        if self.error is not None:
            raise self.error
        self.num_open += 1
        return self

    def read(self, picture):
        assert self.goes_on.wait(10.0)
        breaks, self.breaks = self.breaks, None
        if breaks is not None:
            raise breaks
        return (np.abs(picture.astype(int) - picture[0, picture.shape[1] // 2]).max(axis=2) > 25).astype(np.float32)

    def close(self) -> None:
        self.num_open -= 1


def ticked(services: Services, until: Callable[[State], object]) -> State:
    """Frames of a window until something is true of the state."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        state = services.tick(time.monotonic())
        if until(state):
            return state
        time.sleep(0.005)
    raise AssertionError(f"not within {PATIENCE} s: {services.store.state.capturing}")


def looking(services: Services, source: str = "camera:0", **choices) -> State:
    run(services, "set_capture", **choices)
    run(services, "start_capture", source=source)
    return ticked(services, lambda state: state.capturing.glance)


def with_pictures(services: Services, count: int) -> State:
    return ticked(
        services, lambda state: len(state.capturing.pictures) == count and not services.capturer.keeper.is_busy
    )


def taken(services: Services) -> State:
    """With one picture more."""
    count = len(services.store.state.capturing.pictures)
    run(services, "take_picture")
    return with_pictures(services, count + 1)
