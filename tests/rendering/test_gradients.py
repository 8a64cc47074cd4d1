"""Gradients of the cpu renderer: the judge's, repeatable, for every input, whatever the numbers are."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

import pytest
import torch
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.gaussians import Gaussians, concatenate
from nlfgs_studio.core.rendering import cpu_gradients, work_memory
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import DifferentiableRenderer, Footprint, RenderedImage, RenderSettings
from nlfgs_studio.core.rendering.torch_reference import TorchReference
from scenes import body_camera, body_like, random_scene
from torch import Tensor

SETTINGS = RenderSettings(background=(0.2, 0.4, 0.6))
FIELDS = ("means", "covariances", "opacities", "sh", "sh_rotations_wxyz")
Draw = Callable[[Gaussians, Camera, RenderSettings], RenderedImage]


def loss_of(image: RenderedImage, seed: int = 0) -> Tensor:
    """Looks at every number of the picture, each with a weight of its own."""
    random = torch.Generator().manual_seed(seed)
    loss = torch.zeros((), dtype=torch.float64)
    for values in (image.rgb, image.alpha, image.depth):
        loss = loss + (values.double() * torch.randn(values.shape, generator=random, dtype=torch.float64)).sum()
    return loss


def leaves_of(gaussians: Gaussians, camera: Camera, dtype: torch.dtype) -> dict[str, Tensor]:
    given = {name: getattr(gaussians, name) for name in FIELDS} | {"camera": camera.camera_from_world}
    return {name: value.to(dtype).clone().requires_grad_() for name, value in given.items() if value is not None}


def drawn(draw: Draw, leaves: dict[str, Tensor], camera: Camera, settings: RenderSettings) -> RenderedImage:
    gaussians = Gaussians(**{"sh_rotations_wxyz": None} | {name: leaves[name] for name in FIELDS if name in leaves})
    return draw(gaussians, dataclasses.replace(camera, camera_from_world=leaves["camera"]), settings)


def gradients(
    draw: Draw, gaussians: Gaussians, camera: Camera, settings: RenderSettings = SETTINGS, dtype=torch.float32
) -> dict[str, Tensor]:
    leaves = leaves_of(gaussians, camera, dtype)
    loss_of(drawn(draw, leaves, camera, settings)).backward()
    return {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}


def ours(gaussians: Gaussians, camera: Camera, settings: RenderSettings = SETTINGS) -> dict[str, Tensor]:
    return gradients(CpuRenderer().render_differentiable, gaussians, camera, settings)


def assert_judged(gaussians: Gaussians, camera: Camera, settings: RenderSettings = SETTINGS) -> None:
    judged = gradients(TorchReference().render, gaussians, camera, settings, torch.float64)
    told = ours(gaussians, camera, settings)
    assert set(told) == set(judged)
    for name, gradient in judged.items():
        error = (told[name] - gradient).norm() / gradient.norm().clamp_min(1e-12)
        assert error < 1e-3, f"{name}: {error:.1e}"


def assert_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert set(first) == set(second)
    for name, gradient in first.items():
        assert torch.equal(gradient, second[name]), name


@pytest.mark.parametrize("antialiased", [False, True], ids=["dilated", "antialiased"])
@pytest.mark.parametrize("seed", range(3))
def test_they_are_the_judges(seed, antialiased):
    assert_judged(*random_scene(seed), dataclasses.replace(SETTINGS, antialiased=antialiased))


@pytest.mark.parametrize(("degree", "rotated"), [(0, True), (1, False), (2, True), (3, False)])
def test_every_degree_with_and_without_rotations(degree, rotated):
    assert_judged(*random_scene(degree, count=150, degree=degree, rotated=rotated))


@pytest.mark.parametrize(
    "settings",
    [
        RenderSettings(background=(0.0, 0.0, 0.0), splat_scale=0.4),
        RenderSettings(background=(0.9, 0.2, 0.5), max_sh_degree=1),
        RenderSettings(background=(0.1, 0.1, 0.1), splat_scale=2.5, antialiased=True),
    ],
    ids=str,
)
def test_settings(settings):
    assert_judged(*random_scene(5, count=200), settings)


def test_tiny_ones_that_fade_when_antialiased():
    gaussians, camera = random_scene(6, log_scale=(-6.0, -4.0), count=800)
    assert_judged(gaussians, camera, dataclasses.replace(SETTINGS, antialiased=True))


def test_opacities_and_colours_beyond_their_limits():
    """Above an opacity of 1, below a colour of 0, above white: no gradient, in both."""
    gaussians, camera = random_scene(7, count=300)
    random = torch.Generator().manual_seed(0)
    gaussians = dataclasses.replace(
        gaussians, opacities=2.0 * torch.rand(300, generator=random), sh=3.0 * torch.randn(300, 16, 3, generator=random)
    )
    assert_judged(gaussians, camera)


def test_many_layers_and_a_camera_inside():
    gaussians, camera = random_scene(8, count=1500, log_scale=(-2.2, -0.8), size=(30, 24))
    assert_judged(dataclasses.replace(gaussians, opacities=torch.full((1500,), 0.9)), camera)
    inside = look_at((0.05, 0.0, 0.1), (0.0, 0.0, -1.0), fx=40.0, fy=55.0, width=50, height=40)
    assert_judged(random_scene(11, count=400, log_scale=(-4.0, -0.5))[0], inside)


def test_the_background_has_a_gradient():
    gaussians, camera = random_scene(1)
    background = torch.tensor([0.3, 0.5, 0.7], requires_grad=True)
    image = CpuRenderer().render_differentiable(gaussians, camera, SETTINGS, background)
    image.rgb.sum().backward()
    plain = CpuRenderer().render(gaussians, camera, dataclasses.replace(SETTINGS, background=(0.3, 0.5, 0.7)))
    torch.testing.assert_close(image.rgb.detach(), plain.rgb, atol=1e-5, rtol=0.0)
    open_to_it = (1.0 - plain.alpha).unsqueeze(-1) * (plain.rgb < 1.0)
    torch.testing.assert_close(background.grad, open_to_it.sum((0, 1)), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("antialiased", [False, True])
def test_the_picture_is_that_of_the_forward_renderer(antialiased):
    renderer = CpuRenderer()
    assert isinstance(renderer, DifferentiableRenderer)
    gaussians, camera = random_scene(2, size=(83, 45))
    settings = dataclasses.replace(SETTINGS, antialiased=antialiased)
    plain = renderer.render(gaussians, camera, settings)
    recorded = renderer.render_differentiable(gaussians, camera, settings)
    assert torch.equal(recorded.alpha, plain.alpha)
    torch.testing.assert_close(recorded.rgb, plain.rgb, atol=1e-6, rtol=0.0)
    torch.testing.assert_close(recorded.depth, plain.depth, atol=1e-6, rtol=1e-6)


def test_they_repeat_bit_for_bit_whatever_the_number_of_threads(monkeypatch):
    scene = random_scene(3, count=1500)
    first = ours(*scene)
    for threads in (1, 3, 7):
        for module in (cpu_gradients, work_memory):
            monkeypatch.setattr(module, "num_threads", lambda threads=threads: threads)
        assert_equal(ours(*scene), first)


def test_drawing_region_by_region_changes_nothing_but_the_last_digits(monkeypatch):
    scene = random_scene(4, count=800, size=(130, 75))
    whole = ours(*scene)
    for module in (cpu_gradients, work_memory):
        monkeypatch.setattr(module, "MAX_ENTRIES", 2000)
    for name, gradient in ours(*scene).items():
        assert (gradient - whole[name]).norm() <= 1e-5 * whole[name].norm()


def test_pictures_wait_for_their_gradients_side_by_side():
    """Two views of the same Gaussians in one loss; and the same graph gone back over twice."""
    gaussians, camera = random_scene(9)
    other = look_at((-0.9, 0.2, 2.0), (0.0, 0.0, 0.0), fx=70.0, fy=70.0, width=61, height=40)
    renderer, leaves = CpuRenderer(), leaves_of(gaussians, camera, torch.float32)
    views = [
        renderer.render_differentiable(Gaussians(**{name: leaves[name] for name in FIELDS}), view, SETTINGS)
        for view in (camera, other)
    ]
    loss = loss_of(views[0]) + loss_of(views[1])
    inputs = [leaves[name] for name in FIELDS]
    once = torch.autograd.grad(loss, inputs, retain_graph=True)
    again = torch.autograd.grad(loss, inputs)
    apart = [ours(gaussians, view) for view in (camera, other)]
    for name, first, second in zip(FIELDS, once, again, strict=True):
        assert torch.equal(first, second)
        torch.testing.assert_close(first, apart[0][name] + apart[1][name], rtol=1e-5, atol=1e-5)


def test_training_beside_a_window_that_draws():
    """Two threads, one renderer: each gets what it gets alone."""
    scene, shown = random_scene(10, count=800), random_scene(12, count=800, size=(90, 70))
    renderer = CpuRenderer()
    expected_gradients, expected_picture = ours(*scene), renderer.render(*shown, SETTINGS)
    start, problems = threading.Barrier(2), []

    def train() -> None:
        start.wait()
        for _ in range(8):
            told = gradients(renderer.render_differentiable, *scene)
            problems.extend(name for name in told if not torch.equal(told[name], expected_gradients[name]))

    def show() -> None:
        start.wait()
        for _ in range(30):
            picture = renderer.render(*shown, SETTINGS)
            problems.extend(() if torch.equal(picture.rgb, expected_picture.rgb) else ("picture",))

    threads = [threading.Thread(target=each) for each in (train, show)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_rings_are_refused():
    with pytest.raises(ValueError, match="splats"):
        CpuRenderer().render_differentiable(*random_scene(0), dataclasses.replace(SETTINGS, footprint=Footprint.RING))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0, 1e30])
@pytest.mark.parametrize("field", FIELDS)
def test_whatever_the_numbers_are_the_gradients_are_finite(field, value):
    """And those of the sound Gaussians are what they are alone, where the others are not drawn."""
    gaussians, camera = random_scene(1, count=60)
    spoiled, _ = random_scene(2, count=60)
    getattr(spoiled, field)[:] = value
    told = ours(concatenate(gaussians, spoiled), camera)
    assert all(torch.isfinite(gradient).all() for gradient in told.values())
    if value != value:
        alone = ours(gaussians, camera)
        for name in FIELDS:
            torch.testing.assert_close(told[name][:60], alone[name], rtol=1e-5, atol=1e-6)
            assert not told[name][60:].any()


@pytest.mark.parametrize(("count", "size"), [(0, (20, 15)), (30, (0, 15)), (30, (1, 1))])
def test_nothing_to_draw_or_nowhere(count, size):
    gaussians, camera = random_scene(3, count=count)
    told = ours(gaussians, dataclasses.replace(camera, width=size[0], height=size[1]))
    assert told["means"].shape == (count, 3)
    assert all(torch.isfinite(gradient).all() for gradient in told.values())


def _training(steps: int) -> list[float]:
    """Colours, places and opacities are found again from pictures of the whole."""
    truth, camera = body_like(3_000), body_camera(64, 64)
    target = CpuRenderer().render(truth, camera, SETTINGS).rgb
    random = torch.Generator().manual_seed(0)
    means = (truth.means + 0.01 * torch.randn(truth.means.shape, generator=random)).requires_grad_()
    sh = torch.zeros_like(truth.sh).requires_grad_()
    logits = torch.zeros(len(truth)).requires_grad_()
    optimizer = torch.optim.Adam([{"params": [means], "lr": 1e-3}, {"params": [sh, logits], "lr": 5e-2}])
    renderer, losses = CpuRenderer(), []
    for _ in range(steps):
        gaussians = dataclasses.replace(truth, means=means, sh=sh, opacities=logits.sigmoid())
        loss = (renderer.render_differentiable(gaussians, camera, SETTINGS).rgb - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def test_training_learns_and_repeats_bit_for_bit():
    first = _training(40)
    assert first[-1] < 0.1 * first[0]
    assert _training(40) == first
