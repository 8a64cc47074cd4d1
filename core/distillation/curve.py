"""The figures of a training, line by line: kept as they come, read again when it goes on or is drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..paths import atomic_write
from .objectives import Misses

NAME = "curve.jsonl"


class Tally:
    """Gathers what steps give, and sums it up now and then; nothing waits for the device before that."""

    def __init__(self) -> None:
        self._terms: dict[str, list[Tensor]] = {}
        self._misses: list[Misses] = []

    def add(self, terms: Mapping[str, Tensor], missed: Misses) -> None:
        for name, value in terms.items():
            self._terms.setdefault(name, []).append(value)
        self._misses.append(missed)

    def taken(self) -> dict[str, float]:
        """Means of the terms and medians of what was missed; then it is empty."""
        figures = {name: float(torch.stack(values).mean()) for name, values in self._terms.items()}
        figures |= _summary(self._misses)
        self._terms, self._misses = {}, []
        return {name: round(value, 5) for name, value in figures.items() if math.isfinite(value)}


def _summary(gathered: list[Misses]) -> dict[str, float]:
    def all_of(name: str, *, informed: bool | None = None) -> Tensor:
        parts = []
        for each in gathered:
            chosen = each.seen if informed is None else each.seen & (each.informed == informed)[:, None]
            parts.append(getattr(each, name)[chosen])
        return torch.cat(parts).float()

    def median(values: Tensor) -> float:
        return float(values.median()) if len(values) else math.nan

    shades = all_of("colors")
    return {
        "pixels_informed": median(all_of("pixels", informed=True)),
        "pixels_blind": median(all_of("pixels", informed=False)),
        "pixels_given": median(all_of("fit_pixels", informed=True)),
        "millimetres_informed": 1e3 * median(all_of("points", informed=True)),
        "millimetres_blind": 1e3 * median(all_of("points", informed=False)),
        "color_decibels": float(-10.0 * shades.square().mean().log10()) if len(shades) else math.nan,
    }


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """The lines of a training's folder; what is no line of figures (cut off by a crash) is passed over."""
    path = folder / NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    figures = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and isinstance(value.get("step"), int):
            figures.append(value)
    return figures


def append_to_curve(folder: Path, figures: Mapping[str, int | float]) -> None:
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")


def cut_curve(folder: Path, step: int) -> None:
    """Forget what came after the step from which the training goes on."""
    if not (folder / NAME).is_file():
        return
    kept = [figures for figures in read_curve(folder) if figures["step"] <= step]
    with atomic_write(folder / NAME) as temporary:
        temporary.write_text("".join(json.dumps(figures) + "\n" for figures in kept), encoding="utf-8")
