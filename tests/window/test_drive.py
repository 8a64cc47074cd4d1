"""Driving by mouse and keys: a film of our own avatar moves it, a slider takes over, and all of it stops."""

from __future__ import annotations

import time

import numpy as np
import pytest
from own_film import make_own_film

pytestmark = pytest.mark.window

DRIVING_SECONDS = 400.0
"""On a fresh machine the tracker first learns how the body's face looks."""
NECK = "neck y"
LARGEST_RATIO = 8.0
"""Of a frame's time while somebody is tracked to that of one while nobody is."""


@pytest.fixture(scope="module")
def program(start, tmp_path_factory):
    film = tmp_path_factory.mktemp("film") / "talk.mp4"
    make_own_film(film, seconds=1.0, size=(320, 240))
    return start("--source", film)


def middle(rectangle, share=(0.5, 0.5)):
    left, top, width, height = rectangle
    return (left + share[0] * width, top + share[1] * height)


def driven_pictures(program, since=0):
    return [line for line in program.trace()[since:] if line.get("is_driven") and line["seen"] > 0.0]


def stopped(program):
    return program.after(lambda: program.key("d"))


def test_a_film_drives_the_avatar_until_it_is_told_to_stop_and_the_document_stays(program):
    program.wait_for(lambda: len(driven_pictures(program)) > 3, "a driven picture", seconds=DRIVING_SECONDS)
    program.come_to_the_front()
    settled = stopped(program)
    assert settled.fields["driving"] == "off"
    assert not settled.fields["unsaved"]
    assert not settled.fields["errors"]

    since = len(program.trace())
    in_panel = program.after(lambda: program.click(*middle(settled.rectangles["rail Drive"])))
    program.click(*middle(in_panel.rectangles["drive start"]))
    program.wait_for(lambda: len(driven_pictures(program, since)) > 3, "driving again", seconds=DRIVING_SECONDS)
    picture = in_panel.rectangles["picture"]
    with_source = program.pixels(picture)
    again = stopped(program)
    assert again.picture == in_panel.picture, "the avatar is back in its own pose"
    without = program.pixels(picture)
    corner = np.s_[20:60, -120:-40]
    assert with_source[corner].std() > without[corner].std() + 5.0, "the source stands in the corner"


def dragged(program, slider):
    """What each frame took while the slider was dragged, in milliseconds."""
    began = time.monotonic()
    program.drag(middle(slider), middle(slider, (0.9, 0.5)), steps=20)
    return [frame["work"] + frame["present"] for frame in program.frames(began, time.monotonic())]


def test_a_slider_takes_its_joint_over(program):
    settled = program.settled(since=0)
    in_pose = program.after(lambda: program.click(*middle(settled.rectangles["rail Pose"])))
    slider = in_pose.rectangles[NECK]
    alone = dragged(program, slider)
    program.after(lambda: program.key("ctrl+z"))
    since = len(program.trace())
    program.key("d")
    program.wait_for(lambda: len(driven_pictures(program, since)) > 3, "driving", seconds=DRIVING_SECONDS)
    beside = dragged(program, slider)
    print(
        f"a frame while a slider is dragged: {np.median(alone):.0f} ms, and {np.median(beside):.0f} ms while tracking"
    )
    assert np.median(beside) < LARGEST_RATIO * np.median(alone), "the window goes on while the camera is looked at"
    since = len(program.trace())
    program.wait_for(lambda: len(driven_pictures(program, since)) > 2, "driving on", seconds=DRIVING_SECONDS)
    after = stopped(program)
    assert after.document != in_pose.document
    undone = program.after(lambda: program.key("ctrl+z"))
    assert undone.document == in_pose.document
