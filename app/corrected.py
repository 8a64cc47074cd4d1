"""A picture whose outline is looked at and corrected, as values; what was painted lies beside the picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from ..core.capture.said import NOT_PERSON, NOTHING, PERSON, Labels

Says = Literal["me", "not me", "nothing"]
LABELS: dict[Says, int] = {"me": PERSON, "not me": NOT_PERSON, "nothing": NOTHING}
"""What the brush says of what it goes over; nothing takes back what was said."""
SMALLEST, LARGEST = 0.004, 0.12
"""Radii of the brush, in parts of the picture's longer side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """Who was found to be the person."""

    labels: Labels
    """What had been said when it was found."""
    shown: UInt8[np.ndarray, "H W 4"]
    """The picture with all others in the shade."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Correcting:
    """One picture, and the brush; the outline follows what is said as soon as it is found anew."""

    path: Path
    labels: Labels
    outline: Outline | None = None
    """None while it is looked for the first time."""
    past: tuple[Labels, ...] = ()
    """Before each of the strokes that can be taken back, oldest first."""
    says: Says = "not me"
    radius: float = 0.025
    """Of the brush, in parts of the picture's longer side."""

    @property
    def is_up_to_date(self) -> bool:
        return self.outline is not None and self.outline.labels is self.labels
