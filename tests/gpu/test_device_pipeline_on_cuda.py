"""Body and rig as one recorded graph: the processor's Gaussians, no wait, nothing that changes under the receiver."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.device_pipeline import DevicePipeline
from nlfgs_studio.core.pipeline import Pipeline
from poses import random_pose


@pytest.fixture(scope="module")
def avatar(plain_body):
    return default_avatar(plain_body)


def test_the_graph_is_recorded_and_makes_the_processors_gaussians(cuda, plain_body, avatar):
    device, host = DevicePipeline(plain_body, cuda), Pipeline(plain_body)
    for seed in range(4):
        pose = random_pose(plain_body, seed)
        ours, theirs = (each.gaussians(avatar, avatar.betas, pose) for each in (device, host))
        assert ours.means.device == cuda
        torch.testing.assert_close(ours.means.cpu(), theirs.means, atol=5e-5, rtol=0.0)
        torch.testing.assert_close(ours.covariances.cpu(), theirs.covariances, atol=1e-7, rtol=2e-3)
    assert device.graph_problem == ""


def test_what_was_given_away_stays_as_it_is(cuda, plain_body, avatar):
    pipeline = DevicePipeline(plain_body, cuda)
    first = pipeline.gaussians(avatar, avatar.betas, random_pose(plain_body, 0))
    kept = first.means.clone()
    pipeline.gaussians(avatar, avatar.betas, random_pose(plain_body, 1))
    assert torch.equal(first.means, kept)


def test_a_driven_frame_is_no_wait(cuda, plain_body, avatar):
    pipeline = DevicePipeline(plain_body, cuda)
    pipeline.gaussians(avatar, avatar.betas, random_pose(plain_body, 0))
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        pipeline.gaussians(avatar, avatar.betas, random_pose(plain_body, 1))
    finally:
        torch.cuda.set_sync_debug_mode("default")
