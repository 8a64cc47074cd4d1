"""Which of MakeHuman's faces make up the body and its shells, as quads over one list of vertices."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix

from .makehuman import BaseMesh

BODY_GROUPS: tuple[str, ...] = (
    "body", "helper-l-eye", "helper-r-eye", "helper-upper-teeth", "helper-lower-teeth", "helper-tongue",
    "helper-l-eyelashes-1", "helper-l-eyelashes-2", "helper-r-eyelashes-1", "helper-r-eyelashes-2",
)  # fmt: skip
SHELL_NAMES: tuple[str, ...] = ("tights", "skirt", "hair")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Quads over the kept vertices: those of the body, and those of the shells beside it."""

    base_indices: Int[np.ndarray, " V"]
    """The base mesh's vertex behind each kept one, ascending."""
    quads: Int[np.ndarray, "Q 4"]
    quad_groups: Int[np.ndarray, " Q"]
    """Index into `BODY_GROUPS`."""
    texture_coordinates: Float[np.ndarray, "T 2"]
    texture_quads: Int[np.ndarray, "Q 4"]
    shell_quads: Int[np.ndarray, "R 4"]
    shell_of_quad: Int[np.ndarray, " R"]
    """Index into `SHELL_NAMES`."""

    def group(self, *names: str) -> Int[np.ndarray, " K"]:
        """The vertices of some groups, ascending."""
        return np.unique(self.quads[np.isin(self.quad_groups, [BODY_GROUPS.index(name) for name in names])])


def make_surface(base: BaseMesh) -> Surface:
    """Take the groups of the body and the shells; drop the rest (marker cubes, genitals)."""
    quads, texture_quads = base.quads, base.texture_quads
    shell_groups = [f"helper-{name}" for name in SHELL_NAMES]

    body = np.concatenate([quads[name] for name in BODY_GROUPS])
    texture = np.concatenate([texture_quads[name] for name in BODY_GROUPS])
    shells = np.concatenate([quads[name] for name in shell_groups])
    base_indices = np.unique(np.concatenate([body, shells]))
    texture_indices = np.unique(texture)
    return Surface(
        base_indices=base_indices,
        quads=np.searchsorted(base_indices, body),
        quad_groups=np.repeat(np.arange(len(BODY_GROUPS)), [len(quads[name]) for name in BODY_GROUPS]),
        texture_coordinates=base.texture_coordinates[texture_indices],
        texture_quads=np.searchsorted(texture_indices, texture),
        shell_quads=np.searchsorted(base_indices, shells),
        shell_of_quad=np.repeat(np.arange(len(SHELL_NAMES)), [len(quads[name]) for name in shell_groups]),
    )


def triangles(quads: Int[np.ndarray, "Q 4"]) -> Int[np.ndarray, "F 3"]:
    """Two triangles per quad, one after the other, in the quad's sense of turning."""
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def neighbour_averaging(faces: Int[np.ndarray, "F 3"], num_vertices: int) -> csr_matrix:
    """The (V, V) matrix that gives each vertex the mean of its neighbours (zero where it has none)."""
    edges = np.unique(np.concatenate([faces[:, pair] for pair in itertools.permutations(range(3), 2)]), axis=0)
    counts = np.bincount(edges[:, 0], minlength=num_vertices)
    return csr_matrix((1.0 / counts[edges[:, 0]], edges.T), shape=(num_vertices, num_vertices))
