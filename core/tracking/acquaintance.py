"""Gets to know a person's face while it is tracked: its shape is learned beside, from the pictures so far."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from ..body.model import BodyModel
from ..cameras import Camera
from .detection import FaceDetection
from .embedding import LandmarkEmbedding
from .identity import Identity, estimate_identity

_LOOKS_APART = 0.15
"""Seconds between two faces that are kept."""
_LEARN_AFTER = (12, 40, 90)
"""Kept faces; the shape is learned anew as more of the face has been seen."""
_CLEAR = 0.8
"""Least confidence of a face that is kept."""
_ABSENCE = 5.0
"""Seconds after which another person may sit there."""


class Acquaintance:
    """One person after the other in front of one camera; the learning runs on a thread of its own."""

    def __init__(self, body: BodyModel, embedding: LandmarkEmbedding, camera: Camera) -> None:
        self.person: Identity | None = None
        """Who is tracked, as far as is known."""
        self._body = body
        self._embedding = embedding
        self._camera = camera
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="acquaintance")
        self._learning: Future[Identity] | None = None
        self._faces: list[FaceDetection] = []
        self._seen_at = self._kept_at = -_ABSENCE

    def saw(self, face: FaceDetection | None, seconds: float) -> bool:
        """Take note of a picture's face; True when `person` has changed."""
        if face is not None:
            if seconds - self._seen_at > _ABSENCE:
                self._faces = []
            self._seen_at = seconds
            self._keep(face, seconds)
        if self._learning is None or not self._learning.done():
            return False
        self.person, self._learning = self._learning.result(), None
        return True

    def _keep(self, face: FaceDetection, seconds: float) -> None:
        if face.confidence < _CLEAR or seconds - self._kept_at < _LOOKS_APART or len(self._faces) >= _LEARN_AFTER[-1]:
            return
        self._kept_at = seconds
        self._faces.append(face)
        if self._learning is None and len(self._faces) in _LEARN_AFTER:
            self._learning = self._thread.submit(
                estimate_identity, self._body, self._embedding, tuple(self._faces), self._camera
            )

    def close(self) -> None:
        self._thread.shutdown()
