"""MediaPipe's bundled models as functions of a picture; the only place that imports it.

The face mesh runs in a graph of our own around the wheel's `FaceLandmarkCpu`: it is told where to look and says how
sure it is, which the ready-made solution does not. What the models write to the terminal when they are made is kept
from the person.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from ..errors import StudioError
from .detection import BodyDetection, FaceDetection, HandDetection
from .following import Square, square_of_box

_FACE_GRAPH = """
input_stream: "IMAGE:image"
input_stream: "ROI:square"
input_side_packet: "WITH_ATTENTION:with_attention"
output_stream: "LANDMARKS:landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:square"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
"""
_PRESENCE = "facelandmarkcpu__face_presence_score"
_PROJECTION_GRAPH = """
input_stream: "NORM_LANDMARKS:landmarks"
input_stream: "NORM_RECT:square"
output_stream: "NORM_LANDMARKS:projected"
node {
  calculator: "LandmarkProjectionCalculator"
  input_stream: "NORM_LANDMARKS:landmarks"
  input_stream: "NORM_RECT:square"
  output_stream: "NORM_LANDMARKS:projected"
}
"""
_LEAST_CONFIDENCE = 0.5

Picture = UInt8[np.ndarray, "H W 3"]

_making = threading.Lock()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """What C++ writes to the terminal is dropped while the block runs."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def load() -> Any:
    """The library, which takes seconds the first time.

    Raises:
        StudioError: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own dependencies' deprecations
            import mediapipe
    except ImportError as error:
        raise StudioError(
            "tracking needs mediapipe, which is not installed here",
            hint="pip install mediapipe==0.10.21 (there is none for ARM under Linux, nor for Python 3.13 and later)",
        ) from error
    return mediapipe


def _graph(text: str, **options: Any) -> Any:
    from google.protobuf import text_format
    from mediapipe.python.solution_base import SolutionBase

    config = import_module("mediapipe.framework.calculator_pb2").CalculatorGraphConfig()
    return SolutionBase(graph_config=text_format.Parse(text, config), **options)


def _rectangle(x: float, y: float, width: float, height: float, angle: float = 0.0) -> Any:
    rect = import_module("mediapipe.framework.formats.rect_pb2")
    return rect.NormalizedRect(x_center=x, y_center=y, width=width, height=height, rotation=angle)


@cache
def _complain_once() -> None:
    """The first landmark of a process draws a warning about squares, which ours are; it comes here, unseen."""
    formats = import_module("mediapipe.framework.formats.landmark_pb2")
    landmarks = formats.NormalizedLandmarkList(landmark=[formats.NormalizedLandmark()])
    graph = _graph(_PROJECTION_GRAPH)
    graph.process({"landmarks": landmarks, "square": _rectangle(0.5, 0.5, 1.0, 1.0)})
    graph.close()


class _Model:
    """One graph; belongs to one thread after it was made."""

    def __init__(self) -> None:
        with _making:
            solutions = load().solutions
            with _quietly():
                _complain_once()
                self._graph = self._make(solutions)
                self._process(np.zeros((64, 64, 3), np.uint8))  # the models are loaded by threads of the graph

    def _make(self, solutions: Any) -> Any:
        raise NotImplementedError

    def _process(self, picture: np.ndarray) -> Any:
        return self._graph.process(np.ascontiguousarray(picture))

    def forget(self) -> None:
        """Look at the next picture as if it were the first."""
        with _making, _quietly():  # the models are loaded anew
            self._graph.reset()
            self._process(np.zeros((64, 64, 3), np.uint8))

    def close(self) -> None:
        self._graph.close()


class FaceFinder(_Model):
    """Faces anywhere in a picture: those within two metres of a webcam, or those `far` away."""

    def __init__(self, *, far: bool) -> None:
        self._far = far
        super().__init__()

    def _make(self, solutions: Any) -> Any:
        return solutions.face_detection.FaceDetection(
            model_selection=int(self._far), min_detection_confidence=_LEAST_CONFIDENCE
        )

    def find(self, picture: Picture) -> list[Square]:
        """Where to look with the mesh."""
        size = _size(picture)
        return [_square(found.location_data, size) for found in self._process(picture).detections or ()]


def _square(location: Any, size: np.ndarray) -> Square:
    box = location.relative_bounding_box
    low = np.array([box.xmin, box.ymin]) * size
    eyes = np.array([(point.x, point.y) for point in location.relative_keypoints[:2]]) * size
    return square_of_box(low, low + np.array([box.width, box.height]) * size, eyes)


class FaceMesh(_Model):
    """478 points of the face that a square holds."""

    def _make(self, solutions: Any) -> Any:  # noqa: ARG002 - no ready-made one
        return _graph(_FACE_GRAPH, side_inputs={"with_attention": True}, outputs=["landmarks", _PRESENCE])

    def _process(self, picture: np.ndarray, square: Square | None = None) -> Any:
        height, width = picture.shape[:2]
        square = square or Square(x=width / 2.0, y=height / 2.0, size=float(width), angle=0.0)
        x, y, size = square.x / width, square.y / height, square.size
        rectangle = _rectangle(x, y, size / width, size / height, square.angle)
        return self._graph.process({"image": np.ascontiguousarray(picture), "square": rectangle})

    def read(self, picture: Picture, square: Square) -> FaceDetection | None:
        """None where the square holds no face."""
        answer = self._process(picture, square)
        if answer.landmarks is None:
            return None
        width = picture.shape[1]
        # z comes in the unit of x
        points = _coordinates(answer.landmarks) * (width, picture.shape[0], width)
        return FaceDetection(points=points, confidence=float(getattr(answer, _PRESENCE)))


class BodyReader(_Model):
    """The most prominent person's 33 points; in a video those of the person of the last picture."""

    def __init__(self, *, static: bool) -> None:
        self._static = static
        super().__init__()

    def _make(self, solutions: Any) -> Any:
        return solutions.pose.Pose(static_image_mode=self._static, model_complexity=1, smooth_landmarks=False)

    def read(self, picture: Picture) -> BodyDetection | None:
        answer = self._process(picture)
        if answer.pose_landmarks is None:
            return None
        visibility = np.array([point.visibility for point in answer.pose_landmarks.landmark])
        return BodyDetection(
            points=_coordinates(answer.pose_landmarks)[:, :2] * _size(picture),
            world=_coordinates(answer.pose_world_landmarks),
            visibility=np.clip(visibility, 0.0, 1.0),
        )


class HandReader(_Model):
    """Up to two hands, whoever they belong to."""

    def __init__(self, *, static: bool) -> None:
        self._static = static
        super().__init__()

    def _make(self, solutions: Any) -> Any:
        return solutions.hands.Hands(static_image_mode=self._static, max_num_hands=2, model_complexity=1)

    def read(self, picture: Picture) -> list[tuple[HandDetection, bool]]:
        """Each hand and whether it looks like a person's left one."""
        answer = self._process(picture)
        if answer.multi_hand_landmarks is None:
            return []
        hands = []
        for points, world, side in zip(
            answer.multi_hand_landmarks, answer.multi_hand_world_landmarks, answer.multi_handedness, strict=True
        ):
            looks = side.classification[0]
            hand = HandDetection(
                points=_coordinates(points)[:, :2] * _size(picture),
                world=_coordinates(world),
                confidence=float(min(looks.score, 1.0)),
            )
            # MediaPipe speaks of a mirrored picture
            hands.append((hand, looks.label == "Right"))
        return hands


class PersonSegmenter(_Model):
    """Which pixels are people's, hair and clothes among them; it looks at 256 pixels along a side."""

    def _make(self, solutions: Any) -> Any:
        return solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)

    def read(self, picture: Picture) -> Float[np.ndarray, "H W"]:
        """0..1."""
        return np.clip(self._process(picture).segmentation_mask, 0.0, 1.0)


def _size(picture: np.ndarray) -> np.ndarray:
    return np.array([picture.shape[1], picture.shape[0]], np.float64)


def _coordinates(landmarks: Any) -> np.ndarray:
    return np.array([(point.x, point.y, point.z) for point in landmarks.landmark], np.float64)
