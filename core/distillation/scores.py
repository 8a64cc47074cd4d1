"""What a heap of errors amounts to."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata
from torch import Tensor

Spread = dict[str, float]
"""Of some values: their "median", 10th and 90th percentile ("p10", "p90"), and how many they are ("count")."""


def spread(values: Float[np.ndarray, " N"]) -> Spread | None:
    """None where there is nothing to tell of.

    Raises:
        ValueError: a value is not finite; percentiles would hide it.
    """
    if not np.isfinite(values).all():
        raise ValueError("values must be finite")
    if not len(values):
        return None
    p10, median, p90 = np.percentile(values, (10.0, 50.0, 90.0))
    return {"median": float(median), "p10": float(p10), "p90": float(p90), "count": len(values)}


def median_interval(
    values: Float[np.ndarray, " N"], people: Int[np.ndarray, " N"], *, rounds: int = 300
) -> list[float] | None:
    """Between what the median would lie, 9 times of 10, had other people been drawn (Efron 1979, over `people`).

    The errors of one photo go together, so that a hundred points of a person are no hundred witnesses.
    """
    if not len(values):
        return None
    order = np.argsort(values)
    names, owners = np.unique(people[order], return_inverse=True)
    random, medians = np.random.default_rng(0), []
    for _ in range(rounds):
        drawn = random.multinomial(len(names), np.full(len(names), 1.0 / len(names)))[owners].cumsum()
        medians.append(values[order[np.searchsorted(drawn, drawn[-1] / 2.0)]])
    return np.percentile(medians, (5.0, 95.0)).tolist()


def correlation(first: Float[np.ndarray, " N"], second: Float[np.ndarray, " N"]) -> float | None:
    """Pearson's; None where one of them does not vary."""
    first, second = (values.astype(np.float64) - values.mean(dtype=np.float64) for values in (first, second))
    product = float(np.sqrt(np.square(first).sum() * np.square(second).sum()))
    return float(first @ second) / product if product > 0.0 else None


def rank_correlation(first: Float[np.ndarray, " N"], second: Float[np.ndarray, " N"]) -> float | None:
    """Spearman's: whether the larger goes with the larger, on whatever scale."""
    return correlation(rankdata(first), rankdata(second))


def geometric_medians(
    points: Float[Tensor, "P N D"], counted: Bool[Tensor, "P N"], *, rounds: int = 30
) -> Float[Tensor, "N D"]:
    """For each of N the one place whose distances to its counted points have the least sum (Weiszfeld 1937).

    Where none of its points counts, all do.
    """
    weights = torch.where(counted.any(0), counted, True)[..., None].to(points)
    medians = (weights * points).sum(0) / weights.sum(0)
    for _ in range(rounds):
        near = weights / (points - medians).norm(dim=-1, keepdim=True).clamp_min(1e-6)
        medians = (near * points).sum(0) / near.sum(0)
    return medians
