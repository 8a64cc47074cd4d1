"""One person is picked and kept among several, lost and found again."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.tracking.detection import BodyDetection, HandDetection
from nlfgs_studio.core.tracking.following import (
    Following,
    Square,
    is_bodys_face,
    room_beside,
    sided_hands,
    square_around,
    without_others,
)

BIG = Square(x=300.0, y=200.0, size=150.0, angle=0.0)
SMALL = Square(x=600.0, y=180.0, size=90.0, angle=0.1)


def test_the_largest_face_is_picked_first():
    assert Following().in_order([SMALL, BIG], 0.0) == [BIG, SMALL]


def test_a_lost_face_is_looked_for_where_it_was_and_nobody_else_is_taken():
    following = Following(patience=1.0)
    following.saw(SMALL, 0.0)
    following.missed()
    assert following.in_order([BIG], 0.5) == []
    assert following.in_order([BIG, SMALL], 0.5) == [SMALL]
    assert following.expected is None


def test_after_a_while_another_person_is_followed():
    following = Following(patience=1.0)
    following.saw(SMALL, 0.0)
    following.missed()
    assert following.in_order([BIG], 1.5) == [BIG]


@pytest.mark.parametrize(
    ("square", "same"),
    [
        (Square(x=320.0, y=210.0, size=140.0, angle=0.2), True),
        (Square(x=400.0, y=200.0, size=150.0, angle=0.0), False),
        (Square(x=300.0, y=200.0, size=60.0, angle=0.0), False),
    ],
)
def test_a_face_neither_leaps_nor_shrinks_between_pictures(square, same):
    following = Following()
    following.saw(BIG, 0.0)
    assert following.is_same(square) is same


def test_the_square_turns_and_grows_with_the_face():
    points = np.random.default_rng(0).uniform(-50.0, 50.0, (478, 3))
    points[33, :2], points[263, :2] = (-30.0, 0.0), (30.0, 0.0)
    level = square_around(points)
    quarter = points[:, [1, 0, 2]] * (-1.0, 1.0, 1.0)
    assert level.angle == 0.0
    assert square_around(quarter).angle == pytest.approx(np.pi / 2)
    assert square_around(2.0 * points).size == pytest.approx(2.0 * level.size)
    assert square_around(points + np.array([7.0, -3.0, 0.0])).x == pytest.approx(level.x + 7.0)


def body_with(*, left_wrist=None, right_wrist=None, nose=None) -> BodyDetection:
    """Only the points that are given are seen."""
    points, visibility = np.zeros((33, 2)), np.zeros(33)
    for index, place in ((15, left_wrist), (16, right_wrist), (0, nose)):
        if place is not None:
            points[index], visibility[index] = place, 0.9
    return BodyDetection(points=points, world=np.zeros((33, 3)), visibility=visibility)


def hand_at(x: float, y: float, confidence: float = 0.9) -> HandDetection:
    """Its wrist there, the palm 40 pixels long."""
    points = np.tile([x, y], (21, 1))
    points[9, 1] -= 40.0
    return HandDetection(points=points, world=np.zeros((21, 3)), confidence=confidence)


def test_the_wrists_say_whose_hand_it_is():
    body = body_with(left_wrist=(500.0, 300.0), right_wrist=(200.0, 300.0))
    near_left, near_right, far = hand_at(510.0, 305.0), hand_at(195.0, 300.0), hand_at(900.0, 100.0)
    # their looks all lie
    left, right = sided_hands([(near_left, False), (near_right, True), (far, True)], body)
    assert left is near_left
    assert right is near_right


def test_without_wrists_the_looks_decide_and_the_surer_hand_wins():
    sure, unsure = hand_at(100.0, 100.0, 0.95), hand_at(400.0, 100.0, 0.6)
    for body in (None, body_with()):
        assert sided_hands([(unsure, True), (sure, True)], body) == (sure, None)


def test_a_body_elsewhere_is_somebody_elses():
    assert is_bodys_face(body_with(nose=(310.0, 220.0)), BIG)
    assert not is_bodys_face(body_with(nose=(700.0, 220.0)), BIG)
    assert is_bodys_face(body_with(), BIG)


def test_what_is_beyond_the_room_of_a_person_is_black():
    picture = np.full((10, 1000, 3), 200, np.uint8)
    alone = without_others(picture, BIG, room_beside(body_with(nose=(600.0, 200.0)), BIG))
    assert (alone[:, 150:450] == 200).all()
    assert not alone[:, 450:].any()
    assert not alone[:, :150].any()
    assert room_beside(body_with(nose=(5000.0, 200.0)), BIG) == 2.5 * BIG.size
    assert not without_others(picture, Square(x=-900.0, y=0.0, size=100.0, angle=0.0), 100.0).any()
