"""Where rays meet boxes, from inside and from outside."""

from __future__ import annotations

import numpy as np

from ..kernels import kernel


@kernel
def leave_box(origin, directions, low, high, distances, sides):
    """Where rays from inside a box get to its walls: 0 to 2 at `low`, 3 to 5 at `high`, by axis."""
    for ray in range(directions.shape[0]):
        nearest, side = np.inf, 0
        for axis in range(3):
            ahead = directions[ray, axis] > 0.0
            step = ((high[axis] if ahead else low[axis]) - origin[axis]) / directions[ray, axis]
            if step < nearest:
                nearest, side = step, axis + 3 * ahead
        distances[ray], sides[ray] = nearest, side


@kernel
def enter_box(origin, directions, low, high, nearest_allowed, distances, sides):
    """Where rays from outside meet a box that is nearer than what they met before; others keep theirs, and side -1."""
    for ray in range(directions.shape[0]):
        entry, leave, side = -np.inf, np.inf, 0
        for axis in range(3):
            direction = directions[ray, axis]
            ahead = direction > 0.0
            first = ((low[axis] if ahead else high[axis]) - origin[axis]) / direction
            last = ((high[axis] if ahead else low[axis]) - origin[axis]) / direction
            if first > entry:
                # A ray that goes up meets the lower side, which looks down.
                entry, side = first, axis + 3 * ahead
            leave = min(leave, last)
        sides[ray] = -1
        if nearest_allowed < entry < min(leave, distances[ray]):
            distances[ray], sides[ray] = entry, side
