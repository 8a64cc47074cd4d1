"""A short cut: where hair grows, how far it stands off, which way it lies and how it shines."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .anatomy import Places
from .head import ears
from .look import Look
from .patterns import smoothstep, waves_within

_HAIRLINE = (
    (-0.030, 0.020, 0.045, 0.060, 0.068, 0.085, 0.100, 0.140),
    (0.068, 0.058, 0.030, -0.002, -0.004, 0.000, -0.035, -0.062),
)
"""Metres behind the eyes and the hairline's height above them, for eyes 6 cm apart."""


def _depth(places: Places) -> Float[np.ndarray, " N"]:
    """Metres inside the hairline (negative outside): over the forehead, past the ears, down to the nape."""
    anatomy = places.anatomy
    unit = anatomy.eye_distance / 0.06
    back = -(places.points[:, 2] - anatomy.between_eyes[2]) / unit
    hairline = np.interp(back, *_HAIRLINE)
    temples = 0.010 * np.exp(-0.5 * np.square((np.abs(places.points[:, 0]) / unit - 0.052) / 0.010)) * (back < 0.03)
    depth = (places.points[:, 1] - anatomy.between_eyes[1]) / unit - hairline - temples
    return np.where(ears(places) | (places.head < 0.3), -0.02, depth) * unit


def hair_cover(places: Places) -> Float[np.ndarray, " N"]:
    """How much of a place is hair, 0 to 1."""
    unit = places.anatomy.eye_distance / 0.06
    return smoothstep(-0.002 * unit, 0.004 * unit, _depth(places))


def hair_volume(places: Places, look: Look) -> Float[np.ndarray, " N"]:
    """Metres that hair stands off the skin: most on top, little at its outline."""
    unit = places.anatomy.eye_distance / 0.06
    up = smoothstep(-0.2, 0.9, places.normals[:, 1])
    inwards = smoothstep(-0.004 * unit, 0.05 * unit, _depth(places))
    cover = hair_cover(places)
    return unit * (look.hair_volume * (0.35 + 0.65 * up) * inwards + 0.002 * cover) * (cover > 0)


def strand_directions(places: Places, normals: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """Which way hair lies: away from a parting at the top, then down."""
    away = (places.points - _parting(places)) * [1.0, 0.6, 0.8]
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-6)
    away[:, 1] -= 0.5
    along = away - (away * normals).sum(-1, keepdims=True) * normals
    return along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6)


def hair_colours(
    places: Places,
    hair: Float[np.ndarray, " N"],
    normals: Float[np.ndarray, "N 3"],
    look: Look,
    grain: Float[np.ndarray, " N"],
) -> Float[np.ndarray, "N 3"]:
    """Streaks along the strands, and the ring of light that smooth hair shows below the crown."""
    away = places.points - _parting(places)
    turn = np.arctan2(away[:, 0], away[:, 2])
    distance = np.linalg.norm(away, axis=-1)
    streaks = waves_within(
        hair > 0, np.stack([np.cos(turn), np.sin(turn), distance], -1), (0.22, 0.22, 0.25), look.seed + 22
    )
    ring = np.exp(-0.5 * np.square((normals[:, 1] - 0.62 + 0.04 * streaks) / 0.13))
    shade = 1.0 + 0.20 * np.clip(streaks, -2, 2) + 0.08 * np.clip(grain, -2, 2) + 0.55 * ring
    return np.array(look.hair) * shade[:, None]


def _parting(places: Places) -> Float[np.ndarray, "3"]:
    """Where the hair falls apart: at the top of the head, a little to the left."""
    return places.anatomy.between_eyes + np.array([0.022, 0.11, -0.055]) * places.anatomy.eye_distance / 0.06
