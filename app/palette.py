"""The window's colours, in two looks. A `Tone` changes with the look: whoever holds it shows the look that is worn."""

from __future__ import annotations

from .settings import Look

RGBA = tuple[int, int, int, int]


class Tone(list[int]):
    """Red, green, blue and opacity in bytes, as DearPyGui takes them; of the look that is worn."""


Colour = Tone | RGBA

_tones: list[tuple[Tone, dict[Look, RGBA]]] = []


def _tone(dark: str, light: str, opacity: int = 255) -> Tone:
    """A colour in hexadecimal in each look. No two may be the same in one look: `worn` tells them apart by colour."""
    tone, (at_dark, at_light) = Tone(), (_rgba(dark, opacity), _rgba(light, opacity))
    _tones.append((tone, {"dark": at_dark, "light": at_light}))
    tone[:] = at_dark
    return tone


def _rgba(hexadecimal: str, opacity: int) -> RGBA:
    red, green, blue = (int(hexadecimal[i : i + 2], 16) for i in (0, 2, 4))
    return (red, green, blue, opacity)


BACKGROUND = _tone("15171c", "e6e9ef")
PANEL = _tone("1b1e25", "f4f5f8")
CARD = _tone("232730", "fdfdfe")
FRAME = _tone("2b303b", "dfe3eb")
FRAME_HOVERED = _tone("363c4a", "d3d8e4")
FRAME_ACTIVE = _tone("404758", "c6ccdc")
LINE = _tone("2c313c", "d6dae3")
TEXT = _tone("e8ebf1", "1c2028")
MUTED = _tone("949cac", "596272")
FAINT = _tone("666e7e", "747d8f")
DISABLED = _tone("434957", "b0b7c5")
ACCENT = _tone("6f8cff", "4a68e6")
ACCENT_HOVERED = _tone("859eff", "3a57d4")
ACCENT_ACTIVE = _tone("5a78f0", "2f4abf")
ACCENT_QUIET = _tone("6f8cff", "4a68e6", 46)
GRAB = _tone("6f8cff", "4a68e6", 150)
"""Of sliders whose value is written over the grab."""
GRAB_ACTIVE = _tone("859eff", "3a57d4", 190)
WARNING = _tone("f0b35a", "8c5800")
ERROR = _tone("ff7a76", "b82d2a")
ON_AIR = _tone("d42530", "cf1f2a")
"""A camera is open."""
DIM = _tone("08090c", "2a303c", 150)
"""Over the window behind a question."""
BACKDROP = _tone("101217", "f8f9fb", 205)
"""Under what is written over the picture."""
TRACK = _tone("ffffff", "10131a", 28)
CLEAR: RGBA = (0, 0, 0, 0)
WHITE: RGBA = (255, 255, 255, 255)


def wear(look: Look) -> dict[RGBA, Tone]:
    """Give every tone the colours of a look; which tone each colour of the look before belongs to."""
    before = {(tone[0], tone[1], tone[2], tone[3]): tone for tone, _ in _tones}
    for tone, looks in _tones:
        tone[:] = looks[look]
    return before
