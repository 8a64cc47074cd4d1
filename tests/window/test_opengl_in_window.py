"""The OpenGL renderer draws into the window's own texture, beside DearPyGui, what the processor's renderer draws."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.window


@pytest.fixture(scope="module")
def expected(start) -> np.ndarray:
    """What the processor's renderer draws of the whole body, in a program that has not seen anything else."""
    program = start("--renderer", "cpu")
    program.wait_until_open()
    program.come_to_the_front()
    return _avatar(program, program.after(lambda: program.key("f")))


@pytest.fixture(scope="module")
def opengl_program(start, expected):
    program = start("--renderer", "opengl")
    program.wait_until_open()
    return program


def _avatar(program, settled) -> np.ndarray:
    """The picture but for its right, where the figures stand."""
    left, top, width, height = settled.rectangles["picture"]
    return program.pixels((left + 2, top + 2, 0.7 * width, height - 4)).astype(int)


def test_the_window_shows_what_the_processor_draws(opengl_program, expected):
    opengl_program.come_to_the_front()
    settled = opengl_program.after(lambda: opengl_program.key("f"))
    assert settled.fields["renderer"] == "opengl"
    assert settled.fields["fallback"] == ""
    shown = _avatar(opengl_program, settled)
    assert shown.shape == expected.shape
    assert np.ptp(expected) > 100  # somebody stands there
    assert (np.abs(shown - expected).max(axis=-1) <= 3).mean() >= 0.995


def test_turning_it_ends_with_the_exact_order_and_the_widgets_stay_as_they_were(opengl_program):
    opengl_program.come_to_the_front()
    before = opengl_program.after(lambda: opengl_program.key("f"))
    left, top, width, height = before.rectangles["picture"]
    start, end = (left + 0.5 * width, top + 0.5 * height), (left + 0.8 * width, top + 0.45 * height)
    turned = opengl_program.after(lambda: opengl_program.drag(start, end))
    assert turned.picture != before.picture
    again = opengl_program.after(lambda: opengl_program.drag(end, start))
    framed = opengl_program.after(lambda: opengl_program.key("f"))
    assert not framed.fields["errors"]
    dock = opengl_program.pixels((0, 0, left - 4, top + height))
    assert len(np.unique(dock.reshape(-1, 3), axis=0)) > 50  # letters and buttons, not one colour
    assert again.fields["renderer"] == framed.fields["renderer"] == "opengl"
