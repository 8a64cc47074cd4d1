"""From the face points of one picture to the head's place and what the face does: damped Gauss-Newton steps.

The points' distances on the picture, put into metres at the head's depth, are weighed against priors: coefficients are
few (an absolute value), small (a square) and within their ranges. Depth comes from perspective and the head's size;
MediaPipe's own depth serves only to start from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..cameras import Camera
from . import turns as so3
from .detection import FaceDetection
from .expression_map import ExpressionMap
from .face_kernels import descend
from .face_motors import FaceMotors
from .face_points import BROWS, EYES, INNER_LIPS, IRISES, OUTER_LIPS, OVAL, eye_distance
from .face_rig import FaceRig
from .gaze import Gaze
from .solution import CAMERA_FROM_WORLD, FaceSolution

_CAMERA_FROM_WORLD = np.diag(CAMERA_FROM_WORLD)
_AHEAD = np.zeros((2, 3))
_BEHIND_THE_FACE = 0.09
"""Metres from the middle of the points to where the skin's directions are taken to radiate from."""
_TURNED_AWAY = 0.05
"""Weight of points on the far side, which the detector guesses."""
_ROBUST = 2.5
"""Points further off than as many times the median count less and less (Huber)."""
_DAMPING = 1e-3
"""Of the head's place, in points."""
_LONGEST_TURN = 0.5
"""Radians in one step."""
_STILL_THERE = 0.15
"""Eye distances: a face that moved less since the last picture is followed."""
_MOST_ROUNDS, _STILL = 60, 1e-4
_LEAST_ERROR = 0.02
"""Of a coefficient; what the map never saw to be wrong is no more certain."""
_GOOD, _HOPELESS = 0.04, 0.15
"""Residuals at which confidence begins to sink, and where none is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSolverSettings:
    """How points and priors are weighed."""

    num_steps: int = 2
    """From the last picture's face."""
    num_first_steps: int = 6
    noise: float = 0.0015
    """Metres; how well a point can be trusted."""
    independent_points: float = 200.0
    """What the 478 points amount to: neighbours err alike."""
    sparsity: float = 4.0
    """Cost of a coefficient at 1: the inverse of its mean, for coefficients that go one way."""
    spread: float = 1.0
    """Standard deviation of a coefficient."""
    jaw_spread: float = 0.2
    """Radians, where the jaw is free."""


class FaceSolver:
    """Solves one person's face, picture by picture; holds nothing from one to the next."""

    def __init__(
        self,
        rig: FaceRig,
        camera: Camera,
        settings: FaceSolverSettings | None = None,
        expressions: ExpressionMap | None = None,
    ) -> None:
        """`expressions` tells apart, from what it has seen, actions that move the points alike."""
        self.rig = rig
        self._expressions = expressions
        self.camera = camera
        self.settings = settings or FaceSolverSettings()
        self.motors = FaceMotors(rig)
        self._gaze = Gaze(rig)
        self._focal = np.array([camera.fx, camera.fy])
        self._middle = np.array([camera.cx, camera.cy])
        self._rest = rig.rest_points
        self._skin_weights = point_weights(rig)
        middle = self._rest[self._skin_weights > 0.0].mean(axis=0) - (0.0, 0.0, _BEHIND_THE_FACE)
        self._outward = so3.normalized(self._rest - middle)
        motors = self.motors
        self._inverse_variance = np.full(motors.num_variables, self.settings.spread**-2)
        self._inverse_variance[: motors.num_jaw] = self.settings.jaw_spread**-2
        self._sparsity = np.where(motors.one_sided, self.settings.sparsity, 0.0)

    def of_person(
        self, betas: Float[np.ndarray, " _"], offsets: Float[np.ndarray, "478 3"] | None = None
    ) -> FaceSolver:
        """The same solver for somebody else's face."""
        return FaceSolver(self.rig.of_person(betas, offsets), self.camera, self.settings, self._expressions)

    def solve(self, face: FaceDetection, previous: FaceSolution | None = None) -> FaceSolution:
        """`previous` is the last picture's solution, with which it goes on if the face is still about there."""
        observed, guess = self.observed(face), self._guess(face)
        state = None if previous is None else self._going_on(observed, previous)
        num_steps = self.settings.num_steps
        if state is None:
            state, num_steps = self.start(face, guess), self.settings.num_first_steps
        for _ in range(num_steps):
            state = self.step(state, self.linearise(state, observed, guess))
        return self.solution(state, face)

    def _guess(self, face: FaceDetection) -> FaceHint | None:
        if self._expressions is None:
            return None
        seen = self._expressions.predict(face.points, self._rest, self.camera)
        num_expression, motors = self.rig.num_expression, self.motors
        errors = motors.variables(
            self._expressions.errors[num_expression : num_expression + 3], self._expressions.errors[:num_expression]
        )
        return FaceHint(
            variables=motors.variables(seen.face_rotations[0], seen.expression),
            inverse_variance=1.0 / np.square(np.maximum(errors, _LEAST_ERROR)),
        )

    def observed(self, face: FaceDetection) -> Float[np.ndarray, "478 2"]:
        """x / z and y / z in the camera's axes."""
        return (face.points[:, :2] - self._middle) / self._focal

    def _going_on(self, observed: Float[np.ndarray, "478 2"], previous: FaceSolution) -> FaceState | None:
        """The last picture's face, if it is still about there."""
        state = FaceState(
            rotation=_CAMERA_FROM_WORLD @ previous.head_rotation,
            translation=_CAMERA_FROM_WORLD @ previous.head_position,
            variables=self.motors.variables(previous.jaw, previous.expression),
            gaze=self.motors.gaze_of(previous),
        )
        off = np.median(np.linalg.norm(self._project(state)[1] - observed, axis=1))
        return state if off < _STILL_THERE * eye_distance(observed) else None

    def start(self, face: FaceDetection, guess: FaceHint | None = None) -> FaceState:
        """From nothing: where MediaPipe's depth has the head, with the expression guessed."""
        rotation, translation = self._upright_guess(face, self.observed(face))
        variables = np.zeros(self.motors.num_variables) if guess is None else guess.variables
        return FaceState(rotation=rotation, translation=translation, variables=variables, gaze=_AHEAD)

    def _upright_guess(
        self, face: FaceDetection, observed: Float[np.ndarray, "478 2"]
    ) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
        """The similarity between the resting points and MediaPipe's own three coordinates (Kabsch, Umeyama)."""
        weights = (self._skin_weights / self._skin_weights.sum())[:, None]
        seen = np.column_stack([observed, face.points[:, 2] / self._focal[0]])
        rest_middle, seen_middle = (weights * self._rest).sum(axis=0), (weights * seen).sum(axis=0)
        rest, seen = self._rest - rest_middle, seen - seen_middle
        left, _, right = np.linalg.svd(seen.T @ (weights * rest))
        rotation = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
        turned = rest @ rotation.T
        # Scale by x and y alone.
        scale = (weights * turned * seen)[:, :2].sum() / (weights * np.square(turned))[:, :2].sum()
        depth = 1.0 / max(scale, 1e-3)
        middle = depth * np.append(seen_middle[:2], 1.0)
        return rotation, middle - rotation @ rest_middle

    def _project(self, state: FaceState) -> tuple[Float[np.ndarray, "478 3"], Float[np.ndarray, "478 2"]]:
        turns = self.motors.turns(state.variables, state.gaze)
        expression = self.motors.expression(state.variables, state.gaze)
        points = self.rig.points(turns, expression) @ state.rotation.T + state.translation
        return points, points[:, :2] / points[:, 2:]

    def step(self, state: FaceState, equations: FaceEquations) -> FaceState:
        """Where the linearised equations want the face, within its limits."""
        hessian, gradient = equations.hessian, equations.gradient
        # The head's six are free: they are eliminated, the others descend within their limits, the head follows.
        head = np.linalg.solve(hessian[:6, :6], np.column_stack([hessian[:6, 6:], gradient[:6]]))
        reduced = hessian[6:, 6:] - hessian[6:, :6] @ head[:, :-1]
        slope = gradient[6:] - hessian[6:, :6] @ head[:, -1]
        limits = self.motors.limits(state.variables) - state.variables[:, None]
        lowest, highest = limits[:, 0].copy(), limits[:, 1].copy()
        move = np.clip(np.zeros(len(lowest)), lowest, highest)
        descend(reduced, slope, lowest, highest, move, _MOST_ROUNDS, _STILL)
        return state.moved(np.concatenate([head[:, -1] - head[:, :-1] @ move, move]), equations.gaze)

    def linearise(
        self, state: FaceState, observed: Float[np.ndarray, "478 2"], guess: FaceHint | None = None
    ) -> FaceEquations:
        """The equations about a state; `observed` is x / z and y / z."""
        motors = self.motors
        turns = motors.turns(state.variables, state.gaze)
        expression = motors.expression(state.variables, state.gaze)
        arms = self.rig.points(turns, expression) @ state.rotation.T
        placed = arms + state.translation
        depths = placed[:, 2:]
        modelled = placed[:, :2] / depths
        gaze = self._gaze.look(observed, modelled, state.rotation, state.translation, state.gaze)

        missing = (observed - modelled) * state.translation[2]
        roots = np.sqrt(self._weights(placed, state.rotation, missing))[:, None] / self.settings.noise
        scale = roots * (state.translation[2] / depths)
        projection = np.zeros((len(placed), 2, 3))
        projection[:, 0, 0] = projection[:, 1, 1] = scale[:, 0]
        projection[:, :, 2] = -modelled * scale
        rows = projection @ state.rotation
        jacobian = np.concatenate(
            [
                np.cross(arms[:, None], projection),
                projection,
                self.rig.derivatives(rows, turns, expression) @ motors.from_rig,
            ],
            axis=-1,
        )
        jacobian = jacobian.reshape(-1, jacobian.shape[-1])
        residuals = (missing * roots).reshape(-1)
        hessian, gradient = jacobian.T @ jacobian, jacobian.T @ residuals
        damping = np.concatenate([np.zeros(3), np.full(3, _DAMPING / self.settings.noise**2), self._inverse_variance])
        gradient[6:] -= self._inverse_variance * state.variables + self._sparsity
        if guess is not None:
            damping[6:] += guess.inverse_variance
            gradient[6:] += guess.inverse_variance * (guess.variables - state.variables)
        hessian[np.diag_indices_from(hessian)] += damping
        return FaceEquations(
            hessian=hessian,
            gradient=gradient,
            jacobian=jacobian,
            residuals=residuals,
            rows=rows,
            gaze=gaze,
        )

    def _weights(
        self,
        placed: Float[np.ndarray, "478 3"],
        rotation: Float[np.ndarray, "3 3"],
        missing: Float[np.ndarray, "478 2"],
    ) -> Float[np.ndarray, " 478"]:
        """Of each point: its own, less where the skin turns away, less where it lies far off the fit."""
        facing = -(self._outward @ rotation.T * so3.normalized(placed)).sum(axis=1)
        weights = self._skin_weights * np.clip(2.0 * facing, _TURNED_AWAY, 1.0)
        distances = np.linalg.norm(missing, axis=1)
        far = _ROBUST * max(float(np.median(distances)), self.settings.noise)
        weights = weights * far / np.maximum(distances, far)
        return weights * (self.settings.independent_points / self._skin_weights.sum())

    def solution(self, state: FaceState, face: FaceDetection) -> FaceSolution:
        expression = self.motors.expression(state.variables, state.gaze)
        eyes = self.motors.eye_joints(expression, state.gaze)
        off = np.linalg.norm((self._project(state)[1] - self.observed(face)) * self._focal, axis=1)
        residual = float(np.median(off) / max(eye_distance(face.points[:, :2]), 1e-6))
        return FaceSolution(
            head_rotation=_CAMERA_FROM_WORLD @ state.rotation,
            head_position=_CAMERA_FROM_WORLD @ state.translation,
            jaw=self.motors.jaw(state.variables),
            left_eye=eyes[0],
            right_eye=eyes[1],
            expression=expression,
            confidence=face.confidence * float(np.clip((_HOPELESS - residual) / (_HOPELESS - _GOOD), 0.0, 1.0)),
            residual=residual,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceHint:
    """Where else than from the fit the variables are known from, and how well."""

    variables: Float[np.ndarray, " V"]
    inverse_variance: Float[np.ndarray, " V"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceState:
    """One face while it is being solved; the head in the camera's axes."""

    rotation: Float[np.ndarray, "3 3"]
    translation: Float[np.ndarray, "3"]
    variables: Float[np.ndarray, " V"]
    """See `FaceMotors`."""
    gaze: Float[np.ndarray, "2 3"]
    """Axis-angles of left and right eye."""

    def moved(self, move: Float[np.ndarray, " P"], gaze: Float[np.ndarray, "2 3"]) -> FaceState:
        return FaceState(
            rotation=so3.matrices(np.clip(move[:3], -_LONGEST_TURN, _LONGEST_TURN)) @ self.rotation,
            translation=self.translation + move[3:6],
            variables=self.variables + move[6:],
            gaze=gaze,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceEquations:
    """About one state: columns are the head's rotation (from the left, in the camera's axes), its translation, then
    the variables of `FaceMotors`; rows are x and y of each point, weighted, in units of the noise."""

    hessian: Float[np.ndarray, "P P"]
    """Of points and priors."""
    gradient: Float[np.ndarray, " P"]
    """Downhill."""
    jacobian: Float[np.ndarray, "956 P"]
    residuals: Float[np.ndarray, "956"]
    rows: Float[np.ndarray, "478 2 3"]
    """Derivatives of the residuals, but for the sign, by each point's place in the head's frame."""
    gaze: Float[np.ndarray, "2 3"]
    """As the irises have it."""


def point_weights(rig: FaceRig) -> Float[np.ndarray, " 478"]:
    """Of each point for the fit: lids, lips and brows carry the expression; the outline slides over the skin."""
    weights = rig.embedding.reliability.astype(np.float64).copy()
    for points, factor in ((EYES, 4.0), (INNER_LIPS, 4.0), (OUTER_LIPS, 3.0), (BROWS, 1.5), (OVAL, 0.3), (IRISES, 0.0)):
        weights[list(points)] *= factor
    return weights
