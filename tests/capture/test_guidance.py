"""The wanted views are asked for one after another, and the shutter waits for a person who holds still."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_shots import body_shot, empty_shot, face_shot
from nlfgs_studio.core.capture.guidance import WANTED, Shutter, advice, missing

VIEWS = {
    "front": {},
    "left": {"yaw": 32.0},
    "right": {"yaw": -32.0},
    "up": {"pitch": 17.0},
    "down": {"pitch": -17.0},
    "smile": {"smile": 0.8},
    "open mouth": {"mouth_open": 0.8},
}
STANDS = {"front": 5.0, "left": 85.0, "back": -175.0, "right": -100.0}


def test_following_the_advice_takes_every_view_once():
    taken = []
    for name, face in VIEWS.items():
        wanted = advice(empty_shot(), taken, "face").wanted
        assert wanted is not None
        assert wanted.name == name
        shot = face_shot(**face)
        told = advice(shot, taken, "face")
        assert told.is_good
        assert told.is_new
        assert told.view is wanted
        taken.append(shot)
        assert not advice(shot, taken, "face").is_new
    told = advice(face_shot(), taken, "face")
    assert told.wanted is None
    assert not told.is_new
    assert not missing(taken, "face")


def test_a_whole_person_turns_once_around():
    taken = []
    for view, (name, yaw) in zip(WANTED["body"], STANDS.items(), strict=True):
        assert view.name == name
        told = advice(body_shot(yaw=yaw), taken, "body")
        assert told.view is view
        taken.append(body_shot(yaw=yaw))
    assert advice(body_shot(), taken, "body").wanted is None


def test_left_is_the_persons_own():
    taken = [face_shot()]
    assert advice(face_shot(), taken, "face").text == "turn your head to the left"
    assert advice(face_shot(yaw=12.0), taken, "face").text == "a little more to the left"
    assert advice(face_shot(yaw=70.0), taken, "face").text == "not quite so far"
    assert advice(face_shot(yaw=-12.0), taken, "face").text == "turn your head to the left"


def test_views_may_come_in_any_order():
    told = advice(face_shot(yaw=-30.0), [face_shot()], "face")
    assert told.wanted is not None
    assert told.wanted.name == "left"
    assert told.view is not None
    assert told.view.name == "right"


def test_faces_are_compared_with_the_persons_own_resting_one():
    grins, chin_up = {"smile": 0.5}, {"pitch": 12.0}
    views = {view.name: view for view in WANTED["face"]}
    assert not views["smile"].fits(face_shot(smile=0.6), face_shot(**grins))
    assert views["smile"].fits(face_shot(smile=0.6), face_shot(smile=0.0))
    assert not views["up"].fits(face_shot(pitch=14.0), face_shot(**chin_up))
    assert views["down"].fits(face_shot(pitch=0.0), face_shot(**chin_up))


def test_when_all_is_taken_only_something_different_is_new():
    taken = [face_shot(**face) for face in VIEWS.values()]
    assert not advice(face_shot(yaw=3.0), taken, "face").is_new
    assert advice(face_shot(yaw=-32.0, smile=0.9, pitch=-15.0), taken, "face").is_new


def test_a_picture_of_several_people_may_show_somebody_else_and_fulfils_nothing():
    several = [face_shot(num_faces=2, **face) for face in VIEWS.values()]
    assert missing(several, "face") == WANTED["face"]
    told = advice(several[1], [], "face")
    assert told.view is None
    assert not told.is_new
    assert [view.name for view in missing([*several, face_shot()], "face")] == [*VIEWS][1:]


def test_troubles_are_told_before_anything_else():
    told = advice(face_shot(sharpness=0.1), [], "face")
    assert not told.is_good
    assert "blurred" in told.text
    told = advice(face_shot(blink=1.0), [], "face")
    assert not told.is_good
    assert told.text == "open your eyes"


@pytest.mark.parametrize("fps", [8.0, 30.0])
def test_the_shutter_waits_until_a_new_view_is_held_still(fps):
    taken, shutter, pressed = [], Shutter(), []
    for number in range(int(4.0 * fps)):
        seconds = number / fps
        yaw = float(np.clip(15.0 * (seconds - 1.0), 0.0, 30.0))  # stays for a second, turns for two, stays
        shot = face_shot(seconds=seconds, yaw=yaw)
        if shutter.release(shot, advice(shot, taken, "face")):
            pressed.append((seconds, yaw))
            taken.append(shot)
    assert [yaw for _, yaw in pressed] == [0.0, pytest.approx(30.0, abs=3.0)]
    assert [seconds for seconds, _ in pressed] == [pytest.approx(0.4, abs=0.15), pytest.approx(3.2, abs=0.3)]


@pytest.mark.parametrize(
    "wavering",
    [
        {"yaw": (0.0, 8.0)},
        {"box": ((500.0, 200.0, 760.0, 540.0), (540.0, 200.0, 800.0, 540.0))},
        {"smile": (0.0, 0.3)},
        {"sharpness": (0.8, 0.2)},
        {"blink": (0.0, 1.0)},
    ],
)
def test_the_shutter_does_not_press_while_anything_moves(wavering):
    (name, values), shutter = next(iter(wavering.items())), Shutter()
    for number in range(60):
        shot = face_shot(seconds=number / 15.0, **{name: values[number // 2 % 2]})
        assert not shutter.release(shot, advice(shot, [], "face"))
