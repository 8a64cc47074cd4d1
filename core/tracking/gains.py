"""More or less than the person does: what was seen, scaled group by group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..body.joints import FACE_JOINTS
from ..body.model import BodyModel
from .body_solver import BodySolution, head_placed
from .posture import posture_under
from .skeleton import HEAD, Skeleton, place
from .solution import FaceSolution
from .tracker_settings import Gains
from .turns import ROTATIONS, matrices, vectors


class FaceGains:
    """Scales the face of one body: coefficients by the names of their actions, joints with their group."""

    def __init__(self, body: BodyModel) -> None:
        names = body.expression_names
        self._ranges = body.expression_ranges.numpy().astype(np.float64)
        self._brows = np.array([name.startswith("brow") for name in names], bool)
        self._eyes = np.array([name.startswith("eye") for name in names], bool)
        self._has_groups = bool(self._brows.any() or self._eyes.any())

    def scaled(self, face: FaceSolution, gains: Gains) -> FaceSolution:
        """The face, its coefficients still within their ranges; a head without gain looks into the camera."""
        if gains.head == gains.brows == gains.eyes == gains.mouth == 1.0:
            return face
        if self._has_groups:
            factors = np.where(self._brows, gains.brows, np.where(self._eyes, gains.eyes, gains.mouth))
        else:  # components of a whole face belong to no group
            factors = np.full(len(face.expression), (gains.brows + gains.eyes + gains.mouth) / 3.0)
        return replace(
            face,
            head_rotation=matrices(gains.head * vectors(face.head_rotation)),
            jaw=gains.mouth * face.jaw,
            left_eye=gains.eyes * face.left_eye,
            right_eye=gains.eyes * face.right_eye,
            expression=np.clip(factors * face.expression, self._ranges[:, 0], self._ranges[:, 1]),
        )


def scaled_body(solution: BodySolution, skeleton: Skeleton, gain: float) -> BodySolution:
    """Every joint as far from its rest as `gain` says; the head stays as it is in the world."""
    if gain == 1.0:
        return solution
    before = place(skeleton.joints(solution.expression), solution.rotations)
    head_rotation = before.rotations[HEAD]
    head_place = before.positions[HEAD] + solution.translation
    rest = posture_under(head_rotation)
    rotations = ROTATIONS.moved(rest, gain * ROTATIONS.step(rest, solution.rotations))
    rotations[FACE_JOINTS] = solution.rotations[FACE_JOINTS]  # these have gains of their own
    after = place(skeleton.joints(solution.expression), rotations)
    rotations[HEAD] = rotations[HEAD] @ after.rotations[HEAD].T @ head_rotation
    shift = head_rotation @ skeleton.head_shift(solution.expression)
    translation = head_placed(skeleton, rotations, solution.expression, head_place - shift)
    return replace(solution, rotations=rotations, translation=translation)
