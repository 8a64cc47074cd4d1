"""Absolute places from relative ones."""

from __future__ import annotations

import torch
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.nlf.absolute import absolute_translation, placed, within


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


def test_points_found_at_the_edge_that_lie_beyond_do_not_move_the_body() -> None:
    """A face fills the picture; a sixth of the points are a body below it, pressed into its lower edge."""
    camera = look_at((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), fx=600.0, fy=600.0, width=256, height=256)
    generator = torch.Generator().manual_seed(5)
    relative = torch.randn(300, 3, generator=generator) * torch.tensor([0.07, 0.09, 0.05])
    relative[250:, 1] += 0.8
    truth = relative + torch.tensor([0.02, -0.03, 1.6])
    true_pixels = truth[:, :2] / truth[:, 2:] * 600.0 + 128.0
    pixels = true_pixels.clamp(12.0, 235.0)
    found = placed(pixels, relative, torch.full((300,), 0.05), within(pixels, camera, margin=10.0), camera)
    assert within(pixels, camera, margin=10.0).all()
    assert (found - truth).norm(dim=-1)[:250].max() < 0.05
    assert (found - truth).norm(dim=-1)[250:].median() < 0.1
    rays = (pixels - 128.0) / 600.0
    plain = absolute_translation(rays[None], relative[None], torch.ones(1, 300))[0] + relative
    assert (plain - truth).norm(dim=-1).median() > 0.5


def test_pixels_that_agree_pull_halfway() -> None:
    camera = look_at((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), fx=300.0, fy=300.0, width=256, height=256)
    relative = torch.randn(400, 3, generator=torch.Generator().manual_seed(6)) * 0.2
    truth = relative + torch.tensor([0.0, 0.0, 3.0])
    pixels = truth[:, :2] / truth[:, 2:] * 300.0 + 128.0
    pixels[7, 0] += 2.0
    sure = torch.full((400,), 0.02)
    found = placed(pixels, relative, sure, torch.ones(400, dtype=torch.bool), camera)
    expected = truth[7, 0] + 0.5 * 2.0 / 300.0 * truth[7, 2]
    torch.testing.assert_close(found[7, 0], expected, atol=1e-3, rtol=0.0)
    nobody = placed(pixels, relative, sure, torch.zeros(400, dtype=torch.bool), camera)
    assert torch.isfinite(nobody).all()
