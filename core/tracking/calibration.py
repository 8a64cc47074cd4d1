"""Neutral calibration: what a person's face shows while they say that it rests is taken from all that follows.

Coefficients lose their bias and still reach the ends of their ranges. The head turns about where it rested, so that a
camera that looks up or from the side does not make a person look down or away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from . import turns as so3
from .face_motors import FaceMotors
from .solution import FaceSolution

_LARGEST_BIAS = 0.8
"""Of a range; a coefficient that rested beyond keeps some room to move."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeutralCalibration:
    """One person's resting face as the tracker sees it."""

    motors: FaceMotors
    variables: Float[np.ndarray, " V"]
    """See `FaceMotors`."""
    gaze: Float[np.ndarray, "2 3"]
    """Axis-angles of left and right eye."""
    head_rotation: Float[np.ndarray, "3 3"]
    head_position: Float[np.ndarray, "3"]

    def apply(self, solution: FaceSolution) -> FaceSolution:
        """The solution as seen from neutral."""
        motors = self.motors
        variables = self._unbiased(motors.variables(solution.jaw, solution.expression))
        gaze = so3.vectors(so3.matrices(-self.gaze) @ so3.matrices(motors.gaze_of(solution)))
        expression = motors.expression(variables, gaze)
        left_eye, right_eye = motors.eye_joints(expression, gaze)
        back = self.head_rotation.T
        return replace(
            solution,
            jaw=motors.jaw(variables),
            left_eye=left_eye,
            right_eye=right_eye,
            expression=expression,
            head_rotation=back @ solution.head_rotation,
            head_position=self.head_position + back @ (solution.head_position - self.head_position),
        )

    def _unbiased(self, variables: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
        """Rest goes to zero, the ends of the ranges stay where they are, what lies between in proportion."""
        beyond = variables - self.variables
        ends = np.where(beyond < 0.0, self.motors.ranges[:, 0], self.motors.ranges[:, 1])
        room = np.abs(ends - self.variables)
        return np.where(room > 0.0, beyond * np.abs(ends) / np.maximum(room, 1e-9), 0.0)


def neutral_calibration(motors: FaceMotors, solutions: Sequence[FaceSolution]) -> NeutralCalibration:
    """From the solutions of a second or so in which the person rests and looks at the camera.

    Raises:
        ValueError: there is none.
    """
    if not solutions:
        raise ValueError("a calibration needs at least one solved face")
    variables = np.median([motors.variables(each.jaw, each.expression) for each in solutions], axis=0)
    positions = np.stack([each.head_position for each in solutions])
    middle = solutions[int(np.argmin(np.linalg.norm(positions - np.median(positions, axis=0), axis=1)))]
    return NeutralCalibration(
        motors=motors,
        variables=np.clip(variables, _LARGEST_BIAS * motors.ranges[:, 0], _LARGEST_BIAS * motors.ranges[:, 1]),
        gaze=np.median([motors.gaze_of(each) for each in solutions], axis=0),
        head_rotation=middle.head_rotation,
        head_position=np.median(positions, axis=0),
    )
