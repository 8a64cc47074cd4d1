"""What reaches beyond the person's outline is drawn back; what does not is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import in_camera, look_at, projected
from nlfgs_studio.core.creation.carving import carved
from nlfgs_studio.core.nlf.template import base_parameters, network_template
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.training.observation import Observation

CAMERA = look_at((0.0, 0.3, 1.2), (0.0, 0.25, 0.0), fx=300.0, fy=300.0, width=200, height=200)


@pytest.fixture(scope="module")
def pipeline(body) -> Pipeline:
    return Pipeline(body)


@pytest.fixture(scope="module")
def bare(body) -> Avatar:
    template = network_template(body, k=1)
    parameters = base_parameters(body, template)
    return Avatar(
        name="", body=body.identity, betas=torch.zeros(body.num_betas), template=template, parameters=parameters
    )


@pytest.fixture(scope="module")
def puffed(bare) -> Avatar:
    """Everything stands off the skin."""
    offsets = torch.zeros_like(bare.parameters.offsets)
    offsets[:, 2] = 4.0
    return replace(bare, parameters=replace(bare.parameters, offsets=offsets))


def observed(body, mask: np.ndarray) -> Observation:
    return Observation(
        picture=0,
        name="",
        image=np.zeros((200, 200, 3), np.uint8),
        mask=mask.astype(np.float32),
        weights=np.ones((200, 200), np.float32),
        camera=CAMERA,
        pose=BodyPose.rest(body),
    )


def pixels_of(pipeline: Pipeline, avatar: Avatar) -> np.ndarray:
    means = pipeline.gaussians(avatar, avatar.betas, BodyPose.rest(pipeline.body)).means
    return projected(in_camera(means, CAMERA), CAMERA).numpy()


def test_what_stands_beyond_the_outline_is_drawn_back(body, pipeline, bare, puffed):
    gaussians = pipeline.gaussians(bare, bare.betas, BodyPose.rest(body))
    mask = CpuRenderer().render(gaussians, CAMERA, RenderSettings()).alpha.numpy()
    after = replace(puffed, parameters=carved(pipeline, puffed, [observed(body, mask)]))

    def beyond(avatar: Avatar) -> np.ndarray:
        column, row = np.floor(pixels_of(pipeline, avatar)).astype(int).T
        inside = (column >= 0) & (row >= 0) & (column < 200) & (row < 200)
        outside = np.zeros(len(column), bool)
        outside[inside] = mask[row[inside], column[inside]] < 0.4
        return outside

    stood_off = beyond(puffed) & ~beyond(bare)
    assert stood_off.sum() > 100
    assert beyond(after)[stood_off].mean() < 0.02
    kept = ~beyond(puffed)
    assert torch.equal(after.parameters.offsets[kept], puffed.parameters.offsets[kept])


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_nothing_is_drawn_back_where_the_outline_says_nothing(body, pipeline, bare, puffed, level):
    """Everything is the person; or nothing is, which is not the offsets' fault."""
    parameters = carved(pipeline, puffed, [observed(body, np.full((200, 200), level))])
    shown = [
        ((pixels > 0.0) & (pixels < 200.0)).all(axis=1) for pixels in map(pixels_of, 2 * [pipeline], (bare, puffed))
    ]
    both = shown[0] & shown[1]
    assert both.sum() > 1000
    assert torch.equal(parameters.offsets[both], puffed.parameters.offsets[both])
    unknown = replace(observed(body, np.zeros((200, 200))), weights=np.zeros((200, 200), np.float32))
    assert torch.equal(carved(pipeline, puffed, [unknown]).offsets, puffed.parameters.offsets)
