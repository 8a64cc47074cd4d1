"""What the network's points say of a pose, and how it goes together with what the landmarks say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int

from ..body.joints import FACE_JOINTS, JOINT_NAMES, PARENTS
from ..body.model import BodyModel
from ..nlf.fitter import BodyFitter, FitSettings
from .body_solver import BodySolution, head_placed
from .skeleton import HEAD, Skeleton, place
from .solution import FaceSolution
from .tracker_settings import Parts
from .turns import matrices

_NUM_POINTS = 512
"""Spread evenly over the body; the fit of a pose gains little from more."""
_FIT = FitSettings(rounds=2)
_UNSURE = 0.3
"""Metres of expected error, from which on a point says nothing."""
_SEEN = 0.3
"""Confidence of its points below which a joint was not seen."""
_LEGS = tuple(
    JOINT_NAMES.index(f"{side}_{name}") for side in ("left", "right") for name in ("hip", "knee", "ankle", "foot")
)
_TRUNK_AND_LIMBS = tuple(joint for joint in range(FACE_JOINTS.start) if joint != HEAD)
_TAKEN: dict[Parts, tuple[int, ...]] = {
    "face": (),
    "upper": tuple(joint for joint in _TRUNK_AND_LIMBS if joint not in _LEGS),
    "whole": _TRUNK_AND_LIMBS,
}
"""Joints that the network turns; head, face and fingers are seen better by detectors of their own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundPoints:
    """Of the body's surface, in the tracker's world; in single precision, for an hour's film has many."""

    points: Float[np.ndarray, "M 3"]
    """Metres."""
    sigma: Float[np.ndarray, " M"]
    """Metres: how far off each is expected to be."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundPose:
    """Of one body."""

    rotations: Float[np.ndarray, "55 3 3"]
    """Local."""
    translation: Float[np.ndarray, "3"]
    confidence: Float[np.ndarray, "55"]
    """0 where nothing of the joint's part was seen."""


class PoseFinder:
    """Fits the pose of one body to its points."""

    def __init__(self, body: BodyModel, betas: Float[torch.Tensor, " S"]) -> None:
        vertices = found_vertices(body)
        self._betas = betas
        self._fitter = BodyFitter(body, vertices, _FIT)
        weights = body.skin_weights[vertices].double().numpy()
        self._shares = weights / np.maximum(weights.sum(axis=0), 1e-9)

    def fit(self, found: FoundPoints) -> FoundPose:
        """
        Raises:
            ValueError: a point or a sigma is not finite.
        """
        fit = self._fitter.fit(torch.from_numpy(found.points), torch.from_numpy(found.sigma), betas=self._betas)
        confidence = np.clip(1.0 - found.sigma / _UNSURE, 0.0, 1.0) @ self._shares
        return FoundPose(
            rotations=matrices(fit.pose.rotations.double().numpy()),
            translation=fit.pose.translation.double().numpy(),
            confidence=np.where(confidence > _SEEN, confidence, 0.0),
        )


def with_found(
    seen: BodySolution, found: FoundPose, face: FaceSolution | None, skeleton: Skeleton, parts: Parts
) -> BodySolution:
    """The trunk and the limbs as the network found them, head, face and fingers as the landmarks say."""
    taken = [joint for joint in _TAKEN[parts] if found.confidence[joint] > 0.0]
    if 0 not in taken:
        return seen
    rotations, confidence = seen.rotations.copy(), seen.joint_confidence.copy()
    rotations[taken], confidence[taken] = found.rotations[taken], found.confidence[taken]
    translation = found.translation
    if face is None:
        rotations[HEAD], confidence[HEAD] = found.rotations[HEAD], found.confidence[HEAD]
    else:
        above = place(skeleton.joints(seen.expression), rotations).rotations[PARENTS[HEAD]]
        rotations[HEAD] = above.T @ face.head_rotation
        translation = head_placed(skeleton, rotations, seen.expression, face.head_position)
    return replace(
        seen,
        rotations=rotations,
        translation=translation,
        joint_confidence=confidence,
        confidence=replace(seen.confidence, body=float(found.confidence[0])),
    )


def found_vertices(body: BodyModel) -> Int[torch.Tensor, " M"]:
    """As far from each other as may be, beginning at the top of the head; of the bare body, not of what it wears."""
    skin = body.faces.unique()
    points = body.template_vertices[skin].double()
    chosen = [int(points[:, 1].argmax())]
    distances = torch.full((len(points),), torch.inf, dtype=torch.float64)
    while len(chosen) < min(_NUM_POINTS, len(points)):
        distances = torch.minimum(distances, (points - points[chosen[-1]]).square().sum(-1))
        chosen.append(int(distances.argmax()))
    return skin[chosen]
