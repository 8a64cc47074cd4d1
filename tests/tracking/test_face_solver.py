"""Made-up faces with known truth are found again: the head in metres, few coefficients, the gaze."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_faces import CAMERA, make_face, random_embedding
from nlfgs_studio.core.tracking import turns as so3
from nlfgs_studio.core.tracking.detection import FaceDetection
from nlfgs_studio.core.tracking.expression_map import ExpressionMap
from nlfgs_studio.core.tracking.face_points import (
    IRISES,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
    eye_distance,
)
from nlfgs_studio.core.tracking.face_rig import NUM_TURNS, FaceRig
from nlfgs_studio.core.tracking.face_solver import FaceSolver
from nlfgs_studio.core.tracking.solution import FaceSolution


def degrees_between(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.degrees(np.linalg.norm(so3.vectors(first.T @ second))))


@pytest.fixture(scope="module")
def solver(body) -> FaceSolver:
    return FaceSolver(FaceRig(body, random_embedding(body)), CAMERA)


@pytest.mark.parametrize("seed", range(6))
def test_the_head_is_found_from_nothing(solver: FaceSolver, seed: int) -> None:
    face = make_face(solver, seed)
    solution = solver.solve(face.detection)
    assert degrees_between(solution.head_rotation, face.rotation) < 1.5
    assert np.linalg.norm(solution.head_position - face.position) < 0.006
    assert solution.confidence > 0.9
    assert solution.residual < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_what_the_face_does_is_found(solver: FaceSolver, seed: int) -> None:
    face = make_face(solver, 20 + seed)
    solution = solver.solve(face.detection)
    found = solver.motors.variables(solution.jaw, solution.expression)
    assert np.abs(found - face.variables).mean() < 0.06
    assert np.median(np.abs(found - face.variables)[face.variables > 0.0]) < 0.2
    assert np.degrees(np.abs(solver.motors.gaze_of(solution) - face.gaze)).mean() < 4.0


def test_a_neutral_face_has_no_expression(solver: FaceSolver) -> None:
    solution = solver.solve(make_face(solver, 3, noise=0.1, jawOpen=0.0).detection)
    named = np.delete(solution.expression, [i for i in range(52) if i not in solver.motors.solved])
    assert named.max() < 0.05
    assert np.count_nonzero(named) < 10


def test_going_on_from_the_last_picture_ends_where_starting_anew_does(solver: FaceSolver) -> None:
    first, second = make_face(solver, 4, jawOpen=0.3), make_face(solver, 4, jawOpen=0.4)
    anew = solver.solve(second.detection)
    followed = solver.solve(second.detection, solver.solve(first.detection))
    assert degrees_between(anew.head_rotation, followed.head_rotation) < 0.3
    np.testing.assert_allclose(anew.expression, followed.expression, atol=0.06)


def test_a_jump_is_followed(solver: FaceSolver) -> None:
    before, after = make_face(solver, 5), make_face(solver, 6)
    solution = solver.solve(after.detection, solver.solve(before.detection))
    assert degrees_between(solution.head_rotation, after.rotation) < 1.5


def test_coefficients_stay_in_range_whatever_is_seen(solver: FaceSolver) -> None:
    random = np.random.default_rng(0)
    previous: FaceSolution | None = None
    for _ in range(4):
        face = FaceDetection(points=random.uniform(0.0, 480.0, (478, 3)), confidence=1.0)
        previous = solver.solve(face, previous)
        assert np.isfinite(previous.head_rotation).all()
        assert np.isfinite(previous.head_position).all()
        assert previous.expression.min() >= 0.0
        assert previous.expression.max() <= 1.0
        assert previous.confidence < 0.1


def test_a_hand_over_the_mouth_leaves_the_head_where_it_is(solver: FaceSolver) -> None:
    face = make_face(solver, 7, jawOpen=0.0)
    points = face.detection.points.copy()
    low = np.argsort(points[:, 1])[-100:]
    points[low, :2] += np.random.default_rng(1).normal(0.0, 12.0, (100, 2))
    solution = solver.solve(FaceDetection(points=points, confidence=1.0))
    assert degrees_between(solution.head_rotation, face.rotation) < 4.0


def test_shut_eyes_keep_looking_where_they_looked(solver: FaceSolver) -> None:
    """What the detector says of an iris behind a lid is a guess."""
    open_eyes = make_face(solver, 8, jawOpen=0.0)
    before = solver.solve(open_eyes.detection)
    shut = open_eyes.detection.points.copy()
    shut[[*LEFT_UPPER_LID, *RIGHT_UPPER_LID]] = shut[[*LEFT_LOWER_LID, *RIGHT_LOWER_LID]]
    shut[list(IRISES), :2] += 5.0
    after = solver.solve(FaceDetection(points=shut, confidence=1.0), before)
    np.testing.assert_allclose(solver.motors.gaze_of(after), solver.motors.gaze_of(before), atol=1e-6)


def test_the_jaw_has_one_motor(solver: FaceSolver) -> None:
    solution = solver.solve(make_face(solver, 9, jawOpen=0.6).detection)
    assert not solution.jaw.any()
    assert solution.expression[solver.rig.body.expression_names.index("jawOpen")] == pytest.approx(0.6, abs=0.1)


def test_a_body_whose_actions_turn_no_joint_turns_them_itself(plain_body) -> None:
    solver = FaceSolver(FaceRig(plain_body, random_embedding(plain_body)), CAMERA)
    assert solver.motors.num_jaw == 3
    assert solver.motors.num_variables == 3 + plain_body.num_expression
    face = make_face(solver, 10)
    solution = solver.solve(face.detection)
    np.testing.assert_array_equal(solver.motors.gaze_of(solution)[0], solution.left_eye)
    assert solution.residual * eye_distance(face.detection.points[:, :2]) < 3.0


@pytest.mark.parametrize(("error", "followed"), [(0.02, True), (50.0, False)])
def test_what_the_map_says_counts_as_much_as_it_is_certain(solver: FaceSolver, error: float, followed: bool) -> None:
    told = solver.rig.body.expression_names.index("cheekPuff")
    num_values = solver.rig.num_expression + NUM_TURNS
    bias = np.zeros(num_values)
    bias[told] = 0.5
    expressions = ExpressionMap(
        weights=np.zeros((num_values, 3 * 478)),
        bias=bias,
        stillness=np.ones(478),
        limits=np.tile([0.0, 1.0], (num_values, 1)),
        errors=np.full(num_values, error),
    )
    face = make_face(solver, 11, jawOpen=0.0).detection
    alone = solver.solve(face).expression[told]
    hinted = FaceSolver(solver.rig, CAMERA, expressions=expressions).solve(face).expression[told]
    assert abs(hinted - (0.5 if followed else alone)) < 0.15
    assert abs(alone - 0.5) > 0.3
