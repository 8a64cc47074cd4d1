"""Eigenfunctions of the Laplacian on a body's surface: smooth coordinates that follow the body instead of space.

Points that are near in space but far on the body (a hand on a thigh) differ in them. Rustamov, "Laplace-Beltrami
Eigenfunctions for Deformation Invariant Shape Representation", 2007 (the global point signature).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh
from scipy.spatial import KDTree

MAX_COTANGENT = 20.0
"""Of angles under 3 degrees; slivers would otherwise tie two vertices together."""

_BRIDGES = 8
"""Links by which an island of the surface (an eye, a tooth) hangs on the rest."""


def point_signature(
    vertices: Float[np.ndarray, "V 3"], faces: Int[np.ndarray, "F 3"], count: int
) -> Float[np.ndarray, "V count"]:
    """φᵢ/√λᵢ of the `count` lowest non-constant eigenfunctions, of root mean square 1 for the first.

    The signs are fixed, so that the same body gives the same signature anywhere. Islands
    (vertices in no face among them) are joined to the nearest vertices of the largest piece by weak links.

    Raises:
        ValueError: the surface has too few vertices for so many functions.
    """
    if not 0 < count < len(vertices) - 1:
        raise ValueError(f"{len(vertices)} vertices have no {count} eigenfunctions")
    stiffness, masses = _laplacian(vertices, faces)
    stiffness = stiffness + _bridges(vertices, stiffness)
    mass = scipy.sparse.diags(masses)
    scale = stiffness.diagonal().sum() / masses.sum()
    start = np.random.default_rng(0).standard_normal(len(vertices))  # ARPACK's own start is drawn anew each time
    values, functions = eigsh(stiffness.tocsc(), count + 1, mass.tocsc(), sigma=-1e-6 * scale, v0=start)
    order = np.argsort(values)[1:]
    functions = functions[:, order] * np.sqrt(masses.sum())
    return functions * _signs(vertices, masses, functions) * np.sqrt(values[order[0]] / values[order])


def _signs(
    vertices: Float[np.ndarray, "V 3"], masses: Float[np.ndarray, " V"], functions: Float[np.ndarray, "V K"]
) -> Float[np.ndarray, " K"]:
    """What makes each function agree with the monomial of the coordinates that it resembles most.

    Functions of a body with two like halves are even or odd in x, so no one rule decides for all of them.
    """
    x, y, z = ((vertices - vertices.mean(0)) / vertices.std(0)).T
    monomials = np.stack(
        [x**i * y**j * z**k for i in range(4) for j in range(4 - i) for k in range(4 - i - j) if i + j + k > 0], axis=1
    )
    monomials /= np.sqrt((masses[:, None] * monomials**2).sum(0))
    likeness = monomials.T @ (masses[:, None] * functions)
    return np.sign(likeness[np.abs(likeness).argmax(0), np.arange(functions.shape[1])])


def _laplacian(
    vertices: Float[np.ndarray, "V 3"], faces: Int[np.ndarray, "F 3"]
) -> tuple[scipy.sparse.csr_matrix, Float[np.ndarray, " V"]]:
    """The cotangent stiffness matrix and the area around each vertex (Pinkall and Polthier 1993)."""
    count = len(vertices)
    rows, columns, weights = [], [], []
    corners = vertices[faces]
    doubled_areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    for corner in range(3):
        apex, first, second = (faces[:, (corner + turn) % 3] for turn in range(3))
        cosine = ((vertices[first] - vertices[apex]) * (vertices[second] - vertices[apex])).sum(1)
        cotangent = np.clip(cosine / np.maximum(doubled_areas, 1e-12), -MAX_COTANGENT, MAX_COTANGENT)
        rows += [first, second]
        columns += [second, first]
        weights += [cotangent / 2.0, cotangent / 2.0]
    links = scipy.sparse.csr_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count)
    )
    # Two obtuse angles make a link negative; the function would then be allowed to jump across it.
    links.data = np.maximum(links.data, 1e-3)
    masses = np.bincount(faces.ravel(), np.repeat(doubled_areas / 6.0, 3), minlength=count)
    smallest = 1e-3 * masses.mean()
    return _stiffness(links), np.maximum(masses, smallest)


def _bridges(vertices: Float[np.ndarray, "V 3"], stiffness: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Weak links from every island to the nearest vertices of the largest piece."""
    num_pieces, labels = connected_components(stiffness, directed=False)
    count = len(vertices)
    if num_pieces == 1:
        return scipy.sparse.csr_matrix((count, count))
    largest = np.bincount(labels).argmax()
    main = np.flatnonzero(labels == largest)
    tree = KDTree(vertices[main])
    starts, ends = [], []
    for piece in range(num_pieces):
        if piece == largest:
            continue
        island = np.flatnonzero(labels == piece)
        distances, nearest = tree.query(vertices[island])
        closest = np.argsort(distances, kind="stable")[:_BRIDGES]
        starts.append(island[closest])
        ends.append(main[np.asarray(nearest)[closest]])
    first, second = np.concatenate(starts), np.concatenate(ends)
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    links = scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    return _stiffness(links)


def _stiffness(links: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    return scipy.sparse.csr_matrix(scipy.sparse.diags(np.asarray(links.sum(1)).ravel()) - links)
