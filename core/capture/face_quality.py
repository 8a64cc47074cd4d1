"""How well a picture shows a face: sharp or blurred, light or dark, eyes open to sight or covered.

Everything is measured on the face reduced to one height, so that cameras of any resolution are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from ..opencv import cv2
from ..tracking.face_points import LEFT_EYE_RIM, OVAL, RIGHT_EYE_RIM

_HEIGHT = 128
"""Pixels to which larger faces are reduced; detail finer than that says nothing about a photo."""
_SHARPEST = 0.6
"""Pixels: the blur that averaging into pixels itself leaves, as a Gaussian's deviation."""
_REBLUR = 1.0
"""Pixels."""
_DARKEST, _LIGHTEST = 4.0, 250.0
"""Of 0..255; beyond them a pixel is clipped."""

_RIGHT_LIDS = (113, 225, 224, 223, 222, 221, 189, 244, 233, 232, 231, 230, 229, 228, 31, 226)
"""Around an eye: below the brow, above the cheek. Every lens covers it."""
_LEFT_LIDS = (342, 445, 444, 443, 442, 441, 413, 464, 453, 452, 451, 450, 449, 448, 261, 446)
_RIGHT_CHEEK, _LEFT_CHEEK = (50, 187, 207, 206, 36), (280, 411, 427, 426, 266)
_FOREHEAD = (67, 109, 10, 338, 297, 299, 337, 151, 108, 69)
_COVERED_LIGHT = 0.5
"""Lids have 0.56 of the brightness of the skin and more, behind sunglasses 0.42 and less (both eyes, the lighter)."""
_COVERED_COLOUR, _LEAST_COLOUR = 0.4, 0.08
"""So too how much redder than blue they are: 0.9 and more, 0.15 and less; where skin has colour at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceQuality:
    """See the same fields of `FaceView`."""

    sharpness: float
    brightness: float
    clipped: float
    has_covered_eyes: bool
    fingerprint: int


def face_quality(image: UInt8[np.ndarray, "H W 3"], points: Float[np.ndarray, "478 _"]) -> FaceQuality | None:
    """None where next to nothing of the face lies inside the picture."""
    oval = points[list(OVAL), :2]
    cut = reduced_cut(image, oval.min(0), oval.max(0), _HEIGHT)
    if cut is None:
        return None
    pixels = (points[:, :2] - cut.corner) * cut.scale
    skin = _inside(cut.image, pixels[list(OVAL)])
    grey = cv2.cvtColor(cut.image, cv2.COLOR_RGB2GRAY)
    if skin.sum() < 16:
        return None
    light = grey[skin]
    return FaceQuality(
        sharpness=sharpness(grey, skin),
        brightness=float(light.mean()) / 255.0,
        clipped=float(((light <= _DARKEST) | (light >= _LIGHTEST)).mean()),
        has_covered_eyes=_has_covered_eyes(cut.image, pixels),
        fingerprint=fingerprint(grey),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """A part of a picture, reduced."""

    image: UInt8[np.ndarray, "h w 3"]
    corner: Float[np.ndarray, "2"]
    """Left and top in the whole picture."""
    scale: Float[np.ndarray, "2"]
    """Its pixels for one of the whole picture's."""


def reduced_cut(
    image: UInt8[np.ndarray, "H W 3"], low: Float[np.ndarray, "2"], high: Float[np.ndarray, "2"], longest: int
) -> Cut | None:
    """What lies inside the picture of a box, averaged to at most that many pixels; None where that is nothing."""
    size = np.array(image.shape[1::-1])
    left, top = np.clip(np.floor(low), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(high), 0, size).astype(int)
    if min(right - left, bottom - top) < 4:
        return None
    part, shrink = image[top:bottom, left:right], min(1.0, longest / float((high - low).max()))
    if shrink < 1.0:
        shape = max(4, round(shrink * (right - left))), max(4, round(shrink * (bottom - top)))
        part = cv2.resize(part, shape, interpolation=cv2.INTER_AREA)
    scale = np.array([part.shape[1] / (right - left), part.shape[0] / (bottom - top)])
    return Cut(image=np.ascontiguousarray(part), corner=np.array([left, top], np.float64), scale=scale)


def sharpness(grey: UInt8[np.ndarray, "H W"], counted: Bool[np.ndarray, "H W"]) -> float:
    """0..1 from how much slopes lose by a further blur, in the direction that loses least.

    Blurring an edge of deviation s by r takes its squared slopes from 1 / s to 1 / √(s² + r²), whatever its contrast;
    a hand that shakes blurs in one direction only.
    """
    fine = grey.astype(np.float32)
    coarse = cv2.GaussianBlur(fine, (0, 0), _REBLUR)
    kept = cv2.erode(counted.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=(0,))[1:-1, 1:-1] > 0
    if not kept.any():
        return 0.0
    blurs = []
    for column, row in ((1, 0), (0, 1), (1, 1), (1, -1)):
        slopes = [float(np.square(_slopes(each, column, row))[kept].mean()) for each in (fine, coarse)]
        if slopes[1] < 1e-3:  # nothing to be seen
            return 0.0
        blurs.append(_REBLUR / np.sqrt(max((slopes[0] / slopes[1]) ** 2 - 1.0, 1e-4)))
    return float(min(1.0, _SHARPEST / max(blurs)))


def _slopes(values: Float[np.ndarray, "H W"], column: int, row: int) -> Float[np.ndarray, "h w"]:
    """Central differences along a direction; without the picture's rim."""
    height, width = values.shape
    ahead = values[1 + row : height - 1 + row, 1 + column : width - 1 + column]
    return ahead - values[1 - row : height - 1 - row, 1 - column : width - 1 - column]


def fingerprint(grey: UInt8[np.ndarray, "H W"]) -> int:
    """64 bits: where the picture, seen from afar, grows lighter to the right."""
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def _has_covered_eyes(image: UInt8[np.ndarray, "H W 3"], pixels: Float[np.ndarray, "478 2"]) -> bool:
    """Whether both eyes lie behind something that is much darker than the skin, or has another colour."""
    forehead = _colour(image, pixels, _FOREHEAD)
    sides = ((_RIGHT_LIDS, RIGHT_EYE_RIM, _RIGHT_CHEEK), (_LEFT_LIDS, LEFT_EYE_RIM, _LEFT_CHEEK))
    for lids, rim, cheek in sides:
        # A fringe may hide the forehead, a beard the cheek.
        skin = max(_colour(image, pixels, cheek), forehead, key=lambda colour: float(colour.sum()))
        seen = _colour(image, pixels, lids, without=rim)
        is_dark = seen.sum() < _COVERED_LIGHT * skin.sum()
        has_other_colour = _redness(skin) > _LEAST_COLOUR and _redness(seen) < _COVERED_COLOUR * _redness(skin)
        if not (is_dark or has_other_colour):
            return False
    return True


def _redness(colour: Float[np.ndarray, "3"]) -> float:
    return float((colour[0] - colour[2]) / max(colour[0] + colour[2], 1.0))


def _colour(
    image: UInt8[np.ndarray, "H W 3"],
    pixels: Float[np.ndarray, "478 2"],
    outline: tuple[int, ...],
    without: tuple[int, ...] = (),
) -> Float[np.ndarray, "3"]:
    """Median inside a polygon of face points, but for another one in it; black where it lies outside of the picture."""
    inside = _inside(image, pixels[list(outline)])
    if without:
        inside &= ~_inside(image, pixels[list(without)])
    return np.median(image[inside], axis=0) if inside.any() else np.zeros(3)


def _inside(image: UInt8[np.ndarray, "H W 3"], polygon: Float[np.ndarray, "N 2"]) -> Bool[np.ndarray, "H W"]:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.floor(polygon).astype(np.int32)], (1,))
    return mask > 0
