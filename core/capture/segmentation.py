"""The person's mask as MediaPipe finds it, refined: by colours nearby, along the picture's edges, steady in films.

MediaPipe looks at 256 pixels along a side. Where it is certain it is nearly always right; between, it leaves halos,
holes and parts of what stands beside the person, which are decided anew here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from ..opencv import cv2
from ..tracking.mediapipe_graphs import PersonSegmenter
from .colour_evidence import colour_evidence, contrast
from .said import ALSO_NOT_PERSON, ALSO_PERSON, NOT_PERSON, PERSON, Labels, labels_resized

_SIDE = 320
"""Pixels of the shorter side at which is decided who is who; the edge is then drawn in all pixels."""
_ROOM_ABOVE, _ROOM_BESIDE = 0.12, 0.25
"""Parts of a body's height and width that are looked at around it, for hair and clothes."""
_ROOM_AROUND = 0.08
"""The same of a person who was found from afar, with hair and clothes."""
_FOUND = (0.0, 0.01, 0.05, 0.2, 0.4, 0.6, 0.9, 0.999, 1.0)
_RIGHT = (0.002, 0.03, 0.06, 0.07, 0.28, 0.6, 0.78, 0.85, 0.99)
"""How often pixels in which MediaPipe's mask has the first are the person's, on 40 made-up photos."""
_SURELY, _SURELY_NOT = 0.93, 0.065
_FOUND_WEIGHT, _COLOUR_WEIGHT, _NEIGHBOUR_WEIGHT, _BEFORE_WEIGHT = 0.8, 0.6, 2.0, 0.4
"""Of the logarithms of odds, found by trying."""
_BLUR, _MARGIN = 0.008, 0.008
"""Of the found mask's edges, in parts of the longer side: how far they err, and how far from them colours are sure."""
_ROUNDS, _REACH, _SAME_COLOUR = 4, 6, 2e-4
"""Of taking over what neighbours of the same colour are (a guided filter; He, Sun and Tang 2013)."""
_EDGE_REACH, _EDGE_COLOUR, _EDGE_GAIN = 0.008, 1e-3, 2.0
"""Of the last such filter, in all pixels; the gain takes back what it softens."""
_FAINT, _LIKELY, _LEAST_ISLAND = 0.2, 0.9, 0.02
"""What has more than the first, is apart from the person and nowhere likely, with less of an area beside theirs, is
nobody's."""

_FAR_FROM_BODY, _FAR_PENALTY = 0.12, 1.0
"""Hair and clothes reach beyond the fitted body, in parts of the root of its area; what is further is less likely with
each such part."""
_BODY_ERROR, _BODY_ODDS = 0.01, 0.0
"""How far the fit errs, in parts of the longer side; what lies deeper in it has at least these odds (a logarithm)."""

_DESK_EDGE, _LEAST_EDGE, _UPRIGHT = 0.9, 0.012, 1.5
"""A desk's edge runs through so much of the mask's width, with so much contrast a pixel, so much flatter than steep."""
_MOST_CERTAIN, _MASSIVE, _LEAST_DESK, _DESK_WIDTH = 0.9, 0.5, 0.08, 0.7
"""Below a desk's edge less than this is certain, and at least this lies well inside; its height in the picture's, its
width in the mask's widest."""

_SAID, _FOLLOWS = 8.0, 3.0
"""Odds (a logarithm) of what was painted, and of what has its colours and hangs together with it."""
_ALIKE = 2.0
"""Logarithm of how much likelier a colour is in the strokes of one kind than in those of the other."""
_MOST_TAKEN, _MOST_GIVEN = 0.35, 0.15
"""What a stroke takes from the person, or gives to them, is at most so much of their area: none gives a whole wall."""
_MEANT = 0.25
"""So much of a stroke has to say something new: one that only slipped over the edge takes nothing along."""
_GAP = 0.004
"""Of the longer side: seams that no stroke's colour is in do not part what hangs together."""


def person_mask(
    segmenter: PersonSegmenter,
    image: UInt8[np.ndarray, "H W 3"],
    *,
    body_alpha: Float[np.ndarray, "H W"] | None = None,
    previous: Float[np.ndarray, "H W"] | None = None,
    said: UInt8[np.ndarray, "H W"] | None = None,
) -> Float[np.ndarray, "H W"]:
    """`refined_mask` of what is found in the picture."""
    coarse = found_mask(segmenter, image, body_alpha=body_alpha)
    return refined_mask(image, coarse, body_alpha=body_alpha, previous=previous, said=said)


def found_mask(
    segmenter: PersonSegmenter,
    image: UInt8[np.ndarray, "H W 3"],
    *,
    body_alpha: Float[np.ndarray, "H W"] | None = None,
) -> Float[np.ndarray, "H W"]:
    """What MediaPipe finds when it looks from nearby, at the fitted body or at whom it found."""
    if body_alpha is not None and (body_alpha > 0.5).any():
        top, bottom, left, right = _box(body_alpha, _ROOM_ABOVE, _ROOM_BESIDE)
    else:
        top, bottom, left, right = _box(segmenter.read(image), _ROOM_AROUND, _ROOM_AROUND)
    coarse = np.zeros(image.shape[:2], np.float32)
    coarse[top:bottom, left:right] = segmenter.read(np.ascontiguousarray(image[top:bottom, left:right]))
    return coarse


def _box(mask: Float[np.ndarray, "H W"], above: float, beside: float) -> tuple[int, int, int, int]:
    """Top, bottom, left and right, with room in parts of the mask's height and width; the whole where it is empty."""
    inside = mask > 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if len(rows) == 0:
        return 0, mask.shape[0], 0, mask.shape[1]
    room = round(max(above * np.ptp(rows), beside * np.ptp(columns)))
    top, left = (max(0, int(each[0]) - room) for each in (rows, columns))
    bottom, right = (int(each[-1]) + 1 + room for each in (rows, columns))
    return top, min(bottom, mask.shape[0]), left, min(right, mask.shape[1])


def refined_mask(
    image: UInt8[np.ndarray, "H W 3"],
    coarse: Float[np.ndarray, "H W"],
    *,
    body_alpha: Float[np.ndarray, "H W"] | None = None,
    previous: Float[np.ndarray, "H W"] | None = None,
    said: UInt8[np.ndarray, "H W"] | None = None,
) -> Float[np.ndarray, "H W"]:
    """How much of each pixel is the person, hair and clothes included, 0..1; `coarse` is `PersonSegmenter`'s.

    `body_alpha` is the silhouette of the fitted body, `previous` the refined mask of the picture before in a film,
    `said` what somebody painted (the labels of `said`): that is so. What follows it is for `followed` to find before.
    """
    height, width = coarse.shape
    mask = coarse.astype(np.float32)
    signs = _signs(image, coarse, body_alpha, previous)
    if signs is not None:
        decided = _decided(signs, None if said is None else _told(said, *signs.odds.shape))
        mask = _edged(image, cv2.resize(decided, (width, height), interpolation=cv2.INTER_LINEAR))
    if said is None:
        return mask
    return np.where((said == PERSON) | (said == NOT_PERSON), np.float32(said == PERSON), mask)


def followed(
    image: UInt8[np.ndarray, "H W 3"],
    coarse: Float[np.ndarray, "H W"],
    said: UInt8[np.ndarray, "H W"],
    *,
    body_alpha: Float[np.ndarray, "H W"] | None = None,
) -> UInt8[np.ndarray, "H W"]:
    """What somebody painted and, by labels of its own, what hangs together with it in the colours that it went over.

    Of a whole picture: part of it may lack a stroke of which something follows there.
    """
    signs = _signs(image, coarse, body_alpha, None) if said.any() else None
    if signs is None:
        return said
    following = _following(said, signs.colours, _decided(signs) > 0.5)
    return np.where(said > 0, said, labels_resized(following, *said.shape))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Signs:
    """What speaks for the person and against, in a small copy of the picture."""

    colours: Float[np.ndarray, "H W 3"]
    person: Float[np.ndarray, "H W"]
    behind: Float[np.ndarray, "H W"]
    """Where it is sure, before anything was said."""
    odds: Float[np.ndarray, "H W"]
    desk: slice
    kept: Bool[np.ndarray, "H W"]
    """Where the person is so likely that what hangs together with it is no island of others."""


def _signs(
    image: UInt8[np.ndarray, "H W 3"],
    coarse: Float[np.ndarray, "H W"],
    body_alpha: Float[np.ndarray, "H W"] | None,
    previous: Float[np.ndarray, "H W"] | None,
) -> _Signs | None:
    """None where the picture is too small to tell anything."""
    height, width = coarse.shape
    shrink = min(1.0, _SIDE / min(height, width))
    size = max(1, round(shrink * width)), max(1, round(shrink * height))
    if min(size) < 2 * _REACH:
        return None
    small = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    found = _resized(coarse, size)
    body, before = (None if each is None else _resized(each, size) for each in (body_alpha, previous))
    colours, side = contrast(small), max(size)
    right = np.interp(found, _FOUND, _RIGHT).astype(np.float32)
    desk = _desk_rows(colours[..., 0], found)
    right[desk] = _RIGHT[0]
    around = _disc(_MARGIN * side)
    person = cv2.erode((right > _SURELY).astype(np.float32), around, borderValue=(1.0,))
    behind = cv2.erode((right < _SURELY_NOT).astype(np.float32), around, borderValue=(1.0,))
    odds = _FOUND_WEIGHT * _logit(cv2.GaussianBlur(right, (0, 0), _BLUR * side))
    if body is not None:
        odds = _beside_body(odds, body)
        behind[body > 0.5] = 0.0
    if before is not None:
        odds += _BEFORE_WEIGHT * _logit(cv2.GaussianBlur(before, (0, 0), _BLUR * side))
    kept = found > _LIKELY if body is None else (found > _LIKELY) | (body > 0.5)
    return _Signs(colours=colours, person=person, behind=behind, odds=odds, desk=desk, kept=kept)


def _decided(signs: _Signs, told: Float[np.ndarray, "H W"] | None = None) -> Float[np.ndarray, "H W"]:
    """Who is who, 0..1; where something was `told`, those odds stand in place of all others."""
    person, behind, odds, kept = signs.person, signs.behind, signs.odds, signs.kept
    if told is not None:
        person = np.where(told == 0.0, person, np.float32(told > 0.0))
        behind = np.where(told == 0.0, behind, np.float32(told < 0.0))
        odds, kept = np.where(told == 0.0, odds, told), np.where(told == 0.0, kept, told > 0.0)
    decided = _agreed(odds + _COLOUR_WEIGHT * colour_evidence(signs.colours, person, behind), signs.colours)
    decided[signs.desk] *= 0.0 if told is None else told[signs.desk] > 0.0
    decided[_islands(decided > _FAINT, kept)] = 0.0
    return decided


def _told(said: Labels, height: int, width: int) -> Float[np.ndarray, "{height} {width}"]:
    """What was said of each pixel of a small copy, a logarithm of odds; 0 where nothing was."""
    also = labels_resized(said, height, width)
    told = _FOLLOWS * ((also == ALSO_PERSON).astype(np.float32) - (also == ALSO_NOT_PERSON))
    person, other = _strokes(said, height, width)
    told[person > 0.0], told[other > 0.0] = _SAID, -_SAID
    return told


def _strokes(
    said: Labels, height: int, width: int
) -> tuple[Float[np.ndarray, "{height} {width}"], Float[np.ndarray, "{height} {width}"]]:
    """How much of each pixel of a small copy is painted as the person, or as not; no pixel is both."""
    person, other = (_resized((said == label).astype(np.float32), (width, height)) for label in (PERSON, NOT_PERSON))
    return person * (person >= other), other * (other > person)


def _following(
    said: UInt8[np.ndarray, "H W"], colours: Float[np.ndarray, "h w 3"], found: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w"]:
    """What follows strokes, in a small copy.

    A stroke that says what was `found` already takes nothing else along. One over a flag that was found to be the
    person's takes the whole flag, as far as it went over its colours.
    """
    height, width = found.shape
    person, other = _strokes(said, height, width)
    following = np.zeros((height, width), np.uint8)
    for strokes, against, wrong, label, most in (
        (other, person, found, ALSO_NOT_PERSON, _MOST_TAKEN),
        (person, other, ~found, ALSO_PERSON, _MOST_GIVEN),
    ):
        mistaken = strokes * (wrong & _meant(strokes > 0.0, wrong))
        alike = colour_evidence(colours, mistaken, against) > _ALIKE
        follows = wrong & (alike | (mistaken > 0.0))
        joined = cv2.morphologyEx(follows.astype(np.uint8), cv2.MORPH_CLOSE, _disc(_GAP * max(height, width)))
        count, parts = cv2.connectedComponents(joined, connectivity=4)
        is_taken = np.bincount(parts[mistaken > 0.0], minlength=count) > 0
        is_taken &= np.bincount(parts.ravel(), follows.ravel(), count) <= most * found.sum()
        taken = is_taken[parts] & follows
        left = _left_over(wrong & ~taken, taken, against > 0.0, most=_LEAST_ISLAND * found.sum())
        following[taken | left] = label
    return following


def _left_over(
    rest: Bool[np.ndarray, "H W"], taken: Bool[np.ndarray, "H W"], against: Bool[np.ndarray, "H W"], *, most: float
) -> Bool[np.ndarray, "H W"]:
    """Parts of the rest of no more than so many pixels, beside what was taken, of which nobody says otherwise."""
    count, parts = cv2.connectedComponents(rest.astype(np.uint8), connectivity=4)
    is_small = np.bincount(parts.ravel(), minlength=count) <= most
    is_beside = np.bincount(parts[cv2.dilate(taken.astype(np.uint8), _disc(1.0)) > 0], minlength=count) > 0
    is_meant = np.bincount(parts[against], minlength=count) > 0
    return (is_small & is_beside & ~is_meant)[np.asarray(parts, np.int64)] & rest


def _meant(strokes: Bool[np.ndarray, "H W"], new: Bool[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """Those strokes of which enough says something new."""
    count, parts = cv2.connectedComponents(strokes.astype(np.uint8), connectivity=8)
    areas, told = np.bincount(parts.ravel(), minlength=count), np.bincount(parts[new], minlength=count)
    return (told > _MEANT * areas)[np.asarray(parts, np.int64)] & strokes


def _resized(mask: Float[np.ndarray, "H W"], size: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _disc(radius: float) -> UInt8[np.ndarray, "K K"]:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def _logit(share: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    share = np.clip(share, 0.003, 0.99)
    return np.log(share / (1.0 - share))


def _agreed(odds: Float[np.ndarray, "H W"], colours: Float[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W"]:
    """0..1: pixels listen to their neighbours of the same colour (mean-field steps)."""
    among = cv2.ximgproc.createGuidedFilter(colours, _REACH, _SAME_COLOUR)
    share = _sigmoid(odds)
    for _ in range(_ROUNDS):
        share = _sigmoid(odds + _NEIGHBOUR_WEIGHT * (2.0 * among.filter(share) - 1.0))
    return share


def _sigmoid(odds: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    return (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)


def _islands(mask: Bool[np.ndarray, "H W"], kept: Bool[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """Parts that are small, apart, and without anything that is `kept`."""
    count, labels, figures, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    areas = figures[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    is_kept = np.bincount(labels[kept], minlength=count) > 0
    return (~is_kept & (areas < _LEAST_ISLAND * areas.max()))[labels] & mask


def _edged(image: UInt8[np.ndarray, "H W 3"], mask: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """As soft or sharp as the picture's own edges are, down to strands of hair."""
    reach = max(2, round(_EDGE_REACH * max(mask.shape)))
    drawn = cv2.ximgproc.guidedFilter(image, mask.astype(np.float32), reach, _EDGE_COLOUR * 255.0**2)
    return np.clip(_EDGE_GAIN * (drawn - 0.5) + 0.5, 0.0, 1.0)


def _beside_body(odds: Float[np.ndarray, "H W"], alpha: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """Less far from the fitted body; inside it at least undecided, so that colours tell."""
    inside = (alpha > 0.5).astype(np.uint8)
    area = int(inside.sum())
    if area == 0:
        return odds
    away = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3) / (_FAR_FROM_BODY * float(np.sqrt(area)))
    deep = cv2.distanceTransform(inside, cv2.DIST_L2, 3) > _BODY_ERROR * max(alpha.shape)
    return np.where(deep, np.maximum(odds, _BODY_ODDS), odds - _FAR_PENALTY * np.maximum(away - 1.0, 0.0))


def _desk_rows(light: Float[np.ndarray, "H W"], found: Float[np.ndarray, "H W"]) -> slice:
    """From the edge of a desk or lectern before the person down to the end: MediaPipe half takes it for them.

    Its edge is straight and as wide as what was found, in one piece, and below it is much of which little is certain.
    """
    seen = found > 0.05
    widths = seen.sum(axis=1)
    rows, columns = np.arange(len(found)), np.arange(found.shape[1])
    filled = np.flatnonzero(widths)
    if len(filled) == 0:
        return slice(len(found), None)
    smooth = cv2.GaussianBlur(light, (0, 0), 1.0)
    down, across = np.abs(np.gradient(smooth, axis=0)), np.abs(np.gradient(smooth, axis=1))
    edges = cv2.dilate(((down > _LEAST_EDGE) & (down > _UPRIGHT * across)).astype(np.uint8), np.ones((3, 1), np.uint8))
    through = (edges * seen).sum(axis=1) / np.maximum(widths, 1)
    spans = 1 + np.where(seen, columns, -1).max(axis=1) - np.where(seen, columns, len(columns)).min(axis=1)
    inner = cv2.erode(seen.astype(np.uint8), _disc(4.0), borderValue=(1,))
    seen_below, inner_below, certain_below = (
        np.cumsum(each.sum(axis=1)[::-1])[::-1] for each in (seen, inner, inner * (found > 0.99))
    )
    is_desk = (through > _DESK_EDGE) & (widths > _DESK_WIDTH * np.maximum(spans, widths.max()))
    is_desk &= (inner_below > _MASSIVE * seen_below) & (certain_below < _MOST_CERTAIN * inner_below)
    is_desk &= (rows > 0.5 * (filled[0] + filled[-1])) & (filled[-1] - rows > _LEAST_DESK * len(found))
    return slice(int(np.argmax(is_desk)) if is_desk.any() else len(found), None)
