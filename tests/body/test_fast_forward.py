"""The quick way gives what the differentiable one gives."""

from dataclasses import replace

import pytest
import torch
from bodies import smplx_model
from nlfgs_studio.core.body.fast_forward import FastPoser
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose, with_rotation
from poses import random_betas, random_pose


@pytest.fixture(scope="module")
def poser(body):
    return FastPoser(body)


def assert_same(fast, reference):
    close = {"atol": 1e-5, "rtol": 0}
    torch.testing.assert_close(fast.vertices, reference.vertices, **close)
    torch.testing.assert_close(fast.joints, reference.joints, **close)
    torch.testing.assert_close(fast.joint_transforms, reference.joint_transforms, **close)


def poses(body):
    everything = random_pose(body, 0)
    one_action = BodyPose.rest(body)
    one_action.expression[-1] = 1.0
    return {
        "rest": BodyPose.rest(body),
        "everything": everything,
        "no expression": replace(everything, expression=torch.zeros_like(everything.expression)),
        "one action": one_action,
        "tiny turn": with_rotation(BodyPose.rest(body), 16, torch.tensor([1e-5, 0.0, 0.0])),
        "half turn": with_rotation(everything, 1, torch.tensor([0.0, torch.pi, 0.0])),
    }


@pytest.mark.parametrize("name", ["rest", "everything", "no expression", "one action", "tiny turn", "half turn"])
def test_agrees_on_the_built_in_body(body, poser, name):
    shaped, pose = shape_body(body, random_betas(body, 0)), poses(body)[name]
    assert_same(poser.pose(shaped, pose), pose_body(body, shaped, pose))


@pytest.mark.parametrize("name", ["rest", "everything", "no expression", "one action", "tiny turn", "half turn"])
def test_agrees_on_a_body_with_pose_correctives(plain_body, name):
    shaped, pose = shape_body(plain_body, random_betas(plain_body, 1)), poses(plain_body)[name]
    assert_same(FastPoser(plain_body).pose(shaped, pose), pose_body(plain_body, shaped, pose))


def test_agrees_where_every_joint_holds_every_vertex_and_actions_move_all_or_nothing(plain_body):
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(plain_body.num_vertices, 55, generator=generator)
    directions = 0.01 * torch.randn(plain_body.num_vertices, 3, 3, generator=generator)
    directions[..., 1] = 0.0
    dense = replace(
        plain_body,
        skin_weights=weights / weights.sum(1, keepdim=True),
        expression_directions=directions,
        expression_names=plain_body.expression_names[:3],
        expression_ranges=plain_body.expression_ranges[:3],
    )
    shaped, pose = shape_body(dense, random_betas(dense, 2)), random_pose(dense, 2)
    assert_same(FastPoser(dense).pose(shaped, pose), pose_body(dense, shaped, pose))


def test_inputs_and_earlier_results_stay_as_they_were(body, poser):
    shaped = shape_body(body, random_betas(body, 3))
    rest_vertices = shaped.vertices.clone()
    first = poser.pose(shaped, random_pose(body, 3))
    vertices, transforms = first.vertices.clone(), first.joint_transforms.clone()
    poser.pose(shaped, random_pose(body, 4))
    assert torch.equal(shaped.vertices, rest_vertices)
    assert torch.equal(first.vertices, vertices)
    assert torch.equal(first.joint_transforms, transforms)


def test_equal_inputs_give_equal_bits(plain_body):
    shaped, pose = shape_body(plain_body, random_betas(plain_body, 4)), random_pose(plain_body, 5)
    first, second = FastPoser(plain_body), FastPoser(plain_body)
    assert torch.equal(first.pose(shaped, pose).vertices, second.pose(shaped, pose).vertices)


def test_batches_and_poses_of_other_bodies_are_refused(plain_body, body, poser):
    shaped = shape_body(body, random_betas(body, 5))
    with pytest.raises(ValueError, match="one body"):
        poser.pose(shaped, random_pose(body, 6, batch=(2,)))
    with pytest.raises(ValueError, match="one body"):
        poser.pose(shaped, random_pose(plain_body, 6))
    with pytest.raises(ValueError, match="one body"):
        poser.pose(shape_body(plain_body, torch.zeros(0)), random_pose(body, 6))


@pytest.mark.benchmark(group="body: one pose, every joint and action moving")
@pytest.mark.parametrize("way", ["fast", "torch", "smplx"])
def test_speed(benchmark, body, builtin_path, poser, way):
    betas, pose = random_betas(body, 7), random_pose(body, 7)
    shaped = shape_body(body, betas)
    if way == "smplx":
        judge = smplx_model(builtin_path, use_pca=False, num_betas=30, num_expression_coeffs=52)
        arguments = {"betas": betas[None], "expression": pose.expression[None], "body_pose": pose.rotations[None, 1:22]}
        with torch.no_grad():
            benchmark(lambda: judge(**arguments))
    elif way == "torch":
        benchmark(lambda: pose_body(body, shaped, pose))
    else:
        benchmark(lambda: poser.pose(shaped, pose))
