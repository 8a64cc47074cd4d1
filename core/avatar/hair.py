"""The cap of hair: where it grows, how far it stands off, which way it lies and how it shines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from .anatomy import Anatomy, Places
from .look import Look
from .patterns import dots, smoothstep, unit_rows, waves, waves_within
from .skin import ears

_GREY = (0.70, 0.69, 0.67)
_HAIRLINE = (
    (-0.030, 0.020, 0.045, 0.060, 0.068, 0.085, 0.100, 0.140),
    (0.068, 0.058, 0.030, -0.002, -0.004, 0.000, -0.035, -0.062),
)
"""Metres behind the eyes and the hairline's height above them, for eyes 6 cm apart."""


@lru_cache(maxsize=8)
def _depth(places: Places) -> Float[np.ndarray, " N"]:
    """Metres inside the hairline (negative outside): over the forehead, past the ears, down to the nape."""
    anatomy = places.anatomy
    unit = anatomy.eye_distance / 0.06
    back = -(places.points[:, 2] - anatomy.between_eyes[2]) / unit
    hairline = np.interp(back, *_HAIRLINE)
    temples = 0.010 * np.exp(-0.5 * np.square((np.abs(places.points[:, 0]) / unit - 0.052) / 0.010)) * (back < 0.03)
    depth = (places.points[:, 1] - anatomy.between_eyes[1]) / unit - hairline - temples
    return np.where(ears(places) | (places.head < 0.3), -0.02, depth) * unit


def hair_cover(places: Places, look: Look) -> Float[np.ndarray, " N"]:
    """How much of a place is hair, 0 to 1."""
    if look.hair_shape == "bald":
        return np.zeros(len(places))
    unit = places.anatomy.eye_distance / 0.06
    soft = 0.004 if look.hair_shape != "buzz" else 0.012
    cover = smoothstep(-0.002 * unit, soft * unit, _depth(places))
    return 0.86 * cover if look.hair_shape == "buzz" else cover


def hair_volume(places: Places, look: Look, under_hat: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Metres that hair stands off the skin: most on top, little at its outline, next to nothing under a hat.

    `under_hat` is how far below the rim of a hat a place lies, above 0 where it lies inside.
    """
    unit = places.anatomy.eye_distance / 0.06
    cover = hair_cover(places, look)
    up = smoothstep(-0.2, 0.9, places.normals[:, 1])
    reach, most, sides = _VOLUMES.get(look.hair_shape, (0.05, 1.0, 0.35))
    depth = _depth(places)
    inwards = smoothstep(-0.004 * unit, reach * unit, depth)
    volume = most * look.hair_volume * (sides + (1.0 - sides) * up) * inwards + 0.002 * cover
    if look.hair_shape == "quiff":
        ahead = smoothstep(-0.10, -0.005, (places.points[:, 2] - places.anatomy.between_eyes[2]) / unit)
        volume += 1.1 * look.hair_volume * ahead * up * inwards
    if look.hair_shape in ("curly", "afro"):
        lumps = waves_within(cover > 0, places.points / unit, (0.030, 0.030, 0.030), look.seed + 23)
        volume += 0.0035 * np.clip(lumps, -1.5, 1.5) * inwards
    if look.hair_shape == "buzz":
        volume = 0.0015 * cover
    volume = np.where(under_hat > -0.004, np.minimum(volume, 0.004), volume)
    return unit * np.maximum(volume, 0.0) * (cover > 0)


_COMBED_BACK = ("quiff", "long", "bob", "waves", "ponytail", "bun")
_VOLUMES = {
    "curly": (0.030, 1.9, 0.75),
    "afro": (0.034, 3.4, 0.90),
    "bob": (0.05, 0.9, 0.5),
    "long": (0.05, 0.8, 0.4),
    "waves": (0.05, 1.0, 0.5),
    "fringe": (0.05, 0.9, 0.5),
    "ponytail": (0.05, 0.45, 0.6),
    "bun": (0.05, 0.45, 0.6),
}
"""By shape: metres inside the hairline where the hair stands full, its height, and its share at the sides."""


def strand_directions(
    anatomy: Anatomy, points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], look: Look
) -> Float[np.ndarray, "N 3"]:
    """Which way hair lies: away from a parting at the top, then down; long hair is combed back from the forehead."""
    away = (points - _parting(anatomy)) * [1.0, 0.6, 0.8]
    away = unit_rows(away)
    away[:, 1] -= 0.5
    if look.hair_shape in _COMBED_BACK:
        unit = anatomy.eye_distance / 0.06
        ahead = smoothstep(-0.10, 0.0, (points[:, 2] - anatomy.between_eyes[2]) / unit)
        tied = 1.0 if look.hair_shape in ("ponytail", "bun") else 0.0
        away += (2.0 * np.maximum(ahead, tied))[:, None] * (np.array([0.0, 0.5 + tied * 0.1, -1.0]) - 0.5 * away)
    return unit_rows(away - dots(away, normals)[:, None] * normals)


def hair_colours(
    anatomy: Anatomy,
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    look: Look,
    grain: Float[np.ndarray, " N"],
) -> Float[np.ndarray, "N 3"]:
    """Streaks along the strands, and the ring of light that smooth hair shows below the crown."""
    away = points - _parting(anatomy)
    turn = np.arctan2(away[:, 0], away[:, 2])
    distance = np.linalg.norm(away, axis=-1)
    streaks = waves(np.stack([np.cos(turn), np.sin(turn), distance], -1), (0.22, 0.22, 0.25), look.seed + 22)
    ring = np.exp(-0.5 * np.square((normals[:, 1] - 0.62 + 0.04 * streaks) / 0.13))
    shade = 1.0 + 0.20 * np.clip(streaks, -2, 2) + 0.08 * np.clip(grain, -2, 2) + 0.55 * ring
    if look.hair_shape in ("curly", "afro"):
        shade = 1.0 + 0.14 * np.clip(streaks, -2, 2) + 0.16 * np.clip(grain, -2, 2) + 0.18 * ring
    spread = np.random.default_rng(look.seed + 24).uniform(size=len(shade))
    return hair_tint(look, spread) * shade[:, None]


def hair_tint(look: Look, spread: Float[np.ndarray, "*N"]) -> Float[np.ndarray, "*N 3"]:
    """The colour of strands: greyed where `spread`, anything in 0 to 1, says so."""
    greyed = smoothstep(spread - 0.25, spread + 0.25, np.broadcast_to(1.5 * look.grey - 0.25, spread.shape))
    return np.array(look.hair) + greyed[..., None] * (np.array(_GREY) - np.array(look.hair))


def _parting(anatomy: Anatomy) -> Float[np.ndarray, "3"]:
    """Where the hair falls apart: at the top of the head, a little to the left."""
    return anatomy.between_eyes + np.array([0.022, 0.11, -0.055]) * anatomy.eye_distance / 0.06
