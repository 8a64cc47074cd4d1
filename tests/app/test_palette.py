"""The two looks: every colour can be told from the others, and text can be read on what lies under it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nlfgs_studio.app import palette
from nlfgs_studio.app.palette import Tone, wear
from nlfgs_studio.app.settings import LOOKS

TONES = {name: value for name, value in vars(palette).items() if isinstance(value, Tone)}
GROUNDS = ("BACKGROUND", "PANEL", "CARD")


@pytest.fixture(autouse=True)
def _dark_again() -> Iterator[None]:
    yield
    wear("dark")


def luminance(tone: Tone) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255.0 for part in tone[:3])]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: Tone, second: Tone) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", LOOKS)
def test_no_two_tones_are_the_same(look):
    wear(look)
    fixed = [palette.CLEAR, palette.WHITE]
    assert len({tuple(tone) for tone in (*TONES.values(), *fixed)}) == len(TONES) + len(fixed)


def test_who_holds_a_tone_shows_the_look_that_is_worn():
    held, dark = palette.PANEL, list(palette.PANEL)
    before = wear("light")
    assert before[tuple(dark)] is held
    assert list(held) != dark
    wear("dark")
    assert list(held) == dark


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize(
    ("name", "least"), [("TEXT", 10.0), ("MUTED", 4.5), ("ERROR", 4.5), ("WARNING", 4.5), ("FAINT", 2.9)]
)
def test_text_can_be_read(look, ground, name, least):
    wear(look)
    assert contrast(TONES[name], TONES[ground]) >= least
