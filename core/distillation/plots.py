"""The curve of a training as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..paths import atomic_write

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

NAME = "curve.png"

_PANEL = 520, 300
"""Pixels."""
_MARGIN = 64, 34, 16, 34
"""Left, top, right, bottom, of a panel."""
_INK, _FAINT = (40, 40, 44), (222, 222, 226)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    title: str
    lines: Mapping[str, tuple[str, tuple[int, int, int]]]
    """Names of figures, what they are called, and their colours."""


_BLUE, _ORANGE, _GREEN = (38, 108, 190), (222, 122, 30), (60, 150, 80)
_GIVEN = (150, 150, 156)
PANELS = (
    _Panel(
        title="visible points, pixels of 256 (median)",
        lines={
            "pixels_given": ("the fit that was given", _GIVEN),
            "pixels_informed": ("with evidence", _BLUE),
            "pixels_blind": ("without", _ORANGE),
        },
    ),
    _Panel(
        title="visible points about their middle, mm (median)",
        lines={"millimetres_informed": ("with evidence", _BLUE), "millimetres_blind": ("without", _ORANGE)},
    ),
    _Panel(title="colours of visible Gaussians, dB", lines={"color_decibels": ("", _GREEN)}),
    _Panel(title="cross-entropy of the heatmaps", lines={"heat": ("", _GREEN)}),
)


def draw_curve(path: Path, figures: Sequence[Mapping[str, Any]]) -> None:
    """Two by two panels over the photos seen.

    Raises:
        StudioError: the place cannot be written to.
    """
    from PIL import Image, ImageDraw

    width, height = _PANEL
    picture = Image.new("RGB", (2 * width, 2 * height), "white")
    for index, panel in enumerate(PANELS):
        sheet = Image.new("RGB", _PANEL, "white")
        _draw_panel(ImageDraw.Draw(sheet), panel, figures)
        picture.paste(sheet, (index % 2 * width, index // 2 * height))
    with atomic_write(path) as temporary:
        picture.save(temporary, format="PNG")


def _draw_panel(draw: ImageDraw, panel: _Panel, figures: Sequence[Mapping[str, Any]]) -> None:
    left, top, right, bottom = _MARGIN[0], _MARGIN[1], _PANEL[0] - _MARGIN[2], _PANEL[1] - _MARGIN[3]
    draw.text((left, 10), panel.title, fill=_INK)
    points = {
        name: [(float(line["photos"]), float(line[name])) for line in figures if name in line] for name in panel.lines
    }
    values = [value for line in points.values() for _, value in line]
    if not values:
        return
    last = max(1.0, *(photos for line in points.values() for photos, _ in line))
    ticks, upright = _ticks(min(values), max(values)), _ticks(0.0, last)
    low, high = min(ticks[0], min(values)), max(ticks[-1], max(values))

    def place(photos: float, value: float) -> tuple[float, float]:
        return left + (right - left) * photos / last, bottom - (bottom - top) * (value - low) / max(1e-12, high - low)

    for tick in ticks:
        _, y = place(0.0, tick)
        draw.line([(left, y), (right, y)], fill=_FAINT)
        draw.text((left - 8, y), f"{tick:g}", fill=_INK, anchor="rm")
    for tick in upright:
        x, _ = place(tick, low)
        draw.text((x, bottom + 8), f"{tick:,.0f}" if tick else "0 photos", fill=_INK, anchor="mt")
    for row, (name, (words, colour)) in enumerate(panel.lines.items()):
        draw.line([place(*point) for point in points[name]], fill=colour, width=2)
        draw.text((right, top + 4 + 14 * row), words, fill=colour, anchor="rt")


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers from below `low` to `high` or little less."""
    step = 10.0 ** math.floor(math.log10(max(1e-9, high - low)))
    step *= next(factor for factor in (0.2, 0.5, 1.0, 2.0, 5.0) if (high - low) / (factor * step) <= 5.0)
    first = math.floor(low / step)
    return [round(step * number, 10) for number in range(first, math.floor(high / step) + 1)]
