"""After calibration the resting face is neutral and looks ahead, and ranges still reach their ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_faces import random_embedding
from nlfgs_studio.core.tracking import turns as so3
from nlfgs_studio.core.tracking.calibration import neutral_calibration
from nlfgs_studio.core.tracking.face_motors import FaceMotors
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.solution import FaceSolution


@pytest.fixture(scope="module", params=["body", "plain_body"])
def motors(request) -> FaceMotors:
    body = request.getfixturevalue(request.param)
    return FaceMotors(FaceRig(body, random_embedding(body)))


def make_solution(motors: FaceMotors, seed: int, strength: float = 0.3) -> FaceSolution:
    random = np.random.default_rng(seed)
    variables = random.uniform(0.0, strength, motors.num_variables) * motors.ranges[:, 1]
    gaze = random.uniform(-0.2, 0.2, (2, 3)) * (1.0, 1.0, 0.0)
    expression = motors.expression(variables, gaze)
    left_eye, right_eye = motors.eye_joints(expression, gaze)
    return FaceSolution(
        head_rotation=so3.matrices(random.normal(0.0, 0.2, 3)),
        head_position=random.normal(0.0, 0.1, 3) - (0.0, 0.0, 0.7),
        jaw=motors.jaw(variables),
        left_eye=left_eye,
        right_eye=right_eye,
        expression=expression,
        confidence=1.0,
        residual=0.01,
    )


def test_the_gaze_is_shared_out_between_actions_and_joints_without_loss(motors: FaceMotors) -> None:
    random = np.random.default_rng(0)
    for size in (0.05, 0.3, 0.6):
        gaze = random.uniform(-size, size, (2, 3)) * (1.0, 1.0, 0.0)
        expression = motors.expression(np.zeros(motors.num_variables), gaze)
        left_eye, right_eye = motors.eye_joints(expression, gaze)
        solution = replace(make_solution(motors, 0), left_eye=left_eye, right_eye=right_eye, expression=expression)
        np.testing.assert_allclose(motors.gaze_of(solution), gaze, atol=1e-9)
        assert (expression >= 0.0).all() or motors.num_jaw


def test_the_resting_face_becomes_neutral(motors: FaceMotors) -> None:
    rest = make_solution(motors, 1)
    calibrated = neutral_calibration(motors, [rest] * 3).apply(rest)
    np.testing.assert_allclose(calibrated.expression, 0.0, atol=1e-9)
    np.testing.assert_allclose([calibrated.jaw, calibrated.left_eye, calibrated.right_eye], 0.0, atol=1e-9)
    np.testing.assert_allclose(calibrated.head_rotation, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(calibrated.head_position, rest.head_position)


def test_the_ends_of_the_ranges_are_still_reached(motors: FaceMotors) -> None:
    calibration = neutral_calibration(motors, [make_solution(motors, 4)])
    variables = motors.ranges[:, 1]
    expression = motors.expression(variables, np.zeros((2, 3)))
    full = calibration.apply(replace(make_solution(motors, 5), jaw=motors.jaw(variables), expression=expression))
    np.testing.assert_allclose(motors.variables(full.jaw, full.expression), motors.ranges[:, 1], atol=1e-9)


def test_a_turn_is_seen_from_the_resting_head(motors: FaceMotors) -> None:
    rest, other = make_solution(motors, 6), make_solution(motors, 7)
    calibrated = neutral_calibration(motors, [rest]).apply(other)
    np.testing.assert_allclose(rest.head_rotation @ calibrated.head_rotation, other.head_rotation, atol=1e-12)
    moved = np.linalg.norm(calibrated.head_position - rest.head_position)
    assert moved == pytest.approx(np.linalg.norm(other.head_position - rest.head_position))


def test_one_blink_while_calibrating_does_no_harm(motors: FaceMotors) -> None:
    rest = make_solution(motors, 8)
    calibration = neutral_calibration(motors, [rest, make_solution(motors, 9, strength=0.9), rest])
    np.testing.assert_allclose(calibration.apply(rest).expression, 0.0, atol=1e-9)


def test_nothing_to_calibrate_by_is_a_bad_call(motors: FaceMotors) -> None:
    with pytest.raises(ValueError, match="at least one"):
        neutral_calibration(motors, [])
