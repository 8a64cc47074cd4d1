"""The point signature: eigenfunctions of surfaces on which they are known."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.nlf.spectrum import point_signature


def _sphere(rings: int = 24, segments: int = 36) -> tuple[np.ndarray, np.ndarray]:
    polar = np.pi * (np.arange(1, rings) / rings)
    around = 2 * np.pi * np.arange(segments) / segments
    grid = np.stack(
        [
            np.outer(np.sin(polar), np.cos(around)),
            np.outer(np.cos(polar), np.ones(segments)),
            np.outer(np.sin(polar), np.sin(around)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.concatenate([grid, [[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]])
    faces = []
    for ring in range(rings - 2):
        for step in range(segments):
            a, b = ring * segments + step, ring * segments + (step + 1) % segments
            faces += [[a, b, a + segments], [b, b + segments, a + segments]]
    top, bottom = len(grid), len(grid) + 1
    for step in range(segments):
        following = (step + 1) % segments
        faces += [[top, following, step]]
        faces += [[bottom, (rings - 2) * segments + step, (rings - 2) * segments + following]]
    return vertices, np.array(faces)


def test_the_first_functions_of_a_sphere_are_its_coordinates() -> None:
    vertices, faces = _sphere()
    signature = point_signature(vertices, faces, 3)
    solution, *_ = np.linalg.lstsq(signature, vertices, rcond=None)
    assert np.abs(signature @ solution - vertices).max() < 0.03


def test_the_same_body_gives_the_same_signature() -> None:
    """Also where its last digits differ, and where another machine begins elsewhere."""
    vertices, faces = _sphere()
    vertices = vertices * [1.0, 2.0, 0.6]  # no two eigenvalues alike
    noise = 1e-7 * np.random.default_rng(0).standard_normal(vertices.shape)
    first, second = point_signature(vertices, faces, 8), point_signature(vertices + noise, faces, 8)
    assert np.abs(first - second).max() < 1e-3


def test_islands_hang_on_what_is_near() -> None:
    vertices, faces = _sphere()
    vertices = vertices * [1.0, 2.0, 0.6]
    island = 0.1 * vertices + [0.0, 2.2, 0.0]
    signature = point_signature(np.concatenate([vertices, island]), np.concatenate([faces, faces + len(vertices)]), 4)
    top = signature[vertices[:, 1].argmax()]
    assert np.isfinite(signature).all()
    assert np.abs(signature[len(vertices) :] - top).max() < 0.35 * np.abs(signature).max()


def test_too_many_functions_are_refused() -> None:
    vertices, faces = _sphere(4, 5)
    with pytest.raises(ValueError, match="eigenfunctions"):
        point_signature(vertices, faces, 500)
