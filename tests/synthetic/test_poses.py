"""Poses drawn by dice: within what joints can do, arms where they were sent, faces with every action in its range."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_LIMITS_DEGREES, JOINT_NAMES
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.synthetic.arm_reach import ARMS, hand_frame, placed, reached
from nlfgs_studio.core.synthetic.expressions import drawn_expression, drawn_photo_face
from nlfgs_studio.core.synthetic.poses import drawn_pose
from scipy.spatial.transform import Rotation

WRISTS = (JOINT_NAMES.index("left_wrist"), JOINT_NAMES.index("right_wrist"))


@pytest.fixture(scope="module")
def rest_joints(body):
    return shape_body(body, torch.zeros(body.num_betas)).joints.double().numpy()


def poses(rest_joints, count=80):
    return [drawn_pose(np.random.default_rng([1, seed]), rest_joints, whole=seed % 2 == 0) for seed in range(count)]


def test_the_same_dice_draw_the_same_pose(rest_joints):
    first, second = (drawn_pose(np.random.default_rng(5), rest_joints) for _ in range(2))
    other = drawn_pose(np.random.default_rng(6), rest_joints)
    assert np.array_equal(first.rotations, second.rotations)
    assert not np.allclose(first.rotations, other.rotations)


def test_no_joint_goes_beyond_its_limits(rest_joints):
    low, high = np.radians(JOINT_LIMITS_DEGREES.double().numpy()).transpose(2, 0, 1)
    for pose in poses(rest_joints):
        large = slice(1, JOINT_NAMES.index("right_wrist") + 1)
        assert (pose.rotations[large] >= low[large] - 1e-9).all()
        assert (pose.rotations[large] <= high[large] + 1e-9).all()


def test_people_differ(rest_joints):
    """Arms hang, bend and rise, knees bend, heads turn both ways."""
    drawn = np.stack([pose.rotations for pose in poses(rest_joints)])
    knees = drawn[:, JOINT_NAMES.index("left_knee"), 0]
    heads = drawn[:, JOINT_NAMES.index("head"), 1]
    elbows = -drawn[:, JOINT_NAMES.index("left_elbow"), 1]
    assert (knees > 1.0).sum() > 5
    assert (knees < 0.2).sum() > 20
    assert min((heads > 0.1).sum(), (heads < -0.1).sum()) > 10
    assert min((elbows > 1.3).sum(), (elbows < 0.6).sum()) > 15


def test_wrists_stay_out_of_the_trunk(rest_joints):
    """Nearly always: a wrist is a hand's breadth away from the spine."""
    near = 0
    for pose in poses(rest_joints):
        _, places = placed(pose.rotations, rest_joints)
        spine = np.linspace(places[0], places[JOINT_NAMES.index("neck")], 12)
        near += sum(np.linalg.norm(spine - places[wrist], axis=1).min() < 0.09 for wrist in WRISTS)
    assert near <= 4


def test_places_are_those_of_the_body(body, rest_joints):
    pose = drawn_pose(np.random.default_rng(3), rest_joints)
    posed = pose_body(
        body,
        shape_body(body, torch.zeros(body.num_betas)),
        BodyPose(
            rotations=torch.from_numpy(pose.rotations).float(),
            expression=torch.zeros(body.num_expression),
            translation=torch.zeros(3),
        ),
    )
    _, places = placed(pose.rotations, rest_joints)
    assert np.allclose(places, posed.joints[: len(places)].numpy(), atol=1e-4)


@pytest.mark.parametrize("number", [0, 1])
def test_a_wrist_gets_to_what_it_reaches_for_and_the_hand_turns(rest_joints, number):
    arm = ARMS[number]
    shoulder = rest_joints[arm.joints[0]]
    mirror = np.array([arm.side, 1.0, 1.0])
    for away in ((0.1, -0.2, 0.3), (0.2, 0.1, 0.35), (0.05, -0.35, 0.2)):
        target = shoulder + mirror * away
        hand = hand_frame(arm, mirror * (-0.3, 0.6, 0.7), mirror * (-1.0, 0.1, 0.2))
        solved, excess = reached(arm, rest_joints, np.eye(3), shoulder, target, hand)
        rotations = np.zeros((55, 3))
        rotations[list(arm.joints)] = solved
        turns, places = placed(rotations, rest_joints)
        assert excess < 0.02
        assert np.linalg.norm(places[arm.joints[2]] - target) < 0.02
        missed = Rotation.from_matrix(turns[arm.joints[2]].T @ hand).magnitude()
        assert np.degrees(missed) < 45.0


def test_a_selfie_names_the_hand_that_holds_the_camera(rest_joints):
    drawn = [pose for pose in poses(rest_joints, 120) if pose.selfie_wrist is not None]
    assert drawn
    for pose in drawn:
        assert pose.selfie_wrist in WRISTS
        _, places = placed(pose.rotations, rest_joints)
        away = places[pose.selfie_wrist] - places[JOINT_NAMES.index("head")]
        assert np.linalg.norm(away) > 0.35
        assert pose.facing @ away > 0.5 * np.linalg.norm(away)


@pytest.mark.parametrize("draw", [drawn_photo_face, drawn_expression])
def test_faces_keep_to_the_ranges_of_any_body(body, plain_body, draw):
    for one in (body, plain_body):
        low, high = one.expression_ranges.double().numpy().T
        faces = np.stack([draw(one, np.random.default_rng(seed)) for seed in range(20)])
        assert (faces >= low).all()
        assert (faces <= high).all()
        assert (np.abs(faces).max(1) > 0.05).sum() > 10
