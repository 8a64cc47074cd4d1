"""The network's points give trunk and limbs their pose; head, face and fingers stay as the landmarks say."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES, LEFT_HAND, NUM_JOINTS
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking.body_finder import HeldFinding
from nlfgs_studio.core.tracking.body_solver import BodySolver, body_pose
from nlfgs_studio.core.tracking.detection import Detection
from nlfgs_studio.core.tracking.found_pose import FoundPoints, FoundPose, PoseFinder, found_vertices, with_found
from nlfgs_studio.core.tracking.skeleton import HEAD, Skeleton
from nlfgs_studio.core.tracking.solution import FaceSolution, tracking_camera
from nlfgs_studio.core.tracking.turns import matrices, vectors

ELBOW, KNEE = JOINT_NAMES.index("left_elbow"), JOINT_NAMES.index("right_knee")


def posed(body, pose: BodyPose) -> torch.Tensor:
    return pose_body(body, shape_body(body, torch.zeros(body.num_betas)), pose).vertices


@pytest.fixture(scope="module")
def pose(body) -> BodyPose:
    rotations = torch.zeros(NUM_JOINTS, 3)
    rotations[0] = torch.tensor([0.1, 0.6, 0.0])
    rotations[ELBOW] = torch.tensor([0.0, -1.1, 0.0])
    rotations[KNEE] = torch.tensor([0.8, 0.0, 0.0])
    return BodyPose(
        rotations=rotations,
        expression=torch.zeros(body.num_expression),
        translation=torch.tensor([0.2, -0.1, -2.5]),
    )


@pytest.fixture(scope="module")
def found(body, pose) -> FoundPose:
    vertices = found_vertices(body)
    points = posed(body, pose)[vertices].numpy()
    sigma = np.full(len(vertices), 0.03, np.float32)
    legs = [JOINT_NAMES.index(f"left_{name}") for name in ("hip", "knee", "ankle", "foot")]
    sigma[body.skin_weights[vertices][:, legs].sum(1).numpy() > 0.5] = 2.0
    return PoseFinder(body, torch.zeros(body.num_betas)).fit(FoundPoints(points=points, sigma=sigma))


@pytest.fixture(scope="module")
def seen(body):
    """Nobody: the relaxed body."""
    solver = BodySolver(body, torch.zeros(body.num_betas), tracking_camera(600.0, 640, 480))
    return solver.solve(Detection(width=640, height=480), None)


@pytest.fixture(scope="module")
def skeleton(body) -> Skeleton:
    return Skeleton.of(body, torch.zeros(body.num_betas))


def test_points_of_a_pose_give_it_back(pose, found):
    turned = vectors(found.rotations)
    for joint in (0, ELBOW, KNEE):
        assert turned[joint] == pytest.approx(pose.rotations[joint].numpy(), abs=0.2)
    assert found.translation == pytest.approx(pose.translation.numpy(), abs=0.02)
    assert found.confidence[ELBOW] > 0.8
    assert found.confidence[JOINT_NAMES.index("left_knee")] == 0.0


def test_what_was_not_found_is_as_the_landmarks_say(seen, found, skeleton):
    both = with_found(seen, found, None, skeleton, "whole")
    hidden = JOINT_NAMES.index("left_knee")
    assert np.array_equal(both.rotations[ELBOW], found.rotations[ELBOW])
    assert np.array_equal(both.rotations[hidden], seen.rotations[hidden])
    assert np.array_equal(both.rotations[LEFT_HAND], seen.rotations[LEFT_HAND])
    assert both.confidence.body > 0.8


def test_legs_are_the_networks_only_where_they_are_asked_for(seen, found, skeleton):
    upper = with_found(seen, found, None, skeleton, "upper")
    assert np.array_equal(upper.rotations[KNEE], seen.rotations[KNEE])
    assert with_found(seen, found, None, skeleton, "face") is seen


def test_the_head_stays_where_the_face_was_seen(body, seen, found, skeleton):
    face = FaceSolution(
        head_rotation=matrices(np.array([0.2, -0.4, 0.1])),
        head_position=np.array([0.1, 0.3, -2.2]),
        jaw=np.zeros(3),
        left_eye=np.zeros(3),
        right_eye=np.zeros(3),
        expression=np.zeros(body.num_expression),
        confidence=1.0,
        residual=0.0,
    )
    both = with_found(seen, found, face, skeleton, "whole")
    shown = body_pose(both.rotations, both.expression, both.translation)
    head = pose_body(body, shape_body(body, torch.zeros(1)), shown).joint_transforms[HEAD].numpy()
    assert head[:3, :3] == pytest.approx(face.head_rotation, abs=1e-4)
    assert head[:3, 3] == pytest.approx(face.head_position, abs=1e-4)


class SlowFinder:
    """Answers when it is let."""

    def __init__(self, points: FoundPoints) -> None:
        self.points, self.may_answer, self.pictures, self.closed = points, threading.Event(), [], False

    def find(self, picture: np.ndarray, _seen: object) -> FoundPoints:
        self.pictures.append(int(picture[0, 0, 0]))
        self.may_answer.wait(10.0)
        return self.points

    def close(self) -> None:
        self.closed = True


def picture(number: int) -> np.ndarray:
    return np.full((2, 2, 3), number, np.uint8)


def test_no_picture_waits_for_the_network(body, seen, pose):
    vertices = found_vertices(body)
    points = posed(body, pose)[vertices].numpy()
    finder = SlowFinder(FoundPoints(points=points, sigma=np.full(len(vertices), 0.03, np.float32)))
    finding = HeldFinding(body, torch.zeros(body.num_betas), lambda: finder)
    try:
        assert all(finding.find(picture(number), seen, 0.1 * number) is None for number in range(5))
        finder.may_answer.set()
        end = time.monotonic() + 20.0
        while (answer := finding.find(picture(7), seen, 0.6)) is None:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert vectors(answer.rotations)[ELBOW] == pytest.approx(pose.rotations[ELBOW].numpy(), abs=0.12)
        finder.may_answer.clear()
        finding.find(picture(8), seen, 0.7)
        assert finding.find(picture(9), seen, 60.0) is None  # the last answer is long past
    finally:
        finder.may_answer.set()
        finding.close()
    assert finder.pictures[:2] == [0, 7]
    assert finder.closed


def test_that_the_network_cannot_be_had_is_raised_where_it_is_asked(body, seen):
    def make():
        raise StudioError("no weights", hint="get some")

    finding = HeldFinding(body, torch.zeros(body.num_betas), make)
    finding.find(picture(0), seen, 0.0)
    finding.close()  # waits until it has failed
    with pytest.raises(StudioError, match="no weights"):
        finding.find(picture(1), seen, 0.1)
