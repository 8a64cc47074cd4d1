"""From one picture's face points straight to what the face does: a linear map learned from the body's own portraits.

The points are compared with the person's neutral ones, so that who it is does not look like what it does. What the map
says is a guess with known errors, with which the solver's steps begin and to which they may be held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel, shape_body
from ..cameras import Camera, rays_of
from . import turns as so3
from .embedding import LandmarkEmbedding
from .sightings import Sighting

_ROUNDS = 4
_RIDGE = 0.1
"""Found by trying 0.001 to 1 on people left out."""
_HEAD = JOINT_NAMES.index("head")
_NUM_TURNS = 9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceGuess:
    """What a face seems to do."""

    expression: Float[np.ndarray, " E"]
    face_rotations: Float[np.ndarray, "3 3"]
    """Axis-angle of jaw, left eye and right eye beside what the expression turns; zeros where it turns them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpressionMap:
    """Linear in the points' offsets from where the neutral face has them; of one body."""

    weights: Float[np.ndarray, "Y 1434"]
    bias: Float[np.ndarray, " Y"]
    """Expression, then the nine components of `FaceGuess.face_rotations`."""
    stillness: Float[np.ndarray, "478"]
    """How much each point counts in finding the head's place: those that faces move little."""
    limits: Float[np.ndarray, "Y 2"]
    errors: Float[np.ndarray, " Y"]
    """Standard deviations on people that the map was not learned from."""

    def predict(
        self, points: Float[np.ndarray, "478 3"], neutral: Float[np.ndarray, "478 3"], camera: Camera
    ) -> FaceGuess:
        """`points` as in `FaceDetection`, `neutral` the person's face at rest in metres, in the rest pose's axes."""
        offsets = offsets_from_neutral(points, neutral, camera, self.stillness)
        values = np.clip(self.weights @ offsets.ravel() + self.bias, *self.limits.T)
        count = len(values) - _NUM_TURNS
        return FaceGuess(expression=values[:count], face_rotations=values[count:].reshape(3, 3))


def offsets_from_neutral(
    points: Float[np.ndarray, "478 3"],
    neutral: Float[np.ndarray, "478 3"],
    camera: Camera,
    stillness: Float[np.ndarray, "478"],
) -> Float[np.ndarray, "478 3"]:
    """How far the points are from the neutral ones, metres in the head's axes, at the depths of the neutral face."""
    rotation, translation = head_place(points, neutral, camera, stillness)
    placed = neutral @ rotation.T + translation
    return (np.column_stack([rays_of(points[:, :2], camera), np.ones(len(points))]) * placed[:, 2:] - placed) @ rotation


def head_place(
    points: Float[np.ndarray, "478 3"],
    neutral: Float[np.ndarray, "478 3"],
    camera: Camera,
    stillness: Float[np.ndarray, "478"],
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """The head's rotation and place in the camera's axes: Gauss-Newton steps on the still points' reprojection."""
    seen = rays_of(points[:, :2], camera)
    rotation, translation = _upright(np.column_stack([seen, points[:, 2] / camera.fx]), neutral, stillness)
    for _ in range(_ROUNDS):
        arms = neutral @ rotation.T
        placed = arms + translation
        modelled = placed[:, :2] / placed[:, 2:]
        projection = np.zeros((len(placed), 2, 3))
        projection[:, 0, 0] = projection[:, 1, 1] = 1.0 / placed[:, 2]
        projection[:, :, 2] = -modelled / placed[:, 2:]
        rows = np.concatenate([np.cross(arms[:, None], projection), projection], axis=2).reshape(-1, 6)
        pulled = rows * np.repeat(stillness, 2)[:, None]
        step = np.linalg.solve(pulled.T @ rows, pulled.T @ (seen - modelled).ravel())
        rotation, translation = so3.matrices(step[:3]) @ rotation, translation + step[3:]
    return rotation, translation


def _upright(
    seen: Float[np.ndarray, "478 3"], neutral: Float[np.ndarray, "478 3"], stillness: Float[np.ndarray, "478"]
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """A first place of the head: the similarity between MediaPipe's own three coordinates and the neutral points."""
    share = stillness / stillness.sum()
    rest_middle, seen_middle = share @ neutral, share @ seen
    rest, away = neutral - rest_middle, seen - seen_middle
    left, _, right = np.linalg.svd((away * share[:, None]).T @ rest)
    rotation = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
    turned = rest @ rotation.T
    scale = share @ (turned * away)[:, :2].sum(1) / (share @ np.square(turned[:, :2]).sum(1))
    return rotation, np.append(seen_middle[:2], 1.0) / scale - rotation @ rest_middle


def fit_map(body: BodyModel, embedding: LandmarkEmbedding, seen: Sequence[Sighting]) -> ExpressionMap:
    """The map from these sightings; its errors from halves of the people, each by what the other half teaches."""
    stillness = _stillness(body, embedding)
    offsets, values = training_pairs(body, embedding, seen, stillness)
    importance = np.repeat(embedding.reliability, 3)
    sitters = {id(sighting.portrait.sitting.sitter): None for sighting in seen}
    half = set(list(sitters)[::2])
    first = np.array([id(sighting.portrait.sitting.sitter) in half for sighting in seen])
    strays = np.empty_like(values)
    for taught in (first, ~first):
        weights, bias = _ridge(offsets[taught], values[taught], importance)
        strays[~taught] = offsets[~taught] @ weights.T + bias - values[~taught]
    weights, bias = _ridge(offsets, values, importance)
    ranges = body.expression_ranges.double().numpy()
    turns = values[:, -_NUM_TURNS:]
    return ExpressionMap(
        weights=weights,
        bias=bias,
        stillness=stillness,
        limits=np.concatenate([ranges, np.stack([turns.min(0), turns.max(0)], axis=1)]),
        errors=np.sqrt(np.square(strays).mean(0)),
    )


def training_pairs(
    body: BodyModel,
    embedding: LandmarkEmbedding,
    seen: Sequence[Sighting],
    stillness: Float[np.ndarray, "478"],
) -> tuple[Float[np.ndarray, "N 1434"], Float[np.ndarray, "N Y"]]:
    """Offsets of the points, and what the faces really do."""
    offsets, values = [], []
    neutral_of: dict[int, np.ndarray] = {}
    faces = body.faces.numpy()
    for sighting in seen:
        sitting = sighting.portrait.sitting
        if id(sitting.sitter) not in neutral_of:
            shaped = shape_body(body, torch.from_numpy(sitting.sitter.betas).to(body.dtype))
            neutral_of[id(sitting.sitter)] = embedding.points(shaped.vertices.double().numpy(), faces)
        neutral = neutral_of[id(sitting.sitter)]
        offsets.append(offsets_from_neutral(sighting.points, neutral, sighting.portrait.camera, stillness).ravel())
        values.append(np.concatenate([sitting.expression, sitting.face_rotations.ravel()]))
    return np.array(offsets), np.array(values)


def _stillness(body: BodyModel, embedding: LandmarkEmbedding) -> Float[np.ndarray, "478"]:
    """Reliable points that neither jaw nor expression moves much."""
    corners = body.faces.numpy()[embedding.triangles]
    directions = body.expression_directions.double().numpy()[corners]
    reach = np.abs(body.expression_ranges.double().numpy()).max(1)
    moved = np.linalg.norm(np.einsum("nk,nkde->nde", embedding.barycentrics, directions) * reach, axis=1)
    loose = 1.0 - np.einsum("nk,nk->n", embedding.barycentrics, body.skin_weights.double().numpy()[corners][..., _HEAD])
    metres = np.sqrt(np.square(moved).mean(1)) + 0.01 * np.clip(loose, 0.0, 1.0)
    return embedding.reliability / (1.0 + np.square(metres / 0.002))


def _ridge(
    offsets: Float[np.ndarray, "N 1434"], values: Float[np.ndarray, "N Y"], importance: Float[np.ndarray, "1434"]
) -> tuple[Float[np.ndarray, "Y 1434"], Float[np.ndarray, " Y"]]:
    """Least squares with small weights; there are more numbers than portraits, so it is solved among portraits."""
    middle, mean = offsets.mean(0), values.mean(0)
    scales = importance / np.sqrt(np.square((offsets - middle) * importance).sum(1).mean())
    features = (offsets - middle) * scales
    mixed = np.linalg.solve(features @ features.T + _RIDGE * np.eye(len(features)), values - mean)
    weights = (mixed.T @ features) * scales
    return weights, mean - weights @ middle
