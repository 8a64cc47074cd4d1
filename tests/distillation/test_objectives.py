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
    uncertain,
)
from nlfgs_studio.core.distillation.photos import PhotoBatch, collated
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
