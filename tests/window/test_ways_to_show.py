"""Runs of the program that differ in how they start: to a screenshot, by the slower texture, with a motion."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.window

BACKGROUND = np.array([33, 36, 41])


def person_share(pixels):
    """How much of a picture is not background."""
    return float((np.abs(pixels.astype(int) - BACKGROUND).max(-1) > 12).mean())


@pytest.fixture(scope="module")
def arm_goes_down(tmp_path_factory):
    """Three seconds in which the left arm goes down."""
    poses = np.zeros((90, 165), np.float32)
    poses[:, 16 * 3 + 2] = np.linspace(0.0, -1.2, 90)
    path = tmp_path_factory.mktemp("motion") / "arm.npz"
    np.savez(path, poses=poses, trans=np.zeros((90, 3), np.float32), mocap_frame_rate=30.0, up_axis="y")
    return path


def test_the_screenshot_shows_the_window_with_a_person_in_it(start, tmp_path):
    path = tmp_path / "window.png"
    program = start("--screenshot", str(path))
    assert program.process.wait(120) == 0, program.errors
    pixels = np.asarray(Image.open(path).convert("RGB"))
    assert pixels.shape == (720, 1280, 3)
    settled = [line for line in program.trace() if line["event"] == "settled" and line["has_avatar"]][-1]
    left, top, width, height = settled["rectangles"]["picture"]
    picture = pixels[top : top + height, left : left + width]
    assert 0.06 < person_share(picture) < 0.5
    skin = (picture[..., 0] > 110) & (picture[..., 0] > picture[..., 2].astype(int) + 25)
    assert skin[: height // 2].mean() > 0.005
    dock = pixels[top : top + height, :left]
    assert len(np.unique(dock.reshape(-1, 3), axis=0)) > 100
    assert settled["errors"] == []


def test_the_slower_texture_shows_the_same_picture_and_says_so(start):
    program = start()  # one that nobody has used: what hovers over the picture is the same in both
    at_rest = program.wait_until_open()
    program.come_to_the_front()
    left, top, width, height = at_rest.rectangles["picture"]
    left_of_the_figures = (left, top, 0.7 * width, height)
    pixels = program.pixels(left_of_the_figures)
    assert at_rest.fields["fallback"] == ""
    assert person_share(pixels) > 0.06

    slow_program = start(NLFGS_STUDIO_RAW_TEXTURE="1")
    slow = slow_program.wait_until_open()
    slow_program.come_to_the_front()
    assert "NLFGS_STUDIO_RAW_TEXTURE" in slow.fields["fallback"]
    assert slow.picture == at_rest.picture

    def is_the_same() -> bool:
        return int(np.abs(slow_program.pixels(left_of_the_figures).astype(int) - pixels).max()) <= 1

    slow_program.wait_for(is_the_same, "the same picture on the screen")  # raised windows are painted a little later


def test_a_motion_plays_holds_and_is_scrubbed_without_touching_the_document(start, arm_goes_down):
    program = start("--motion", str(arm_goes_down))
    program.wait_for(lambda: len(program.trace()) > 30, "pictures of the motion", seconds=120)
    program.come_to_the_front()
    held = program.after(lambda: program.key("space"))
    assert held.fields["seconds"] > 0.0
    assert not held.fields["playing"]
    left, top, width, height = held.rectangles["scrub"]
    start_of_clip = program.after(lambda: program.click(left + 4, top + height / 2))
    end_of_clip = program.after(lambda: program.click(left + width - 4, top + height / 2))
    assert start_of_clip.fields["seconds"] < 0.2 < 2.8 < end_of_clip.fields["seconds"] < 3.01
    assert len({held.picture, start_of_clip.picture, end_of_clip.picture}) == 3
    assert held.document == start_of_clip.document == end_of_clip.document
    assert not end_of_clip.fields["unsaved"]
    assert program.errors == ""
