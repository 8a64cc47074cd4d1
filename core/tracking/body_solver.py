"""What a body does, from one picture's detections and the head that the face gave."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from ..body.joints import FACE_JOINTS, JOINT_NAMES, LEFT_HAND, NUM_JOINTS, RIGHT_HAND
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import Camera
from . import lifting
from .arms import SEEN, ArmSolver
from .detection import Detection
from .legs import LegSolver
from .lifting import BodyPoints, lifted_body, lifted_hand
from .posture import SPINE, bend_spine, posture_under, share_neck
from .skeleton import HEAD, NECK, Placed, Skeleton, place
from .solution import Confidence, FaceSolution
from .torso import TorsoSolver, head_rotation
from .turns import matrices, vectors

_USUAL_PLACE = np.array([0.0, 0.0, -0.8])
"""Of a head nobody has seen yet: at a webcam's distance, in the middle; metres."""
SHOULDERS = (lifting.LEFT_SHOULDER, lifting.RIGHT_SHOULDER)
JOINT_OF_POINT = tuple(
    (getattr(lifting, f"{side}_{name}".upper()), JOINT_NAMES.index(f"{side}_{name}"))
    for side in ("left", "right")
    for name in ("shoulder", "hip", "knee", "ankle")
)
"""Points of the detector that lie at joints of the body."""
_SHOWS_IN = tuple(
    (getattr(lifting, f"{side}_{point}".upper()), JOINT_NAMES.index(joint.format(side)))
    for side in ("left", "right")
    for point, joint in (
        ("shoulder", "pelvis"),
        ("elbow", "{}_shoulder"),
        ("wrist", "{}_elbow"),
        ("ankle", "{}_knee"),
    )
)
"""Points, and the joints that turn with them."""
_LOYALTY = 0.2
"""By how much less a point must be visible to be kept than to be taken up: no flicker at the threshold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodySolution:
    """One picture's answer before it is steadied over time; complete and natural even where nothing was seen."""

    rotations: Float[np.ndarray, "55 3 3"]
    """Local."""
    expression: Float[np.ndarray, " E"]
    translation: Float[np.ndarray, "3"]
    joint_confidence: Float[np.ndarray, "55"]
    """0 where the joint only rests."""
    confidence: Confidence


def body_pose(
    rotations: Float[np.ndarray, "55 3 3"], expression: Float[np.ndarray, " E"], translation: Float[np.ndarray, "3"]
) -> BodyPose:
    """The same values as the body model takes them."""

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))

    return BodyPose(
        rotations=tensor(vectors(rotations)), expression=tensor(expression), translation=tensor(translation)
    )


def head_placed(
    skeleton: Skeleton,
    rotations: Float[np.ndarray, "55 3 3"],
    expression: Float[np.ndarray, " E"],
    head_position: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "3"]:
    """The translation that takes the head's joint to `head_position`; metres."""
    placed = place(skeleton.joints(expression), rotations)
    # Where the expression shifts the joint inside the head, what rides on the head stays where the face was seen.
    return head_position + placed.rotations[HEAD] @ skeleton.head_shift(expression) - placed.positions[HEAD]


class BodySolver:
    """Solves one body's pose, picture by picture; keeps nothing between them."""

    def __init__(self, body: BodyModel, betas: Float[torch.Tensor, " S"], camera: Camera) -> None:
        self._skeleton = Skeleton.of(body, betas)
        self._camera = camera
        rest = self._skeleton.rest_joints
        self._torso = TorsoSolver(rest)
        self._arms = tuple(ArmSolver(rest, side) for side in ("left", "right"))
        self._legs = tuple(LegSolver(rest, side) for side in ("left", "right"))

    def solve(
        self, detection: Detection, face: FaceSolution | None, previous: BodySolution | None = None
    ) -> BodySolution:
        """The pose of that picture; without face and body, the relaxed body where `previous` was."""
        points = None
        if detection.body is not None:
            points = _given_up_late(lifted_body(detection, detection.body, self._camera), previous)
        if points is not None and points.visibility[list(SHOULDERS)].min() < SEEN:
            points = None
        expression = np.zeros(self._skeleton.num_expression) if face is None else face.expression
        joint_confidence = np.zeros(NUM_JOINTS)
        head, head_confidence = np.eye(3), 0.0
        if face is not None:
            head, head_confidence = face.head_rotation, face.confidence
        elif points is not None:
            head, head_confidence = head_rotation(points)
        rotations = posture_under(head)
        joint_confidence[[NECK, HEAD]] = head_confidence
        if points is not None:
            self._solve_trunk(rotations, joint_confidence, points, head)
        translation = self._translation(rotations, expression, face, points, previous)
        if points is not None:
            trunk = place(self._skeleton.joints(expression), rotations, self._skeleton.rest_joints[0] + translation)
            self._solve_limbs(rotations, joint_confidence, points, detection, trunk, previous)
            if face is None:  # legs say more about the distance
                translation = self._behind_pixels(rotations, points)
        if face is not None:
            rotations[FACE_JOINTS] = matrices(np.stack([face.jaw, face.left_eye, face.right_eye]))
            joint_confidence[FACE_JOINTS] = face.confidence
        return BodySolution(
            rotations=rotations,
            expression=expression,
            translation=translation,
            joint_confidence=joint_confidence,
            confidence=Confidence(
                face=0.0 if face is None else face.confidence,
                body=0.0 if points is None else float(points.visibility[list(SHOULDERS)].mean()),
                left_hand=float(joint_confidence[LEFT_HAND].min()),
                right_hand=float(joint_confidence[RIGHT_HAND].min()),
            ),
        )

    def _solve_trunk(
        self,
        rotations: Float[np.ndarray, "55 3 3"],
        joint_confidence: Float[np.ndarray, "55"],
        points: BodyPoints,
        head: Float[np.ndarray, "3 3"],
    ) -> None:
        """Write pelvis, spine and neck, in place."""
        torso = self._torso.solve(points)
        rotations[0] = torso.pelvis
        bend_spine(rotations, torso.bend)
        share_neck(rotations, torso.chest.T @ head)
        joint_confidence[0] = joint_confidence[list(SPINE)] = torso.chest_confidence

    def _solve_limbs(
        self,
        rotations: Float[np.ndarray, "55 3 3"],
        joint_confidence: Float[np.ndarray, "55"],
        points: BodyPoints,
        detection: Detection,
        trunk: Placed,
        previous: BodySolution | None,
    ) -> None:
        """Write arms with their hands, and legs, in place."""
        for leg in self._legs:
            leg.solve(rotations, joint_confidence, trunk, points)
        for arm, hand in zip(self._arms, (detection.left_hand, detection.right_hand), strict=True):
            lifted, wrist_before = None, None
            if hand is not None:
                lifted = lifted_hand(hand, self._camera)
                if previous is not None and previous.joint_confidence[arm.fingers].all():
                    before = place(self._skeleton.rest_joints, previous.rotations)
                    wrist_before = before.rotations[arm.joints[-1]]
            arm.solve(rotations, joint_confidence, trunk, points, lifted, wrist_before)

    def _translation(
        self,
        rotations: Float[np.ndarray, "55 3 3"],
        expression: Float[np.ndarray, " E"],
        face: FaceSolution | None,
        points: BodyPoints | None,
        previous: BodySolution | None,
    ) -> Float[np.ndarray, "3"]:
        """By the face's place, else by where the points are in the picture, else where the head was."""
        if face is not None:
            return head_placed(self._skeleton, rotations, expression, face.head_position)
        if points is not None:
            return self._behind_pixels(rotations, points)
        if previous is None:
            return head_placed(self._skeleton, rotations, expression, _USUAL_PLACE)
        before = place(self._skeleton.rest_joints, previous.rotations)
        return head_placed(self._skeleton, rotations, expression, before.positions[HEAD] + previous.translation)

    def _behind_pixels(self, rotations: Float[np.ndarray, "55 3 3"], points: BodyPoints) -> Float[np.ndarray, "3"]:
        """The translation by which the seen joints come nearest to their pixels' rays (least squares, times depth)."""
        positions = place(self._skeleton.rest_joints, rotations).positions
        landmarks, joints = (list(column) for column in zip(*JOINT_OF_POINT, strict=True))
        rays = points.places[landmarks] / -points.places[landmarks, 2:]
        weights = np.where(points.visibility[landmarks] < SEEN, 0.0, points.visibility[landmarks])
        matrix = np.zeros((len(joints), 2, 3))
        matrix[:, 0, 0] = matrix[:, 1, 1] = 1.0
        matrix[:, :, 2] = rays[:, :2]
        target = -positions[joints, :2] - rays[:, :2] * positions[joints, 2:]
        rooted = np.sqrt(weights)[:, None]
        answer, *_ = np.linalg.lstsq((rooted[..., None] * matrix).reshape(-1, 3), (rooted * target).ravel(), rcond=None)
        return answer


def _given_up_late(points: BodyPoints, previous: BodySolution | None) -> BodyPoints:
    """The points, those that were believed a picture ago a little more visible."""
    if previous is None:
        return points
    landmarks, joints = (list(column) for column in zip(*_SHOWS_IN, strict=True))
    visibility = points.visibility.copy()
    visibility[landmarks] += _LOYALTY * ((previous.joint_confidence[joints] > 0.0) & (visibility[landmarks] > 0.0))
    return replace(points, visibility=np.minimum(visibility, 1.0))
