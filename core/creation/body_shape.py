"""How tall and how broad somebody is beside their own head, from pictures that show more of them than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from ..body.model import BodyModel
from ..cameras import Camera, pixels_of
from ..tracking.body_solver import JOINT_OF_POINT, BodySolver
from ..tracking.detection import Detection
from ..tracking.face_rig import FaceRig
from ..tracking.face_solver import FaceSolver
from ..tracking.identity import Identity
from ..tracking.learned_face import LearnedFace
from ..tracking.scaling import reduced_camera
from ..tracking.skeleton import Skeleton, place
from ..tracking.solution import CAMERA_FROM_WORLD, FaceSolution
from .looking import Look
from .taken import spread

NUM_BODY_BETAS = 10
"""The first, which are of the whole body; the others are the face's."""
_NUM_TOLD = 4
"""Of them: the rest hardly moves a joint."""
_MOST_PICTURES, _ROUNDS = 6, 3
_SEEN = 0.5
"""Visibility of a point."""
_DEVIATION = 0.03
"""Of a detected point from the joint, in parts of the height that is seen."""
_STEP, _LARGEST = 0.3, 2.5
_POINTS, _JOINTS = (list(column) for column in zip(*JOINT_OF_POINT, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """A picture in which a face is seen, and legs."""

    camera: Camera
    """What the detection's pixels are of."""
    detection: Detection
    face: FaceSolution


def standing(body: BodyModel, face: LearnedFace, person: Identity, looks: Sequence[Look]) -> list[Standing]:
    """Some of the pictures that show so much of the person."""
    rig = FaceRig(body, face.embedding).of_person(person.betas, person.offsets)
    upright: list[Standing] = []
    for look in spread([look for look in looks if _shows_legs(look.seen.detection)], _MOST_PICTURES):
        camera, seen = reduced_camera(look.seen.camera), look.seen.detection
        assert seen.face is not None
        solver = FaceSolver(rig, camera, expressions=face.expressions)
        upright.append(Standing(camera=camera, detection=seen, face=solver.solve(seen.face)))
    return upright


def _shows_legs(seen: Detection) -> bool:
    return seen.face is not None and seen.body is not None and bool(seen.body.visibility[_POINTS].min() >= _SEEN)


def body_betas(
    body: BodyModel, betas: Float[np.ndarray, " S"], pictures: Sequence[Standing]
) -> Float[np.ndarray, " K"]:
    """The first `NUM_BODY_BETAS` of somebody whose face has those `betas`.

    With them the body's joints come nearest to where they are seen, while the head is where the face is.
    """
    count = min(_NUM_TOLD, body.num_betas)
    found = np.zeros(count)
    for _ in range(_ROUNDS):
        about = _missing(body, betas, found, pictures)
        columns = [_missing(body, betas, found + step, pictures) - about for step in _STEP * np.eye(count)]
        jacobian = np.stack(columns, axis=1) / _STEP
        # The pictures' errors are alike, so that many of them are no surer than one.
        hessian = jacobian.T @ jacobian / len(pictures) + np.eye(count)
        gradient = jacobian.T @ about / len(pictures) + found
        found = np.clip(found - np.linalg.solve(hessian, gradient), -_LARGEST, _LARGEST)
    return np.pad(found, (0, min(NUM_BODY_BETAS, body.num_betas) - count))


def _missing(
    body: BodyModel, betas: Float[np.ndarray, " S"], first: Float[np.ndarray, " K"], pictures: Sequence[Standing]
) -> Float[np.ndarray, " R"]:
    """Distances of joints and points over their deviation, when the first betas are these."""
    tried = np.concatenate([first, np.zeros(NUM_BODY_BETAS - len(first)), betas[NUM_BODY_BETAS:]])[: body.num_betas]
    shape = torch.from_numpy(tried).float()
    skeleton = Skeleton.of(body, shape)
    rows = []
    for picture in pictures:
        camera, detection = picture.camera, picture.detection
        assert detection.body is not None
        solution = BodySolver(body, shape, camera).solve(detection, picture.face)
        placed = place(skeleton.joints(solution.expression), solution.rotations).positions + solution.translation
        pixels = pixels_of(placed[_JOINTS] * CAMERA_FROM_WORLD, camera)
        points = detection.body.points
        rows.append((pixels - points[_POINTS]) / (_DEVIATION * np.ptp(points[:, 1])))
    return np.concatenate(rows).ravel()
