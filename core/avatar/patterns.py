"""Irregularity without pictures: smooth noise in space and hard edges made soft."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def smoothstep(
    low: float | Float[np.ndarray, "*N"], high: float | Float[np.ndarray, "*N"], values: Float[np.ndarray, "*N"]
) -> Float[np.ndarray, "*N"]:
    """0 below `low`, 1 above `high`, smooth between (and falling where `low` is above `high`)."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def dots(first: Float[np.ndarray, "N D"], second: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
    """Inner products of rows; several times as fast as a sum over so short an axis."""
    return np.einsum("nd,nd->n", first, second)


def unit_rows(vectors: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """Rows of length 1; those of no length stay so."""
    return vectors / np.maximum(np.sqrt(dots(vectors, vectors)), 1e-9)[:, None]


def blob(
    points: Float[np.ndarray, "N D"], centre: tuple[float, ...], radii: tuple[float, ...]
) -> Float[np.ndarray, " N"]:
    """1 at the centre, falling like a Gaussian."""
    away = (points - np.array(centre)) / np.array(radii)
    return np.exp(-0.5 * dots(away, away))


def waves(
    points: Float[np.ndarray, "N 3"], lengths: tuple[float, float, float], seed: int, count: int = 12
) -> Float[np.ndarray, " N"]:
    """Smooth noise of mean 0 and standard deviation about 1; `lengths` are its waves along x, y, z in metres."""
    random = np.random.default_rng(seed)
    numbers = (random.normal(size=(count, 3)) * (2.0 * np.pi / np.array(lengths))).astype(np.float32)
    phases = random.uniform(0.0, 2.0 * np.pi, size=count).astype(np.float32)
    sums = np.cos(points.astype(np.float32) @ numbers.T + phases).sum(-1)
    return sums.astype(np.float64) * np.sqrt(2.0 / count)


def waves_within(
    mask: Bool[np.ndarray, " N"], points: Float[np.ndarray, "N 3"], lengths: tuple[float, float, float], seed: int
) -> Float[np.ndarray, " N"]:
    """`waves` where the mask is set, 0 elsewhere."""
    values = np.zeros(len(points))
    values[mask] = waves(points[mask], lengths, seed)
    return values


def mixed(
    colours: Float[np.ndarray, "N 3"],
    other: Float[np.ndarray, "N 3"] | Float[np.ndarray, "3"] | tuple[float, float, float],
    share: Float[np.ndarray, " N"],
) -> Float[np.ndarray, "N 3"]:
    """From `colours` towards `other` by `share`."""
    return colours + share[:, None] * (np.asarray(other) - colours)
