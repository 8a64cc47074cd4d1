"""Face, body and hands of one person, picture after picture, each detector on a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from .detection import BodyDetection, Detection, FaceDetection, Frame, HandDetection
from .following import Following, Square, is_bodys_face, room_beside, sided_hands, square_around, without_others
from .mediapipe_graphs import BodyReader, FaceFinder, FaceMesh, HandReader

Part = Literal["face", "body", "hands"]
_SMALLEST_SQUARE = 24.0
"""Pixels; less around a face is noise."""
_SMALLEST_PICTURE = 16
"""Pixels; nothing is found in less, and some of the models fail."""
_STRANGERS_STAY = 1.5
"""Seconds for which the picture beside the person stays out of sight after a stranger's body was found."""


class Detectors:
    """MediaPipe's bundled models on pictures of one source; belongs to one thread.

    A source's pictures come in order, and the person found in one is expected in the next; with `static` each picture
    stands alone. With `hold` no picture waits for body and hands: those of an earlier one stand in, and the detection
    says how old they are.
    """

    def __init__(self, parts: Collection[Part], *, static: bool = False, hold: bool = False) -> None:
        """Loads the models, which takes seconds.

        Raises:
            StudioError: MediaPipe is not installed.
        """
        self._static = static
        self._hold = hold
        self._following = Following()
        self._face = _FaceReader() if "face" in parts else None
        self._body = BodyReader(static=static) if "body" in parts else None
        self._hands = HandReader(static=static) if "hands" in parts else None
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="detector")
        self._room: float | None = None
        self._room_since = 0.0
        self._begun: _Limbs | None = None
        self._held: _Limbs | None = None

    def detect(self, frame: Frame) -> Detection:
        """What the picture shows of the person that is followed."""
        height, width = frame.image.shape[:2]
        if min(height, width) < _SMALLEST_PICTURE:
            return Detection(width=width, height=height)
        if self._static:
            self._following = Following()
        begun = None
        if self._begun is None and (self._body or self._hands):
            begun = self._begun = _Limbs(self._of_one_person(frame), self._threads, self._body, self._hands)
        started = time.perf_counter()
        face = self._face.read(frame, self._following) if self._face else None
        if begun is not None:
            begun.place = self._following.place(frame.seconds)
        milliseconds = {"face": 1000.0 * (time.perf_counter() - started)} if self._face else {}
        if self._begun is not None and (not self._hold or self._held is None or self._begun.done):
            self._held, self._begun = self._begun, None
        if self._held is None:
            return Detection(width=width, height=height, face=face, milliseconds=MappingProxyType(milliseconds))
        body, hands = self._held.wait()
        place = self._held.place
        if body is not None and place is not None and not is_bodys_face(body, place):
            self._leave_out(body, place, frame.seconds)
            body = None
        left, right = sided_hands(hands, body)
        return Detection(
            width=width,
            height=height,
            face=face,
            body=body,
            left_hand=left,
            right_hand=right,
            held_seconds=frame.seconds - self._held.seconds,
            milliseconds=MappingProxyType(milliseconds | self._held.milliseconds),
        )

    def _of_one_person(self, frame: Frame) -> Frame:
        """The picture for body and hands: for a while after a stranger's body was found, without strangers."""
        place = self._following.place(frame.seconds)
        if place is None or frame.seconds - self._room_since > _STRANGERS_STAY:
            self._room = None
        return replace(frame, image=without_others(frame.image, place, self._room)) if place and self._room else frame

    def _leave_out(self, stranger: BodyDetection, place: Square, seconds: float) -> None:
        """Look for the body anew, beside the followed face only."""
        if self._room is None and self._begun is None and self._body is not None:
            self._room, self._room_since = room_beside(stranger, place), seconds
            self._body.forget()

    def close(self) -> None:
        """Ends the threads; the detectors cannot be used any more."""
        self._threads.shutdown()
        for model in (self._face, self._body, self._hands):
            if model is not None:
                model.close()

    def __enter__(self) -> Detectors:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _FaceReader:
    """The followed face's mesh: where it was, else where faces are found."""

    def __init__(self) -> None:
        self._mesh = FaceMesh()
        self._finders = (FaceFinder(far=False), FaceFinder(far=True))

    def read(self, frame: Frame, following: Following) -> FaceDetection | None:
        expected = following.expected
        face = self._mesh.read(frame.image, expected) if expected else None
        if face is None or not following.is_same(square_around(face.points)):
            following.missed()
            face = self._find(frame, following)
        if face is not None:
            following.saw(square_around(face.points), frame.seconds)
        return face

    def _find(self, frame: Frame, following: Following) -> FaceDetection | None:
        for finder in self._finders:
            found = [square for square in finder.find(frame.image) if square.size >= _SMALLEST_SQUARE]
            for square in following.in_order(found, frame.seconds):
                rough = self._mesh.read(frame.image, square)
                # The mesh is at its best in the square that its own points give.
                face = self._mesh.read(frame.image, square_around(rough.points)) if rough else None
                if face is not None:
                    return face
        return None

    def close(self) -> None:
        for model in (self._mesh, *self._finders):
            model.close()


class _Limbs:
    """Body and hands of one picture, being looked for."""

    def __init__(
        self, frame: Frame, threads: ThreadPoolExecutor, body: BodyReader | None, hands: HandReader | None
    ) -> None:
        self.seconds = frame.seconds
        self.place: Square | None = None
        """Of the followed face in the same picture."""
        self.milliseconds: dict[str, float] = {}
        self._body: Future[BodyDetection | None] | None = None
        self._hands: Future[list[tuple[HandDetection, bool]]] | None = None
        if body is not None:
            self._body = threads.submit(self._timed, "body", body.read, frame.image)
        if hands is not None:
            self._hands = threads.submit(self._timed, "hands", hands.read, frame.image)

    def _timed(self, name: str, read: Callable[[np.ndarray], Any], image: np.ndarray) -> Any:
        started = time.perf_counter()
        found = read(image)
        self.milliseconds[name] = 1000.0 * (time.perf_counter() - started)
        return found

    @property
    def done(self) -> bool:
        return all(future is None or future.done() for future in (self._body, self._hands))

    def wait(self) -> tuple[BodyDetection | None, list[tuple[HandDetection, bool]]]:
        body = self._body.result() if self._body else None
        return body, self._hands.result() if self._hands else []
