"""Which of many pictures to keep: the best, and those that differ most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from .shot import LEAST_SHARPNESS, Shot

_DEGREES, _SHARE = 15.0, 0.25
"""Of a turned head, and of the logarithm of its size: what makes a picture as different as a broad smile does."""
_BODY_TURN = 3.0
"""How different a turn of the whole person by 60° is."""
_ALIKE, _BITS_ALIKE = 0.12, 5
"""Duplicates: less different than landmarks waver, and fingerprints that hardly differ."""
_GOOD_SHARPNESS = 0.7
_SHUT_EYES, _TROUBLED = 0.5, 0.7
"""What such a picture is worth beside a good one; each trouble counts."""
_PLAIN = 0.05
"""What being different is worth to the first picture: it is a good one, as far as possible from the front."""


def chosen(shots: Sequence[Shot], most: int) -> list[int]:
    """Numbers of at most that many shots, in their order; black, empty and blurred ones and duplicates are left out.

    What is blurred is judged beside the sharpest: where all are blurred, the sharpest are kept.
    """
    useful = [number for number, shot in enumerate(shots) if shot.is_usable]
    if not useful or most < 1:
        return []
    sharpness = np.array([_sharpness(shots[number]) for number in useful])
    is_sharp = sharpness >= min(LEAST_SHARPNESS, 0.75 * sharpness.max())
    useful = [number for number, keep in zip(useful, is_sharp, strict=True) if keep]
    looks = np.stack([look(shots[number]) for number in useful])
    worth = np.array([_worth(shots[number]) for number in useful])
    prints = np.array([_fingerprint(shots[number]) for number in useful], np.uint64)
    kept = [int(np.argmax(worth - _PLAIN * np.linalg.norm(looks, axis=1)))]
    distances = np.full(len(useful), np.inf)
    is_free = np.ones(len(useful), bool)
    while True:
        last = kept[-1]
        away = np.linalg.norm(looks - looks[last], axis=1)
        distances = np.minimum(distances, away)
        is_free &= ~((away < _ALIKE) & (_differing_bits(prints, prints[last]) <= _BITS_ALIKE))
        if len(kept) == most or not is_free.any():
            return sorted(useful[each] for each in kept)
        kept.append(int(np.argmax(np.where(is_free, distances * worth, -1.0))))


def look(shot: Shot) -> Float[np.ndarray, "10"]:
    """Where pictures lie the further apart the more different the person looks; about 1 is a smile, or 15 degrees."""
    face, body = shot.face, shot.body
    values = np.zeros(10)
    if face is not None:
        values[:3] = np.array([face.yaw, face.pitch, face.roll / 2.0]) / _DEGREES
        values[3:6] = face.smile, face.mouth_open, 0.5 * face.blink
        values[6] = np.log(max(face.share, 1e-3)) / _SHARE
    if body is not None:
        turn = np.radians(body.yaw)
        values[7:] = _BODY_TURN * np.cos(turn), _BODY_TURN * np.sin(turn), float(face is None)
    return values


def _sharpness(shot: Shot) -> float:
    views = [view for view in (shot.body if shot.mode == "body" else None, shot.face, shot.body) if view is not None]
    return views[0].sharpness


def _fingerprint(shot: Shot) -> int:
    view = shot.face or shot.body
    assert view is not None
    return view.fingerprint


def _worth(shot: Shot) -> float:
    """0..1."""
    value = min(1.0, _sharpness(shot) / _GOOD_SHARPNESS) * _TROUBLED ** len(shot.troubles)
    return value * (_SHUT_EYES if shot.face is not None and shot.face.blink > 0.6 else 1.0)


def _differing_bits(prints: np.ndarray, other: np.uint64) -> np.ndarray:
    return np.unpackbits((prints ^ other).view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)
