"""The 478 face points of one person as functions of jaw, eyes and expression, with their derivatives.

A point is a fixed mix of three vertices, so skinning mixes it too: what a joint moves of it is one linear function of
betas and expression, turned by that joint. Joints other than jaw and eyes count as the head, which is exact while the
neck and all below move as one with it. Points are in the head's frame: metres about the head joint.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..body.joints import FACE_JOINTS, JOINT_NAMES
from ..body.model import BodyModel
from . import turns as so3
from .embedding import LandmarkEmbedding
from .face_kernels import add_derivatives

HEAD = JOINT_NAMES.index("head")
NUM_TURNS = 9
"""Components of the axis-angle vectors of jaw, left eye and right eye."""
_TURNING = tuple(range(FACE_JOINTS.start, FACE_JOINTS.stop))
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Share:
    """What one joint turns of the points, as arms from the joint; the head's share holds all that is not turned."""

    landmarks: Int[np.ndarray, " N"]
    """The points that this joint moves at all."""
    masses: Float[np.ndarray, " N"]
    """How much of each."""
    template: Float[np.ndarray, "N 3"]
    shape: Float[np.ndarray, "N 3 S"]
    expression: Float[np.ndarray, "N 3 E"]
    correctives: Float[np.ndarray, "N 3 27"] | None
    """Per entry of (rotation - identity) of jaw and eyes."""


class FaceRig:
    """The face points of a body with some betas; `offsets` are metres added to the points of its rest mesh."""

    def __init__(
        self,
        body: BodyModel,
        embedding: LandmarkEmbedding,
        betas: Float[np.ndarray, " _"] | None = None,
        offsets: Float[np.ndarray, "478 3"] | None = None,
    ) -> None:
        self.body = body
        self.embedding = embedding
        self._joints, self._shares = _shares(body, embedding)
        self._place(betas, offsets)

    def of_person(self, betas: Float[np.ndarray, " _"], offsets: Float[np.ndarray, "478 3"] | None = None) -> FaceRig:
        """The same body's rig for somebody else."""
        other = copy.copy(self)
        other._place(betas, offsets)
        return other

    @property
    def num_expression(self) -> int:
        return self.body.num_expression

    @property
    def rest_points(self) -> Float[np.ndarray, "478 3"]:
        """The person's neutral face, looking ahead."""
        return self.points(np.zeros((3, 3)), np.zeros(self.num_expression))

    def points(
        self, turns: Float[np.ndarray, "3 3"], expression: Float[np.ndarray, " E"]
    ) -> Float[np.ndarray, "478 3"]:
        """Where the points are when jaw, left and right eye are turned in all (by pose and actions) by axis-angles."""
        matrices = _with_head(turns)
        result = np.zeros_like(self.offsets)
        for number, share in enumerate(self._shares):
            result[share.landmarks] += self._arms(number, matrices, expression) @ matrices[number].T
        return result

    def derivatives(
        self,
        rows: Float[np.ndarray, "478 R 3"],
        turns: Float[np.ndarray, "3 3"],
        expression: Float[np.ndarray, " E"],
    ) -> Float[np.ndarray, "478 R P"]:
        """Of each point along its `rows`: by the 9 components of `turns`, then by the expression."""
        matrices = _with_head(turns)
        spins = [_spins(turn, matrix) for turn, matrix in zip(turns, matrices[1:], strict=True)]
        result = np.zeros((*rows.shape[:2], NUM_TURNS + self.num_expression))
        for number, share in enumerate(self._shares):
            own_rows = rows if number == 0 else rows @ matrices[number]
            add_derivatives(own_rows, share.landmarks, share.expression, result, NUM_TURNS)
            if number > 0:
                moved = np.einsum("ijk,nk->nji", spins[number - 1], self._arms(number, matrices, expression))
                add_derivatives(rows, share.landmarks, moved, result, 3 * number - 3)
            if share.correctives is not None:
                by_turns = [share.correctives[..., 9 * k : 9 * k + 9] @ spins[k].reshape(3, 9).T for k in range(3)]
                add_derivatives(own_rows, share.landmarks, np.concatenate(by_turns, axis=-1), result, 0)
        return result

    def shape_derivatives(
        self, rows: Float[np.ndarray, "478 R 3"], turns: Float[np.ndarray, "3 3"]
    ) -> tuple[Float[np.ndarray, "478 R S"], Float[np.ndarray, "478 R 3"]]:
        """Of each point along its `rows`: by the betas, and by the point's own offset."""
        by_betas = np.zeros((*rows.shape[:2], len(self.betas)))
        by_offset = np.zeros(rows.shape)
        for matrix, share in zip(_with_head(turns), self._shares, strict=True):
            own_rows = rows @ matrix
            add_derivatives(own_rows, share.landmarks, share.shape, by_betas, 0)
            by_offset[share.landmarks] += share.masses[:, None, None] * own_rows[share.landmarks]
        return by_betas, by_offset

    @property
    def eyes(self) -> Float[np.ndarray, "2 3"]:
        """Where the joints of the left and the right eye are, from the head joint."""
        return self._joints[1:, :, 0] + self._joints[1:, :, 1:] @ self.betas

    def _place(self, betas: Float[np.ndarray, " _"] | None, offsets: Float[np.ndarray, "478 3"] | None) -> None:
        self.betas = np.zeros(self.body.num_betas)
        if betas is not None:
            self.betas[: len(betas)] = betas
        self.offsets = np.zeros((len(self.embedding.triangles), 3)) if offsets is None else offsets
        self._rest = [
            share.template + share.shape @ self.betas + share.masses[:, None] * self.offsets[share.landmarks]
            for share in self._shares
        ]

    def _arms(
        self, number: int, matrices: Float[np.ndarray, "4 3 3"], expression: Float[np.ndarray, " E"]
    ) -> Float[np.ndarray, "N 3"]:
        share = self._shares[number]
        arms = self._rest[number] + share.expression @ expression
        if share.correctives is not None:
            arms += share.correctives @ (matrices[1:] - np.eye(3)).reshape(-1)
        return arms


def _shares(body: BodyModel, embedding: LandmarkEmbedding) -> tuple[Float[np.ndarray, "3 3 S1"], list[_Share]]:
    """Jaw and eyes from the head joint (for zero betas, then per beta), and the shares of head, jaw and eyes."""
    corners = body.faces.numpy()[embedding.triangles]
    chosen, corners = np.unique(corners, return_inverse=True)
    corners = corners.reshape(-1, 3)
    template = body.template_vertices.numpy()[..., None]
    parts = (template, body.shape_directions.numpy(), body.expression_directions.numpy())
    regressor = body.joint_regressor.numpy().astype(np.float64)[[HEAD, *_TURNING]]
    joints = np.concatenate([np.tensordot(regressor, part, axes=1) for part in parts], axis=2)
    directions = np.concatenate([part[chosen] for part in parts], axis=2, dtype=np.float64)
    directions -= joints[0]
    joints = joints[1:] - joints[0]
    correctives = _face_correctives(body, chosen)
    weights = body.skin_weights.numpy()[chosen][:, _TURNING].astype(np.float64)
    weights = np.concatenate([1.0 - weights.sum(axis=1, keepdims=True), weights], axis=1)

    num_betas = body.num_betas
    still = np.zeros((len(corners), *directions.shape[1:]))
    shares = []
    for number in reversed(range(len(weights.T))):
        mix = embedding.barycentrics * weights[corners, number]
        landmarks = np.arange(len(mix)) if number == 0 else np.flatnonzero(mix.sum(axis=1) > _LEAST_SHARE)
        mix, masses = mix[landmarks], mix[landmarks].sum(axis=1)
        arms = np.einsum("nc,ncxd->nxd", mix, directions[corners[landmarks]])
        if number > 0:
            held = masses[:, None, None] * joints[number - 1]
            arms -= held
            still[landmarks] += held
        else:
            arms += still
        shares.append(
            _Share(
                landmarks=landmarks,
                masses=masses,
                template=arms[..., 0],
                shape=np.ascontiguousarray(arms[..., 1 : 1 + num_betas]),
                expression=np.ascontiguousarray(arms[..., 1 + num_betas :]),
                correctives=(
                    None if correctives is None else np.einsum("nc,ncxd->nxd", mix, correctives[corners[landmarks]])
                ),
            )
        )
    return joints[..., : 1 + num_betas], shares[::-1]


def _face_correctives(body: BodyModel, vertices: Int[np.ndarray, " N"]) -> Float[np.ndarray, "N 3 27"] | None:
    if body.pose_directions is None:
        return None
    # Rows count 9 for each joint but the first.
    rows = body.pose_directions[9 * (FACE_JOINTS.start - 1) : 9 * (FACE_JOINTS.stop - 1)].numpy()
    return np.moveaxis(rows.reshape(27, body.num_vertices, 3)[:, vertices], 0, -1).astype(np.float64)


def _with_head(turns: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4 3 3"]:
    """The rotations of the four shares; the head's frame is where all are seen from."""
    return np.concatenate([np.eye(3)[None], so3.matrices(turns)])


def _spins(turn: Float[np.ndarray, "3"], matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3 3"]:
    """Derivatives of the rotation matrix by the components of its axis-angle vector (the first index)."""
    angle = float(np.linalg.norm(turn))
    across = _cross_matrix(turn)
    if angle < 1e-4:
        left = np.eye(3) + 0.5 * across
    else:
        left = (
            np.eye(3)
            + (1.0 - np.cos(angle)) / angle**2 * across
            + (angle - np.sin(angle)) / angle**3 * (across @ across)
        )
    return np.stack([_cross_matrix(left[:, component]) @ matrix for component in range(3)])


def _cross_matrix(vector: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
