"""Of several pictures the one that shows a Gaussian best decides how it looks."""

from __future__ import annotations

from dataclasses import fields

import torch
from nlfgs_studio.core.creation.fusion import View, fused
from nlfgs_studio.core.gaussians import GaussianParameters

COUNT = 40


def view(seed: int, visibility: float | torch.Tensor = 1.0, sigma: float = 0.02) -> View:
    random = torch.Generator().manual_seed(seed)
    return View(
        parameters=GaussianParameters(
            offsets=torch.randn(COUNT, 3, generator=random),
            rotations_wxyz=torch.tensor([1.0, 0.0, 0.0, 0.0]) + 0.1 * torch.randn(COUNT, 4, generator=random),
            log_scales=torch.randn(COUNT, 3, generator=random),
            opacity_logits=torch.randn(COUNT, generator=random),
            sh=torch.randn(COUNT, 1, 3, generator=random),
        ),
        visibility=torch.as_tensor(visibility).expand(COUNT),
        sigma=torch.full((COUNT,), sigma),
    )


def apart(first: GaussianParameters, second: GaussianParameters) -> float:
    pairs = [(getattr(first, field.name), getattr(second, field.name)) for field in fields(GaussianParameters)]
    return max(float((one - other).abs().max()) for one, other in pairs)


def test_one_view_is_taken_as_it_is_seen_or_not():
    for visibility in (1.0, 0.0):
        one = view(0, visibility)
        assert apart(fused([one]), one.parameters) < 1e-5


def test_each_gaussian_is_taken_from_the_view_that_shows_it():
    left = (torch.arange(COUNT) < COUNT // 2).float()
    one, other = view(0, left), view(1, 1.0 - left)
    answer = fused([one, other])
    half = COUNT // 2
    assert (answer.sh[:half] - one.parameters.sh[:half]).abs().max() < 0.02
    assert (answer.sh[half:] - other.parameters.sh[half:]).abs().max() < 0.02


def test_the_surer_view_counts_more_and_their_order_does_not():
    sure, unsure = view(0, sigma=0.01), view(1, sigma=0.04)
    answer = fused([sure, unsure])
    assert apart(answer, fused([unsure, sure])) < 1e-5
    towards = (answer.offsets - sure.parameters.offsets).norm() / (
        unsure.parameters.offsets - sure.parameters.offsets
    ).norm()
    assert 0.0 < towards < 0.2


def test_what_nobody_shows_is_the_mean_of_the_guesses():
    one, other = view(0, 0.0), view(1, 0.0)
    assert torch.allclose(fused([one, other]).sh, (one.parameters.sh + other.parameters.sh) / 2.0, atol=1e-5)
