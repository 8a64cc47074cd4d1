"""Whatever the numbers are: a picture, finite, and right where the numbers mean something."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.gaussians import Gaussians, concatenate
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderedImage, RenderSettings
from nlfgs_studio.core.rendering.torch_reference import TorchReference
from scenes import random_scene, single

SETTINGS = RenderSettings(background=(0.3, 0.3, 0.3))
RENDERER = CpuRenderer()
SPECIAL = (0.0, -0.0, 1.0, -1.0, 1e-30, 1e-45, 1e10, 1e19, 1e30, 3e38, -3e38, float("nan"), float("inf"), float("-inf"))
FIELDS = ("means", "covariances", "opacities", "sh", "sh_rotations_wxyz")


def assert_sound(image: RenderedImage, camera: Camera) -> None:
    assert image.alpha.shape == image.depth.shape == (camera.height, camera.width)
    for values in (image.rgb, image.alpha, image.depth):
        assert torch.isfinite(values).all()
        assert (values >= 0.0).all()
    assert (image.rgb <= 1.0).all()
    assert (image.alpha <= 1.0).all()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_gaussian_that_is_not_finite_is_left_out_and_the_others_are_drawn(field, value):
    gaussians, camera = random_scene(1, count=50)
    spoiled, camera = random_scene(2, count=50)
    for index in range(50):
        values = getattr(spoiled, field)
        values[index].view(-1)[index % values[index].numel()] = value
    expected = RENDERER.render(gaussians, camera, SETTINGS)
    for renderer in (RENDERER, TorchReference()):
        image = renderer.render(concatenate(gaussians, spoiled), camera, SETTINGS)
        assert_sound(image, camera)
        torch.testing.assert_close(image.rgb.float(), expected.rgb, atol=1e-4, rtol=0.0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(FIELDS), st.integers(0, 29), st.integers(0, 47), st.sampled_from(SPECIAL)),
        min_size=1,
        max_size=40,
    )
)
def test_any_numbers_anywhere(changes):
    gaussians, camera = random_scene(3, count=30, size=(33, 20))
    for field, index, place, value in changes:
        values = getattr(gaussians, field)[index].view(-1)
        values[place % values.numel()] = value
    assert_sound(RENDERER.render(gaussians, camera, SETTINGS), camera)
    assert_sound(TorchReference().render(gaussians, camera, SETTINGS), camera)


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(0, 70),
    height=st.integers(0, 70),
    focal=st.sampled_from((1e-3, 1.0, 50.0, 1e5)),
    near=st.sampled_from((-1.0, 0.0, 0.01, 100.0)),
    splat_scale=st.sampled_from((0.0, 1e-6, 1.0, 50.0, 1e12)),
    center=st.sampled_from((-1e6, 0.0, 30.0, 1e8)),
)
def test_any_camera_and_the_judge_agrees(width, height, focal, near, splat_scale, center):
    gaussians, camera = random_scene(4, count=25)
    camera = dataclasses.replace(camera, width=width, height=height, fx=focal, fy=focal, cx=center, near=near)
    chosen = dataclasses.replace(SETTINGS, splat_scale=splat_scale)
    image = RENDERER.render(gaussians, camera, chosen)
    assert_sound(image, camera)
    judged = TorchReference().render(gaussians, camera, chosen)
    wrong = ((image.rgb - judged.rgb).abs().amax(dim=-1) > 1.0 / 255.0).sum()
    assert wrong <= 0.005 * width * height + 1


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from((1e-8, 1e-3, 1.0, 1e6)))
def test_covariances_that_are_none(seed, size):
    """Symmetric matrices at random: most have a negative eigenvalue; some still have an image."""
    gaussians, camera = random_scene(5, count=60)
    generator = torch.Generator().manual_seed(seed)
    spoiled = dataclasses.replace(gaussians, covariances=size * torch.randn(60, 6, generator=generator))
    image = RENDERER.render(spoiled, camera, SETTINGS)
    assert_sound(image, camera)
    judged = TorchReference().render(spoiled, camera, SETTINGS)
    assert ((image.rgb - judged.rgb).abs().amax(dim=-1) > 1.0 / 255.0).double().mean() <= 0.005


@pytest.mark.parametrize("size", [(0, 0), (0, 10), (10, 0), (1, 1), (1, 300), (300, 1), (2100, 1500)])
def test_pictures_of_any_size(size):
    width, height = size
    camera = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=300.0, fy=300.0, width=width, height=height)
    image = RENDERER.render(single(deviation=0.2), camera, SETTINGS)
    assert_sound(image, camera)
    if width * height:
        assert image.alpha[height // 2, width // 2] > 0.85
    assert tuple(image.rgb.shape) == (height, width, 3)


def test_sizes_and_settings_that_cannot_be_are_refused():
    camera = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=300.0, fy=300.0, width=600_000, height=1)
    with pytest.raises(ValueError, match="side"):
        RENDERER.render(single(), camera, SETTINGS)
    for channel in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="background"):
            RenderSettings(background=(0.0, channel, 0.0))


def test_no_gaussians_give_the_background():
    gaussians, camera = random_scene(0, count=0)
    for renderer in (RENDERER, TorchReference()):
        image = renderer.render(gaussians, camera, SETTINGS)
        assert_sound(image, camera)
        assert torch.allclose(image.rgb, torch.tensor(0.3, dtype=image.rgb.dtype))
        assert (image.alpha == 0.0).all()
        assert (image.depth == 0.0).all()


def test_many_gaussians_that_each_cover_everything_fit_in_memory_and_time():
    _, camera = random_scene(0, size=(640, 480))
    one = single((0.0, 0.0, 0.0), deviation=30.0, opacity=0.999)
    many = Gaussians(
        means=one.means.expand(30_000, 3),
        covariances=one.covariances.expand(30_000, 6),
        opacities=one.opacities.expand(30_000),
        sh=one.sh.expand(30_000, 1, 3),
    )
    image = CpuRenderer().render(many, camera, SETTINGS)
    assert_sound(image, camera)
    assert (image.alpha > 0.999).all()
