"""The pipeline computes what changed and nothing else, and what it remembers is right."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.avatar.template import make_template
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.pipeline import Pipeline
from rig_meshes import random_parameters


@pytest.fixture
def avatar(plain_body) -> Avatar:
    template = make_template(plain_body, k=2)
    return Avatar(
        name="test",
        body=plain_body.identity,
        betas=torch.zeros(plain_body.num_betas),
        template=template,
        parameters=random_parameters(template.num_gaussians),
    )


def _bent(body, amount: float) -> BodyPose:
    rotations = amount * torch.randn(55, 3, generator=torch.Generator().manual_seed(0))
    return replace(BodyPose.rest(body), rotations=rotations)


def test_only_what_changed_runs(plain_body, avatar):
    pipeline, pose = Pipeline(plain_body), _bent(plain_body, 0.1)
    betas = avatar.betas
    first = pipeline.gaussians(avatar, betas, pose)
    assert pipeline.last_run == ("shape", "bind", "place", "body", "rig")
    assert pipeline.gaussians(avatar, betas, pose) is first
    assert pipeline.last_run == ()
    posed = pipeline.gaussians(avatar, betas, _bent(plain_body, 0.2))
    assert pipeline.last_run == ("body", "rig")
    assert posed is not first
    pose = _bent(plain_body, 0.2)
    pipeline.gaussians(avatar, betas, pose)
    brighter = replace(avatar.parameters, sh=avatar.parameters.sh + 0.1)
    pipeline.gaussians(replace(avatar, parameters=brighter), betas, pose)
    assert pipeline.last_run == ("place", "rig")
    pipeline.gaussians(replace(avatar, parameters=brighter, name="renamed"), betas, pose)
    assert pipeline.last_run == ()
    pipeline.gaussians(replace(avatar, parameters=brighter), betas + 0.5, pose)
    assert pipeline.last_run == ("shape", "bind", "place", "body", "rig")
    assert set(pipeline.timings) == {"shape", "bind", "place", "body", "rig"}
    assert all(milliseconds >= 0 for milliseconds in pipeline.timings.values())


def test_what_comes_out_is_what_the_stages_say(plain_body, avatar):
    betas, pose = 0.3 * torch.ones(plain_body.num_betas), _bent(plain_body, 0.1)
    pipeline = Pipeline(plain_body)
    pipeline.gaussians(avatar, avatar.betas, BodyPose.rest(plain_body))
    gaussians = pipeline.gaussians(avatar, betas, pose)
    shaped = shape_body(plain_body, betas)
    posed = pose_body(plain_body, shaped, pose)
    expected = rig(
        avatar.template, place(avatar.template, avatar.parameters, shaped.vertices), shaped.vertices, posed.vertices
    )
    assert pipeline.posed is not None
    torch.testing.assert_close(pipeline.posed.vertices, posed.vertices, atol=1e-5, rtol=0)
    assert float((gaussians.means - expected.means).norm(dim=-1).quantile(0.99)) < 1e-4
    assert torch.equal(gaussians.opacities, expected.opacities)


def test_another_bodys_avatar_is_refused(plain_body, avatar):
    stranger = replace(avatar, body=replace(avatar.body, fingerprint="0" * 16))
    with pytest.raises(ValueError, match="wants the body"):
        Pipeline(plain_body).gaussians(stranger, avatar.betas, BodyPose.rest(plain_body))


def test_an_avatar_whose_parts_do_not_fit_is_refused(avatar):
    with pytest.raises(ValueError, match="do not fit a template"):
        replace(avatar, parameters=random_parameters(5))
