"""What drives an avatar in tests: sources that are told what to give, and a tracker that answers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking.detection import Detection, FaceDetection, Frame
from nlfgs_studio.core.tracking.frame_source import SourceUnpluggedError
from nlfgs_studio.core.tracking.motion_solver import CalibrationState
from nlfgs_studio.core.tracking.solution import Confidence, TrackedFrame
from nlfgs_studio.core.tracking.tracker_settings import TrackerSettings

WIDTH, HEIGHT = 64, 48


class FakeSource:
    """A camera that gives a picture whenever it is asked, 100 a second at most."""

    fps = 100.0

    def __init__(self, equipment: FakeEquipment, source: str) -> None:
        self._equipment = equipment
        self.description = f"fake {source}"
        self.live = source.startswith("camera:")
        self.width, self.height = equipment.size
        self.num_frames = 1 if equipment.is_photo else None
        self._index = 0
        equipment.open_sources += 1

    def read(self) -> Frame | None:
        self._equipment.answers.wait()
        if self.num_frames is not None and self._index >= self.num_frames:
            return None
        if self._equipment.pause.wait(0.01):
            raise SourceUnpluggedError("the fake camera gives no more pictures", hint="plug it in again")
        if self._equipment.num_frames is not None and self._index >= self._equipment.num_frames:
            return None
        self._index += 1
        image = np.full((self.height, self.width, 3), 120, np.uint8)
        return Frame(image=image, seconds=0.01 * self._index, index=self._index)

    def close(self) -> None:
        self._equipment.open_sources -= 1


@dataclass
class FakeTracker:
    """Shows `pose` of its equipment for every picture; keeps what it was asked for."""

    equipment: FakeEquipment
    settings: TrackerSettings
    asked: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    pictures_to_measure: int = 0
    is_closed: bool = False

    def track(self, frame: Frame) -> TrackedFrame:
        self.moments.append(frame.seconds)
        self.pictures_to_measure -= 1
        if self.equipment.tracking_error is not None:
            raise self.equipment.tracking_error
        seen = self.equipment.person_is_seen
        points = np.full((478, 3), 20.0)
        detection = Detection(
            width=WIDTH, height=HEIGHT, face=FaceDetection(points=points, confidence=1.0) if seen else None
        )
        return TrackedFrame(
            index=frame.index,
            seconds=frame.seconds,
            pose=self.equipment.pose,
            confidence=Confidence(face=0.9 if seen else 0.0),
            detection=detection,
            milliseconds={"face": 1.0},
        )

    @property
    def calibration(self) -> CalibrationState:
        if "calibrate" not in self.asked:
            return "none"
        return "measuring" if self.pictures_to_measure > 0 else "done"

    def calibrate(self) -> None:
        self.asked.append("calibrate")
        self.pictures_to_measure = 3

    def forget_calibration(self) -> None:
        self.asked.append("forget calibration")

    def close(self) -> None:
        if self.is_closed:
            raise ValueError("closed before")  # as MediaPipe does
        self.is_closed = True
        if self.equipment.closing_error is not None:
            raise self.equipment.closing_error


class FakeEquipment:
    """Give it to `Driver.equipment`."""

    def __init__(self, num_expression: int) -> None:
        self.size = (WIDTH, HEIGHT)
        self.num_frames: int | None = None
        self.is_photo = False
        self.answers = threading.Event()
        """Clear: a driver that hangs in `read`."""
        self.answers.set()
        self.open_error: StudioError | None = None
        self.prepare_error: StudioError | None = None
        self.tracking_error: Exception | None = None
        self.closing_error: Exception | None = None
        self.person_is_seen = True
        self.pause = threading.Event()
        """Set: pulled out."""
        self.preparing = threading.Event()
        """Clear: getting ready goes on and on."""
        self.preparing.set()
        self.open_sources = 0
        self.trackers: list[FakeTracker] = []
        self.pose = posed(num_expression)

    def open_source(self, source: str) -> FakeSource:
        if self.open_error is not None:
            raise self.open_error
        return FakeSource(self, source)

    def prepare(self, _body: object, report: Callable[[float, str], None]) -> None:
        while True:
            report(0.25, "learning the face")
            if self.prepare_error is not None:
                raise self.prepare_error
            if self.preparing.wait(0.01):
                return

    def tracker(self, *_of: object, settings: TrackerSettings, **_size: int) -> FakeTracker:
        self.trackers.append(FakeTracker(self, settings))
        return self.trackers[-1]


def posed(num_expression: int, *, turn: float = 0.5, smile: float = 0.3, place: float = 2.0) -> BodyPose:
    """Every joint turned about x, every action as strong, and the body `place` metres before the camera."""
    rotations = torch.zeros(55, 3)
    rotations[:, 0] = turn
    translation = torch.tensor([0.0, 0.0, -place])
    return BodyPose(rotations=rotations, expression=torch.full((num_expression,), smile), translation=translation)
