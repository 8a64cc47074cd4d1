"""Where the person is in the pictures that are judged by; what detectors find is made up here."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.creation import held_out
from nlfgs_studio.core.creation.held_out import HEAD_REACH, NEARBY, SHORTER_SIDE, held_pictures
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.tracking.detection import Detection, FaceDetection

WIDTH, HEIGHT = 80, 60
FOREHEAD, CHIN = (40.0, 20.0), (40.0, 40.0)
FIRST_MASK = np.float32(0.9)


def taken(name: str, *, film: str | None = None, level: int = 200) -> TakenPicture:
    """Nobody has a face where it is dark."""
    return TakenPicture(name=name, image=np.full((HEIGHT, WIDTH, 3), level, np.uint8), film=film)


@pytest.fixture
def masks(monkeypatch) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Each mask that was made, and the one before that it was made with."""
    made: list[tuple[np.ndarray, np.ndarray | None]] = []

    class Model:
        def __init__(self, *_: object, **__: object) -> None: ...
        def close(self) -> None: ...
        def detect(self, frame) -> Detection:
            height, width = frame.image.shape[:2]
            points = np.zeros((478, 3))
            points[10, :2], points[152, :2] = FOREHEAD, CHIN
            face = FaceDetection(points=points, confidence=1.0) if frame.image.mean() > 100 else None
            return Detection(width=width, height=height, face=face)

    def mask_of(_: object, image, *, previous=None) -> np.ndarray:
        mask = np.full(image.shape[:2], FIRST_MASK - np.float32(0.05 * len(made)), np.float32)
        made.append((mask.copy(), previous))
        return mask

    monkeypatch.setattr(held_out, "Detectors", Model)
    monkeypatch.setattr(held_out, "PersonSegmenter", Model)
    monkeypatch.setattr(held_out, "person_mask", mask_of)
    return made


def test_only_what_follows_in_a_film_knows_the_outline_before(masks):
    pictures = [
        taken("a.mp4 1", film="a.mp4"),
        taken("a.mp4 2", film="a.mp4"),
        taken("b.mp4 1", film="b.mp4"),
        taken("c.png"),
        taken("d.png"),
    ]
    held = held_pictures(pictures)
    assert [each.name for each in held] == [each.name for each in pictures]
    whole, near = masks[::2], masks[1::2]
    for looks in (whole, near):
        assert [previous is None for _, previous in looks] == [True, False, True, True, True]
    assert np.array_equal(whole[1][1], held[0].person)
    assert np.array_equal(near[1][1], near[0][0])


def test_around_the_face_counts_what_is_seen_from_nearby(masks):
    (held,) = held_pictures([taken("a.png")])
    (whole, _), (near, _) = masks
    rows, columns = np.mgrid[0.5:HEIGHT, 0.5:WIDTH]
    middle, reach = np.add(FOREHEAD, CHIN) / 2.0, NEARBY * (CHIN[1] - FOREHEAD[1])
    inside = (abs(columns - middle[0]) < reach) & (abs(rows - middle[1]) < reach)
    assert near.size == inside.sum() < whole.size
    assert set(held.person[inside]) == set(near.ravel())
    assert set(held.person[~inside]) == {FIRST_MASK}


def test_a_face_beyond_the_picture_harms_nothing(masks, monkeypatch):
    monkeypatch.setitem(globals(), "FOREHEAD", (-300.0, 20.0))
    monkeypatch.setitem(globals(), "CHIN", (-300.0, 40.0))
    (held,) = held_pictures([taken("a.png")])
    assert held.person.shape == (HEIGHT, WIDTH)
    assert not held.head.any()


def test_the_head_is_the_person_near_the_face_and_above_the_chin(masks):
    (seen, dark) = held_pictures([taken("a.png"), taken("b.png", level=10)])
    rows, columns = np.mgrid[0.5:HEIGHT, 0.5:WIDTH]
    middle, length = np.add(FOREHEAD, CHIN) / 2.0, CHIN[1] - FOREHEAD[1]
    near = np.hypot(columns - middle[0], rows - middle[1]) < HEAD_REACH * length
    assert np.array_equal(seen.head, seen.person * (near & (rows < CHIN[1])))
    assert 0.0 < (seen.head > 0.0).mean() < 0.5
    assert not dark.head.any()
    assert dark.person.all()


def test_large_pictures_are_judged_reduced(masks):
    large = TakenPicture(name="a.png", image=np.full((2 * SHORTER_SIDE, 3 * SHORTER_SIDE, 3), 10, np.uint8))
    (held,) = held_pictures([large])
    assert held.image.shape == (SHORTER_SIDE, 3 * SHORTER_SIDE // 2, 3)
    assert held.person.shape == held.head.shape == held.image.shape[:2]
