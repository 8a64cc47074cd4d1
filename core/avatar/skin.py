"""Skin: where it is redder, darker or oilier, and its colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from .anatomy import Places
from .look import Look
from .patterns import blob, mixed, smoothstep, waves


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """What is alike on everybody; 0 to 1."""

    front: Float[np.ndarray, " N"]
    """Of the head."""
    blood: Float[np.ndarray, " N"]
    around_eyes: Float[np.ndarray, " N"]
    oily: Float[np.ndarray, " N"]
    """Brow, nose, cheekbones and chin."""
    mottled: Float[np.ndarray, "N 3"]
    """Blotches, to be multiplied with."""


@lru_cache(maxsize=4)
def zones_of(places: Places) -> Zones:
    """The zones of a body; of its places, told by identity, as long as these are."""
    outward = mirrored(places.in_face)
    face = outward[:, :2]
    front = places.head * smoothstep(0.0, 0.35, outward[:, 2])
    oily = blob(face, (0.0, -0.45), (0.20, 0.35)) + blob(face, (0.0, 0.85), (0.7, 0.25))
    oily += blob(face, (0.75, -0.35), (0.22, 0.16)) + 0.6 * blob(face, (0.0, -1.72), (0.2, 0.15))
    blotches = 1.0 + 0.012 * waves(places.points, (0.03, 0.03, 0.03), 10)[:, None]
    flushed = waves(places.points, (0.012, 0.012, 0.012), 11)[:, None]
    return Zones(
        front=front,
        blood=_blood(places),
        around_eyes=blob(face, (0.50, 0.02), (0.26, 0.17)) * front,
        oily=np.minimum(oily, 1.0) * front,
        mottled=blotches * (1.0 + flushed * [0.004, -0.012, -0.012]),
    )


def bare_skin(places: Places, look: Look) -> Float[np.ndarray, "N 3"]:
    """Skin with its blotches, where blood shines through it, and nails."""
    skin, zones = np.array(look.skin), zones_of(places)
    colours = mixed(skin * zones.mottled, skin * (1.0, 0.78, 0.76), look.cheeks * zones.blood)
    nails = places.part("fingernails", "toenails")
    colours[nails] = 0.55 * colours[nails] + 0.45 * np.array([0.95, 0.78, 0.73])
    if look.nails is not None:
        colours[nails] = look.nails
    return colours


def mirrored(points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """Both sides as the left one."""
    return np.stack([np.abs(points[:, 0]), points[:, 1], points[:, 2]], axis=-1)


def _blood(places: Places) -> Float[np.ndarray, " N"]:
    """Where skin is redder: cheeks, nose, ears, knuckles, fingertips, elbows."""
    outward = mirrored(places.in_face)
    head = blob(outward, (0.62, -0.55, 0.35), (0.30, 0.28, 0.35))
    head += 0.7 * blob(outward, (0.0, -0.62, 0.95), (0.22, 0.18, 0.30))
    head += 0.5 * blob(outward[:, :2], (0.0, -1.75), (0.25, 0.20))
    blood = 0.8 * places.head * head + 0.55 * ears(places)
    anatomy, unit = places.anatomy, places.anatomy.eye_distance / 0.06
    points = places.points * np.where(places.points[:, :1] < 0, [-1.0, 1.0, 1.0], 1.0) / unit
    spots = [(f"left_{finger}1", (0.0, 0.006, 0.0), 0.010) for finger in ("index", "middle", "ring", "pinky")]
    spots += [(f"left_{finger}3", (0.012, 0.0, 0.0), 0.011) for finger in ("index", "middle", "ring", "pinky")]
    spots += [("left_elbow", (0.0, 0.0, -0.04), 0.03)]
    arm = points[:, 0] > abs(anatomy.joint("left_elbow")[0]) / unit - 0.1
    for joint, away, radius in spots:
        blood[arm] += 0.32 * blob(points[arm], tuple(anatomy.joint(joint) / unit + away), (radius,) * 3)
    return np.clip(blood, 0.0, 1.0)


def ears(places: Places) -> Bool[np.ndarray, " N"]:
    """The file's label, else what stands out at the sides of the head, between brows and mouth in height."""
    if places.parts is not None:
        return places.part("ear")
    side, up, ahead = np.abs(places.in_face[:, 0]), places.in_face[:, 1], places.in_face[:, 2]
    return (side > 1.08) & (np.abs(up + 0.38) < 0.62) & (np.abs(ahead + 1.30) < 0.5) & (places.head > 0.3)
