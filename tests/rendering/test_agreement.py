"""The fast renderer draws the judge's picture."""

import dataclasses

import pytest
import torch
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.gaussians import Gaussians, concatenate
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderedImage, RenderSettings
from nlfgs_studio.core.rendering.torch_reference import TorchReference
from scenes import body_camera, body_like, random_scene, single

SETTINGS = RenderSettings(background=(0.2, 0.4, 0.6))


def assert_agree(gaussians: Gaussians, camera: Camera, settings: RenderSettings = SETTINGS) -> RenderedImage:
    """Within 1/255 on 99.5 % of the pixels that either covers; depth within 1/255 of itself; no stray elsewhere."""
    judged = TorchReference().render(gaussians, camera, settings)
    drawn = CpuRenderer().render(gaussians, camera, settings)
    covered = (judged.alpha > 0.0) | (drawn.alpha > 0.0)
    assert covered.any()
    for ours, theirs, unit in (
        (drawn.rgb, judged.rgb, torch.ones(())),
        (drawn.alpha.unsqueeze(-1), judged.alpha.unsqueeze(-1), torch.ones(())),
        (drawn.depth.unsqueeze(-1), judged.depth.unsqueeze(-1), judged.depth.clamp_min(1e-3)[covered]),
    ):
        assert torch.isfinite(ours).all()
        error = (ours.double() - theirs).abs().amax(dim=-1)[covered] / unit
        assert (error <= 1.0 / 255.0).double().mean() >= 0.995
    elsewhere = drawn.rgb[~covered].double() - torch.tensor(settings.background).double()
    assert elsewhere.numel() == 0 or elsewhere.abs().max() < 1e-6
    return judged


@pytest.mark.parametrize("seed", range(4))
def test_anisotropic_gaussians_with_turned_harmonics(seed):
    assert_agree(*random_scene(seed))


@pytest.mark.parametrize("log_scale", [(-9.0, -6.0), (-2.0, 2.0), (-8.0, 1.0), (2.0, 6.0)], ids=str)
def test_tiny_huge_and_mixed_sizes(log_scale):
    assert_agree(*random_scene(9, log_scale=log_scale))


@pytest.mark.parametrize("degree", range(4))
@pytest.mark.parametrize("rotated", [True, False])
def test_every_degree(degree, rotated):
    gaussians, camera = random_scene(degree, count=60, degree=degree, rotated=rotated)
    assert_agree(gaussians, camera)


@pytest.mark.parametrize(
    "settings",
    [
        RenderSettings(background=(0.0, 0.0, 0.0), splat_scale=0.3),
        RenderSettings(splat_scale=4.0),
        RenderSettings(max_sh_degree=0),
        RenderSettings(max_sh_degree=2),
        RenderSettings(max_sh_degree=7),
    ],
    ids=str,
)
def test_settings(settings):
    assert_agree(*random_scene(2, count=120), settings)


@pytest.mark.parametrize("log_scale", [(-4.0, -1.0), (-7.0, -4.0), (-8.0, 1.0)], ids=str)
@pytest.mark.parametrize("seed", range(2))
def test_antialiased(seed, log_scale):
    gaussians, camera = random_scene(seed, count=900, log_scale=log_scale)
    assert_agree(gaussians, camera, dataclasses.replace(SETTINGS, antialiased=True))


@pytest.mark.parametrize("renderer", [CpuRenderer(), TorchReference()], ids=["cpu", "torch_reference"])
def test_antialiased_ones_cover_as_much_from_afar_as_they_are_large(renderer):
    """The sum of the coverage falls with the square of the distance; without, it stays that of a whole pixel."""
    covered: dict[bool, list[float]] = {True: [], False: []}
    for antialiased, distance in ((True, 2.0), (True, 8.0), (False, 2.0), (False, 8.0)):
        camera = look_at((0.0, 0.0, distance), (0.0, 0.0, 0.0), fx=100.0, fy=100.0, width=41, height=31)
        settings = dataclasses.replace(SETTINGS, antialiased=antialiased)
        image = renderer.render(single(deviation=0.02, opacity=0.9), camera, settings)
        covered[antialiased].append(float(image.alpha.sum()))
    assert covered[True][0] / covered[True][1] == pytest.approx(16.0, rel=0.15)
    assert covered[False][0] / covered[False][1] < 4.5


def test_transparent_layers_up_to_the_early_end():
    gaussians, camera = random_scene(7, count=2000, log_scale=(-2.2, -0.8), size=(30, 24))
    for opacity in (0.02, 0.3, 1.0):
        assert_agree(dataclasses.replace(gaussians, opacities=torch.full((2000,), opacity)), camera)


def test_camera_inside_the_cloud_and_off_axis():
    gaussians, camera = random_scene(11, count=600, log_scale=(-4.0, -0.5))
    inside = look_at((0.05, 0.0, 0.1), (0.0, 0.0, -1.0), fx=40.0, fy=55.0, width=70, height=50)
    assert_agree(gaussians, inside)
    assert_agree(gaussians, dataclasses.replace(camera, cx=-30.0, cy=80.0))


def test_long_thin_gaussians():
    gaussians, camera = random_scene(12, count=100, log_scale=(-8.0, -7.0))
    directions = torch.nn.functional.normalize(torch.randn(100, 3, generator=torch.Generator().manual_seed(0)), dim=-1)
    outer = (directions.unsqueeze(-1) * directions.unsqueeze(-2)).reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]]
    assert_agree(dataclasses.replace(gaussians, covariances=gaussians.covariances + 4.0 * outer), camera)


def test_equal_depths_are_drawn_by_index():
    red, green = single(color=(1.0, 0.0, 0.0)), single(color=(0.0, 1.0, 0.0))
    camera = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=100.0, fy=100.0, width=41, height=31)
    assert_agree(concatenate(red, green), camera)
    assert_agree(concatenate(green, red), camera)


def test_body():
    judged = assert_agree(body_like(3_000), body_camera(56, 56))
    assert judged.alpha[28, 28] > 0.99


def test_body_from_very_near():
    camera = look_at((0.0, 0.45, 0.6), (0.0, 0.38, 0.0), fx=60.0, fy=60.0, width=40, height=40)
    assert_agree(body_like(4_000), camera)
