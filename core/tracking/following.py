"""Which of the people in a picture is meant: one is picked and kept, lost and found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from .detection import BodyDetection, HandDetection

_MARGIN = 1.5
"""MediaPipe's mesh wants to see half as much again as the face takes."""
_RIGHT_EYE, _LEFT_EYE = 33, 263
"""The outer corners among the 478 points; the person's own sides."""
_NOSE, _LEFT_WRIST, _RIGHT_WRIST = 0, 15, 16
"""Among the body's 33 points."""
_KNUCKLE = 9
"""The middle finger's root among a hand's 21 points."""
_ARMS_REACH = 2.5
"""From the nose to a stretched hand, in sizes of the face's square."""
_HIDDEN = 0.3
"""Below this visibility a point of the body says nothing."""
_AS_LARGE = 0.5
"""A face counts beside one of at most twice its size; smaller ones are passers-by and posters."""
_FOUND_AGAIN = 1.0
"""How far, in sizes of its square, a lost face may turn up again and still be the same person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Where a face is looked for: pixels, turned about its middle so that the eyes lie level in it."""

    x: float
    y: float
    size: float
    angle: float
    """Radians, clockwise in the picture."""

    def distance(self, other: Square) -> float:
        """Between the middles, in sizes of this one."""
        return float(np.hypot(self.x - other.x, self.y - other.y)) / self.size


def square_around(points: Float[np.ndarray, "478 3"]) -> Square:
    """Where the next picture's mesh is looked for, from this one's."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return _levelled(low, high, points[_RIGHT_EYE, :2], points[_LEFT_EYE, :2])


def square_of_box(low: Float[np.ndarray, "2"], high: Float[np.ndarray, "2"], eyes: Float[np.ndarray, "2 2"]) -> Square:
    """Where the mesh is looked for when a face was found anew; `eyes` are the person's right and left."""
    return _levelled(low, high, eyes[0], eyes[1])


def _levelled(low: np.ndarray, high: np.ndarray, right_eye: np.ndarray, left_eye: np.ndarray) -> Square:
    x, y = (low + high) / 2.0
    across = left_eye - right_eye
    size = max(_MARGIN * float((high - low).max()), 1.0)
    return Square(x=float(x), y=float(y), size=size, angle=float(np.arctan2(across[1], across[0])))


def num_prominent(faces: Sequence[Square]) -> int:
    """How many are about as large as the largest."""
    largest = max((face.size for face in faces), default=0.0)
    return sum(face.size > _AS_LARGE * largest for face in faces)


class Following:
    """Keeps to one face: the largest at first, then the one that is where it was.

    When it is lost, faces elsewhere are somebody else's for `patience` seconds; then the largest is the person meant.
    """

    def __init__(self, *, patience: float = 1.0) -> None:
        self._patience = patience
        self._last: Square | None = None
        self._seen_at = 0.0
        self._lost = True

    @property
    def expected(self) -> Square | None:
        """Where the face is looked for without searching; None when it is not in sight."""
        return None if self._lost else self._last

    def place(self, seconds: float) -> Square | None:
        """Where the person is, or was until a moment ago."""
        return self._last if seconds - self._seen_at <= self._patience else None

    def is_same(self, square: Square) -> bool:
        """Whether what the mesh found can be the face that was followed: it neither leapt nor swelled."""
        last = self.expected
        return last is None or (last.distance(square) < 0.5 and 0.5 < square.size / last.size < 2.0)

    def in_order(self, found: Sequence[Square], seconds: float) -> list[Square]:
        """Those of the faces found that may be the person's, the likeliest first."""
        largest_first = sorted(found, key=lambda square: -square.size)
        last = self.place(seconds)
        if last is None:
            return largest_first
        return [square for square in largest_first if last.distance(square) < _FOUND_AGAIN]

    def saw(self, square: Square, seconds: float) -> None:
        self._last, self._seen_at, self._lost = square, seconds, False

    def missed(self) -> None:
        self._lost = True


def room_beside(body: BodyDetection, face: Square) -> float:
    """How far, in pixels to each side of a face, the picture is its person's own when that body is another's."""
    return min(_ARMS_REACH * face.size, 0.5 * abs(float(body.points[_NOSE, 0]) - face.x))


def without_others(picture: UInt8[np.ndarray, "H W 3"], face: Square, room: float) -> UInt8[np.ndarray, "H W 3"]:
    """The picture, black beyond that much room beside the face."""
    alone = np.zeros_like(picture)
    columns = slice(max(round(face.x - room), 0), max(round(face.x + room), 0))
    alone[:, columns] = picture[:, columns]
    return alone


def is_bodys_face(body: BodyDetection, face: Square) -> bool:
    """Whether a body's nose lies where the face is; a nose that is not seen may belong to anybody."""
    x, y = body.points[_NOSE]
    return bool(body.visibility[_NOSE] < _HIDDEN or np.hypot(x - face.x, y - face.y) < face.size)


def sided_hands(
    hands: Sequence[tuple[HandDetection, bool]], body: BodyDetection | None
) -> tuple[HandDetection | None, HandDetection | None]:
    """The person's left and right hand among those found, each with whether it looks like a left one.

    Wrists of the body decide where they are seen, and leave out the hands of others; else the looks, the surer first.
    """
    taken: dict[bool, tuple[float, HandDetection]] = {}
    for hand, looks_left in hands:
        away = _wrist_distances(hand, body)
        near = {is_left: distance for is_left, distance in away.items() if distance < 1.5}
        if away and not near:
            continue
        is_left = min(near, key=lambda side: near[side]) if near else looks_left
        cost = near.get(is_left, 1.0 - hand.confidence)
        if is_left not in taken or cost < taken[is_left][0]:
            taken[is_left] = (cost, hand)
    left, right = taken.get(True), taken.get(False)
    return (left[1] if left else None), (right[1] if right else None)


def _wrist_distances(hand: HandDetection, body: BodyDetection | None) -> dict[bool, float]:
    """From the hand's wrist to the body's left (True) and right wrist where seen, in lengths of the palm."""
    if body is None:
        return {}
    palm = max(float(np.linalg.norm(hand.points[_KNUCKLE] - hand.points[0])), 1.0)
    return {
        is_left: float(np.linalg.norm(body.points[wrist] - hand.points[0])) / palm
        for is_left, wrist in ((True, _LEFT_WRIST), (False, _RIGHT_WRIST))
        if body.visibility[wrist] >= _HIDDEN
    }
