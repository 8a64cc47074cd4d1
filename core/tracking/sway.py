"""A body of which only the head is seen leans over its feet when the head moves, and steps after it in time."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from .turns import normalized, shortest_turn

_FOLLOWING_SECONDS = 2.0
"""In which the feet have gone two thirds of the way to under the head."""
_RIGHTING_SECONDS = 0.3
"""The same where the body is seen, and tells itself how it leans."""
_LARGEST_LEAN = 0.2
"""Of the body's height, by which the head may be aside of the feet."""
_DOWN = np.array([0.0, -1.0, 0.0])


class Sway:
    """How one body leans."""

    def __init__(self, height: float) -> None:
        """`height` of the head's joint above the feet, metres."""
        self._height = height
        self.reset()

    def reset(self) -> None:
        self._head: np.ndarray | None = None
        self._aside = np.zeros(3)

    def lean(self, head: Float[np.ndarray, "3"], elapsed: float, *, body_seen: bool) -> Float[np.ndarray, "3 3"]:
        """The turn of the upright body about its head, which is at that place now."""
        moved = np.zeros(3) if self._head is None or body_seen else (head - self._head) * (1.0, 0.0, 1.0)
        self._head = head
        fading = _RIGHTING_SECONDS if body_seen else _FOLLOWING_SECONDS
        self._aside = self._aside * math.exp(-elapsed / fading) + moved
        distance = float(np.linalg.norm(self._aside))
        self._aside *= min(1.0, _LARGEST_LEAN * self._height / max(distance, 1e-9))
        return shortest_turn(_DOWN, normalized(self._height * _DOWN - self._aside))
