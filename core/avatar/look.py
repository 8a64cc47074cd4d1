"""What a person looks like apart from their shape: a small value, so that many people can be drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]
"""RGB in [0, 1], as on the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Colours, and where clothes and hair end."""

    skin: Colour = (0.83, 0.635, 0.53)
    lips: Colour = (0.70, 0.40, 0.37)
    hair: Colour = (0.215, 0.145, 0.10)
    iris: Colour = (0.30, 0.42, 0.45)
    shirt: Colour = (0.235, 0.365, 0.475)
    trousers: Colour = (0.265, 0.265, 0.29)
    shoes: Colour = (0.36, 0.25, 0.185)
    soles: Colour = (0.87, 0.85, 0.81)
    sleeve: float = 0.60
    """Where the sleeves end: 0 at the shoulder, 1 at the elbow, 2 at the wrist."""
    hair_volume: float = 0.018
    """Metres that the hair stands off the top of the head."""
    seed: int = 0
    """Of the small irregularities of skin, cloth and hair."""
