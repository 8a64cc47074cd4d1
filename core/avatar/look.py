"""What a person looks like apart from their shape: a small value, so that many people can be drawn from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any

Colour = tuple[float, float, float]
"""RGB in [0, 1], as on the screen."""

#: What the fields of a `Look` that are words may say; the first is what a plain person has.
CHOICES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "hair_shape": (
            *("crop", "bald", "buzz", "quiff", "fringe", "curly", "afro"),
            *("bob", "long", "waves", "ponytail", "bun"),
        ),
        "beard": ("none", "stubble", "moustache", "goatee", "short", "full"),
        "top": ("tee", "tank", "v-neck", "shirt", "sweater", "turtleneck", "coat", "dress"),
        "top_pattern": ("plain", "stripes", "checks", "dots", "print"),
        "bottom": ("trousers", "jeans", "wide", "leggings", "shorts", "skirt", "long skirt"),
        "bottom_pattern": ("plain", "stripes", "checks", "dots"),
        "shoe": ("shoes", "sneakers", "boots", "barefoot"),
        "glasses": ("none", "round", "square", "sunglasses"),
        "hat": ("none", "beanie", "cap", "brim"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Colours, shapes by name, and where clothes and hair end."""

    skin: Colour = (0.83, 0.635, 0.53)
    lips: Colour = (0.70, 0.40, 0.37)
    cheeks: float = 0.36
    """How much redder cheeks, nose and knuckles are, 0 to 1."""
    freckles: float = 0.0
    """0 to 1."""
    nails: Colour | None = None
    """Varnish; None: bare."""
    iris: Colour = (0.30, 0.42, 0.45)
    hair_shape: str = "crop"
    hair: Colour = (0.215, 0.145, 0.10)
    grey: float = 0.0
    """Share of the hair that has gone grey, 0 to 1."""
    hair_volume: float = 0.018
    """Metres that short hair stands off the top of the head; other shapes grow and shrink with it."""
    beard: str = "none"
    top: str = "tee"
    shirt: Colour = (0.235, 0.365, 0.475)
    top_pattern: str = "plain"
    top_second: Colour = (0.86, 0.84, 0.79)
    """Of the pattern."""
    sleeve: float = 0.60
    """Where the sleeves end: 0 at the shoulder, 1 at the elbow, 2 at the wrist."""
    bottom: str = "trousers"
    trousers: Colour = (0.265, 0.265, 0.29)
    bottom_pattern: str = "plain"
    bottom_second: Colour = (0.60, 0.58, 0.55)
    shoe: str = "shoes"
    shoes: Colour = (0.36, 0.25, 0.185)
    soles: Colour = (0.87, 0.85, 0.81)
    glasses: str = "none"
    frames: Colour = (0.10, 0.09, 0.09)
    hat: str = "none"
    hat_colour: Colour = (0.33, 0.17, 0.18)
    seed: int = 0
    """Of the small irregularities of skin, cloth and hair."""

    def __post_init__(self) -> None:
        """Refuses what nobody can look like.

        Raises:
            ValueError: an unknown shape, or a number out of its range.
        """
        for name, words in CHOICES.items():
            if getattr(self, name) not in words:
                raise ValueError(f"{name} is one of {', '.join(words)}, not {getattr(self, name)!r}")
        for name in COLOURS:
            colour = getattr(self, name)
            if colour is not None and not (len(colour) == 3 and all(0.0 <= value <= 1.0 for value in colour)):
                raise ValueError(f"{name} is no colour: {colour}")
        for name, highest in RANGES.items():
            if not 0.0 <= getattr(self, name) <= highest:
                raise ValueError(f"{name} lies in 0 to {highest:g}, not at {getattr(self, name)}")

    @property
    def has_skirt(self) -> bool:
        """Whether something hangs free around the legs."""
        return self.top in ("dress", "coat") or self.bottom in ("skirt", "long skirt")


COLOURS = (
    *("skin", "lips", "nails", "iris", "hair", "shirt", "top_second", "trousers", "bottom_second"),
    *("shoes", "soles", "frames", "hat_colour"),
)
RANGES: MappingProxyType[str, float] = MappingProxyType(
    {"cheeks": 1.0, "freckles": 1.0, "grey": 1.0, "hair_volume": 0.04, "sleeve": 2.0}
)


def look_as_text(look: Look) -> str:
    """For a file; `look_from_text` reads it."""
    return json.dumps(asdict(look))


def look_from_text(text: str) -> Look | None:
    """What `look_as_text` wrote, also in another version of this program; None where that makes no sense here."""
    try:
        values = json.loads(text)
        known = {field.name for field in fields(Look)}
        return Look(**{name: _hashable(value) for name, value in values.items() if name in known})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
