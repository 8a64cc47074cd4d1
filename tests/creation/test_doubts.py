"""What is wrong with pictures is said once, with names, and only where it matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from creators import fitted_picture
from nlfgs_studio.core.capture.shot import FaceView
from nlfgs_studio.core.creation.doubts import doubts
from nlfgs_studio.core.creation.taken import TakenPicture

GOOD = FaceView(
    box=(20.0, 10.0, 70.0, 60.0),
    yaw=0.0,
    pitch=0.0,
    roll=0.0,
    smile=0.0,
    mouth_open=0.0,
    blink=0.0,
    sharpness=1.0,
    brightness=0.5,
    clipped=0.0,
    share=0.5,
    is_cut=False,
    has_covered_eyes=False,
    fingerprint=0,
)


@pytest.fixture
def picture(body):
    def made(name: str, *, people: int = 1, film: str | None = None, is_stranger: bool = False, **face):
        taken = TakenPicture(name=name, image=np.zeros((90, 120, 3), np.uint8), film=film)
        fitted = fitted_picture(body, taken, 0, people)
        return replace(fitted, is_stranger=is_stranger, shot=replace(fitted.shot, face=replace(GOOD, **face)))

    return made


def test_good_pictures_need_no_word(picture):
    assert doubts([picture("a.png"), picture("b.png")]) == ()


def test_troubles_are_named(picture):
    told = doubts([picture("a.png", has_covered_eyes=True), picture("b.png"), picture("c.png", is_cut=True, people=2)])
    assert len(told) == 3
    assert "several people are in c.png: the largest was taken" in told[0]
    assert "eyes are covered: a.png" in told[1]
    assert "head is outside of the picture: c.png" in told[2]


def test_a_stranger_is_named_first_and_a_strange_film_once(picture):
    film = [picture(f"talk.mp4 {number}", film="talk.mp4", is_stranger=True) for number in range(5)]
    told = doubts([picture("a.png", is_cut=True), *film, picture("b.png", is_stranger=True)])
    assert told[0].startswith("talk.mp4, b.png may show somebody else")
    assert len(told) == 2


def test_many_names_are_counted(picture):
    told = doubts([picture(f"{number}.png", is_cut=True) for number in range(6)])
    assert "0.png, 1.png, 2.png and 3 more" in told[0]


def test_a_few_blurred_pictures_of_a_film_are_none_of_anybodys_concern(picture):
    film = [picture(f"talk {number}", film="talk.mp4", sharpness=0.1 if number < 2 else 1.0) for number in range(12)]
    assert doubts(film) == ()
    assert len(doubts(film[:4])) == 1
