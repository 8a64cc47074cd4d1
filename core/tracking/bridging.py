"""What was seen and is lost is held, then eases to rest; what comes back eases in: no picture makes a jump.

Whenever the evidence for a value changes, its distance to the last answer is kept as an offset that fades: the motion
goes on from where it was (inertialization, as games blend animations; Bollo 2016).
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from .turns import Space

HELD_SECONDS = 0.4
EASING_SECONDS = 0.9
_FADING_SECONDS = 0.15
"""In which an offset falls to 1/e."""


class Bridge:
    """Carries rows of numbers, or rotations, over the pictures in which they are not seen."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.reset()

    def reset(self) -> None:
        """Forget what came before; the next value passes as it is."""
        self._evidence: np.ndarray | None = None

    def bridged(
        self, value: Float[np.ndarray, "N ..."], evidence: Int[np.ndarray, " N"], elapsed: float
    ) -> Float[np.ndarray, "N ..."]:
        """The value where it is seen, else what leads to it.

        `evidence` is 0 where the row is not seen and `value` is its natural rest, otherwise a number for what it was
        seen by.
        """
        if self._evidence is None:
            self._evidence, self._held, self._answer = evidence, value, value
            # What was never seen is at rest already.
            self._unseen_seconds = np.where(evidence > 0, 0.0, HELD_SECONDS + EASING_SECONDS)
            self._offset = np.zeros_like(self._space.step(value, value))
            return value
        self._unseen_seconds = np.where(evidence > 0, 0.0, self._unseen_seconds + elapsed)
        self._held = np.where(_like(evidence > 0, value), value, self._held)
        target = self._space.moved(self._held, self._eased()[:, None] * self._space.step(self._held, value))
        changed = (evidence != self._evidence)[:, None]
        faded = math.exp(-elapsed / _FADING_SECONDS) * self._offset
        self._offset = np.where(changed, self._space.step(target, self._answer), faded)
        self._answer = self._space.moved(target, self._offset)
        self._evidence = evidence
        return self._answer

    def _eased(self) -> np.ndarray:
        """How far each row has gone from what is held to its rest, 0..1."""
        fraction = np.clip((self._unseen_seconds - HELD_SECONDS) / EASING_SECONDS, 0.0, 1.0)
        return fraction * fraction * (3.0 - 2.0 * fraction)


def _like(flags: np.ndarray, value: np.ndarray) -> np.ndarray:
    return flags.reshape(-1, *(1,) * (value.ndim - 1))
