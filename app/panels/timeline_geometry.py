"""Where things stand on the drawn timeline, and what is under the mouse; pixels of the drawing, from its upper left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ...core.body.timeline import ROWS, Row, Timeline

ROOM_AT_THE_END = 1.12
"""Of what lasts longest, so that there is a place to drag to."""
TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds between two lines of the ruler."""
TICK_WIDTH = 70
"""Pixels of the design between two lines, at least."""
REACH = 7
"""How near the mouse has to be, in pixels of the design."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHit:
    row: Row
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipHit:
    index: int
    part: Literal["whole", "end"] = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHit:
    """The timeline's own end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentHit:
    """Nothing stands there: the playhead can go there."""

    seconds: float


Hit = KeyHit | ClipHit | EndHit | MomentHit


def span_of(timeline: Timeline) -> float:
    """How many seconds are drawn."""
    ends = [timeline.duration, *(clip.end for clip in timeline.clips)]
    ends += [timeline.keys(row)[-1].seconds for row in ROWS if timeline.keys(row)]
    return ROOM_AT_THE_END * max(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Of one drawing; `scale` is how many pixels stand for one of the design."""

    left: float
    """Where time begins; at the left of it stand the names of the rows."""
    right: float
    """Where `span` ends."""
    span: float
    """Seconds."""
    ruler_height: float
    row_height: float
    scale: float = 1.0

    @property
    def height(self) -> float:
        return self.ruler_height + (len(ROWS) + 1) * self.row_height

    def x(self, seconds: float) -> float:
        return self.left + (self.right - self.left) * seconds / self.span

    def seconds(self, x: float) -> float:
        """The moment at a place, not before the beginning; to the hundredth."""
        return max(0.0, round((x - self.left) * self.span / max(1.0, self.right - self.left), 2))

    def row_top(self, row: Row | Literal["clips"]) -> float:
        place = len(ROWS) if row == "clips" else ROWS.index(row)
        return self.ruler_height + place * self.row_height

    def ticks(self) -> list[float]:
        """The moments that the ruler names."""
        wanted = TICK_WIDTH * self.scale * self.span / max(1.0, self.right - self.left)
        step = next((step for step in TICKS if step >= wanted), TICKS[-1])
        return [index * step for index in range(math.floor(self.span / step) + 1)]

    def hit(self, timeline: Timeline, x: float, y: float) -> Hit | None:
        """What the mouse is on; None at the names of the rows and outside."""
        reach = REACH * self.scale
        if not (self.left - reach <= x <= self.right + reach and 0.0 <= y <= self.height):
            return None
        if y < self.ruler_height:
            is_end = abs(x - self.x(timeline.duration)) <= reach
            return EndHit() if is_end else MomentHit(seconds=self.seconds(x))
        place = int((y - self.ruler_height) // self.row_height)
        if place < len(ROWS):
            row = ROWS[place]
            near = [key for key in timeline.keys(row) if abs(self.x(key.seconds) - x) <= reach]
            if near:
                nearest = min(near, key=lambda key: abs(self.x(key.seconds) - x))
                return KeyHit(row=row, seconds=nearest.seconds)
            return MomentHit(seconds=self.seconds(x))
        for index in reversed(range(len(timeline.clips))):
            clip = timeline.clips[index]
            if self.x(clip.start) <= x <= self.x(clip.end) + 0.5 * reach:
                return ClipHit(index=index, part="end" if x >= self.x(clip.end) - reach else "whole")
        return MomentHit(seconds=self.seconds(x))
