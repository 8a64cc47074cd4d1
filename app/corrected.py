"""A picture whose outline is looked at and corrected, as values; what was painted lies beside the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from ..core.capture.said import LONGEST_SIDE, NOT_PERSON, NOTHING, PERSON, Labels
from .localized import edges

Says = Literal["me", "not me", "nothing"]
LABELS: dict[Says, int] = {"me": PERSON, "not me": NOT_PERSON, "nothing": NOTHING}
"""What the brush says of what it goes over; nothing takes back what was said."""
SMALLEST, LARGEST = 0.004, 0.12
"""Radii of the brush, in parts of the picture's longer side."""

ME_COLOUR, NOT_ME_COLOUR = (90, 220, 150), (255, 92, 96)
"""Of strokes."""
_LINE = (255, 255, 255)
_STROKE = 0.45
_BEHIND, _VEIL = 0.28, (18, 22, 38)
"""What is left of the light of what is not the person, and what lies over it."""
_LIGHT = (0.30, 0.59, 0.11)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """Who was found to be the person."""

    labels: Labels
    """What had been said when it was found."""
    mask: Float[np.ndarray, "H W"]
    shown: UInt8[np.ndarray, "H W 4"]
    """The picture with all others in the shade."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Correcting:
    """One picture, and the brush; the outline follows what is said as soon as it is found anew."""

    name: str
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


def outline_of(picture: UInt8[np.ndarray, "H W 3"], mask: Float[np.ndarray, "H W"], labels: Labels) -> Outline:
    return Outline(labels=labels, mask=mask, shown=_shown(picture, mask, labels))


def _shown(
    picture: UInt8[np.ndarray, "H W 3"], mask: Float[np.ndarray, "H W"], labels: Labels
) -> UInt8[np.ndarray, "H W 4"]:
    share = LONGEST_SIDE / max(labels.shape)
    if share > 1.0:  # or the line around the person would have steps
        size = (round(share * labels.shape[1]), round(share * labels.shape[0]))
        picture, mask = _resized(picture, size), _resized(mask, size)
        labels = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
    light = (picture @ np.array(_LIGHT, np.float32))[..., None]
    shade = _BEHIND * light + np.array(_VEIL, np.float32)
    pixels = shade + mask[..., None] * (picture - shade)
    pixels[edges(mask > 0.5)] = _LINE
    for label, colour in ((PERSON, ME_COLOUR), (NOT_PERSON, NOT_ME_COLOUR)):
        _tint(pixels, labels == label, colour)
    opaque = np.full((*labels.shape, 1), 255, np.uint8)
    return np.concatenate([pixels.clip(0.0, 255.0).astype(np.uint8), opaque], axis=2)


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))


def _tint(pixels: Float[np.ndarray, "H W 3"], where: Bool[np.ndarray, "H W"], colour: tuple[int, int, int]) -> None:
    pixels[where] += _STROKE * (np.array(colour, np.float32) - pixels[where])
