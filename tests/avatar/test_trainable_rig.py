"""The compiled rig for training is the rig: forward, and in the gradients of what is trained."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from avatars import bent_pose, random_avatar
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.avatar.trainable_rig import TrainableRig
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.gaussians import GaussianParameters, Gaussians

NAMES = tuple(field.name for field in fields(GaussianParameters))


@pytest.fixture(scope="module")
def scene(plain_body):
    avatar = random_avatar(plain_body, k=2)
    shaped = shape_body(plain_body, avatar.betas)
    return avatar, shaped.vertices, pose_body(plain_body, shaped, bent_pose(plain_body)).vertices


def _leaves(parameters: GaussianParameters) -> GaussianParameters:
    return GaussianParameters(**{name: getattr(parameters, name).clone().requires_grad_() for name in NAMES})


def _loss(gaussians: Gaussians) -> torch.Tensor:
    """Of everything that is drawn, in directions of its own."""
    random = torch.Generator().manual_seed(1)
    parts = (gaussians.means, 1e3 * gaussians.covariances, gaussians.opacities, gaussians.sh)
    return sum((part * torch.randn(part.shape, generator=random)).sum() for part in parts)


def test_gaussians_are_those_of_the_rig(scene):
    avatar, rest, posed = scene
    made = TrainableRig(avatar.template, rest).rig(avatar.parameters, posed)
    true = rig(avatar.template, place(avatar.template, avatar.parameters, rest), rest, posed)
    for name in ("means", "covariances", "opacities", "sh"):
        torch.testing.assert_close(getattr(made, name), getattr(true, name), rtol=1e-4, atol=1e-5)
    alike = (made.sh_rotations_wxyz * true.sh_rotations_wxyz).sum(-1).abs()
    torch.testing.assert_close(alike, torch.ones_like(alike), rtol=0.0, atol=1e-5)


def test_gradients_are_those_of_the_rig(scene):
    avatar, rest, posed = scene
    first, second = _leaves(avatar.parameters), _leaves(avatar.parameters)
    _loss(TrainableRig(avatar.template, rest).rig(first, posed)).backward()
    _loss(rig(avatar.template, place(avatar.template, second, rest), rest, posed)).backward()
    for name in NAMES:
        made, true = getattr(first, name).grad, getattr(second, name).grad
        assert (made - true).norm() < 1e-4 * true.norm(), name


def test_the_mesh_gets_the_gradient_of_the_points_on_it(scene):
    avatar, rest, posed = scene
    mesh = posed.clone().requires_grad_()
    weights = torch.randn(avatar.template.num_gaussians, 3, generator=torch.Generator().manual_seed(2))
    (TrainableRig(avatar.template, rest).rig(avatar.parameters, mesh).means * weights).sum().backward()
    points = posed.clone().requires_grad_()
    (avatar.template.surface_points(points) * weights).sum().backward()
    torch.testing.assert_close(mesh.grad, points.grad, rtol=1e-4, atol=1e-4)


def test_degenerate_faces_and_quaternions_without_length_do_no_harm(scene):
    """They neither break the Gaussians nor their gradients: one that is no number would spread to all of them."""
    avatar, rest, posed = scene
    template = avatar.template
    flat, posed = rest.clone(), posed.clone()
    broken = template.faces[template.face_indices[:6]].unique()
    flat[broken], posed[broken] = flat[broken[0]].clone(), posed[broken[0]].clone()
    leaves = _leaves(avatar.parameters)
    turns = avatar.parameters.rotations_wxyz.clone()
    turns[::3] = 0.0
    leaves = replace(leaves, rotations_wxyz=turns.requires_grad_())
    mesh = posed.requires_grad_()
    made = TrainableRig(template, flat).rig(leaves, mesh)
    true = rig(template, place(template, leaves, flat), flat, posed.detach())
    for name in ("means", "covariances"):
        torch.testing.assert_close(getattr(made, name), getattr(true, name), rtol=1e-4, atol=1e-5)
    _loss(made).backward()
    for name in NAMES:
        assert getattr(leaves, name).grad.isfinite().all(), name
    assert mesh.grad.isfinite().all()
    assert (leaves.offsets.grad[::3].abs().sum(-1) > 0).any(), "those without a turn go on learning"
