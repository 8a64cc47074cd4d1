"""The joint gizmo in the window: click a part, drag a ring, take it back."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.body.joints import JOINT_NAMES

pytestmark = pytest.mark.window

FOREARM = (0.573, 0.39)
"""Of the picture's width and height, when the whole body stands relaxed in it."""


@pytest.fixture
def chosen(program, at_rest):
    """The left forearm was clicked."""
    left, top, width, height = at_rest.rectangles["picture"]
    place = (left + FOREARM[0] * width, top + FOREARM[1] * height)
    return program.after(lambda: program.click(*place))


def on_screen(settled, axis: str) -> tuple[float, float]:
    left, top, _, _ = settled.rectangles["picture"]
    x, y = settled.fields["handles"][axis]
    return left + x, top + y


def test_a_click_on_the_forearm_chooses_the_elbow_and_escape_lets_go(program, chosen):
    assert chosen.fields["selected_joint"] == JOINT_NAMES.index("left_elbow")
    assert not chosen.fields["unsaved"]
    # The rings lie over the picture: it was not drawn anew for them, but the screen shows them.
    picture = chosen.rectangles["picture"]
    with_rings = program.pixels(picture).astype(int)
    let_go = program.after(lambda: program.key("Escape"))
    assert let_go.fields["selected_joint"] is None
    assert let_go.fields["handles"] == {}
    changed = np.abs(program.pixels(picture) - with_rings).max(axis=-1) > 40
    assert 300 < changed.sum() < 40_000


def test_a_drag_of_a_ring_is_one_step_of_undo(program, chosen):
    start = on_screen(chosen, "z")
    turned = program.after(lambda: program.drag(start, (start[0] - 30, start[1] + 50), steps=6))
    assert turned.document != chosen.document
    assert turned.picture != chosen.picture
    assert turned.fields["unsaved"]
    undone = program.after(lambda: program.key("ctrl+z"))
    assert (undone.document, undone.picture) == (chosen.document, chosen.picture)
    assert not undone.fields["unsaved"]
    redone = program.after(lambda: program.key("ctrl+shift+z"))
    assert (redone.document, redone.picture) == (turned.document, turned.picture)
    program.after(lambda: program.key("ctrl+z"))


def test_two_quick_drags_of_a_ring_are_no_double_click(program, chosen):
    x, y = (round(value) for value in on_screen(chosen, "z"))
    press = ["mousemove", "--window", program.window, x, y, "sleep", 0.05, "mousedown", 1, "sleep", 0.03]
    drag = [*press, "mousemove", "--window", program.window, x - 6, y + 16, "sleep", 0.03, "mouseup", 1, "sleep", 0.03]
    turned = program.after(lambda: program.xdotool(*drag, *drag))
    assert turned.document != chosen.document
    undone = program.after(lambda: program.key("ctrl+z", "ctrl+z"))
    assert (undone.document, undone.picture) == (chosen.document, chosen.picture), "the camera stayed where it was"


def test_escape_in_the_middle_of_a_drag_gives_it_up(program, chosen):
    x, y = on_screen(chosen, "z")

    def drag_and_give_up():
        program.point_at(x, y)
        program.xdotool("mousedown", 1)
        program.point_at(x - 20, y + 40)
        program.point_at(x - 30, y + 50)
        program.key("Escape")
        program.xdotool("mouseup", 1)

    after = program.after(drag_and_give_up)
    assert after.document == chosen.document
    assert not after.fields["unsaved"]


def test_beside_the_rings_the_camera_turns_and_a_click_on_nothing_lets_go(program, chosen):
    left, top, width, height = chosen.rectangles["picture"]
    corner = (left + 0.15 * width, top + 0.75 * height)
    orbited = program.after(lambda: program.drag(corner, (corner[0] + 60, corner[1])))
    assert orbited.picture != chosen.picture
    assert orbited.document == chosen.document
    assert orbited.fields["selected_joint"] == chosen.fields["selected_joint"]
    let_go = program.after(lambda: program.click(*corner))
    assert let_go.fields["selected_joint"] is None
    assert let_go.fields["errors"] == []
    back = program.after(lambda: program.drag((corner[0] + 60, corner[1]), corner))
    assert back.document == chosen.document
