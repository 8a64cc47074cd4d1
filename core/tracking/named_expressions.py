"""The sixteen blendshapes of Snapmoji (Chen et al. 2025, supplement) on any body, by name.

A body whose expressions are named actions has them or mixes them. One with principal components gets the mix of its
components, and the turn of its jaw, whose face points move most nearly as the built-in body's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float

from ..body.body_registry import builtin_body
from ..body.joints import FACE_JOINTS
from ..body.model import BodyModel, ShapedBody, pose_body, shape_body
from ..body.parameters import BodyPose
from .embedding import LandmarkEmbedding
from .face_points import eye_distance
from .learned_face import landmark_embedding

_MIXES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "browDownLeft": {"browDownLeft": 1.0},
        "browDownRight": {"browDownRight": 1.0},
        "browUpLeft": {"browOuterUpLeft": 1.0, "browInnerUp": 0.5},
        "browUpRight": {"browOuterUpRight": 1.0, "browInnerUp": 0.5},
        "eyeBlinkLeft": {"eyeBlinkLeft": 1.0},
        "eyeBlinkRight": {"eyeBlinkRight": 1.0},
        "jawOpen": {"jawOpen": 1.0},
        "jawLeft": {"jawLeft": 1.0},
        "jawRight": {"jawRight": 1.0},
        "lipsPucker": {"mouthPucker": 1.0},
        "mouthFrownLeft": {"mouthFrownLeft": 1.0},
        "mouthFrownRight": {"mouthFrownRight": 1.0},
        "mouthSmileLeft": {"mouthSmileLeft": 1.0},
        "mouthSmileRight": {"mouthSmileRight": 1.0},
        "mouthStretchLeft": {"mouthStretchLeft": 1.0},
        "mouthStretchRight": {"mouthStretchRight": 1.0},
    }
)
"""Of the actions that bear ARKit's names; both brows up share the one action that lifts between them."""
BLENDSHAPES = tuple(_MIXES)
_SMALL_TURN = 0.02
"""Radians; the jaw's effect is taken as linear."""
_NOISE = 0.01
"""Eye distances to which a component's standard deviation is weighed."""
_JAW_SPREAD = 0.3
"""Radians; turning the jaw costs little beside moving the lips apart by components."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedExpressions:
    """What each of `BLENDSHAPES` at strength 1 is on one body."""

    expression: Float[np.ndarray, "16 E"]
    jaw: Float[np.ndarray, "16 3"]
    """Axis-angle, beside what the expression turns."""

    def posed(self, pose: BodyPose, strengths: Mapping[str, float]) -> BodyPose:
        """The pose with the face that the named strengths make.

        Raises:
            ValueError: a name is none of `BLENDSHAPES`.
        """
        if unknown := set(strengths) - set(BLENDSHAPES):
            raise ValueError(f"no blendshapes: {', '.join(sorted(unknown))}")
        row = np.array([strengths.get(name, 0.0) for name in BLENDSHAPES])
        rotations = pose.rotations.clone()
        rotations[..., FACE_JOINTS.start, :] = torch.from_numpy(row @ self.jaw).to(rotations)
        return replace(pose, rotations=rotations, expression=torch.from_numpy(row @ self.expression).to(rotations))


def named_expressions(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> NamedExpressions:
    """The blendshapes of a body; one without named actions is calibrated at first use, see `learn_face`.

    Raises:
        StudioError: no face is found on a body that has no named actions, or MediaPipe is not installed.
    """
    if has_named_actions(body):
        return _of_actions(body)
    source = builtin_body()
    return fitted(body, landmark_embedding(body, progress), source, landmark_embedding(source, progress))


def has_named_actions(body: BodyModel) -> bool:
    """Whether the blendshapes are mixes of the body's own actions."""
    return all(action in body.expression_names for mix in _MIXES.values() for action in mix)


def _of_actions(body: BodyModel) -> NamedExpressions:
    expression = np.zeros((len(BLENDSHAPES), body.num_expression))
    for row, mix in zip(expression, _MIXES.values(), strict=True):
        for action, share in mix.items():
            row[body.expression_names.index(action)] = share
    return NamedExpressions(expression=expression, jaw=np.zeros((len(BLENDSHAPES), 3)))


def fitted(
    body: BodyModel, embedding: LandmarkEmbedding, source: BodyModel, source_embedding: LandmarkEmbedding
) -> NamedExpressions:
    """The blendshapes of `source`, which has named actions, on another body: least squares over the face points."""
    wanted = _Face(source, source_embedding)
    moved = np.stack([wanted.moved(expression=row) for row in _of_actions(source).expression])
    face = _Face(body, embedding)
    turns = [face.moved(jaw=turn) / _SMALL_TURN for turn in _SMALL_TURN * np.eye(3)]
    motions = np.concatenate([face.components(), _JAW_SPREAD * np.stack(turns)])
    weights = np.repeat(np.sqrt(embedding.reliability * source_embedding.reliability), 3) / _NOISE
    design = (motions.reshape(len(motions), -1) * weights).T
    gram = design.T @ design / len(weights) + np.eye(len(motions)) / len(weights)
    target = (moved.reshape(len(moved), -1) * weights).T
    solution = np.linalg.solve(gram, design.T @ target / len(weights)).T
    count = body.num_expression
    return NamedExpressions(expression=solution[:, :count], jaw=solution[:, count:] * _JAW_SPREAD)


class _Face:
    """How far a body's face points move from its neutral face, in eye distances."""

    def __init__(self, body: BodyModel, embedding: LandmarkEmbedding) -> None:
        self._body, self._embedding = body, embedding
        self._shaped: ShapedBody = shape_body(body, torch.zeros(body.num_betas, dtype=body.dtype))
        self._neutral = self._points(BodyPose.rest(body))
        self._unit = float(eye_distance(self._neutral))

    def moved(
        self, *, expression: Float[np.ndarray, " E"] | None = None, jaw: Float[np.ndarray, "3"] | None = None
    ) -> Float[np.ndarray, "478 3"]:
        pose = BodyPose.rest(self._body)
        if expression is not None:
            pose = replace(pose, expression=torch.from_numpy(expression).to(pose.expression))
        if jaw is not None:
            rotations = pose.rotations.clone()
            rotations[FACE_JOINTS.start] = torch.from_numpy(jaw).to(rotations)
            pose = replace(pose, rotations=rotations)
        return (self._points(pose) - self._neutral) / self._unit

    def components(self) -> Float[np.ndarray, "E 478 3"]:
        """What each coefficient at 1 does; the jaw stays, as it does on bodies without named actions."""
        corners = self._body.faces.numpy()[self._embedding.triangles]
        directions = self._body.expression_directions.double().numpy()[corners]
        return np.einsum("nk,nkde->end", self._embedding.barycentrics, directions) / self._unit

    def _points(self, pose: BodyPose) -> Float[np.ndarray, "478 3"]:
        vertices = pose_body(self._body, self._shaped, pose).vertices.double().numpy()
        return self._embedding.points(vertices, self._body.faces.numpy())
