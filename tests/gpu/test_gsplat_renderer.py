"""The gsplat renderer agrees with the judge, forward and backward, and waits for nothing it need not wait for."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest
import torch
from nlfgs_studio.core.gaussians import Gaussians, concatenate
from nlfgs_studio.core.rendering.gsplat_renderer import rasterization_arguments, training_stream
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.rendering.torch_reference import TorchReference
from scenes import body_camera, body_like, random_scene

SETTINGS = RenderSettings(background=(0.2, 0.4, 0.6))
FIELDS = ("means", "covariances", "opacities", "sh", "sh_rotations_wxyz")


def on(device: torch.device, gaussians: Gaussians) -> Gaussians:
    moved = {name: getattr(gaussians, name) for name in FIELDS}
    return Gaussians(**{name: None if each is None else each.to(device) for name, each in moved.items()})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("antialiased", [False, True])
@pytest.mark.parametrize("rotated", [False, True])
def test_forward(renderer, seed, antialiased, rotated):
    gaussians, camera = random_scene(seed, rotated=rotated, log_scale=(-4.5, -1.0))
    settings = dataclasses.replace(SETTINGS, antialiased=antialiased)
    judged, drawn = TorchReference().render(gaussians, camera, settings), renderer.render(gaussians, camera, settings)
    covered = (judged.alpha > 0.0) | (drawn.alpha > 0.0)
    for ours, theirs, unit in (
        (drawn.rgb, judged.rgb, 1.0),
        (drawn.alpha[..., None], judged.alpha[..., None], 1.0),
        (drawn.depth[..., None], judged.depth[..., None], judged.depth.clamp_min(1e-3)[covered]),
    ):
        error = (ours.double() - theirs).abs().amax(-1)[covered] / unit
        assert (error <= 1.0 / 255.0).double().mean() >= 0.995


@pytest.mark.parametrize("seed", range(3))
def test_backward(renderer, seed):
    """Of a loss on colour, alpha and depth; gsplat computes in single precision and sums in no fixed order."""
    gaussians, camera = random_scene(seed, count=150, size=(60, 44), log_scale=(-3.5, -1.5))
    weights = torch.randn(44, 60, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    def gradients(draw, dtype, device):
        leaves = {name: getattr(gaussians, name).to(device, dtype).requires_grad_() for name in FIELDS}
        matrix = camera.camera_from_world.to(device, dtype).requires_grad_()
        image = draw(Gaussians(**leaves), dataclasses.replace(camera, camera_from_world=matrix))
        values = torch.cat([image.rgb, image.alpha[..., None], image.depth[..., None]], -1)
        (values * weights.to(values)).sum().backward()
        return {name: leaf.grad.double().cpu() for name, leaf in {**leaves, "camera": matrix}.items()}

    judged = gradients(lambda g, c: TorchReference().render(g, c, SETTINGS), torch.float64, "cpu")
    drawn = gradients(lambda g, c: renderer.render_differentiable(g, c, SETTINGS), torch.float32, renderer.device)
    for name, expected in judged.items():
        difference = (drawn[name] - expected).norm() / expected.norm()
        assert difference < 5e-3, f"{name}: {difference}"


def test_bad_numbers_draw_nothing_and_harm_no_others(renderer):
    gaussians, camera = random_scene(1, count=200)
    spoiled, _ = random_scene(2, count=60)
    for index in range(60):
        values = getattr(spoiled, FIELDS[index % 5])[index].view(-1)
        values[index % values.numel()] = (float("nan"), float("inf"), float("-inf"))[index % 3]
    expected = renderer.render(gaussians, camera, SETTINGS).rgb
    drawn = renderer.render(concatenate(gaussians, spoiled), camera, SETTINGS).rgb
    torch.testing.assert_close(drawn, expected, atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("size", [(0, 5), (1, 1), (3, 700), (1024, 1024)])
def test_any_size_and_no_gaussians(renderer, size):
    gaussians, camera = random_scene(0, count=30)
    image = renderer.render(gaussians, camera.resized(*size) if 0 not in size else camera, SETTINGS)
    assert torch.isfinite(image.rgb).all()
    none, camera = random_scene(0, count=0)
    image = renderer.render(none, camera, SETTINGS)
    assert torch.allclose(image.rgb, torch.tensor(SETTINGS.background).expand_as(image.rgb))


def test_preparing_a_picture_is_no_wait(renderer, cuda):
    gaussians, camera = on(cuda, body_like(20_000)), body_camera(256, 256)
    prepare = {"device": cuda, "depth": False, "behind": SETTINGS.background}
    rasterization_arguments(gaussians, camera, SETTINGS, **prepare)  # constants reach the device now
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        rasterization_arguments(gaussians, camera, SETTINGS, **prepare)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_memory_is_steady(renderer, cuda):
    gaussians = on(cuda, body_like(20_000))
    used = []
    for step in range(60):
        side = 200 + 8 * (step % 5)
        renderer.render_rgba8_on_device(gaussians, body_camera(side, side), SETTINGS)
        torch.cuda.synchronize()
        used.append(torch.cuda.memory_allocated())
    assert max(used[30:]) <= max(used[:30])


def test_training_and_the_window_draw_at_once(renderer, cuda):
    from nlfgs_studio.core.rendering.gsplat_renderer import GsplatRenderer

    gaussians, camera = on(cuda, body_like(20_000)), body_camera(200, 200)
    before = renderer.render_rgba8_on_device(gaussians, camera, SETTINGS).clone()
    losses, trainer = [], GsplatRenderer()

    def train():
        with training_stream(cuda):
            sh = gaussians.sh.clone().requires_grad_()
            for _ in range(20):
                image = trainer.render_differentiable(dataclasses.replace(gaussians, sh=sh), camera, SETTINGS)
                loss = image.rgb.square().mean()
                (gradient,) = torch.autograd.grad(loss, sh)
                sh = (sh - 100.0 * gradient).detach().requires_grad_()
                losses.append(loss.item())  # a wait of the training's own stream

    thread = threading.Thread(target=train, name="training")
    thread.start()
    while thread.is_alive():
        shown = renderer.render_rgba8_on_device(gaussians, camera, SETTINGS)
        assert np.abs(shown.cpu().numpy().astype(int) - before.cpu().numpy()).max() <= 1
    thread.join()
    assert losses[-1] < losses[0]
