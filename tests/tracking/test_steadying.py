"""A steady motion: exact where nothing is smoothed, without jumps whatever comes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES, NUM_JOINTS
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.tracking.body_solver import BodySolution
from nlfgs_studio.core.tracking.posture import posture_under
from nlfgs_studio.core.tracking.skeleton import Placed, Skeleton, place
from nlfgs_studio.core.tracking.smoothing import Smoothing
from nlfgs_studio.core.tracking.solution import Confidence
from nlfgs_studio.core.tracking.steadying import Steadying
from nlfgs_studio.core.tracking.turns import matrices, vectors
from seen_bodies import posed

FPS = 30.0
RAW = Smoothing(head=0.0, face=0.0, body=0.0, hands=0.0)
HEAD, LEFT_ELBOW, LEFT_ANKLE = (JOINT_NAMES.index(name) for name in ("head", "left_elbow", "left_ankle"))


def _solution(body, turn: float, *, seen: float = 1.0) -> BodySolution:
    rotations = posture_under(matrices(np.array([0.1, turn, 0.0])))
    rotations[LEFT_ELBOW] = matrices(np.array([0.0, -1.0 - turn, 0.0]))
    return BodySolution(
        rotations=rotations,
        expression=np.full(body.num_expression, 0.3),
        translation=np.array([0.0, 0.1, -1.0 + 0.1 * turn]),
        joint_confidence=np.full(NUM_JOINTS, seen),
        confidence=Confidence(face=seen, body=seen),
    )


def _placed(skeleton: Skeleton, pose: BodyPose) -> Placed:
    rotations, translation = (value.double().numpy() for value in (pose.rotations, pose.translation))
    return place(skeleton.rest_joints, matrices(rotations), skeleton.rest_joints[0] + translation)


@pytest.fixture
def betas(body) -> torch.Tensor:
    return torch.zeros(body.num_betas)


def test_without_smoothing_the_solution_comes_out(body, betas):
    steadying = Steadying(body, betas, RAW)
    for index in range(10):
        solution = _solution(body, 0.02 * index)
        steady = steadying.steady(solution, index / FPS)
        torch.testing.assert_close(steady.rotations, posed(solution).rotations, atol=1e-5, rtol=0.0)
        torch.testing.assert_close(steady.translation, posed(solution).translation, atol=1e-5, rtol=0.0)
        torch.testing.assert_close(steady.expression, posed(solution).expression)


def test_the_head_keeps_its_place_however_the_body_is_smoothed(body, betas):
    """The body lags behind, the head does not: the neck takes the difference."""
    steadying, skeleton = Steadying(body, betas, replace(RAW, body=1.0)), Skeleton.of(body, betas)
    for index in range(20):
        solution = _solution(body, 0.5 * math.sin(0.3 * index))
        steady = _placed(skeleton, steadying.steady(solution, index / FPS))
        exact = _placed(skeleton, posed(solution))
        np.testing.assert_allclose(steady.rotations[HEAD], exact.rotations[HEAD], atol=1e-5)
        np.testing.assert_allclose(steady.positions[HEAD], exact.positions[HEAD], atol=1e-5)


def test_no_joint_turns_faster_than_a_person_can(body, betas):
    """Every other picture is wrong by a wide angle, and some show nobody."""
    steadying = Steadying(body, betas, RAW)
    random = np.random.default_rng(0)
    poses = []
    for index in range(60):
        solution = _solution(body, float(random.uniform(-2.0, 2.0)), seen=float(random.uniform() > 0.3))
        poses.append(steadying.steady(solution, index / FPS))
    turns = matrices(torch.stack([pose.rotations for pose in poses]).double().numpy())
    speeds = FPS * np.linalg.norm(vectors(turns[:-1].swapaxes(-1, -2) @ turns[1:]), axis=-1)
    assert speeds[:, LEFT_ELBOW].max() < 14.1
    assert speeds.max() < 60.0


def test_a_face_found_elsewhere_for_one_picture_leaves_no_trace(body, betas):
    steadying = Steadying(body, betas, RAW)
    places = []
    for index in range(20):
        solution = _solution(body, 0.0)
        if index == 10:
            solution = replace(solution, translation=solution.translation + np.array([0.8, 0.0, 0.0]))
        places.append(steadying.steady(solution, index / FPS).translation.numpy())
    assert np.ptp(np.array(places), axis=0).max() < 1e-5


def test_a_lost_face_eases_to_neutral_where_it_was(body, betas):
    steadying = Steadying(body, betas, Smoothing())
    seen = steadying.steady(_solution(body, 0.3), 0.0)
    lost = BodySolution(
        rotations=posture_under(np.eye(3)),
        expression=np.zeros(body.num_expression),
        translation=np.array([0.0, 0.1, -0.97]),
        joint_confidence=np.zeros(NUM_JOINTS),
        confidence=Confidence(),
    )
    strengths = [float(steadying.steady(lost, (index + 1) / FPS).expression.max()) for index in range(90)]
    assert strengths[5] == pytest.approx(float(seen.expression.max()), abs=1e-3)
    assert strengths[-1] < 0.01
    assert max(np.diff(strengths)) < 1e-6


def test_only_a_head_seen_the_body_leans_over_its_feet_and_follows(body, betas):
    """The head moves 15 cm aside and stays: the feet stay at first, then come under it; the head is exact always."""
    steadying, skeleton = Steadying(body, betas, RAW), Skeleton.of(body, betas)
    heads, feet = [], []
    for index in range(80):
        solution = replace(
            _solution(body, 0.0),
            translation=np.array([0.15 * min(1.0, index / 5.0), 0.0, -1.0]),
            joint_confidence=np.where(np.arange(NUM_JOINTS) == HEAD, 1.0, 0.0),
            confidence=Confidence(face=1.0),
        )
        steady = _placed(skeleton, steadying.steady(solution, index / 10.0))
        exact = _placed(skeleton, posed(solution))
        np.testing.assert_allclose(steady.rotations[HEAD], exact.rotations[HEAD], atol=1e-5)
        heads.append(steady.positions[HEAD, 0])
        feet.append(steady.positions[LEFT_ANKLE, 0])
    assert heads[5] - heads[0] == pytest.approx(0.15, abs=1e-3)
    assert abs(feet[5] - feet[0]) < 0.06
    assert feet[-1] - feet[0] == pytest.approx(0.15, abs=0.01)


def test_reset_forgets(body, betas):
    steadying = Steadying(body, betas, Smoothing())
    steadying.steady(_solution(body, 0.5), 0.0)
    steadying.reset()
    fresh = _solution(body, -0.5)
    torch.testing.assert_close(steadying.steady(fresh, 0.1).rotations, posed(fresh).rotations, atol=1e-6, rtol=0.0)
