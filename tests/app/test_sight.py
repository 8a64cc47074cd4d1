"""The small picture of what was seen: points lie where they were found, whatever size the detectors looked at."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.app.sight import FACE_COLOUR, LONGEST_SIDE, sight_picture
from nlfgs_studio.core.tracking.detection import BodyDetection, Detection, FaceDetection, Frame, HandDetection


def frame(width: int, height: int) -> Frame:
    return Frame(image=np.full((height, width, 3), 90, np.uint8), seconds=0.0, index=0)


def face_at(x: float, y: float, width: int, height: int) -> Detection:
    points = np.tile([x, y, 0.0], (478, 1))
    return Detection(width=width, height=height, face=FaceDetection(points=points, confidence=1.0))


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 480), (320, 240)])
def test_it_is_small_and_keeps_its_proportions(size):
    height, width, channels = sight_picture(frame(*size), None).shape
    assert channels == 4
    assert max(width, height) == min(max(size), LONGEST_SIDE)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("seen_at", [(1920, 1080), (640, 360)])
def test_points_lie_where_they_were_found(seen_at):
    picture = sight_picture(frame(1920, 1080), face_at(0.25 * seen_at[0], 0.5 * seen_at[1], *seen_at))
    found = np.argwhere((picture[..., :3] == FACE_COLOUR).all(-1))
    assert found.mean(0) == pytest.approx([0.5 * picture.shape[0], 0.25 * picture.shape[1]], abs=1.5)


def test_limbs_that_are_hidden_are_not_drawn():
    random = np.random.default_rng(0)
    points = random.uniform(20.0, 280.0, (33, 2))
    bare = sight_picture(frame(300, 300), None)
    for visibility, is_drawn in ((np.zeros(33), False), (np.ones(33), True)):
        body = BodyDetection(points=points, world=np.zeros((33, 3)), visibility=visibility)
        picture = sight_picture(frame(300, 300), Detection(width=300, height=300, body=body))
        assert (picture != bare).any() == is_drawn


def test_a_hand_outside_the_picture_does_no_harm():
    hand = HandDetection(points=np.full((21, 2), -5000.0), world=np.zeros((21, 3)), confidence=0.5)
    picture = sight_picture(frame(64, 48), Detection(width=64, height=48, left_hand=hand))
    assert picture.shape == (48, 64, 4)
