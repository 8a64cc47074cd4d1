"""Tracks one person live: pictures in, poses out, getting to know the face on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from jaxtyping import Float

from ..body.model import BodyModel
from ..errors import StudioError
from ..nlf.weights import read_weights, shipped_weights
from .acquaintance import Acquaintance
from .body_finder import BodyFinder, HeldFinding
from .body_solver import BodySolution
from .detection import Detection, Frame
from .focal import assumed_focal
from .found_pose import FoundPose
from .learned_face import learned_face
from .mediapipe_detectors import Detectors, Part
from .mediapipe_graphs import load
from .motion_solver import CalibrationState, MotionSolver
from .scaling import reduced, reduced_camera
from .solution import TrackedFrame, tracking_camera
from .tracker_settings import Parts, TrackerSettings

PARTS_SEEN: dict[Parts, tuple[Part, ...]] = {
    "face": ("face",),
    "upper": ("face", "body", "hands"),
    "whole": ("face", "body", "hands"),
}
"""What detectors each choice needs."""

logger = logging.getLogger(__name__)


def prepare(body: BodyModel, report: Callable[[float, str], None] = lambda *_: None) -> None:
    """Make what tracking needs to know of a body, at its first use, and load the detectors' library.

    Raises:
        StudioError: MediaPipe is not installed.
    """
    report(0.0, "loading the detectors")
    load()
    learned_face(body, lambda fraction, message: report(0.05 + 0.95 * fraction, message))


class Tracker:
    """Belongs to one thread after it was made; `settings` may be changed between pictures."""

    def __init__(
        self,
        body: BodyModel,
        betas: Float[torch.Tensor, " S"],
        *,
        width: int,
        height: int,
        settings: TrackerSettings | None = None,
        focal: float | None = None,
    ) -> None:
        """For the avatar of these betas and pictures of one size; quick once `prepare` was called for the body.

        `focal` is in pixels, assumed where it is not known.

        Raises:
            StudioError: MediaPipe is not installed.
        """
        self.settings = settings or TrackerSettings()
        self._body, self._betas = body, betas
        self._camera = camera = reduced_camera(tracking_camera(focal or assumed_focal(width, height), width, height))
        face = learned_face(body)
        self._solver = MotionSolver(body, betas, camera, face=face)
        self._acquaintance = Acquaintance(body, face.embedding, camera)
        self._parts: tuple[Part, ...] = PARTS_SEEN[self.settings.parts]
        self._detectors = Detectors(self._parts, hold=True)
        self._finding: HeldFinding | None = None
        self._has_network = True

    def track(self, frame: Frame) -> TrackedFrame:
        """The pose for that picture; moments rise from picture to picture."""
        frame = reduced(frame)
        detection = self._seen(frame)
        # Beside another shape of the face a calibration would be wrong.
        if self._acquaintance.saw(detection.face, frame.seconds) and not self._solver.is_calibrated:
            self._solver.meet(self._acquaintance.person)
        self._solver.settings = self.settings
        find = (lambda seen: self._found(frame, seen)) if self._looks_with_network else None
        return self._solver.solve(detection, index=frame.index, seconds=frame.seconds, find=find)

    @property
    def _looks_with_network(self) -> bool:
        return self.settings.method == "nlf" and self.settings.parts != "face" and self._has_network

    def _found(self, frame: Frame, seen: BodySolution) -> FoundPose | None:
        """What the network has to say; where there is none, that is said and the landmarks go on alone."""
        if self._finding is None:
            body, betas, camera = self._body, self._betas, self._camera
            self._finding = HeldFinding(
                body, betas, lambda: BodyFinder(body, betas, camera, read_weights(shipped_weights()))
            )
        try:
            return self._finding.find(frame.image, seen, frame.seconds)
        except Exception as error:  # whatever is wrong with the network, driving goes on without it
            unforeseen = not isinstance(error, StudioError)
            logger.warning("the landmarks are followed alone: %s", error, exc_info=unforeseen)
            self._has_network = False
            return None

    def _seen(self, frame: Frame) -> Detection:
        """By the detectors for the parts that are asked for, made when that changes."""
        parts = PARTS_SEEN[self.settings.parts]
        if parts != self._parts:
            self._detectors.close()
            self._detectors, self._parts = Detectors(parts, hold=True), parts
        return self._detectors.detect(frame)

    @property
    def calibration(self) -> CalibrationState:
        """How far the last calibration came."""
        return self._solver.calibration

    def calibrate(self) -> None:
        """Take what the face does in the pictures of the next second for neutral, and the head for upright."""
        self._solver.calibrate()

    def forget_calibration(self) -> None:
        """Show what is seen again."""
        self._solver.forget_calibration()
        self._solver.meet(self._acquaintance.person)

    def close(self) -> None:
        """End the threads."""
        self._acquaintance.close()
        self._detectors.close()
        if self._finding is not None:
            self._finding.close()
