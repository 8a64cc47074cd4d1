"""The timeline by mouse and keys: keys are set, chosen, dragged and removed, and what they say is played."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.window

NECK = "neck y"
FOLD_BUTTON = (1248, 532)
"""At the right end of the bar while it is unfolded."""


@pytest.fixture
def opened(program, at_rest):
    """At rest, with the sliders of the joints in sight."""
    if NECK in at_rest.rectangles:
        return at_rest
    return program.after(lambda: program.click(*middle(at_rest.rectangles["rail Pose"])))


def middle(rectangle, share=(0.5, 0.5)):
    left, top, width, height = rectangle
    return (left + share[0] * width, top + share[1] * height)


def place(settled, seconds, row):
    """Where a moment of a row stands, by the drawing's measures: 104 px of names, a ruler of 20, rows of 24."""
    left, top, width, _ = settled.rectangles["timeline"]
    # 12 % more time is drawn than lasts: what is asked for here never moves the end.
    x = left + 104 + (width - 14 - 104) * seconds / (4.0 * 1.12)
    return x, top + 20 + 24 * row + 11


def on_ruler(settled, seconds):
    x, _ = place(settled, seconds, 0)
    return x, settled.rectangles["timeline"][1] + 10


def test_two_keyframes_are_set_played_dragged_removed_and_undone(program, opened):
    assert "timeline" not in opened.rectangles
    first = program.after(lambda: program.click(*middle(opened.rectangles["add key"])))
    assert first.fields["keys"] == {"pose": [0.0], "expression": [0.0], "camera": []}
    assert "timeline" in first.rectangles
    assert first.rectangles["picture"][3] < opened.rectangles["picture"][3]

    at_two = program.after(lambda: program.click(*on_ruler(first, 2.0)))
    assert at_two.fields["seconds"] == pytest.approx(2.0, abs=0.02)
    slider = at_two.rectangles[NECK]
    turned = program.after(lambda: program.drag(middle(slider), middle(slider, (0.95, 0.5)), steps=6))
    assert turned.document != at_two.document
    second = program.after(lambda: program.key("k"))
    assert second.fields["keys"]["pose"] == pytest.approx([0.0, 2.0], abs=0.02)

    between = program.after(lambda: program.drag(on_ruler(second, 2.0), on_ruler(second, 1.0)))
    assert between.fields["seconds"] == pytest.approx(1.0, abs=0.03)
    start = program.after(lambda: program.click(*on_ruler(second, 0.0)))
    assert len({start.document, between.document, second.document}) == 3
    assert start.document == first.document

    since = len(program.trace())
    program.key("space")
    program.wait_for(lambda: sum(line["event"] == "picture" for line in program.trace()[since:]) > 4, "pictures")
    held = program.after(lambda: program.key("space"))
    assert not held.fields["playing"]
    assert held.fields["seconds"] > 0.0

    moved = program.after(lambda: program.drag(place(held, 2.0, 0), place(held, 3.0, 0), steps=6))
    assert moved.fields["keys"]["pose"] == pytest.approx([0.0, 3.0], abs=0.05)
    assert moved.fields["keys"]["expression"] == second.fields["keys"]["expression"]
    back = program.after(lambda: program.key("ctrl+z"))
    assert back.fields["keys"] == second.fields["keys"]

    program.click(*place(back, 2.0, 0))
    removed = program.after(lambda: program.key("Delete"))
    assert removed.fields["keys"]["pose"] == [0.0]
    undone = program.after(lambda: program.key("ctrl+z"))
    assert undone.fields["keys"] == second.fields["keys"]
    assert undone.fields["errors"] == []


def test_a_pose_by_its_name_is_one_step(program, opened):
    seated = program.after(lambda: program.click(*middle(opened.rectangles["pose Seated"])))
    assert seated.document != opened.document
    back = program.after(lambda: program.key("ctrl+z"))
    assert back.document == opened.document


def test_what_a_slider_does_is_recorded_and_becomes_a_clip(program, opened):
    slider = opened.rectangles[NECK]
    program.key("r")
    recorded = program.after(lambda: _drag_and_stop(program, slider))
    ((start, duration),) = recorded.fields["clips"]
    assert duration > 0.3
    assert start == pytest.approx(opened.fields["seconds"], abs=0.1)
    undone = program.after(lambda: program.key("ctrl+z"))
    assert undone.fields["clips"] == []
    assert program.errors == ""
    folded = program.after(lambda: program.click(*FOLD_BUTTON))
    assert "timeline" not in folded.rectangles


def _drag_and_stop(program, slider):
    program.drag(middle(slider), middle(slider, (0.1, 0.5)), steps=6)
    program.key("r")
