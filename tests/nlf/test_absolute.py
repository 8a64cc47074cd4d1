"""Absolute places from relative ones."""

from __future__ import annotations

import torch
from nlfgs_studio.core.nlf.absolute import absolute_translation


def _scene(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    relative = torch.randn(3, 200, 3, generator=generator, dtype=torch.float64) * torch.tensor([0.3, 0.5, 0.15])
    truth = torch.tensor([[0.1, -0.2, 0.8], [0.5, 0.3, 3.0], [-0.2, 0.0, 6.0]], dtype=torch.float64)
    placed = relative + truth[:, None]
    return relative, truth, placed[..., :2] / placed[..., 2:]


def test_exact_rays_give_the_place() -> None:
    relative, truth, rays = _scene(0)
    found = absolute_translation(rays, relative, torch.ones(3, 200, dtype=torch.float64))
    torch.testing.assert_close(found, truth, rtol=2e-3, atol=2e-3)


def test_points_without_weight_are_not_heard() -> None:
    relative, truth, rays = _scene(1)
    weights = torch.ones(3, 200, dtype=torch.float64)
    weights[:, ::2] = 0.0
    rays[:, ::2] += 0.5
    torch.testing.assert_close(absolute_translation(rays, relative, weights), truth, rtol=2e-3, atol=2e-3)


def test_nothing_known_stays_before_the_camera() -> None:
    relative, _, rays = _scene(2)
    found = absolute_translation(0.0 * rays, 0.0 * relative, torch.ones(3, 200, dtype=torch.float64))
    assert torch.isfinite(found).all()
    assert (found[:, 2] >= 0.1).all()


def test_gradients_are_finite() -> None:
    relative, _, rays = _scene(3)
    relative.requires_grad_()
    absolute_translation(rays, relative, torch.ones(3, 200, dtype=torch.float64)).sum().backward()
    assert relative.grad is not None
    assert torch.isfinite(relative.grad).all()
