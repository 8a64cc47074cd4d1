"""What gets between a camera and a person: bars, boxes, cups and microphones, leaves, somebody's shoulder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..opencv import cv2
from .interiors import muted

_CHANCE = 0.18
_LONG = 600.0
"""Pixels; beyond every edge of the picture."""
_SKINS = ((0.89, 0.70, 0.60), (0.69, 0.49, 0.36), (0.36, 0.235, 0.17))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occluder:
    """A picture that lies over the photograph."""

    rgb: Float[np.ndarray, "S S 3"]
    alpha: Float[np.ndarray, "S S"]


def drawn_occluder(random: np.random.Generator, coverage: Float[np.ndarray, "S S"]) -> Occluder | None:
    """Something over a part of the person, who covers `coverage` of each pixel; mostly nothing."""
    if random.uniform() > _CHANCE or not (coverage > 0.5).any():
        return None
    side = coverage.shape[0]
    rows, columns = np.nonzero(coverage > 0.5)
    at = int(random.integers(len(rows)))
    place, size = np.array([columns[at], rows[at]], float), side * float(random.uniform(0.05, 0.16))
    alpha = np.zeros((side, side), np.float32)
    outlines = _SHAPES[int(random.integers(len(_SHAPES)))](random, size)
    for outline in outlines:
        cv2.fillPoly(alpha, [np.rint(16.0 * (place + outline)).astype(np.int32)], (1.0,), cv2.LINE_AA, 4)
    base = np.array(_SKINS[int(random.integers(3))]) if random.uniform() < 0.3 else muted(random, 0.04, 0.85)
    # Lit from somewhere, with a grain of its own.
    slope = random.uniform(-0.35, 0.35, 2)
    x, y = np.meshgrid(*2 * [np.linspace(-1.0, 1.0, side, dtype=np.float32)])
    grain = cv2.resize(random.normal(scale=0.06, size=(16, 16)).astype(np.float32), (side, side))
    shading = 0.9 + slope[0] * x + slope[1] * y + grain
    softness = float(random.uniform(0.3, 1.0)) if random.uniform() < 0.7 else float(random.uniform(1.5, 6.0))
    alpha = cv2.GaussianBlur(alpha, (0, 0), softness)
    rgb = np.clip(base.astype(np.float32) * shading[..., None], 0.0, 1.0)
    return Occluder(rgb=rgb, alpha=np.clip(alpha, 0.0, 1.0))


def _turned(points: Float[np.ndarray, "N 2"], random: np.random.Generator, spread: float) -> Float[np.ndarray, "N 2"]:
    angle = random.uniform(-spread, spread)
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _box(random: np.random.Generator, size: float) -> list[Float[np.ndarray, "_ 2"]]:
    """A telephone, a book, a laptop, a table's edge."""
    half = size * random.uniform(0.4, 1.2, 2)
    corners = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]) * half
    return [_turned(corners, random, 0.6)]


def _bar(random: np.random.Generator, size: float) -> list[Float[np.ndarray, "_ 2"]]:
    """A post, a rail, an edge of a desk: from one side of the picture to the other."""
    half = 0.25 * size
    corners = np.array([(-_LONG, -half), (_LONG, -half), (_LONG, half), (-_LONG, half)])
    return [_turned(corners, random, np.pi)]


def _blob(random: np.random.Generator, size: float) -> list[Float[np.ndarray, "_ 2"]]:
    """A hand, a bag, somebody's shoulder."""
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    radii = np.full(48, size * random.uniform(0.5, 1.0))
    for wave in (2, 3, 5):
        radii = radii * (1.0 + random.uniform(0.0, 0.25) * np.sin(wave * angles + random.uniform(0.0, 6.3)))
    return [radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)]


def _microphone(random: np.random.Generator, size: float) -> list[Float[np.ndarray, "_ 2"]]:
    """A head on a stand that comes from below."""
    head = 0.35 * size
    angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    ball = head * np.stack([np.cos(angles), 1.3 * np.sin(angles)], axis=1)
    foot = np.array([random.normal(scale=0.2 * _LONG), _LONG])
    thick = np.array([0.3 * head, 0.0])
    return [ball, np.stack([-thick, thick, foot + thick, foot - thick])]


def _fingers(random: np.random.Generator, size: float) -> list[Float[np.ndarray, "_ 2"]]:
    """Twigs or fingers, side by side."""
    leaves = []
    for number in range(int(random.integers(3, 7))):
        length, thick = size * random.uniform(0.7, 1.3), 0.13 * size
        angles = np.linspace(0.0, 2.0 * np.pi, 20, endpoint=False)
        leaf = np.stack([length * 0.5 * np.cos(angles), thick * np.sin(angles)], axis=1)
        leaves.append(_turned(leaf, random, 0.25) + np.array([0.0, 0.28 * size * number]))
    return leaves


_SHAPES = (_box, _box, _bar, _blob, _blob, _microphone, _fingers)
