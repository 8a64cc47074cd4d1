"""A person who is seen without detectors, and pictures to look at."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from made_up_faces import random_embedding
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.tracking.detection import NUM_FACE_POINTS, Detection, FaceDetection, Frame
from nlfgs_studio.core.tracking.expression_map import ExpressionMap
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.focal import assumed_focal
from nlfgs_studio.core.tracking.frame_source import SourceDamagedError
from nlfgs_studio.core.tracking.identity import Identity
from nlfgs_studio.core.tracking.learned_face import LearnedFace
from nlfgs_studio.core.tracking.solution import CAMERA_FROM_WORLD
from nlfgs_studio.core.tracking.turns import matrices

FPS = 25.0
PLACE = np.array([0.05, 0.02, -0.7])
"""Of the person's head; metres in the tracker's world."""


class Pictures:
    """Grey pictures of a source that may break off."""

    description, live, fps = "made-up", False, FPS

    def __init__(self, count: int, *, breaks_at: int | None = None, level: int = 120, size=(640, 480)) -> None:
        self.width, self.height = size
        self.num_frames: int | None = count
        self._breaks_at, self._level, self._index = breaks_at, level, 0

    def read(self) -> Frame | None:
        if self._index == self._breaks_at:
            raise SourceDamagedError("made-up is damaged", hint="copy it again")
        if self._index == self.num_frames:
            return None
        self._index += 1
        image = np.full((self.height, self.width, 3), self._level, np.uint8)
        return Frame(image=image, seconds=(self._index - 1) / FPS, index=self._index - 1)

    def close(self) -> None: ...


def _know_nothing(body: BodyModel) -> ExpressionMap:
    """A map that takes every face for neutral and hardly believes it."""
    count = body.num_expression + 9
    return ExpressionMap(
        weights=np.zeros((count, 3 * NUM_FACE_POINTS)),
        bias=np.zeros(count),
        stillness=np.ones(NUM_FACE_POINTS),
        limits=np.tile([-1.0, 1.0], (count, 1)),
        errors=np.full(count, 100.0),
    )


class Person:
    """Stands in for the detectors: the face points of a body that nods, as a camera of the pictures' size sees them."""

    def __init__(self, body: BodyModel) -> None:
        self.face = LearnedFace(embedding=random_embedding(body), expressions=_know_nothing(body))
        self._points = FaceRig(body, self.face.embedding).points(np.zeros((3, 3)), np.zeros(body.num_expression))
        self.absent: set[int] = set()
        self.identity = Identity(betas=np.zeros(body.num_betas), offsets=np.zeros((478, 3)), residual=0.0)
        self.calls = 0
        self.num_faces = 1

    def stand_in(self, monkeypatch, *modules: ModuleType) -> None:
        """Be what these modules see, and be known at once: a person of the body's mean shape."""
        for module in modules:
            monkeypatch.setattr(module, "learned_face", lambda *_: self.face)
            monkeypatch.setattr(module, "Detectors", lambda *_, **__: self)
            monkeypatch.setattr(module, "estimate_identity", lambda *_: self.identity, raising=False)
            monkeypatch.setattr(module, "FaceFinder", lambda **_: self, raising=False)

    def nod(self, index: int) -> float:
        """Radians."""
        return 0.02 * index

    def detect(self, frame: Frame) -> Detection:
        height, width = frame.image.shape[:2]
        self.calls += 1
        if frame.index in self.absent:
            return Detection(width=width, height=height)
        turned = self._points @ matrices(np.array([self.nod(frame.index), 0.0, 0.0])).T + PLACE
        seen = turned * CAMERA_FROM_WORLD
        focal = assumed_focal(width, height)
        pixels = focal * seen[:, :2] / seen[:, 2:] + np.array([width, height]) / 2.0
        points = np.column_stack([pixels, focal * (seen[:, 2] - seen[:, 2].mean()) / seen[:, 2].mean()])
        return Detection(width=width, height=height, face=FaceDetection(points=points, confidence=1.0))

    def find(self, _: np.ndarray) -> list[None]:
        """As many faces as are in the picture, wherever."""
        return [None] * self.num_faces

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None: ...
