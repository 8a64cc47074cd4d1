"""Beards and moustaches: where they grow on the face, how dense and how long."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .anatomy import Places
from .look import Look
from .patterns import smoothstep, waves_within

_CHEEK_LINE = ((-1.10, -0.75, -0.35, 0.10, 0.40, 0.62, 0.95), (0.10, -0.45, -0.80, -1.02, -0.98, -0.80, -0.74))
"""The upper border of a full beard: eye distances ahead of the eyes, and above them."""


def beard_cover(places: Places, lips: Float[np.ndarray, " N"], look: Look) -> Float[np.ndarray, " N"]:
    """How much of a place is beard, 0 to 1."""
    if look.beard == "none":
        return np.zeros(len(places))
    side, up, ahead = np.abs(places.in_face[:, 0]), places.in_face[:, 1], places.in_face[:, 2]
    possible = (places.head > 0.5) & (up < 0.2) & (up > -2.8) & (ahead > -1.15)
    possible &= ~places.part("mouth_inside", "tongue", "teeth_upper", "teeth_lower", "ear")
    ragged = 0.05 * waves_within(possible, places.in_face, (0.12, 0.12, 0.12), look.seed + 31)
    below_line = np.interp(ahead, *_CHEEK_LINE) - up + ragged
    throat = up - np.interp(ahead, (-1.1, -0.4, 0.2, 0.6), (-1.30, -1.95, -2.35, -2.55)) + ragged
    whole = smoothstep(-0.06, 0.10, below_line) * smoothstep(-0.05, 0.15, throat) * smoothstep(-1.12, -1.0, ahead)
    moustache = smoothstep(0.54, 0.44, side + 0.25 * np.abs(up + 1.0)) * smoothstep(-1.32, -1.2, up) * (ahead > 0.3)
    # Where the upper lip begins under the nose little grows; the nose itself grows nothing.
    nose = smoothstep(0.40, 0.30, side) * smoothstep(-0.86, -0.78, up) * (ahead > 0.5)
    chin = smoothstep(0.50, 0.38, side) * smoothstep(-1.25, -1.40, up)
    corners = smoothstep(0.62, 0.52, side) * smoothstep(0.36, 0.44, side) * (ahead > 0.1)
    shapes = {"moustache": moustache, "goatee": np.maximum(np.maximum(moustache, chin), corners * (up < -1.0))}
    shape = shapes.get(look.beard, np.ones(len(places)))
    lip = smoothstep(0.10, 0.45, lips)
    density = 0.30 if look.beard == "stubble" else 0.97
    return density * whole * shape * (1.0 - nose) * (1.0 - lip) * possible


def beard_volume(places: Places, cover: Float[np.ndarray, " N"], look: Look) -> Float[np.ndarray, " N"]:
    """Metres that the beard stands off the skin."""
    if look.beard in ("none", "stubble"):
        return np.zeros(len(places))
    unit, up = places.anatomy.eye_distance / 0.06, places.in_face[:, 1]
    length = {"short": 0.0045, "goatee": 0.006, "moustache": 0.004, "full": 0.010}[look.beard]
    volume = np.full(len(places), length)
    if look.beard in ("full", "goatee"):
        longest = 0.026 if look.beard == "full" else 0.012
        volume += longest * smoothstep(-1.25, -2.0, up) * smoothstep(-0.6, 0.3, places.in_face[:, 2])
    return unit * volume * smoothstep(0.3, 1.0, cover)
