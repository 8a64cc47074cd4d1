"""Figures of merit, on numbers whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from nlfgs_studio.core.distillation.scores import (
    correlation,
    geometric_medians,
    median_interval,
    rank_correlation,
    spread,
)
from scipy.stats import pearsonr, spearmanr


def test_a_spread_is_its_percentiles() -> None:
    values = np.random.default_rng(0).permutation(np.arange(101.0))
    assert spread(values) == {"median": 50.0, "p10": 10.0, "p90": 90.0, "count": 101}
    assert spread(np.empty(0)) is None


def test_what_is_not_finite_is_not_hidden_by_a_median() -> None:
    with pytest.raises(ValueError, match="finite"):
        spread(np.array([1.0, np.nan, 2.0]))


def test_the_interval_of_a_median_is_that_of_theory() -> None:
    """The median of n normal values has a standard error of √(π / 2n)."""
    values = np.random.default_rng(5).normal(size=2000)
    low, high = median_interval(values, np.arange(2000), rounds=1000)
    assert high - low == pytest.approx(2.0 * 1.645 * math.sqrt(math.pi / 4000.0), rel=0.15)
    assert low < np.median(values) < high


def test_many_points_of_few_people_are_not_many_witnesses() -> None:
    random = np.random.default_rng(6)
    people = np.repeat(np.arange(20), 500)
    values = random.normal(size=20)[people] + 0.1 * random.normal(size=10_000)
    widths = [np.ptp(median_interval(values, owners)) for owners in (people, np.arange(10_000))]
    assert widths[0] > 5.0 * widths[1]
    assert median_interval(np.empty(0), np.empty(0, np.int64)) is None


def test_correlations_agree_with_scipy_and_outliers_do_not_fool_ranks() -> None:
    random = np.random.default_rng(1)
    sigma = random.uniform(0.1, 1.0, 500)
    error = sigma * np.abs(random.normal(size=500))
    assert correlation(sigma, error) == pytest.approx(pearsonr(sigma, error)[0])
    assert rank_correlation(sigma, error) == pytest.approx(spearmanr(sigma, error)[0])
    assert rank_correlation(sigma, np.exp(20.0 * sigma)) == pytest.approx(1.0)
    assert correlation(np.ones(5), np.arange(5.0)) is None


def test_the_geometric_median_of_a_triangle_sees_its_sides_alike() -> None:
    """Fermat's point: the sides are seen from it at 120°; and what does not count moves nothing."""
    corners = torch.tensor([[0.0, 0.0], [4.0, 0.0], [1.0, 3.0], [900.0, -700.0]], dtype=torch.float64)
    counted = torch.tensor([True, True, True, False])
    place = geometric_medians(corners[:, None], counted[:, None], rounds=200)[0]
    directions = torch.nn.functional.normalize(corners[:3] - place, dim=-1)
    angles = (directions @ directions.roll(1, 0).T).diagonal().arccos()
    torch.testing.assert_close(angles, torch.full((3,), math.tau / 3, dtype=torch.float64), rtol=1e-4, atol=1e-4)


def test_no_constant_is_nearer_on_the_whole() -> None:
    generator = torch.Generator().manual_seed(4)
    points = torch.randn(60, 5, 2, generator=generator).exp()
    counted = torch.rand(60, 5, generator=generator) < 0.6
    medians = geometric_medians(points, counted)

    def cost(places: torch.Tensor) -> torch.Tensor:
        return ((points - places).norm(dim=-1) * counted).sum(0)

    for _ in range(20):
        assert (cost(medians) <= cost(medians + 0.05 * torch.randn(5, 2, generator=generator)) + 1e-3).all()


def test_a_place_that_never_counts_is_the_median_of_all() -> None:
    points = torch.tensor([[[0.0, 1.0]], [[0.0, 1.0]], [[5.0, 5.0]]])
    median = geometric_medians(points, torch.zeros(3, 1, dtype=torch.bool))
    torch.testing.assert_close(median, torch.tensor([[0.0, 1.0]]), atol=1e-2, rtol=0.0)
