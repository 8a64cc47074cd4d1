"""Nothing shines through a person: inside the body's outline 99.9 % of the pixels let less than a hundredth through."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.avatar.part_styles import PartStyle
from nlfgs_studio.core.avatar.styles import styled_avatar
from nlfgs_studio.core.avatar.wardrobe import drawn_avatar
from nlfgs_studio.core.body.joints import JOINT_LIMITS_DEGREES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from silhouettes import OPAQUE, mesh_mask, share_covered

SIZE = 512
ENOUGH = 0.999


def _random_pose(body: BodyModel, seed: int) -> BodyPose:
    """Every joint anywhere within its limits."""
    limits = torch.deg2rad(JOINT_LIMITS_DEGREES)
    random = torch.rand(55, 3, generator=torch.Generator().manual_seed(seed))
    rotations = limits[..., 0] + random * (limits[..., 1] - limits[..., 0])
    rotations[0] = 0.0
    return replace(BodyPose.rest(body), rotations=rotations)


def _action(body: BodyModel, index: int) -> BodyPose:
    expression = torch.zeros(body.num_expression)
    expression[index] = 1.0
    if body.expression_names[index] == "mouthClose":
        expression[body.expression_names.index("jawOpen")] = 1.0  # it lifts the lip of an open mouth
    return replace(BodyPose.rest(body), expression=expression)


def _covered(pipeline: Pipeline, avatar: Avatar, pose: BodyPose, yaw: float, *, head: bool = False) -> float:
    gaussians = pipeline.gaussians(avatar, avatar.betas, pose)
    assert pipeline.posed is not None
    vertices, body = pipeline.posed.vertices, pipeline.body
    used = body.faces
    if head:
        used = used[(body.skin_weights[:, [12, 15, 22, 23, 24]].sum(-1) > 0.5)[used].all(-1)]
    shown = vertices[used.unique()]
    middle, reach = 0.5 * (shown.amin(0) + shown.amax(0)), float((shown.amax(0) - shown.amin(0)).norm())
    orbit = OrbitCamera(target=(float(middle[0]), float(middle[1]), float(middle[2])), yaw=yaw)
    distance = 0.5 * reach / math.tan(0.5 * orbit.vertical_fov) * 1.1
    camera = replace(orbit, distance=distance).camera(SIZE, SIZE)
    alpha = CpuRenderer().render(gaussians, camera, RenderSettings()).alpha.numpy()
    mask = mesh_mask(body, vertices, camera)
    assert mask.sum() > 5000
    return share_covered(mask, alpha)


def test_the_measure_finds_a_hole(body):
    avatar = drawn_avatar(body, 0)
    means = avatar.template.surface_points(body.template_vertices)
    gone = (means - torch.tensor([0.0, 0.0, 0.0]))[:, :2].norm(dim=-1) < 0.03
    logits = torch.where(gone, torch.tensor(-16.0), avatar.parameters.opacity_logits)
    holed = replace(avatar, parameters=replace(avatar.parameters, opacity_logits=logits))
    assert _covered(Pipeline(body), holed, BodyPose.rest(body), 0.0) < ENOUGH
    assert OPAQUE == 0.99


@pytest.mark.parametrize("seed", [0, 5])
def test_random_poses_have_no_holes(body, seed):
    pipeline, avatar = Pipeline(body), drawn_avatar(body, seed)
    for number in range(2):
        assert _covered(pipeline, avatar, _random_pose(body, 10 * seed + number), 2.4 * number) > ENOUGH


@pytest.mark.parametrize("name", ["jawOpen", "mouthFunnel", "eyeWideLeft", "eyeBlinkRight"])
def test_faces_have_no_holes(body, name):
    pose = _action(body, body.expression_names.index(name))
    assert _covered(Pipeline(body), drawn_avatar(body, 0), pose, 0.3, head=True) > ENOUGH


@pytest.mark.parametrize("seed", [1, 4])
def test_where_clothes_and_hair_are_hidden_is_skin(body, seed):
    avatar = drawn_avatar(body, seed)
    hidden = ("hair", "beard", "top", "bottom", "shoes", "glasses", "hat")
    bare = styled_avatar(avatar, body, [PartStyle(group=group, visible=False) for group in hidden])
    for yaw in (0.0, 2.0):
        assert _covered(Pipeline(body), bare, BodyPose.rest(body), yaw) > ENOUGH
    assert body.face_parts is not None
    chest = (body.face_parts == body.part_names.index("chest")).nonzero()[:, 0]
    shown = torch.isin(bare.template.face_indices, chest) & (bare.parameters.opacity_logits > 0.0)
    red, green, blue = (0.5 + SH_C0 * bare.parameters.sh[shown, 0]).mean(0)
    assert red > green > blue


@pytest.mark.slow
def test_fifty_random_poses_of_ten_people_have_no_holes(body):
    pipeline, people = Pipeline(body), [drawn_avatar(body, seed) for seed in range(10)]
    shares = np.array([_covered(pipeline, people[i % 10], _random_pose(body, 100 + i), 2.4 * i) for i in range(50)])
    assert shares.min() > ENOUGH, f"pose {shares.argmin()}: {shares.min():.5f}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
def test_every_action_at_full_strength_has_no_holes(body, seed):
    pipeline, avatar = Pipeline(body), drawn_avatar(body, seed)
    for index, name in enumerate(body.expression_names):
        for yaw in (0.0, 0.8):
            share = _covered(pipeline, avatar, _action(body, index), yaw, head=True)
            assert share > ENOUGH, f"{name} from {yaw}: {share:.5f}"
