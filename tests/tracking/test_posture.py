"""Under a given head hangs a natural body, and the head is met exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_LIMITS_DEGREES, JOINT_NAMES
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.tracking.body_solver import BodySolver
from nlfgs_studio.core.tracking.detection import Detection
from nlfgs_studio.core.tracking.posture import posture_under
from nlfgs_studio.core.tracking.skeleton import Skeleton, place
from nlfgs_studio.core.tracking.solution import FaceSolution, tracking_camera
from nlfgs_studio.core.tracking.turns import matrices, vectors
from poses import random_betas
from seen_bodies import posed

HEAD = JOINT_NAMES.index("head")
CAMERA = tracking_camera(600.0, 640, 480)
NOTHING = Detection(width=640, height=480)


def _face(body, rotation: np.ndarray, *, seed: int = 0) -> FaceSolution:
    random = np.random.default_rng(seed)
    return FaceSolution(
        head_rotation=rotation,
        head_position=np.array([0.1, -0.05, -0.7]) + 0.1 * random.normal(size=3),
        jaw=np.array([0.1, 0.0, 0.0]),
        left_eye=np.array([0.0, 0.2, 0.0]),
        right_eye=np.array([0.0, 0.2, 0.0]),
        expression=random.uniform(0.0, 1.0, body.num_expression),
        confidence=0.9,
        residual=0.01,
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("which", ["body", "plain_body"])
def test_the_head_is_met_exactly(which, seed, request):
    """What rides on the head lies where the FaceSolution says, also on bodies whose expression moves the joint."""
    body = request.getfixturevalue(which)
    betas = random_betas(body, seed)
    face = _face(body, matrices(0.5 * np.random.default_rng(seed).normal(size=3)), seed=seed)
    solution = BodySolver(body, betas, CAMERA).solve(NOTHING, face)
    shaped = shape_body(body, betas)
    head = pose_body(body, shaped, posed(solution)).joint_transforms[HEAD].double().numpy()
    np.testing.assert_allclose(head[:3, :3], face.head_rotation, atol=1e-5)
    rest = shaped.joints[HEAD].double().numpy()
    shift = Skeleton.of(body, betas).head_shift(face.expression)
    riding = head[:3, 3] + head[:3, :3] @ (rest - (rest + shift))
    np.testing.assert_allclose(riding, face.head_position, atol=1e-5)


@pytest.mark.parametrize(
    "turn", [(0.6, 0.0, 0.0), (-0.6, 0.0, 0.0), (0.0, 1.1, 0.0), (0.0, -0.5, 0.3), (0.4, 0.8, -0.3)]
)
def test_torso_and_neck_stay_within_their_limits(turn):
    degrees = np.degrees(vectors(posture_under(matrices(np.array(turn)))))
    limits = JOINT_LIMITS_DEGREES.numpy()
    for joint in map(JOINT_NAMES.index, ("spine1", "spine2", "spine3", "neck", "head")):
        assert (degrees[joint] >= limits[joint, :, 0] - 3.0).all(), JOINT_NAMES[joint]
        assert (degrees[joint] <= limits[joint, :, 1] + 3.0).all(), JOINT_NAMES[joint]


def test_the_chest_follows_a_little_and_the_hips_stay(body):
    skeleton = Skeleton.of(body, torch.zeros(1))
    placed = place(skeleton.rest_joints, posture_under(matrices(np.array([0.0, 0.8, 0.0]))))
    chest = vectors(placed.rotations[JOINT_NAMES.index("spine3")])
    assert 0.05 < chest[1] < 0.3
    np.testing.assert_allclose(placed.rotations[0], np.eye(3), atol=1e-9)


def test_small_turns_of_the_head_move_the_body_little():
    """No corner anywhere: neighbouring heads have neighbouring bodies, also where the body begins to turn along."""
    heads = [matrices(np.array([0.2, turn, 0.1])) for turn in np.linspace(-2.5, 2.5, 200)]
    turns = np.stack([posture_under(head) for head in heads])
    steps = vectors(turns[:-1].swapaxes(-1, -2) @ turns[1:])
    assert np.abs(steps).max() < 2.0 * 5.0 / 199


def test_nothing_seen_keeps_the_head_where_it_was(body):
    solver = BodySolver(body, torch.zeros(1), CAMERA)
    seen = solver.solve(NOTHING, _face(body, matrices(np.array([0.3, 0.4, 0.0]))))
    lost = solver.solve(NOTHING, None, seen)
    assert lost.confidence.face == 0.0
    assert not lost.joint_confidence.any()
    heads = [pose_body(body, shape_body(body, torch.zeros(1)), posed(item)).joints[HEAD] for item in (seen, lost)]
    torch.testing.assert_close(heads[0], heads[1], atol=2e-3, rtol=0.0)
