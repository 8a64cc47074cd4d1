"""From what the detectors saw of one person to the pose of one avatar, picture after picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import torch
from jaxtyping import Float

from ..body.model import BodyModel
from ..cameras import Camera
from .body_solver import BodySolution, BodySolver
from .calibration import NeutralCalibration, neutral_calibration
from .detection import BodyDetection, Detection
from .face_rig import FaceRig
from .face_solver import FaceSolver
from .found_pose import FoundPose, with_found
from .gains import FaceGains, scaled_body
from .identity import Identity
from .learned_face import LearnedFace
from .skeleton import Skeleton
from .solution import FaceSolution, TrackedFrame
from .steadying import Steadying
from .tracker_settings import TrackerSettings

_FIRST_LEG_POINT = 25
"""Of the body's 33: the left knee; what follows lies below the hips."""
_RESTING_SECONDS = 1.0
"""Of a calibration."""
_CALIBRATION_WAITS = 3.0
"""Seconds without a face, after which a calibration has failed."""
_FORGET_SECONDS = 0.5
"""Without a face, after which the last one says nothing about the next."""

CalibrationState = Literal["none", "measuring", "done", "failed"]


class MotionSolver:
    """Solves face and body of each picture and steadies them; fast, and without threads of its own.

    `face` is what was learned of the body's, `betas` are the avatar's, `person` is whose face is seen: the avatar does
    what the person does beside their own neutral face.
    """

    def __init__(
        self,
        body: BodyModel,
        betas: Float[torch.Tensor, " S"],
        camera: Camera,
        *,
        face: LearnedFace,
        person: Identity | None = None,
        settings: TrackerSettings | None = None,
    ) -> None:
        self.settings = settings or TrackerSettings()
        self._camera = camera
        self._expressions = face.expressions
        self._rig = FaceRig(body, face.embedding)
        self.meet(person)
        self._gains = FaceGains(body)
        self._skeleton = Skeleton.of(body, betas)
        self._body_solver = BodySolver(body, betas, camera)
        self._steadying = Steadying(body, betas, self.settings.smoothing)
        self._face: FaceSolution | None = None
        self._face_seconds = 0.0
        self._body: BodySolution | None = None
        self._calibration: NeutralCalibration | None = None
        self._resting: list[FaceSolution] | None = None
        """Faces of a calibration that is going on."""
        self._resting_since = 0.0
        self._rested_at: float | None = None
        """When the last of them was seen; before that, when they were first looked for."""
        self._has_failed = False

    def meet(self, person: Identity | None) -> None:
        """Take the next faces for this person's; None is nobody known."""
        rig = self._rig if person is None else self._rig.of_person(person.betas, person.offsets)
        self._face_solver = FaceSolver(rig, self._camera, expressions=self._expressions)

    @property
    def is_calibrated(self) -> bool:
        """Whether a neutral face was taken, or is being taken."""
        return self.calibration in ("measuring", "done")

    @property
    def calibration(self) -> CalibrationState:
        """How far the last one came; "failed" where no face was seen for it."""
        if self._resting is not None:
            return "measuring"
        if self._calibration is not None:
            return "done"
        return "failed" if self._has_failed else "none"

    def calibrate(self) -> None:
        """Take what the face does in the pictures of the next second for neutral, and the head for upright."""
        self._calibration, self._resting, self._has_failed = None, [], False
        self._rested_at = None

    def forget_calibration(self) -> None:
        self._calibration, self._resting, self._has_failed = None, None, False

    def solve(
        self,
        detection: Detection,
        *,
        index: int,
        seconds: float,
        find: Callable[[BodySolution], FoundPose | None] | None = None,
    ) -> TrackedFrame:
        """The pose for one picture; the moments of pictures rise.

        `find` is asked what the network finds, given what the landmarks say.
        """
        started = time.perf_counter()
        face = self._solved_face(detection, seconds)
        self._measure(face, seconds)
        face_done = time.perf_counter()
        shown = None if face is None else self._gains.scaled(self._calibrated(face), self.settings.gains)
        solution = self._body_solver.solve(_limited(detection, self.settings), shown, self._body)
        found = None if find is None else find(solution)
        if found is not None:
            solution = with_found(solution, found, shown, self._skeleton, self.settings.parts)
        self._body = scaled_body(solution, self._skeleton, self.settings.gains.body)
        body_done = time.perf_counter()
        self._steadying.smoothing = self.settings.smoothing
        pose = self._steadying.steady(self._body, seconds)
        taken = {
            "solve face": face_done - started,
            "solve body": body_done - face_done,
            "steady": time.perf_counter() - body_done,
        }
        milliseconds = dict(detection.milliseconds) | {stage: 1000.0 * value for stage, value in taken.items()}
        return TrackedFrame(
            index=index,
            seconds=seconds,
            pose=pose,
            confidence=self._body.confidence,
            detection=detection,
            milliseconds=MappingProxyType(milliseconds),
        )

    def _solved_face(self, detection: Detection, seconds: float) -> FaceSolution | None:
        if detection.face is None:
            return None
        if seconds - self._face_seconds > _FORGET_SECONDS:
            self._face = None
        self._face = self._face_solver.solve(detection.face, self._face)
        self._face_seconds = seconds
        return self._face

    def _measure(self, face: FaceSolution | None, seconds: float) -> None:
        """Go on with a calibration: a second of one face without a gap, or it fails when none comes."""
        if self._resting is None:
            return
        self._rested_at = seconds if self._rested_at is None else self._rested_at
        away = seconds - self._rested_at
        if face is None:
            if away > _CALIBRATION_WAITS:
                self._resting, self._has_failed = None, True
            return
        if away > _FORGET_SECONDS or not self._resting:
            self._resting, self._resting_since = [], seconds
        self._resting.append(face)
        self._rested_at = seconds
        if seconds - self._resting_since >= _RESTING_SECONDS:
            self._calibration = neutral_calibration(self._face_solver.motors, self._resting)
            self._resting = None

    def _calibrated(self, face: FaceSolution) -> FaceSolution:
        return face if self._calibration is None else self._calibration.apply(face)


def _limited(detection: Detection, settings: TrackerSettings) -> Detection:
    """Only what is asked for; legs that nobody asked for are not seen."""
    if settings.parts == "whole" or detection.body is None:
        return detection
    if settings.parts == "face":
        return replace(detection, body=None, left_hand=None, right_hand=None)
    visibility = detection.body.visibility.copy()
    visibility[_FIRST_LEG_POINT:] = 0.0
    body = BodyDetection(points=detection.body.points, world=detection.body.world, visibility=visibility)
    return replace(detection, body=body)
