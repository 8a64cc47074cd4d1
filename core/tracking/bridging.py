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
_FLASH_SECONDS = 0.1
"""What is seen for less is not believed: detectors make up hidden legs and hands for a picture or two."""
_FADING_SECONDS = 0.09
"""Of a critically damped fall: an offset begins to fade at rest, and a tenth of it is left after four times that."""


class Bridge:
    """Carries rows of numbers, or rotations, over the pictures in which they are not seen."""

    def __init__(self, space: Space, largest_speed: Float[np.ndarray, " N"] | float = math.inf) -> None:
        """`largest_speed`, in units a second: what claims to be faster is believed only once it could be true."""
        self._space = space
        self._largest_speed = largest_speed
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
            self._evidence, self._held, self._rest, self._answer = evidence, value, value, value
            # What was never seen is at rest already.
            self._unseen_seconds = np.where(evidence > 0, 0.0, HELD_SECONDS + EASING_SECONDS)
            self._claimed_seconds = np.zeros(len(value))
            self._offset = np.zeros_like(self._space.step(value, value))
            self._offset_age = np.zeros(len(value))
            return value
        self._unseen_seconds = self._unseen_seconds + elapsed
        believed = self._believed(value, evidence, elapsed)
        self._rest = np.where(_like(evidence == 0, value), value, self._rest)
        evidence = np.where(believed, evidence, 0)
        self._unseen_seconds[believed] = 0.0
        self._held = np.where(_like(believed, value), value, self._held)
        target = self._space.moved(self._held, self._eased()[:, None] * self._space.step(self._held, self._rest))
        changed = evidence != self._evidence
        self._offset = np.where(changed[:, None], self._space.step(target, self._answer), self._offset)
        self._offset_age = np.where(changed, 0.0, self._offset_age + elapsed)
        age = self._offset_age[:, None] / _FADING_SECONDS
        self._answer = self._space.moved(target, (1.0 + age) * np.exp(-age) * self._offset)
        self._evidence = evidence
        return self._answer

    def _believed(self, value: np.ndarray, evidence: np.ndarray, elapsed: float) -> np.ndarray:
        """Where the row is seen, for longer than a flash, and not where it cannot have come to since."""
        assert self._evidence is not None
        self._claimed_seconds = np.where(evidence > 0, self._claimed_seconds + elapsed, 0.0)
        lasting = (self._evidence > 0) | (self._claimed_seconds >= _FLASH_SECONDS)
        step = self._space.step(self._held, value)
        possible = np.sqrt((step * step).sum(-1)) <= self._largest_speed * self._unseen_seconds
        return (evidence > 0) & lasting & possible

    def _eased(self) -> np.ndarray:
        """How far each row has gone from what is held to its rest, 0..1."""
        fraction = np.clip((self._unseen_seconds - HELD_SECONDS) / EASING_SECONDS, 0.0, 1.0)
        return fraction * fraction * (3.0 - 2.0 * fraction)


def _like(flags: np.ndarray, value: np.ndarray) -> np.ndarray:
    return flags.reshape(-1, *(1,) * (value.ndim - 1))
