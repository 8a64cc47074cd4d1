"""Where an avatar's Gaussians sit on its body: k points on every face, spread evenly.

The frame of a face: x along its first edge (first to second corner), z along its normal (corners counter-clockwise
seen from outside), y = z × x. The size of a face: the square root of twice its area. Offsets, rotations and scales of
`GaussianParameters` are given in this frame and this size, both taken on the canonical mesh: the rest mesh of the
avatar's betas.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import KDTree
from torch import Tensor

from ..body.model import BodyModel
from ..body.parts import without_side

#: Twice a face's area over its longest edge squared; a flatter face has no direction of its own.
DEGENERATE_FLATNESS = 1e-5

_MORE = (9, 16)
"""Gaussians on a large face: squares, which divide it into equal triangles."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """Which face carries each Gaussian, and where on it."""

    faces: Int[Tensor, "F 3"]
    """Vertices of the body; the body's own faces first, then those of the worn shells in their order."""
    face_indices: Int[Tensor, " N"]
    barycentrics: Float[Tensor, "N 3"]
    worn_shells: tuple[str, ...] = ()
    k: int
    """Gaussians on a face, where no finer number was asked for."""

    def to(self, device: torch.device | str) -> Template:
        """The same on a device."""
        return replace(
            self,
            faces=self.faces.to(device),
            face_indices=self.face_indices.to(device),
            barycentrics=self.barycentrics.to(device),
        )

    @property
    def num_gaussians(self) -> int:
        return self.face_indices.shape[0]

    @property
    def corners(self) -> Int[Tensor, "N 3"]:
        """The three vertices around each Gaussian."""
        return self.faces[self.face_indices]

    def surface_points(self, vertices: Float[Tensor, "V 3"]) -> Float[Tensor, "N 3"]:
        """The points of a mesh that the Gaussians hang on."""
        return self.interpolated(vertices)

    def interpolated(self, values: Float[Tensor, "V C"]) -> Float[Tensor, "N C"]:
        """What vertices carry, at the Gaussians."""
        return (values[self.corners] * self.barycentrics.to(values)[..., None]).sum(-2)


def make_template(
    body: BodyModel,
    k: int = 4,
    worn_shells: tuple[str, ...] = (),
    *,
    finer: Mapping[str, int] | None = None,
    largest: float | None = None,
) -> Template:
    """`k` Gaussians on each face of the body and of the shells it wears.

    `finer` gives other numbers to shells and to parts by name (those of both sides together): faces of an iris are as
    large as those of a cheek, but are looked at more closely. Parts that the body does not name are passed over.
    `largest` is how many square metres a Gaussian of the body may answer for: where k are too few, more share a face.

    Raises:
        ValueError: a number below 1, or a shell that this body does not have.
    """
    finer = finer or {}
    unknown = [name for name in worn_shells if name not in body.shells]
    if unknown:
        raise ValueError(f"{body.identity.name} has no shells named {', '.join(unknown)}")
    if min(k, *finer.values(), k) < 1:
        raise ValueError(f"k must be 1 or more, not {k}, {dict(finer)}")
    counts = [_counts(body, k, largest)]
    for index, name in enumerate(body.part_names if body.face_parts is not None else ()):
        if (plain := without_side(name)) in finer:
            counts[0][body.face_parts == index] = finer[plain]
    counts += [torch.full((len(body.shells[name]),), finer.get(name, k), dtype=torch.int64) for name in worn_shells]
    faces = torch.cat([body.faces, *(body.shells[name] for name in worn_shells)]).to(torch.int64)
    per_face = torch.cat(counts)
    face_indices = torch.arange(len(faces)).repeat_interleave(per_face)
    barycentrics = torch.empty(len(face_indices), 3)
    for count in per_face.unique().tolist():
        carried = per_face[face_indices] == count
        barycentrics[carried] = spread_points(count).float().repeat(int((per_face == count).sum()), 1)
    return Template(
        faces=faces, face_indices=face_indices, barycentrics=barycentrics, worn_shells=tuple(worn_shells), k=k
    )


def _counts(body: BodyModel, k: int, largest: float | None) -> Int[Tensor, " F"]:
    """`k` for every face of the body, or as many as its size asks for."""
    counts = torch.full((len(body.faces),), k, dtype=torch.int64)
    if largest is not None:
        first, second, third = body.template_vertices[body.faces].unbind(-2)
        areas = 0.5 * torch.linalg.cross(second - first, third - first).norm(dim=-1)
        for fewer, more in itertools.pairwise((k, *(count for count in _MORE if count > k))):
            counts[areas > fewer * largest] = more
    return counts


@cache
def spread_points(k: int) -> Float[Tensor, "k 3"]:
    """`k` barycentric points that share a triangle evenly.

    A square number divides it into equal triangles, whose middles these are. Others start from the triangular van der
    Corput sequence (Basu and Owen, "Low discrepancy constructions in the triangle", 2015) and settle by Lloyd's steps.
    """
    root = math.isqrt(k)
    if root * root == k:
        points = _middles_of_parts(root)
    else:
        places = _middles_of_parts(8 * (root + 1))
        corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, math.sqrt(0.75)]])
        plane, points = places @ corners, np.stack([_van_der_corput(index) for index in range(k)])
        for _ in range(100):
            _, owners = KDTree(points @ corners).query(plane)
            counts = np.bincount(owners, minlength=k)[:, None]
            points = np.stack([np.bincount(owners, places[:, axis], k) for axis in range(3)], 1) / counts
    return torch.from_numpy(points)


def _middles_of_parts(n: int) -> Float[np.ndarray, "N 3"]:
    """Centroids of the n² equal triangles into which parallels divide a triangle."""
    i, j = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    upright, turned = i + j < n, i + j < n - 1
    a = np.concatenate([(i[upright] + 1 / 3) / n, (i[turned] + 2 / 3) / n])
    b = np.concatenate([(j[upright] + 1 / 3) / n, (j[turned] + 2 / 3) / n])
    return np.stack([a, b, 1.0 - a - b], axis=1)


def _van_der_corput(index: int) -> Float[np.ndarray, "3"]:
    """The middle of the subtriangle that the digits of `index` in base 4 lead to."""
    triangle = np.eye(3)
    while index:
        index, digit = divmod(index, 4)
        middles = 0.5 * (triangle[[1, 2, 0]] + triangle[[2, 0, 1]])
        if digit == 0:
            triangle = middles
        else:
            corner = triangle[digit - 1]
            triangle = np.stack([corner, 0.5 * (corner + triangle[digit % 3]), 0.5 * (corner + triangle[digit - 2])])
    return triangle.mean(axis=0)


def face_frames(
    faces: Int[Tensor, "F 3"], vertices: Float[Tensor, "V 3"]
) -> tuple[Float[Tensor, "F 3 3"], Float[Tensor, " F"]]:
    """World from face (columns x, y, z of this module's convention) and the faces' sizes; identity where degenerate."""
    first, second, third = vertices[faces].unbind(-2)
    frames, _, areas2, valid = edge_frames(second - first, third - first)
    return frames, torch.where(valid, areas2, areas2.new_ones(())).sqrt() * valid


def edge_frames(
    first_edges: Float[Tensor, "F 3"], second_edges: Float[Tensor, "F 3"]
) -> tuple[Float[Tensor, "F 3 3"], Float[Tensor, " F"], Float[Tensor, " F"], Tensor]:
    """Frames of faces, lengths of their first edges, twice their areas, and which of them are not degenerate.

    A degenerate face gets the identity and lengths of one, with no gradient, so that nothing divides by zero.
    """
    normals = torch.linalg.cross(first_edges, second_edges)
    with torch.no_grad():
        longest = torch.stack([first_edges.square().sum(-1), second_edges.square().sum(-1)]).amax(0)
        # An area beside which the rounding of single precision coordinates is nothing, and no 0 > 0.
        valid = normals.square().sum(-1) > (DEGENERATE_FLATNESS * longest).square().clamp(min=1e-30)
        valid &= first_edges.square().sum(-1) > 0
    unit = torch.eye(3, dtype=normals.dtype, device=normals.device)
    first_edges = torch.where(valid[:, None], first_edges, unit[0])
    normals = torch.where(valid[:, None], normals, unit[2])
    lengths, areas2 = first_edges.norm(dim=-1), normals.norm(dim=-1)
    x, z = first_edges / lengths[:, None], normals / areas2[:, None]
    return torch.stack([x, torch.linalg.cross(z, x), z], dim=-1), lengths, areas2, valid
