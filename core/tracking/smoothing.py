"""The One-Euro filter (Casiez, Roussel, Vogel 2012) on coefficients, places and rotations.

A first-order low-pass whose cutoff rises with speed: what is still does not tremble, what moves is not late. On
rotations the same is done in the tangent space: a step goes along the geodesic from the last answer to the new value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .turns import Space

_SPEED_CUTOFF = 1.0
"""Hz; of the low-pass on the speed itself, as in the paper."""
_FASTEST_CUTOFF, _SLOWEST_CUTOFF = 15.0, 0.5
"""Hz, of what is still, at the least and at the most smoothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """How much each group is smoothed: 0 not at all, 1 the most."""

    head: float = 0.5
    face: float = 0.3
    body: float = 0.5
    hands: float = 0.5


def still_cutoff(amount: float) -> float:
    """Hz, for a slider from 0 to 1; equal steps of the slider are equal ratios. At 0 everything passes."""
    if amount <= 0.0:
        return math.inf
    return _FASTEST_CUTOFF * (_SLOWEST_CUTOFF / _FASTEST_CUTOFF) ** min(amount, 1.0)


class OneEuro:
    """Smooths rows of numbers, or rotations, that come one after the other; each row has its own cutoff."""

    def __init__(self, space: Space, speed_gain: float) -> None:
        """`speed_gain`: Hz by which the cutoff rises for each unit a second."""
        self._space = space
        self._speed_gain = speed_gain
        self.reset()

    def reset(self) -> None:
        """Forget what came before; the next value passes as it is."""
        self._last: np.ndarray | None = None
        self._smooth: np.ndarray | None = None
        self._velocity: np.ndarray | None = None

    def filtered(
        self, value: Float[np.ndarray, "N ..."], elapsed: float, cutoff: float | Float[np.ndarray, "N 1"]
    ) -> Float[np.ndarray, "N ..."]:
        """The smoothed value, `elapsed` seconds after the one before; `cutoff` (Hz) passes what is still."""
        if self._smooth is None or self._last is None:
            self._last = self._smooth = value
            return value
        velocity = self._space.step(self._last, value) / elapsed
        if self._velocity is not None:
            velocity = self._velocity + _share(_SPEED_CUTOFF, elapsed) * (velocity - self._velocity)
        speed = np.sqrt((velocity * velocity).sum(-1, keepdims=True))
        share = _share(cutoff + self._speed_gain * speed, elapsed)
        self._smooth = self._space.moved(self._smooth, share * self._space.step(self._smooth, value))
        self._last, self._velocity = value, velocity
        return self._smooth


def _share(cutoff: float | np.ndarray, elapsed: float) -> float | np.ndarray:
    """Of the way to the new value, that a first-order low-pass goes in that time."""
    return 1.0 / (1.0 + 1.0 / (2.0 * math.pi * cutoff * elapsed))
