"""The menu and the help: they ask for the same things as the keys, and say which those are."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytestmark = pytest.mark.window

MENUS = {"Edit": 296, "View": 352}
"""From the left of the window to the title, in pixels; menus tell nobody where they are."""
TITLE_MIDDLE, FIRST_LINE, LINE = 24, 57, 26
DOCK = (84, 52, 352, 600)


def choose(program, menu: str, line: int):
    """Take a line of a menu, counted from 0."""

    def act() -> None:
        program.click(MENUS[menu], TITLE_MIDDLE)
        time.sleep(0.4)
        program.click(MENUS[menu], FIRST_LINE + LINE * line)

    return program.after(act)


def test_the_menu_does_what_the_keys_do(program, at_rest):
    by_key = program.after(lambda: program.key("h"))
    again = program.after(lambda: program.key("f"))
    by_menu = choose(program, "View", 1)
    assert at_rest.picture == again.picture
    assert by_key.picture != at_rest.picture
    assert by_menu.picture == by_key.picture

    left, top, width, height = by_menu.rectangles["rail Pose"]
    shown = program.after(lambda: program.click(left + width / 2, top + height / 2))
    left, top, width, height = shown.rectangles["neck y"]
    middle = top + height / 2
    turned = program.after(lambda: program.drag((left + width / 2, middle), (left + 0.9 * width, middle)))
    assert turned.document != shown.document
    undone = choose(program, "Edit", 0)
    assert undone.document == shown.document
    assert choose(program, "Edit", 1).document == turned.document


@pytest.mark.usefixtures("at_rest")
def test_f1_shows_the_help(program):
    before = program.pixels(DOCK)
    program.key("F1")
    program.wait_for(lambda: np.mean(program.pixels(DOCK) != before) > 0.01, "help")
    assert program.trace()[-1].get("errors", []) == []
