"""Wrinkles of cloth: normals bent as folds bend them, which light shows though the surface stays smooth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

_FOLDS = 14


def creased(
    random: np.random.Generator,
    normals: Float[np.ndarray, "D 3"],
    points: Float[np.ndarray, "D 3"],
    on_cloth: Bool[np.ndarray, " D"],
) -> Float[np.ndarray, "D 3"]:
    """The normals with those on cloth bent by folds of 3 to 20 centimetres, some cloth more, some less."""
    places = points[on_cloth].astype(np.float32)
    # Folds wander: each wave runs over ground that others have shifted.
    wander = np.zeros_like(places)
    for _ in range(4):
        direction, phase = random.normal(size=3).astype(np.float32), random.uniform(0.0, 6.3)
        wave = np.sin(places @ (direction * (2.0 * np.pi / 0.35)) + phase)
        wander += 0.03 * wave[:, None] * random.normal(size=3).astype(np.float32)
    slope = np.zeros_like(places)
    for _ in range(_FOLDS):
        length = float(np.exp(random.uniform(np.log(0.03), np.log(0.2))))
        direction = random.normal(size=3) * (1.0, 1.3, 0.7)  # more folds across than along a hanging cloth
        direction = (direction / np.linalg.norm(direction)).astype(np.float32)
        angle = (places + wander) @ (direction * (2.0 * np.pi / length)) + random.uniform(0.0, 6.3)
        # A fold is narrow and what lies between is wide; and it ends somewhere.
        narrow = np.cos(angle) * np.exp(np.sin(angle) - 1.0)
        there = np.clip(0.5 + np.sin(places @ random.normal(scale=12.0, size=3).astype(np.float32)), 0.0, 1.0)
        slope += (narrow * there)[:, None] * direction
    depth = float(random.uniform(0.2, 0.65))
    own = normals[on_cloth]
    slope -= (slope * own).sum(1, keepdims=True) * own
    bent = own - depth * slope
    creased_normals = normals.copy()
    creased_normals[on_cloth] = bent / np.linalg.norm(bent, axis=1, keepdims=True)
    return creased_normals
