"""Where things are on a body in its T-pose, in the same words for the built-in body and for a licensed one.

Measures come from the joints, so they follow any betas; the parts of the face come from the file's labels where it has
them and from the distance of the eyes where it has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_matrix, diags

from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel
from ..body.parts import without_side
from .template import Template

_HEAD_JOINTS = ("head", "jaw", "left_eye", "right_eye")


@dataclass(frozen=True, kw_only=True, eq=False)
class Anatomy:
    """A rest mesh and what can be measured on it; metres."""

    body: BodyModel
    vertices: Float[np.ndarray, "V 3"]
    normals: Float[np.ndarray, "V 3"]
    joints: Float[np.ndarray, "55 3"]

    def joint(self, name: str) -> Float[np.ndarray, "3"]:
        return self.joints[JOINT_NAMES.index(name)]

    def weight(self, *names: str) -> Float[np.ndarray, " V"]:
        """How much of each vertex hangs on these joints."""
        return self.body.skin_weights[:, [JOINT_NAMES.index(name) for name in names]].sum(-1).double().numpy()

    @cached_property
    def eye_distance(self) -> float:
        """Between the eyes' centres: the unit of the face."""
        return max(float(np.linalg.norm(self.joint("left_eye") - self.joint("right_eye"))), 1e-3)

    @cached_property
    def between_eyes(self) -> Float[np.ndarray, "3"]:
        return 0.5 * (self.joint("left_eye") + self.joint("right_eye"))

    @cached_property
    def on_body(self) -> Bool[np.ndarray, " V"]:
        """Vertices of the body's own faces: those of shells that nobody wears are not to be measured."""
        used = np.zeros(len(self.vertices), dtype=bool)
        used[self.body.faces.numpy()] = True
        return used

    @cached_property
    def floor(self) -> float:
        return float(self.vertices[self.on_body, 1].min())


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """How points hang on vertices: by three corners each, with weights."""

    corners: Int[np.ndarray, "N 3"]
    weights: Float[np.ndarray, "N 3"]
    num_vertices: int

    @cached_property
    def _interpolation(self) -> csr_matrix:
        rows = np.repeat(np.arange(len(self.corners)), 3)
        shape = (len(self.corners), self.num_vertices)
        return csr_matrix((self.weights.ravel(), (rows, self.corners.ravel())), shape)

    @cached_property
    def _averaging(self) -> csr_matrix:
        totals = np.asarray(self._interpolation.sum(0)).ravel()
        return (diags(1.0 / np.maximum(totals, 1e-9)) @ self._interpolation.T).tocsr()

    @cached_property
    def blurring(self) -> csr_matrix:
        """From values of the vertices to the averages of what they give the points around."""
        return self._averaging @ self._interpolation

    def at_points(self, values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """What the vertices carry, interpolated at the points."""
        return self._interpolation @ values

    def at_vertices(self, values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """What the points around each vertex carry on average; 0 where there are none."""
        return self._averaging @ values

    def smoothed(self, values: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
        """Averaged over the faces around."""
        return self.at_points(self.at_vertices(values))


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Points of the body's surface: the vertices, or the Gaussians' own points."""

    anatomy: Anatomy
    points: Float[np.ndarray, "N 3"]
    normals: Float[np.ndarray, "N 3"]
    head: Float[np.ndarray, " N"]
    """Share that hangs on the head, its jaw and its eyes."""
    eyes: tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]
    """Share that hangs on the left eye and on the right eye."""
    feet: tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]
    """Share that hangs on the left ankle and foot, and on the right."""
    parts: dict[str, Bool[np.ndarray, " N"]] | None
    """Membership in the file's parts, sides taken together; None where the file names none."""

    def __len__(self) -> int:
        return len(self.points)

    def part(self, *names: str) -> Bool[np.ndarray, " N"]:
        """Whether a point belongs to one of these parts; nowhere where the file names none."""
        found = np.zeros(len(self), dtype=bool)
        for name in names:
            found |= (self.parts or {}).get(name, found)
        return found

    @cached_property
    def in_face(self) -> Float[np.ndarray, "N 3"]:
        """From the point between the eyes, in eye distances."""
        return (self.points - self.anatomy.between_eyes) / self.anatomy.eye_distance


def measure(body: BodyModel) -> Anatomy:
    """The anatomy of the body's mean shape."""
    vertices = body.template_vertices.double().numpy()
    return Anatomy(
        body=body,
        vertices=vertices,
        normals=vertex_normals(vertices, body.faces.numpy()),
        joints=body.joint_regressor.double().numpy() @ vertices,
    )


def vertex_normals(vertices: Float[np.ndarray, "V 3"], faces: Int[np.ndarray, "F 3"]) -> Float[np.ndarray, "V 3"]:
    """Weighted by the areas of the faces around; zero where there are none."""
    corners = vertices[faces]
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    index = faces.ravel()
    sums = np.stack([np.bincount(index, np.repeat(crosses[:, i], 3), len(vertices)) for i in range(3)], axis=-1)
    return sums / np.maximum(np.linalg.norm(sums, axis=-1, keepdims=True), 1e-12)


def lattice_of(template: Template, num_vertices: int) -> Lattice:
    return Lattice(
        corners=template.corners.numpy(), weights=template.barycentrics.double().numpy(), num_vertices=num_vertices
    )


def vertex_places(anatomy: Anatomy, places: Places, lattice: Lattice) -> Places:
    """The vertices; of the parts only the ears, on which no hair shall grow: where most Gaussians around are theirs."""
    parts = None
    if places.parts is not None:
        parts = {"ear": lattice.at_vertices(places.part("ear").astype(np.float64)) > 0.5}
    return _places(anatomy, anatomy.vertices, anatomy.normals, lambda values: values, parts)


def gaussian_places(anatomy: Anatomy, template: Template, lattice: Lattice) -> Places:
    """The points that the Gaussians of a template hang on."""
    normals = lattice.at_points(anatomy.normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    parts = _parts(anatomy.body, template)
    return _places(anatomy, lattice.at_points(anatomy.vertices), normals, lattice.at_points, parts)


def _places(
    anatomy: Anatomy,
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    at: Callable[[np.ndarray], np.ndarray],
    parts: dict[str, Bool[np.ndarray, " N"]] | None,
) -> Places:
    return Places(
        anatomy=anatomy,
        points=points,
        normals=normals,
        head=at(anatomy.weight(*_HEAD_JOINTS)),
        eyes=(at(anatomy.weight("left_eye")), at(anatomy.weight("right_eye"))),
        feet=(at(anatomy.weight("left_ankle", "left_foot")), at(anatomy.weight("right_ankle", "right_foot"))),
        parts=parts,
    )


def _parts(body: BodyModel, template: Template) -> dict[str, Bool[np.ndarray, " N"]] | None:
    if body.face_parts is None:
        return None
    # Shells come after the body's own faces and belong to no part of it.
    labels = np.full(len(template.faces), -1)
    labels[: len(body.face_parts)] = body.face_parts.numpy()
    labels = labels[template.face_indices.numpy()]
    parts: dict[str, np.ndarray] = {}
    for index, name in enumerate(body.part_names):
        plain = without_side(name)
        members = labels == index
        parts[plain] = parts[plain] | members if plain in parts else members
    return parts
