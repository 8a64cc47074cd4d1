"""Draws who of a picture was found to be the person: all others lie in the shade, strokes in their colours."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from ..core.capture.said import LONGEST_SIDE, NOT_PERSON, PERSON, Labels
from .localized import edges

ME_COLOUR, NOT_ME_COLOUR = (90, 220, 150), (255, 92, 96)
"""Of strokes."""
_LINE = (255, 255, 255)
_STROKE = 0.45
_BEHIND, _VEIL = 0.28, (18, 22, 38)
"""What is left of the light of what is not the person, and what lies over it."""
_LIGHT = (0.30, 0.59, 0.11)


def shaded(
    picture: UInt8[np.ndarray, "H W 3"], mask: Float[np.ndarray, "H W"], labels: Labels
) -> UInt8[np.ndarray, "rows columns 4"]:
    """At least `LONGEST_SIDE` pixels long, or the line around the person would have steps."""
    share = LONGEST_SIDE / max(labels.shape)
    if share > 1.0:
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
