"""The judge itself, against what can be computed by hand."""

import dataclasses
import math

import pytest
import torch
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.gaussians import Gaussians, concatenate, select
from nlfgs_studio.core.geometry.rotations import quaternion_multiply, quaternion_to_matrix
from nlfgs_studio.core.rendering.renderer import RenderSettings, without_background
from nlfgs_studio.core.rendering.torch_reference import TorchReference
from scenes import random_scene, single

BLACK = RenderSettings(background=(0.0, 0.0, 0.0))
FRONT = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=100.0, fy=100.0, width=41, height=31)


def draw(gaussians: Gaussians, camera: Camera = FRONT, settings: RenderSettings = BLACK):
    return TorchReference().render(gaussians, camera, settings)


def test_round_gaussian_falls_off_as_its_image_covariance_says():
    image = draw(single(deviation=0.05, opacity=0.9))
    variance = (0.05 * 100.0 / 2.0) ** 2 + 0.3
    for column, row in ((20, 15), (23, 15), (20, 18), (17, 12)):
        squared = (column + 0.5 - 20.5) ** 2 + (row + 0.5 - 15.5) ** 2
        assert image.alpha[row, column] == pytest.approx(0.9 * math.exp(-0.5 * squared / variance), rel=1e-5)
    torch.testing.assert_close(image.rgb, image.alpha.unsqueeze(-1) * torch.tensor([0.9, 0.5, 0.2]).double())
    torch.testing.assert_close(image.depth[image.alpha > 0], torch.full_like(image.depth[image.alpha > 0], 2.0))


def test_contributions_below_one_byte_step_are_not_drawn():
    image = draw(single(opacity=0.9))
    assert image.alpha[image.alpha > 0].min() >= 1.0 / 255.0
    assert (image.alpha == 0).any()
    assert (image.depth[image.alpha == 0] == 0).all()
    assert (draw(single(opacity=0.0039)).alpha == 0).all()


def test_the_near_one_hides_the_far_one_whatever_their_order_in_memory():
    near = single((0.0, 0.0, 0.5), opacity=0.8, color=(1.0, 0.0, 0.0))
    far = single((0.0, 0.0, -0.5), opacity=0.6, color=(0.0, 1.0, 0.0))
    for pair in (concatenate(near, far), concatenate(far, near)):
        image = draw(pair)
        torch.testing.assert_close(image.rgb[15, 20], torch.tensor([0.8, 0.2 * 0.6, 0.0]).double(), atol=1e-6, rtol=0.0)
        assert image.depth[15, 20].item() == pytest.approx((0.8 * 1.5 + 0.12 * 2.5) / 0.92)


def test_equally_deep_ones_are_taken_by_index():
    red, green = single(opacity=0.8, color=(1.0, 0.0, 0.0)), single(opacity=0.8, color=(0.0, 1.0, 0.0))
    assert draw(concatenate(red, green)).rgb[15, 20, 0].item() == pytest.approx(0.8)
    assert draw(concatenate(green, red)).rgb[15, 20, 1].item() == pytest.approx(0.8)


def test_background_shows_through_what_is_not_covered():
    gaussians = single(opacity=0.9)
    over_blue = draw(gaussians, settings=RenderSettings(background=(0.1, 0.2, 0.7)))
    expected = draw(gaussians).rgb + (1.0 - over_blue.alpha).unsqueeze(-1) * torch.tensor([0.1, 0.2, 0.7]).double()
    torch.testing.assert_close(over_blue.rgb, expected)
    straight = without_background(over_blue, (0.1, 0.2, 0.7))
    torch.testing.assert_close(straight[15, 20], torch.tensor([0.9, 0.5, 0.2]).double())
    assert (straight[over_blue.alpha == 0] == 0).all()


def test_nothing_nearer_than_the_near_plane_is_drawn():
    gaussians = concatenate(single((0.0, 0.0, 1.95)), single((0.0, 0.0, 3.0)))
    assert (draw(gaussians, dataclasses.replace(FRONT, near=0.06)).alpha == 0).all()
    assert (draw(gaussians, dataclasses.replace(FRONT, near=0.04)).alpha > 0).any()


def test_splat_scale_multiplies_standard_deviations():
    torch.testing.assert_close(
        draw(single(deviation=0.1), settings=dataclasses.replace(BLACK, splat_scale=0.5)).alpha,
        draw(single(deviation=0.05)).alpha,
    )


def test_lower_degree_draws_as_if_the_higher_coefficients_were_not_there():
    gaussians, camera = random_scene(3, count=60)
    for degree in range(3):
        cut = dataclasses.replace(gaussians, sh=gaussians.sh[:, : (degree + 1) ** 2])
        capped = draw(gaussians, camera, dataclasses.replace(BLACK, max_sh_degree=degree))
        torch.testing.assert_close(capped.rgb, draw(cut, camera).rgb)
        assert not torch.allclose(capped.rgb, draw(gaussians, camera).rgb, atol=1e-3)


def test_moving_scene_and_camera_together_changes_nothing():
    gaussians, camera = random_scene(4, count=80, size=(40, 30))
    turn = torch.nn.functional.normalize(torch.tensor([0.3, -0.5, 0.7, 0.2], dtype=torch.float64), dim=0)
    rotation, shift = quaternion_to_matrix(turn), torch.tensor([0.5, -2.0, 1.0], dtype=torch.float64)
    symmetric = gaussians.covariances.double()[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    turned = (rotation @ symmetric @ rotation.T).reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]]
    moved = dataclasses.replace(
        gaussians,
        means=gaussians.means.double() @ rotation.T + shift,
        covariances=turned,
        sh_rotations_wxyz=quaternion_multiply(turn.expand(80, 4), gaussians.sh_rotations_wxyz.double()),
    )
    world_from_old = torch.eye(4, dtype=torch.float64)
    world_from_old[:3, :3], world_from_old[:3, 3] = rotation, shift
    matrix = camera.camera_from_world.double() @ torch.linalg.inv(world_from_old)
    moved_camera = dataclasses.replace(camera, camera_from_world=matrix)
    torch.testing.assert_close(draw(gaussians, camera).rgb, draw(moved, moved_camera).rgb, atol=2e-5, rtol=0.0)


def test_a_picture_is_the_middle_of_a_larger_one_with_the_same_camera():
    gaussians, camera = random_scene(5, count=80, size=(40, 30), log_scale=(-4.0, -2.0))
    inside = select(gaussians, (gaussians.means - torch.tensor([0.1, -0.1, 0.0])).norm(dim=-1) < 0.6)
    wide = dataclasses.replace(camera, width=60, height=50, cx=camera.cx + 10, cy=camera.cy + 10)
    torch.testing.assert_close(draw(inside, wide).rgb[10:40, 10:50], draw(inside, camera).rgb)


def test_gradients_reach_every_number():
    gaussians, _ = random_scene(6, count=5, degree=1, log_scale=(-2.0, -1.0), spread=0.3)
    camera = look_at((0.4, 0.3, 2.0), (0.0, 0.0, 0.0), fx=8.0, fy=8.0, width=4, height=3)
    names = ("means", "covariances", "opacities", "sh", "sh_rotations_wxyz")
    values = tuple(getattr(gaussians, name).double().requires_grad_() for name in names)

    def picture(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        image = draw(Gaussians(**dict(zip(names, values, strict=True))), camera)
        return image.rgb, image.alpha, image.depth

    assert torch.autograd.gradcheck(picture, values, atol=1e-4, eps=1e-7)
    rgb, alpha, depth = picture(*values)
    for value, gradient in zip(
        values, torch.autograd.grad((rgb.sum() + alpha.sum() + depth.sum()), values), strict=True
    ):
        assert torch.isfinite(gradient).all()
        assert (gradient != 0.0).any(), value.shape
