"""Whose face it is: the betas of a person, from pictures in which the face moves.

Shape is common to all pictures, expression is each one's own. All are solved together: the expressions' price makes
whatever stays the same a matter of shape. What the betas leave then becomes a small constant offset of each point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..body.model import BodyModel
from ..cameras import Camera
from .detection import FaceDetection
from .embedding import LandmarkEmbedding
from .face_points import eye_distance
from .face_rig import FaceRig
from .face_solver import FaceEquations, FaceSolver, FaceSolverSettings, FaceState

_SHAPE_SETTINGS = FaceSolverSettings(sparsity=10.0, independent_points=15.0)
"""The detector's errors are as smooth over the face as betas are: its points tell as much of a shape as a few would
whose errors have nothing to do with each other. What they do not tell stays as it is on the average face. Expression is
dear while shape is looked for: what could be either is shape.
"""
_OFFSET_SETTINGS = FaceSolverSettings(sparsity=10.0, independent_points=100.0)
_MOST_PICTURES = 24
_FIRST_STEPS = 4
"""Of each face alone, before shape is asked for."""
_SHAPE_ROUNDS, _OFFSET_ROUNDS = 6, 3
_INDEPENDENT_PICTURES, _INDEPENDENT_FOR_OFFSETS = 10.0, 4.0
"""What all pictures amount to: the detector's bias is the same in each."""
_LARGEST_BETA, _LARGEST_OFFSET = 4.0, 0.01
_OFFSET_DEVIATION = 0.0014
"""Metres."""
_SIZE_DEVIATION = 0.03
"""Of the logarithm of the head's size, which betas alone would let vary more than people's does. No single camera tells
a large head from one that is nearer."""
_AT_LIMIT = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """One person's face, for `FaceRig`."""

    betas: Float[np.ndarray, " S"]
    offsets: Float[np.ndarray, "478 3"]
    """Metres added to the face points of the rest mesh: what the betas cannot reach."""
    residual: float
    """Median distance of points and fit, in parts of the distance between the outer eye corners."""
    num_faces: int = 1
    """That it is known from."""


def estimate_identity(
    body: BodyModel,
    embedding: LandmarkEmbedding,
    detections: Sequence[FaceDetection],
    camera: Camera,
    progress: Callable[[float, str], None] | None = None,
    *,
    held: Float[np.ndarray, " K"] | None = None,
) -> Identity:
    """The person whose face was detected, from the pictures that differ most; the first betas may be `held`.

    Raises:
        ValueError: there is no detection.
    """
    if not detections:
        raise ValueError("an identity needs at least one face")
    faces = [detections[index] for index in _spread(detections)]
    held = np.zeros(0) if held is None else held
    solver = FaceSolver(FaceRig(body, embedding, held), camera, _SHAPE_SETTINGS)
    states = [solver.start(face) for face in faces]
    for _ in range(_FIRST_STEPS):
        states = _each_alone(solver, states, faces)
    for done in range(_SHAPE_ROUNDS + _OFFSET_ROUNDS):
        if done == _SHAPE_ROUNDS:
            solver = FaceSolver(solver.rig, camera, _OFFSET_SETTINGS)
        solver, states = _reshape(solver, states, faces, len(held), offsets_alone=done >= _SHAPE_ROUNDS)
        states = _each_alone(solver, states, faces)
        if progress is not None:
            progress((done + 1) / (_SHAPE_ROUNDS + _OFFSET_ROUNDS), "learning the shape of the face")
    residuals = [solver.solution(state, face).residual for state, face in zip(states, faces, strict=True)]
    return Identity(
        betas=solver.rig.betas,
        offsets=solver.rig.offsets,
        residual=float(np.median(residuals)),
        num_faces=len(faces),
    )


def _each_alone(solver: FaceSolver, states: Sequence[FaceState], faces: Sequence[FaceDetection]) -> list[FaceState]:
    return [
        solver.step(state, solver.linearise(state, solver.observed(face)))
        for state, face in zip(states, faces, strict=True)
    ]


def _spread(detections: Sequence[FaceDetection]) -> list[int]:
    """The pictures that differ most from each other, by farthest points, beginning at the most ordinary one."""
    points = np.stack([face.points for face in detections])
    points = (points - points.mean(axis=1, keepdims=True)) / np.reshape(eye_distance(points), (-1, 1, 1))
    features = points.reshape(len(points), -1)
    chosen = [int(np.argmin(np.square(features - np.median(features, axis=0)).sum(axis=1)))]
    distances = np.full(len(features), np.inf)
    while len(chosen) < min(_MOST_PICTURES, len(features)):
        distances = np.minimum(distances, np.square(features - features[chosen[-1]]).sum(axis=1))
        chosen.append(int(np.argmax(distances)))
    return chosen


def _reshape(
    solver: FaceSolver,
    states: Sequence[FaceState],
    faces: Sequence[FaceDetection],
    num_held: int,
    *,
    offsets_alone: bool,
) -> tuple[FaceSolver, list[FaceState]]:
    """One step of what is common, with every picture's own variables eliminated (Schur complement); they follow.

    The step moves the betas but for the first `num_held`, or, with `offsets_alone`, none of them and the offsets.
    """
    rig = solver.rig
    num_betas, num_shared = len(rig.betas), len(rig.betas) + (rig.offsets.size if offsets_alone else 0)
    first_moved = num_betas if offsets_alone else num_held
    shared = np.concatenate([rig.betas, rig.offsets.reshape(-1)])[:num_shared]
    inverse_variance = np.ones(num_shared)
    inverse_variance[num_betas:] = _OFFSET_DEVIATION**-2
    hessian, gradient = np.diag(inverse_variance), -inverse_variance * shared
    growth, by_betas = _growth(rig)
    hessian[:num_betas, :num_betas] += np.outer(by_betas, by_betas) / _SIZE_DEVIATION**2
    gradient[:num_betas] -= growth * by_betas / _SIZE_DEVIATION**2
    independent = _INDEPENDENT_FOR_OFFSETS if offsets_alone else _INDEPENDENT_PICTURES
    weight = min(1.0, independent / len(states))
    following = []
    for state, face in zip(states, faces, strict=True):
        about = solver.linearise(state, solver.observed(face))
        common = _common(solver, state, about)
        limits = solver.motors.limits(state.variables)
        free = np.ones(len(about.gradient), bool)
        free[6:] = (state.variables > limits[:, 0] + _AT_LIMIT) & (state.variables < limits[:, 1] - _AT_LIMIT)
        cross = common.by_own[free, :num_shared]
        own = np.linalg.solve(about.hessian[np.ix_(free, free)], np.column_stack([cross, about.gradient[free]]))
        hessian += weight * (common.hessian[:num_shared, :num_shared] - cross.T @ own[:, :-1])
        gradient += weight * (common.gradient[:num_shared] - cross.T @ own[:, -1])
        following.append((free, own, limits, about.gaze))
    step = np.zeros(num_shared)
    step[first_moved:] = np.linalg.solve(hessian[first_moved:, first_moved:], gradient[first_moved:])
    moved = []
    for state, (free, own, limits, gaze) in zip(states, following, strict=True):
        move = np.zeros(len(free))
        move[free] = own[:, -1] - own[:, :-1] @ step
        move[6:] = np.clip(move[6:], limits[:, 0] - state.variables, limits[:, 1] - state.variables)
        moved.append(state.moved(move, gaze))
    shared = shared + step
    shared[:num_betas] = np.clip(shared[:num_betas], -_LARGEST_BETA, _LARGEST_BETA)
    offsets = shared[num_betas:].reshape(-1, 3).clip(-_LARGEST_OFFSET, _LARGEST_OFFSET) if offsets_alone else None
    return solver.of_person(shared[:num_betas], offsets), moved


def _growth(rig: FaceRig) -> tuple[float, Float[np.ndarray, " S"]]:
    """Logarithm of the face's size over that of zero betas, and its derivatives by the betas."""
    points, ordinary = (each.rest_points for each in (rig, rig.of_person(np.zeros(0))))
    arms, ordinary_arms = points - points.mean(axis=0), ordinary - ordinary.mean(axis=0)
    growth = 0.5 * float(np.log(np.square(arms).sum() / np.square(ordinary_arms).sum()))
    along, _ = rig.shape_derivatives(arms[:, None], np.zeros((3, 3)))
    return growth, along.sum(axis=(0, 1)) / np.square(arms).sum()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Common:
    """One picture's equations for what all pictures share: the betas, then all offsets."""

    hessian: Float[np.ndarray, "C C"]
    gradient: Float[np.ndarray, " C"]
    by_own: Float[np.ndarray, "P C"]
    """The hessian's block between the picture's own variables and the shared ones."""


def _common(solver: FaceSolver, state: FaceState, about: FaceEquations) -> _Common:
    betas, offsets = solver.rig.shape_derivatives(about.rows, solver.motors.turns(state.variables, state.gaze))
    num_points, num_betas = len(offsets), betas.shape[-1]
    own = about.jacobian.reshape(num_points, 2, -1)
    # An offset moves its own point alone, so the offsets' block is block-diagonal.
    to_offsets = np.concatenate([betas, own], axis=2).swapaxes(1, 2) @ offsets
    to_offsets = np.moveaxis(to_offsets, 0, 1).reshape(-1, 3 * num_points)
    flat_betas = betas.reshape(2 * num_points, num_betas)
    num_shared = num_betas + 3 * num_points
    hessian = np.zeros((num_shared, num_shared))
    hessian[:num_betas, :num_betas] = flat_betas.T @ flat_betas
    hessian[:num_betas, num_betas:] = to_offsets[:num_betas]
    hessian[num_betas:, :num_betas] = to_offsets[:num_betas].T
    blocks = hessian[num_betas:, num_betas:].reshape(num_points, 3, num_points, 3)
    points = np.arange(num_points)
    blocks[points, :, points] = offsets.swapaxes(1, 2) @ offsets
    residuals = about.residuals.reshape(num_points, 2, 1)
    return _Common(
        hessian=hessian,
        gradient=np.concatenate([flat_betas.T @ about.residuals, (offsets.swapaxes(1, 2) @ residuals).reshape(-1)]),
        by_own=np.concatenate([about.jacobian.T @ flat_betas, to_offsets[num_betas:]], axis=1),
    )
