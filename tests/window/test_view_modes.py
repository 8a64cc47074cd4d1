"""The View panel in the window: ground, transparency and a film, by mouse and keys."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.window

WHEEL_DOWN = 5


@pytest.fixture
def bare(program, at_rest):
    """At rest, with the View panel in sight."""
    if "view grid" in at_rest.rectangles:
        return at_rest
    left, top, width, height = at_rest.rectangles["rail View"]
    return program.after(lambda: program.click(left + width / 2, top + height / 2))


def press(program, settled, name):
    """Click the left end of a widget: the box of a checkbox."""
    left, top, _, height = settled.rectangles[name]
    return program.after(lambda: program.click(left + height / 2, top + height / 2))


def test_floor_and_grid_come_and_go_without_touching_the_document(program, bare):
    grid = press(program, bare, "view grid")
    both = press(program, grid, "view floor")
    assert len({bare.picture, grid.picture, both.picture}) == 3
    floor = press(program, both, "view grid")
    again = press(program, floor, "view floor")
    assert again.picture == bare.picture
    assert again.document == bare.document
    assert not again.fields["unsaved"]
    assert again.fields["errors"] == []


def scrolled(program, settled, name):
    """With the named widget in sight."""
    left, top, _, height = settled.rectangles["picture"]
    program.point_at(left - 200, top + height / 2)
    for _ in range(6):
        settled = program.after(lambda: program.xdotool("click", "--repeat", 6, "--delay", 60, WHEEL_DOWN))
        if name in settled.rectangles:
            break
    return settled


def test_a_checkerboard_stands_for_nothing(program, bare):
    in_sight = scrolled(program, bare, "view transparent")
    transparent = press(program, in_sight, "view transparent")
    assert transparent.picture != bare.picture
    left, top, *_ = transparent.rectangles["picture"]
    corner = program.pixels((left, top, 96, 96)).reshape(-1, 3)
    assert len({tuple(pixel) for pixel in corner.tolist()}) == 2
    assert press(program, transparent, "view transparent").picture == bare.picture
