"""The pipeline for graphics cards, on the processor: the same Gaussians, and nothing that a device would wait for."""

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.device_pipeline import DevicePipeline
from nlfgs_studio.core.pipeline import Pipeline
from poses import random_pose
from torch.utils._python_dispatch import TorchDispatchMode

WAITS = ("aten.lift_fresh", "aten._local_scalar_dense", "aten.nonzero", "aten.is_nonzero", "aten.equal", "aten.item")
"""Constants copied from the host, and questions that the host asks the device."""


class _Operations(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def avatar(plain_body):
    return default_avatar(plain_body)


def test_it_makes_what_the_processors_pipeline_makes(plain_body, avatar):
    device, host = DevicePipeline(plain_body, "cpu"), Pipeline(plain_body)
    for seed in range(3):
        pose = random_pose(plain_body, seed)
        ours, theirs = (each.gaussians(avatar, avatar.betas, pose) for each in (device, host))
        torch.testing.assert_close(ours.means, theirs.means, atol=2e-5, rtol=0.0)
        torch.testing.assert_close(ours.covariances, theirs.covariances, atol=1e-7, rtol=1e-3)
        torch.testing.assert_close(ours.opacities, theirs.opacities)
        aligned = (ours.sh_rotations_wxyz * theirs.sh_rotations_wxyz).sum(-1).abs()
        assert (aligned > 1.0 - 1e-4).all()


def test_only_what_changed_is_made_anew_and_what_was_given_stays(plain_body, avatar):
    pipeline = DevicePipeline(plain_body, "cpu")
    pose = random_pose(plain_body, 0)
    first = pipeline.gaussians(avatar, avatar.betas, pose)
    assert pipeline.last_run == ("shape", "template", "bind", "place", "rig")
    kept = first.means.clone()
    assert pipeline.gaussians(avatar, avatar.betas, pose) is first
    assert pipeline.last_run == ()
    second = pipeline.gaussians(avatar, avatar.betas, random_pose(plain_body, 1))
    assert pipeline.last_run == ("rig",)
    assert torch.equal(first.means, kept)
    assert not torch.equal(second.means, kept)


def test_other_gaussians_on_the_same_template_are_only_placed_and_rigged(plain_body, avatar):
    pipeline, pose = DevicePipeline(plain_body, "cpu"), random_pose(plain_body, 0)
    first = pipeline.gaussians(avatar, avatar.betas, pose)
    means, opacities = first.means.clone(), first.opacities.clone()
    parameters = replace(
        avatar.parameters,
        offsets=avatar.parameters.offsets + 0.1,
        log_scales=avatar.parameters.log_scales + 0.1,
        opacity_logits=avatar.parameters.opacity_logits - 1.0,
        sh=avatar.parameters.sh[:, :1] * 0.5,
    )
    changed = replace(avatar, parameters=parameters)
    second = pipeline.gaussians(changed, avatar.betas, pose)
    assert pipeline.last_run == ("place", "rig")
    fresh = DevicePipeline(plain_body, "cpu").gaussians(changed, avatar.betas, pose)
    for field in ("means", "covariances", "opacities", "sh"):
        torch.testing.assert_close(getattr(second, field), getattr(fresh, field))
    assert torch.equal(first.means, means)
    assert torch.equal(first.opacities, opacities)


def test_another_bodys_avatar_is_refused(plain_body, avatar, body):
    with pytest.raises(ValueError, match="wants the body"):
        DevicePipeline(body, "cpu").gaussians(avatar, avatar.betas, random_pose(body, 0))


def test_body_and_rig_ask_the_host_for_nothing(plain_body, avatar):
    """With gradients too, as training runs them."""
    shaped = shape_body(plain_body, avatar.betas)
    rest = place(avatar.template, avatar.parameters, shaped.vertices)
    pose = random_pose(plain_body, 0)

    def driven():
        posed = pose_body(plain_body, shaped, pose)
        return rig(avatar.template, rest, shaped.vertices, posed.vertices)

    driven()  # what is made once for a device is made now
    with _Operations() as operations:
        driven()
    assert len(operations.names) > 100
    assert not [name for name in operations.names if name.startswith(WAITS)]
