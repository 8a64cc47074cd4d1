"""The terms of training: least where they should be, and blind to what does not matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.distillation import objectives
from nlfgs_studio.core.distillation.objectives import (
    absolute_points,
    attribute_terms,
    heat_cross_entropy,
    localization_terms,
    regularisers,
    uncertain,
)
from nlfgs_studio.core.distillation.photos import PhotoBatch, collated
from nlfgs_studio.core.distillation.settings import LossWeights
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.geometry.rotations import quaternion_multiply
from nlfgs_studio.core.nlf import absolute
from nlfgs_studio.core.nlf.localizer import Localization
from painted_photos import TINY, PaintedStudio


@pytest.fixture(scope="module")
def batch(plain_body: BodyModel) -> PhotoBatch:
    studio = PaintedStudio(plain_body)
    return collated([studio.photo(number) for number in range(3)], TINY)


def _exact(batch: PhotoBatch) -> Localization:
    cells = TINY.network.cells
    return Localization(
        pixels=batch.pixels,
        relative=batch.points - batch.points.mean(1, keepdim=True),
        sigma=torch.full(batch.visible.shape, 0.05),
        heat_logits=torch.zeros(*batch.visible.shape, cells, cells),
    )


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_best_sigma_is_the_error_of_each_axis(dimensions: int) -> None:
    errors = torch.randn(2, 5, dimensions)
    best = errors.norm(dim=-1) / dimensions**0.5
    sigma = best.clone().requires_grad_(True)
    uncertain(errors, sigma).sum().backward()
    assert sigma.grad is not None
    torch.testing.assert_close(sigma.grad, torch.zeros_like(sigma), atol=1e-4, rtol=0.0)


def test_unsure_points_pull_as_much_as_sure_ones() -> None:
    pulls = []
    for sigma in (0.01, 1.0):
        errors = torch.tensor([[[0.3, -0.4]]], requires_grad=True)
        uncertain(errors, torch.full((1, 1), sigma)).sum().backward()
        assert errors.grad is not None
        pulls.append(errors.grad)
    torch.testing.assert_close(pulls[0], pulls[1])


def test_the_heatmap_of_least_cross_entropy_means_the_true_pixel() -> None:
    pixels = torch.tensor([[[20.0, 37.5], [9.0, 50.0], [63.0, 1.0]]])
    logits = torch.zeros(1, 3, 8, 8, requires_grad=True)
    optimizer = torch.optim.Adam([logits], 0.5)
    for _ in range(150):
        optimizer.zero_grad()
        heat_cross_entropy(logits, pixels, 8.0).sum().backward()
        optimizer.step()
    heat = logits.detach().flatten(2).softmax(-1).reshape(1, 3, 8, 8)
    centres = torch.arange(8) * 8.0 + 4.0
    found = torch.stack([heat.sum(2) @ centres, heat.sum(3) @ centres], dim=-1)
    torch.testing.assert_close(found, pixels.clamp(4.0, 60.0), atol=0.3, rtol=0.0)


def test_what_is_outside_the_frame_has_no_pixel_to_be_found_at(batch: PhotoBatch) -> None:
    found = _exact(batch)
    assert not bool(batch.inside.all())
    elsewhere = replace(found, pixels=torch.where(batch.inside[..., None], found.pixels, found.pixels + 500.0))
    misplaced = replace(found, pixels=found.pixels + 5.0)
    exact, same, worse = (
        localization_terms(each, batch, TINY.network, absolute=False)["pixels"]
        for each in (found, elsewhere, misplaced)
    )
    torch.testing.assert_close(same, exact)
    assert worse > exact + 1e-3


def test_points_about_any_origin_are_brought_before_the_camera(batch: PhotoBatch) -> None:
    found = _exact(batch)
    moved = replace(found, relative=found.relative + torch.tensor([0.2, -0.1, 0.4]))
    torch.testing.assert_close(absolute_points(moved, batch), batch.points, atol=0.02, rtol=0.0)
    same = localization_terms(found, batch, TINY.network, absolute=True)
    other = localization_terms(moved, batch, TINY.network, absolute=True)
    torch.testing.assert_close(other["relative"], same["relative"])


def test_points_count_as_where_photos_are_read(batch: PhotoBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one over sigma squared, in training and in use."""
    weighed: list[torch.Tensor] = []

    def spy(rays: torch.Tensor, relative: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        weighed.append(weights[0] / weights[0, 0])
        return torch.zeros(len(rays), 3)

    monkeypatch.setattr(objectives, "absolute_translation", spy)
    monkeypatch.setattr(absolute, "absolute_translation", spy)
    sigma = torch.linspace(0.02, 0.2, batch.visible.shape[1])
    everywhere = torch.ones_like(batch.inside)
    found = replace(_exact(batch), sigma=sigma.expand(batch.visible.shape))
    absolute_points(found, replace(batch, inside=everywhere))
    camera = look_at((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), fx=420.0, fy=420.0, width=256, height=256)
    absolute.placed(found.pixels[0], found.relative[0], sigma, everywhere[0], camera)
    torch.testing.assert_close(weighed[0], weighed[1])


def _terms(made: GaussianParameters, truth: GaussianParameters) -> dict[str, float]:
    """With every other Gaussian hidden."""
    seen, sizes = torch.arange(len(truth)) % 2 == 0, torch.full((len(truth),), 0.01)
    terms = attribute_terms(made, truth, seen, sizes, hidden=0.3, offsets=True)
    return {name: float(term) for name, term in terms.items()}


def test_the_truth_leaves_nothing_to_learn(batch: PhotoBatch) -> None:
    assert all(term == pytest.approx(0.0, abs=1e-5) for term in _terms(batch.truth, batch.truth).values())


def test_a_kernel_is_what_it_covers(batch: PhotoBatch) -> None:
    """A quarter turn about an axis with the other two scales exchanged is the same kernel."""
    truth = batch.truth
    quarter = truth.rotations_wxyz.new_tensor([0.5**0.5, 0.0, 0.0, 0.5**0.5])
    turned = quaternion_multiply(truth.rotations_wxyz, quarter.expand(len(truth), 4))
    same = replace(truth, rotations_wxyz=-turned, log_scales=truth.log_scales[:, [1, 0, 2]])
    assert _terms(same, truth)["kernels"] == pytest.approx(0.0, abs=1e-4)
    assert _terms(replace(truth, log_scales=truth.log_scales + 0.3), truth)["kernels"] > 0.1


def test_what_is_hidden_counts_less(batch: PhotoBatch) -> None:
    truth = batch.truth
    odd = (torch.arange(len(truth)) % 2 == 1)[:, None, None]
    hidden, seen = (replace(truth, sh=truth.sh + 0.5 * where) for where in (odd, ~odd))
    assert _terms(hidden, truth)["colors"] == pytest.approx(0.3 * _terms(seen, truth)["colors"], rel=0.02)


def _regular(made: GaussianParameters) -> dict[str, float]:
    terms = regularisers(made, torch.full((len(made),), 0.01), offsets=True)
    return {name: float(term) for name, term in terms.items()}


def test_sane_gaussians_are_left_alone(batch: PhotoBatch) -> None:
    sane = replace(
        batch.truth,
        offsets=torch.zeros_like(batch.truth.offsets),
        log_scales=torch.tensor([0.5, 0.1, 0.02]).log().expand(len(batch.truth), 3),
        opacity_logits=torch.full((len(batch.truth),), 12.0),
    )
    assert _regular(sane) == pytest.approx({"oversizes": 0.0, "indecision": 0.0, "departures": 0.0}, abs=1e-4)


@pytest.mark.parametrize("scales", [(0.2, 3.0, 2.0), (0.02, 0.9, 0.03)])
def test_giants_and_needles_shrink(batch: PhotoBatch, scales: tuple[float, float, float]) -> None:
    log_scales = torch.tensor(scales).log().expand(len(batch.truth), 3).clone().requires_grad_(True)
    regularisers(replace(batch.truth, log_scales=log_scales), torch.ones(len(batch.truth)), offsets=False)[
        "oversizes"
    ].backward()
    assert log_scales.grad is not None
    assert bool((log_scales.grad[:, 1] > 0.0).all())


def test_few_far_gaussians_cost_what_many_near_ones_do(batch: PhotoBatch) -> None:
    """Else all would leave the skin a little instead of some as far as hair does."""
    count = len(batch.truth)
    spread = torch.zeros(count, 3)
    spread[:, 2] = 1.0
    gathered = torch.zeros(count, 3)
    gathered[: count // 4, 2] = 4.0
    many, few = (_regular(replace(batch.truth, offsets=each))["departures"] for each in (spread, gathered))
    assert few == pytest.approx(many, rel=0.1)


def test_the_truth_outweighs_the_regularisers(batch: PhotoBatch) -> None:
    """Together they hardly move what is learned: the skin point 2 cm off its truth goes there all the same."""
    weights = LossWeights()
    truth = replace(batch.truth, offsets=torch.full_like(batch.truth.offsets, 2.0))
    made = replace(truth, offsets=torch.full_like(truth.offsets, 1.0).requires_grad_(True))
    sizes, seen = torch.full((len(truth),), 0.01), torch.ones(len(truth), dtype=torch.bool)
    pull = weights.offsets * attribute_terms(made, truth, seen, sizes, hidden=0.3, offsets=True)["offsets"]
    against = weights.departures * regularisers(made, sizes, offsets=True)["departures"]
    strengths = [torch.autograd.grad(term, made.offsets)[0].abs().mean() for term in (pull, against)]
    assert strengths[1] < 0.05 * strengths[0]
