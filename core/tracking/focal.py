"""How wide a camera sees when it does not say."""

from __future__ import annotations

import math

ASSUMED_FIELD_OF_VIEW = 55.0
"""Degrees over the longer side, as in the neural localizer field's work for pictures of unknown origin."""


def assumed_focal(width: int, height: int, field_of_view: float = ASSUMED_FIELD_OF_VIEW) -> float:
    """Focal length in pixels; `field_of_view` in degrees over the longer side.

    Raises:
        ValueError: no camera without mirrors has that field of view.
    """
    if not 1.0 <= field_of_view <= 170.0:
        raise ValueError(f"a field of view of {field_of_view:g} degrees is not between 1 and 170")
    return 0.5 * max(width, height) / math.tan(math.radians(field_of_view) / 2.0)
