"""Gets to know a person's face while it is tracked: its shape is learned beside, from the pictures so far."""

from __future__ import annotations

import logging
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

logger = logging.getLogger(__name__)


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
        self._learned_from = 0
        """How many faces the last learning began with."""
        self._seen_at = self._kept_at = -_ABSENCE

    def saw(self, face: FaceDetection | None, seconds: float) -> bool:
        """Take note of a picture's face; True when `person` has changed."""
        if face is not None:
            if seconds - self._seen_at > _ABSENCE:
                self._faces, self._learned_from, self._learning = [], 0, None
            self._seen_at = seconds
            self._keep(face, seconds)
        has_learned = self._learned()
        self._learn()
        return has_learned

    def _learned(self) -> bool:
        """Whether a learning has ended with somebody known; where it failed, what was known stays."""
        if self._learning is None or not self._learning.done():
            return False
        learning, self._learning = self._learning, None
        try:
            self.person = learning.result()
        except Exception:  # driving goes on without it
            logger.exception("the shape of the face could not be learned")
            return False
        return True

    def _learn(self) -> None:
        """Begin anew when enough more of the face was seen than the last time."""
        is_due = any(self._learned_from < count <= len(self._faces) for count in _LEARN_AFTER)
        if is_due and self._learning is None:
            self._learned_from = len(self._faces)
            self._learning = self._thread.submit(
                estimate_identity, self._body, self._embedding, tuple(self._faces), self._camera
            )

    def _keep(self, face: FaceDetection, seconds: float) -> None:
        if face.confidence < _CLEAR or seconds - self._kept_at < _LOOKS_APART or len(self._faces) >= _LEARN_AFTER[-1]:
            return
        self._kept_at = seconds
        self._faces.append(face)

    def close(self) -> None:
        self._thread.shutdown()
