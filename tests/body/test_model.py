"""The forward pass agrees with smplx and obeys its own laws."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bodies import smplx_model, write_plain_body
from nlfgs_studio.core.body.body_registry import licensed_bodies
from nlfgs_studio.core.body.joints import JAW, JOINT_NAMES, LEFT_HAND, RIGHT_HAND
from nlfgs_studio.core.body.loader import load_body
from nlfgs_studio.core.body.model import effective_rotations, moved, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose, expand_hand_pca, with_hands, with_rotation
from nlfgs_studio.core.geometry.rotations import axis_angle_to_matrix
from poses import random_betas, random_pose

BATCH = 4


def smplx_arguments(betas, pose):
    """The arguments of `smplx.SMPLX.forward` without the hands."""
    rotations = pose.rotations
    return {
        "betas": betas,
        "expression": pose.expression,
        "transl": pose.translation,
        "global_orient": rotations[:, 0],
        "body_pose": rotations[:, 1:22].flatten(1),
        "jaw_pose": rotations[:, 22],
        "leye_pose": rotations[:, 23],
        "reye_pose": rotations[:, 24],
    }


def judge_of(path, body, **options):
    return smplx_model(
        path,
        num_betas=body.num_betas,
        num_expression_coeffs=body.num_expression,
        batch_size=BATCH,
        **options,
    )


def assert_agrees(path, body):
    """Compare with smplx.SMPLX on random shape, expression, pose, hands and place."""
    betas, pose = random_betas(body, 0, batch=(BATCH,)), random_pose(body, 1, batch=(BATCH,))
    posed = pose_body(body, shape_body(body, betas), pose)
    hands = {
        "left_hand_pose": pose.rotations[:, LEFT_HAND].flatten(1),
        "right_hand_pose": pose.rotations[:, RIGHT_HAND].flatten(1),
    }
    expected = judge_of(path, body, use_pca=False, flat_hand_mean=True)(**smplx_arguments(betas, pose), **hands)
    torch.testing.assert_close(posed.vertices, expected.vertices, atol=1e-5, rtol=0)
    torch.testing.assert_close(posed.joints, expected.joints[:, :55], atol=1e-5, rtol=0)


@pytest.fixture(scope="module", params=[(10, 10), (300, 100)], ids=["10+10", "300+100"])
def file_and_body(request, tmp_path_factory):
    num_shape, num_expression = request.param
    folder = tmp_path_factory.mktemp("layout")
    path = write_plain_body(folder / "SMPLX_MALE.npz", num_shape=num_shape, num_expression=num_expression)
    return path, load_body(path)


def test_agrees_with_smplx_in_both_layouts(file_and_body):
    path, body = file_and_body
    assert body.pose_directions is not None
    assert_agrees(path, body)


@pytest.mark.parametrize("num_components", [6, 45])
@pytest.mark.parametrize("flat_hand_mean", [False, True])
def test_agrees_with_smplx_on_hand_components_with_and_without_the_mean(
    plain_body_path, plain_body, num_components, flat_hand_mean
):
    pose = random_pose(plain_body, 2, batch=(BATCH,))
    betas = random_betas(plain_body, 2, batch=(BATCH,))
    left, right = torch.randn(2, BATCH, num_components, generator=torch.Generator().manual_seed(0)) * 0.5
    judge = judge_of(
        plain_body_path, plain_body, use_pca=True, num_pca_comps=num_components, flat_hand_mean=flat_hand_mean
    )
    expected = judge(**smplx_arguments(betas, pose), left_hand_pose=left, right_hand_pose=right)

    body = plain_body
    means = (None, None) if flat_hand_mean else (body.hands_mean_left, body.hands_mean_right)
    with_fingers = with_hands(
        pose,
        left=expand_hand_pca(left, body.hands_components_left, means[0]),
        right=expand_hand_pca(right, body.hands_components_right, means[1]),
    )
    posed = pose_body(body, shape_body(body, betas), with_fingers)
    torch.testing.assert_close(posed.vertices, expected.vertices, atol=1e-5, rtol=0)


def test_agrees_with_smplx_on_the_built_in_body(builtin_path, body):
    without_actions = replace(body, action_joint_rotations=None)
    assert_agrees(builtin_path, without_actions)


@pytest.mark.skipif("NLFGS_SMPLX_MODEL" not in os.environ, reason="NLFGS_SMPLX_MODEL names no licensed SMPL-X file")
def test_agrees_with_smplx_on_licensed_files():
    paths = licensed_bodies()
    assert paths, f"no SMPLX_*.npz in {Path(os.environ['NLFGS_SMPLX_MODEL'])}"
    for path in paths:
        assert_agrees(path, load_body(path))


def test_the_rest_pose_is_the_shaped_body(body):
    shaped = shape_body(body, random_betas(body, 0))
    posed = pose_body(body, shaped, BodyPose.rest(body))
    torch.testing.assert_close(posed.vertices, shaped.vertices, atol=1e-6, rtol=0)
    torch.testing.assert_close(posed.joints, shaped.joints, atol=1e-6, rtol=0)


def test_turning_the_pelvis_turns_everything_about_it(plain_body):
    betas, turn = random_betas(plain_body, 1), torch.tensor([0.4, -1.2, 0.7])
    shaped = shape_body(plain_body, betas)
    pose = with_rotation(random_pose(plain_body, 4), 0, torch.zeros(3))
    still = pose_body(plain_body, shaped, pose)
    turned = pose_body(plain_body, shaped, with_rotation(pose, 0, turn))
    pelvis = still.joints[0]
    expected = (still.vertices - pelvis) @ axis_angle_to_matrix(turn).T + pelvis
    torch.testing.assert_close(turned.vertices, expected, atol=2e-6, rtol=0)
    torch.testing.assert_close(turned.joints[0], pelvis, atol=1e-6, rtol=0)


def test_what_one_joint_holds_moves_rigidly_with_its_transform(body):
    shaped = shape_body(body, torch.zeros(0))
    posed = pose_body(body, shaped, random_pose(body, 5, expression=0.0))
    for joint in range(55):
        held = torch.nonzero(body.skin_weights[:, joint] > 0.9999).flatten()
        local = shaped.vertices[held] - shaped.joints[joint]
        rotation, translation = posed.joint_transforms[joint, :3, :3], posed.joint_transforms[joint, :3, 3]
        torch.testing.assert_close(posed.vertices[held], local @ rotation.T + translation, atol=1e-3, rtol=0)
        torch.testing.assert_close(translation, posed.joints[joint])
    assert posed.joint_transforms[:, 3].unique(dim=0).tolist() == [[0.0, 0.0, 0.0, 1.0]]


def test_a_batch_is_its_members_and_one_shape_serves_many_poses(plain_body):
    betas, pose = random_betas(plain_body, 3), random_pose(plain_body, 6, batch=(2, 3))
    shaped = shape_body(plain_body, betas)
    together = pose_body(plain_body, shaped, pose)
    assert together.vertices.shape == (2, 3, plain_body.num_vertices, 3)
    one = BodyPose(rotations=pose.rotations[1, 2], expression=pose.expression[1, 2], translation=pose.translation[1, 2])
    alone = pose_body(plain_body, shaped, one)
    torch.testing.assert_close(together.vertices[1, 2], alone.vertices, atol=2e-6, rtol=0)
    torch.testing.assert_close(together.joint_transforms[1, 2], alone.joint_transforms, atol=2e-6, rtol=0)


def test_one_pose_serves_many_shapes(plain_body):
    shaped = shape_body(plain_body, random_betas(plain_body, 3, batch=(3,)))
    posed = pose_body(plain_body, shaped, random_pose(plain_body, 7))
    assert posed.vertices.shape == (3, plain_body.num_vertices, 3)
    assert (posed.vertices[0] - posed.vertices[1]).abs().max() > 1e-3


def test_missing_betas_are_zero_and_too_many_are_refused(plain_body):
    few = random_betas(plain_body, 4)[:3]
    padded = torch.cat([few, torch.zeros(plain_body.num_betas - 3)])
    torch.testing.assert_close(shape_body(plain_body, few).vertices, shape_body(plain_body, padded).vertices)
    with pytest.raises(ValueError, match="11 betas"):
        shape_body(plain_body, torch.zeros(plain_body.num_betas + 1))


def test_an_action_turns_its_joint_and_the_pose_comes_on_top(body):
    jaw_open = body.expression_names.index("jawOpen")
    pose = BodyPose.rest(body)
    pose.expression[jaw_open] = 1.0
    driven = body.action_joint_rotations[jaw_open, 0]
    torch.testing.assert_close(effective_rotations(body, pose)[JAW], driven, atol=1e-6, rtol=0)
    own = torch.tensor([0.1, 0.2, -0.05])
    both = effective_rotations(body, with_rotation(pose, JAW, own))[JAW]
    expected = axis_angle_to_matrix(own) @ axis_angle_to_matrix(driven)
    torch.testing.assert_close(axis_angle_to_matrix(both), expected, atol=1e-6, rtol=0)


def test_actions_turn_no_other_joint(body):
    pose = random_pose(body, 8)
    effective = effective_rotations(body, pose)
    others = [joint for joint, name in enumerate(JOINT_NAMES) if name not in ("jaw", "left_eye", "right_eye")]
    assert torch.equal(effective[others], pose.rotations[others])


def test_gradients_agree_with_differences(plain_body):
    body = moved(plain_body, dtype=torch.float64)
    pose = random_pose(body, 9)
    directions = torch.randn(3, body.num_vertices, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def measured(betas, rotations, expression, translation):
        moving = BodyPose(rotations=rotations, expression=expression, translation=translation)
        posed = pose_body(body, shape_body(body, betas), moving)
        return (posed.vertices * directions).sum((-1, -2)), posed.joint_transforms.sum((0, 1))

    inputs = [random_betas(body, 9), pose.rotations, pose.expression, pose.translation]
    assert torch.autograd.gradcheck(measured, [value.requires_grad_() for value in inputs], fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_at_rest(body, dtype):
    body = moved(body, dtype=dtype)
    rest = BodyPose.rest(body)
    inputs = [rest.rotations, rest.expression, rest.translation, torch.zeros(body.num_betas, dtype=dtype)]
    rotations, expression, translation, betas = (value.requires_grad_() for value in inputs)
    pose = BodyPose(rotations=rotations, expression=expression, translation=translation)
    posed = pose_body(body, shape_body(body, betas), pose)
    gradients = torch.autograd.grad(posed.vertices.square().sum(), [rotations, expression, translation, betas])
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_equal_inputs_give_equal_bits(body):
    shaped, pose = shape_body(body, random_betas(body, 5)), random_pose(body, 10)
    assert torch.equal(pose_body(body, shaped, pose).vertices, pose_body(body, shaped, pose).vertices)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_same(body):
    betas, pose = random_betas(body, 6), random_pose(body, 11)
    there = moved(body, device="cuda")
    moving = BodyPose(
        rotations=pose.rotations.cuda(), expression=pose.expression.cuda(), translation=pose.translation.cuda()
    )
    expected = pose_body(body, shape_body(body, betas), pose).vertices
    got = pose_body(there, shape_body(there, betas.cuda()), moving).vertices
    torch.testing.assert_close(got.cpu(), expected, atol=1e-4, rtol=0)
