"""Poses are values: what is changed changes, the rest and the original stay."""

import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES, LEFT_HAND, MIRROR, RIGHT_HAND
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import (
    BodyPose,
    expand_hand_pca,
    mirror,
    reset_joints,
    with_hands,
    with_rotation,
)
from poses import random_pose, symmetric


def test_rest_is_the_t_pose_on_the_body_s_device_and_type(plain_body):
    rest = BodyPose.rest(plain_body)
    assert rest.rotations.shape == (55, 3)
    assert rest.expression.shape == (plain_body.num_expression,)
    assert not rest.rotations.any()
    assert rest.rotations.dtype == plain_body.dtype


def test_mirroring_twice_is_the_identity(body):
    pose = random_pose(body, 0)
    twice = mirror(mirror(pose, body.expression_names), body.expression_names)
    assert torch.equal(twice.rotations, pose.rotations)
    assert torch.equal(twice.expression, pose.expression)
    assert torch.equal(twice.translation, pose.translation)


def test_mirrored_actions_are_those_of_the_other_side(body):
    names = body.expression_names
    winking = BodyPose.rest(body)
    winking.expression[names.index("eyeBlinkLeft")] = 1.0
    winking.expression[names.index("jawOpen")] = 0.5
    expression = mirror(winking, names).expression
    assert expression[names.index("eyeBlinkRight")] == 1.0
    assert expression[names.index("jawOpen")] == 0.5
    assert expression.count_nonzero() == 2


def test_the_mirrored_pose_of_a_symmetric_body_is_its_reflection(body):
    symmetric_body, paired, partners = symmetric(body)
    pose = random_pose(body, 1, expression=0.0)
    shaped = shape_body(symmetric_body, torch.zeros(0))
    posed, reflected = pose_body(symmetric_body, shaped, pose), pose_body(symmetric_body, shaped, mirror(pose))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(reflected.joints, posed.joints[list(MIRROR)] * flip, atol=1e-5, rtol=0)
    torch.testing.assert_close(reflected.vertices[paired], posed.vertices[partners] * flip, atol=1e-5, rtol=0)


def test_reset_joints_leaves_the_others(plain_body):
    pose = random_pose(plain_body, 2)
    before = pose.rotations.clone()
    joints = (JOINT_NAMES.index("head"), 0)
    after = reset_joints(pose, joints)
    others = [joint for joint in range(55) if joint not in joints]
    assert not after.rotations[list(joints)].any()
    assert torch.equal(after.rotations[others], pose.rotations[others])
    assert after.expression is pose.expression
    assert torch.equal(pose.rotations, before)


def test_with_rotation_and_with_hands_change_their_joints_only(plain_body):
    pose = random_pose(plain_body, 3)
    left = torch.ones(15, 3)
    changed = with_hands(with_rotation(pose, 5, torch.tensor([1.0, 2.0, 3.0])), left=left)
    assert changed.rotations[5].tolist() == [1.0, 2.0, 3.0]
    assert torch.equal(changed.rotations[LEFT_HAND], left)
    assert torch.equal(changed.rotations[RIGHT_HAND], pose.rotations[RIGHT_HAND])
    assert torch.equal(changed.rotations[6:25], pose.rotations[6:25])


def test_hand_components_expand_to_their_sum_and_count_from_the_mean_when_told(plain_body):
    components, mean = plain_body.hands_components_left, plain_body.hands_mean_left
    coefficients = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    flat = expand_hand_pca(coefficients, components)
    assert flat.shape == (4, 15, 3)
    expected = sum(coefficients[:, index, None] * components[index] for index in range(6))
    torch.testing.assert_close(flat.flatten(1), expected)
    torch.testing.assert_close(expand_hand_pca(coefficients, components, mean).flatten(1), expected + mean)


def test_more_hand_coefficients_than_components_are_refused(plain_body):
    with pytest.raises(ValueError, match="46 hand coefficients"):
        expand_hand_pca(torch.zeros(46), plain_body.hands_components_left)
