"""The rig of the face points agrees with the posed body, and its derivatives with differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_up_faces import random_embedding
from nlfgs_studio.core.body.joints import FACE_JOINTS
from nlfgs_studio.core.body.model import BodyModel, effective_rotations, moved, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.tracking.face_rig import HEAD, NUM_TURNS, FaceRig


@pytest.fixture(params=["body", "plain_body"])
def some_body(request) -> BodyModel:
    return moved(request.getfixturevalue(request.param), dtype=torch.float64)


def _random_face(body: BodyModel, seed: int) -> tuple[np.ndarray, BodyPose]:
    random = np.random.default_rng(seed)
    rotations = np.zeros((55, 3))
    rotations[0] = random.normal(0.0, 0.5, 3)
    rotations[FACE_JOINTS] = random.normal(0.0, 0.2, (3, 3))
    pose = BodyPose(
        rotations=torch.from_numpy(rotations),
        expression=torch.from_numpy(random.uniform(0.0, 1.0, body.num_expression)),
        translation=torch.from_numpy(random.normal(size=3)),
    )
    return random.normal(size=min(8, body.num_betas)), pose


@pytest.mark.parametrize("seed", range(3))
def test_points_are_those_of_the_posed_body(some_body: BodyModel, seed: int) -> None:
    embedding = random_embedding(some_body, seed)
    betas, pose = _random_face(some_body, seed)
    posed = pose_body(some_body, shape_body(some_body, torch.from_numpy(betas)), pose)
    corners = posed.vertices[some_body.faces[torch.from_numpy(embedding.triangles)]].numpy()
    wanted = np.einsum("nc,ncx->nx", embedding.barycentrics, corners)

    turns = effective_rotations(some_body, pose)[FACE_JOINTS].numpy()
    points = FaceRig(some_body, embedding, betas).points(turns, pose.expression.numpy())
    head = posed.joint_transforms[HEAD].numpy()
    np.testing.assert_allclose(points @ head[:3, :3].T + head[:3, 3], wanted, atol=1e-6)


def test_derivatives_are_the_differences(some_body: BodyModel) -> None:
    betas, pose = _random_face(some_body, 5)
    random = np.random.default_rng(6)
    offsets = random.normal(0.0, 0.003, (478, 3))
    rig = FaceRig(some_body, random_embedding(some_body), betas, offsets)
    turns, expression = pose.rotations[FACE_JOINTS].numpy(), pose.expression.numpy()
    axes = np.tile(random.normal(size=(2, 3)), (478, 1, 1))
    jacobian = rig.derivatives(axes, turns, expression)

    step = random.normal(0.0, 1e-6, NUM_TURNS + some_body.num_expression)
    there = rig.points(turns + step[:NUM_TURNS].reshape(3, 3), expression + step[NUM_TURNS:])
    back = rig.points(turns - step[:NUM_TURNS].reshape(3, 3), expression - step[NUM_TURNS:])
    np.testing.assert_allclose(2.0 * jacobian @ step, np.einsum("nrx,nx->nr", axes, there - back), atol=1e-11)


def test_derivatives_by_the_shape_are_the_differences(some_body: BodyModel) -> None:
    random = np.random.default_rng(7)
    _, pose = _random_face(some_body, 7)
    turns, expression = pose.rotations[FACE_JOINTS].numpy(), pose.expression.numpy()
    betas, offsets = random.normal(size=some_body.num_betas), random.normal(0.0, 0.003, (478, 3))
    rig = FaceRig(some_body, random_embedding(some_body))
    by_betas, by_offset = rig.shape_derivatives(np.tile(np.eye(3), (478, 1, 1)), turns)
    wanted = by_betas @ betas + np.einsum("nij,nj->ni", by_offset, offsets)
    moved_points = rig.of_person(betas, offsets).points(turns, expression) - rig.points(turns, expression)
    np.testing.assert_allclose(wanted, moved_points, atol=1e-9)


def test_points_that_only_the_head_moves_stay_when_the_jaw_turns(body: BodyModel) -> None:
    embedding = random_embedding(body)
    rig = FaceRig(body, embedding)
    open_jaw = np.zeros((3, 3))
    open_jaw[0, 0] = 0.3
    moved_points = rig.points(open_jaw, np.zeros(rig.num_expression)) - rig.rest_points
    jaw_weight = body.skin_weights[:, FACE_JOINTS.start][body.faces[torch.from_numpy(embedding.triangles)]].amax(1)
    still = (jaw_weight < 1e-6).numpy()
    assert still.any()
    assert np.abs(moved_points[still]).max() < 1e-7
    assert np.abs(moved_points[~still]).max() > 0.005
