"""People by number: a seed draws how somebody looks and how they are built, the same for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..body.model import BodyModel
from .look import Colour, Look

_SKINS: tuple[Colour, ...] = (
    *((0.93, 0.76, 0.68), (0.89, 0.70, 0.60), (0.83, 0.635, 0.53), (0.77, 0.57, 0.44), (0.69, 0.49, 0.36)),
    *((0.58, 0.39, 0.28), (0.47, 0.31, 0.22), (0.36, 0.235, 0.17), (0.27, 0.175, 0.13)),
)
_DARK_HAIR: tuple[Colour, ...] = ((0.055, 0.045, 0.042), (0.095, 0.066, 0.05), (0.15, 0.098, 0.07))
_HAIR: tuple[Colour, ...] = (
    *_DARK_HAIR,
    *((0.215, 0.145, 0.10), (0.31, 0.205, 0.13), (0.42, 0.29, 0.175), (0.66, 0.50, 0.30), (0.45, 0.185, 0.085)),
)
_BROWN_EYES: tuple[Colour, ...] = ((0.20, 0.115, 0.065), (0.29, 0.175, 0.09), (0.37, 0.25, 0.13))
_EYES: tuple[Colour, ...] = (
    *_BROWN_EYES,
    (0.35, 0.37, 0.20),
    (0.30, 0.42, 0.45),
    (0.32, 0.46, 0.60),
    (0.43, 0.47, 0.50),
)
_CLOTH: tuple[Colour, ...] = (
    *((0.88, 0.87, 0.84), (0.13, 0.13, 0.15), (0.235, 0.365, 0.475), (0.14, 0.19, 0.32), (0.55, 0.17, 0.17)),
    *((0.20, 0.35, 0.26), (0.74, 0.55, 0.22), (0.50, 0.50, 0.52), (0.42, 0.27, 0.42), (0.80, 0.52, 0.46)),
    *((0.36, 0.57, 0.60), (0.76, 0.68, 0.55), (0.36, 0.40, 0.26), (0.72, 0.36, 0.18)),
)
_LEGS: tuple[Colour, ...] = (
    *((0.265, 0.265, 0.29), (0.12, 0.12, 0.14), (0.17, 0.21, 0.32), (0.42, 0.36, 0.27), (0.60, 0.54, 0.44)),
    *((0.28, 0.30, 0.22), (0.38, 0.38, 0.41), (0.32, 0.17, 0.18)),
)
_JEANS: tuple[Colour, ...] = ((0.20, 0.27, 0.39), (0.31, 0.40, 0.52), (0.13, 0.16, 0.22))
_LEATHER: tuple[Colour, ...] = (
    (0.36, 0.25, 0.185),
    (0.10, 0.095, 0.095),
    (0.52, 0.36, 0.22),
    (0.80, 0.79, 0.77),
    (0.45, 0.14, 0.15),
)
_VARNISH: tuple[Colour, ...] = ((0.62, 0.10, 0.15), (0.82, 0.42, 0.48), (0.18, 0.14, 0.22), (0.85, 0.68, 0.62))

_SHORT_HAIR = {
    "crop": 2.5,
    "bald": 1.5,
    "buzz": 1.5,
    "quiff": 2.5,
    "curly": 2,
    "afro": 1.5,
    "fringe": 1,
    "bun": 0.7,
    "long": 0.7,
    "ponytail": 0.5,
}
_LONG_HAIR = {
    "long": 3,
    "bob": 3,
    "waves": 3,
    "ponytail": 3,
    "bun": 2,
    "fringe": 2,
    "curly": 2,
    "afro": 1.5,
    "crop": 0.3,
}
_BEARDS = {"none": 4, "stubble": 2.5, "short": 2, "full": 1.3, "goatee": 1, "moustache": 0.8}
_TOPS = {"tee": 4, "tank": 1, "v-neck": 2, "shirt": 3, "sweater": 2.5, "turtleneck": 1, "coat": 2.5}
_BOTTOMS = {"trousers": 3, "jeans": 4, "wide": 1.8, "shorts": 2.2, "leggings": 0.3}
_PATTERNS = {"plain": 5, "stripes": 1.6, "checks": 1.3, "dots": 0.7, "print": 1.2}
_SHOES = {"shoes": 3, "sneakers": 3, "boots": 1.6, "barefoot": 0.25}
_GLASSES = {"none": 7, "round": 1.3, "square": 1.5, "sunglasses": 0.6}
_HATS = {"none": 4.5, "beanie": 1, "cap": 1, "brim": 0.9}

_MASCULINE = (0.6, -1.2, 0.0)
"""Of the built-in body's first betas, in standard deviations: towards a man's build; the other way a woman's."""


def drawn_look(seed: int) -> Look:
    """How person number `seed` looks; 0 is the default person.

    Raises:
        ValueError: the seed is negative.
    """
    return Look() if seed == 0 else _Draw(seed).look()


def drawn_betas(seed: int, body: BodyModel) -> Float[Tensor, " S"]:
    """How person number `seed` is built: height, weight and face; zeros for the default person.

    Raises:
        ValueError: the seed is negative.
    """
    betas = torch.zeros(body.num_betas)
    if seed == 0:
        return betas
    draw = _Draw(seed)
    values = np.clip(draw.random("betas").normal(size=body.num_betas), -2.0, 2.0)
    # The first changes height, ten centimetres each; the others of the body little each.
    values *= np.where(np.arange(body.num_betas) < 10, 1.15, 0.85)
    values[:1] *= 0.5
    if body.identity.source == "builtin":
        values[:3] += (2.0 * draw.masculine - 1.0) * np.array(_MASCULINE)
        values[0] = max(values[0], -1.3)  # below, the built-in body turns into a child's
    return torch.from_numpy(values).float()


class _Draw:
    """Every question has dice of its own, so that a new one leaves the answers to the others as they were."""

    def __init__(self, seed: int) -> None:
        if seed < 0:
            raise ValueError(f"a seed is 0 or more, not {seed}")
        self.seed = seed
        leaning = float(self.random("build").beta(0.6, 0.6))
        self.masculine = leaning

    def random(self, question: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *question.encode()])

    def one(self, question: str, weights: Mapping[str, float | int]) -> str:
        chances = np.array(list(weights.values()), dtype=np.float64)
        return list(weights)[int(self.random(question).choice(len(chances), p=chances / chances.sum()))]

    def colour(self, question: str, palette: tuple[Colour, ...], spread: float = 0.08) -> Colour:
        """One of the palette, a little lighter or darker and of a little other hue."""
        random = self.random(question)
        colour = np.array(palette[int(random.integers(len(palette)))])
        colour = colour * (1.0 + random.normal(scale=spread)) * (1.0 + random.normal(scale=0.25 * spread, size=3))
        red, green, blue = (round(float(value), 4) for value in np.clip(colour, 0.02, 0.95))
        return red, green, blue

    def chance(self, question: str, probability: float) -> bool:
        return bool(self.random(question).uniform() < probability)

    def look(self) -> Look:
        is_man = self.masculine > 0.5
        tone = self.random("skin").uniform(0.0, len(_SKINS) - 1.001)
        low = np.array(_SKINS[int(tone)])
        skin = low + (tone % 1.0) * (np.array(_SKINS[int(tone) + 1]) - low)
        red, green, blue = (round(float(value), 4) for value in skin)
        is_dark, age = tone > 3.5, float(self.random("age").uniform())
        grey = float(np.clip((age - 0.72) * 4.0, 0.0, 1.0))
        hair_shape = self.one("hair", _SHORT_HAIR if is_man else _LONG_HAIR)
        beard = self.one("beard", _BEARDS) if is_man and self.masculine > 0.6 else "none"
        skirted = not is_man and self.chance("skirted", 0.55)
        top, bottom = self.one("top", _TOPS), self.one("bottom", _BOTTOMS)
        if skirted:
            dressed = self.chance("dressed", 0.5)
            top = "dress" if dressed else ("tee" if top == "coat" else top)
            bottom = bottom if dressed else self.one("skirt", {"skirt": 2, "long skirt": 1})
        sleeves = {"tank": (0.0, 0.0), "shirt": (1.2, 1.95), "sweater": (1.6, 1.95), "turtleneck": (1.7, 1.95)}
        sleeves |= {"coat": (1.85, 1.95), "dress": (0.0, 1.2), "tee": (0.4, 0.8), "v-neck": (0.35, 1.0)}
        legs = _JEANS if bottom == "jeans" else (_CLOTH if "skirt" in bottom else _LEGS)
        pattern = self.one("pattern", _PATTERNS)
        lipstick = not is_man and self.chance("lipstick", 0.35)
        lips = skin * np.array([0.86, 0.62, 0.66]) + np.array([0.02, 0.0, 0.01])
        if lipstick:
            lips = 0.45 * lips + 0.55 * np.array(
                self.colour("lips", ((0.62, 0.12, 0.16), (0.70, 0.30, 0.34), (0.45, 0.12, 0.20)))
            )
        shirt = self.colour("shirt", _CLOTH)
        look = Look(
            seed=self.seed,
            skin=(red, green, blue),
            lips=(round(float(lips[0]), 4), round(float(lips[1]), 4), round(float(lips[2]), 4)),
            cheeks=round(float(self.random("cheeks").uniform(0.2, 0.55)), 3),
            freckles=round(float(self.random("freckles").uniform(0.4, 1.0)), 3)
            if tone < 2.5 and self.chance("freckled", 0.35)
            else 0.0,
            nails=self.colour("nails", _VARNISH) if not is_man and self.chance("varnish", 0.3) else None,
            iris=self.colour("iris", _BROWN_EYES if is_dark and not self.chance("light eyes", 0.08) else _EYES),
            hair_shape=hair_shape,
            hair=self.colour("hair colour", _DARK_HAIR if is_dark else _HAIR, 0.12),
            grey=round(grey, 3),
            hair_volume=round(float(self.random("volume").uniform(0.011, 0.026)), 4),
            beard=beard,
            top=top,
            shirt=shirt,
            top_pattern="stripes" if pattern == "print" and top in ("coat", "shirt", "dress") else pattern,
            top_second=self.colour("second", tuple(colour for colour in _CLOTH if abs(sum(colour) - sum(shirt)) > 0.5)),
            sleeve=round(float(self.random("sleeve").uniform(*sleeves[top])), 3),
            bottom=bottom,
            trousers=self.colour("trousers", legs),
            bottom_pattern=self.one("bottom pattern", {"plain": 7, "checks": 1, "stripes": 0.7, "dots": 0.5})
            if bottom not in ("jeans", "leggings") and top != "dress" and pattern == "plain"
            else "plain",
            bottom_second=self.colour("bottom second", _CLOTH),
            shoe=self.one("shoe", _SHOES),
            shoes=self.colour("shoes", _LEATHER),
            soles=self.colour("soles", ((0.87, 0.85, 0.81), (0.16, 0.14, 0.13), (0.60, 0.45, 0.32))),
            glasses=self.one("glasses", _GLASSES),
            frames=self.colour(
                "frames", ((0.08, 0.08, 0.085), (0.30, 0.17, 0.09), (0.62, 0.52, 0.33), (0.50, 0.51, 0.53))
            ),
            hat=self.one("hat", _HATS),
            hat_colour=self.colour("hat colour", _CLOTH),
        )
        # A beanie over an afro would not stay on.
        return replace(look, hat="none") if look.hair_shape in ("afro", "bun") else look
