"""Surfaces to draw: spheres with Gaussians on their faces, and flat squares."""

from __future__ import annotations

import math

import numpy as np
import torch
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.rendering.display import Mesh, Subject


def sphere(
    *, radius: float = 0.5, center: tuple[float, float, float] = (0.0, 0.0, 0.0), rows: int = 40, columns: int = 80
) -> Mesh:
    """Faces counter-clockwise seen from outside; the upper half has label 1."""
    latitudes = np.linspace(0.0, math.pi, rows + 1)
    longitudes = np.linspace(0.0, math.tau, columns, endpoint=False)
    vertices = np.array(
        [(math.sin(a) * math.sin(b), math.cos(a), math.sin(a) * math.cos(b)) for a in latitudes for b in longitudes]
    )
    faces = []
    for row in range(rows):
        for column in range(columns):
            a, b = row * columns + column, row * columns + (column + 1) % columns
            faces += [(a, a + columns, b + columns), (a, b + columns, b)]
    # At the poles one of the two triangles of a square has no area.
    kept = [face for face in faces if _area(vertices[list(face)]) > 1e-9]
    triangles = torch.tensor(kept)
    heights = torch.from_numpy(vertices[:, 1])[triangles].mean(dim=1)
    return Mesh(
        vertices=torch.from_numpy(radius * vertices + np.array(center)).float(),
        faces=triangles,
        labels=(heights > 0.0).long(),
    )


def _area(corners: np.ndarray) -> float:
    return float(np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0]))) / 2.0


def square(*, side: float, z: float, center: tuple[float, float] = (0.0, 0.0), label: int = 0) -> Mesh:
    """Upright, facing +z."""
    x, y, half = *center, side / 2.0
    corners = [(x - half, y - half, z), (x + half, y - half, z), (x + half, y + half, z), (x - half, y + half, z)]
    return Mesh(
        vertices=torch.tensor(corners),
        faces=torch.tensor([[0, 1, 2], [0, 2, 3]]),
        labels=torch.full((2,), label),
    )


def joined(*meshes: Mesh) -> Mesh:
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    return Mesh(
        vertices=torch.cat([mesh.vertices for mesh in meshes]),
        faces=torch.cat([mesh.faces + int(offset) for mesh, offset in zip(meshes, offsets, strict=False)]),
        labels=torch.cat([mesh.labels for mesh in meshes]),
    )


def covered(mesh: Mesh, *, floor_height: float = -1.0) -> Subject:
    """A flat opaque Gaussian on each face, as wide as the face, of a colour that says where it is."""
    corners = mesh.vertices[mesh.faces].double()
    middles = corners.mean(dim=1)
    normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sizes = normals.norm(dim=-1).sqrt()
    normals = torch.nn.functional.normalize(normals, dim=-1)
    outer = normals[:, :, None] * normals[:, None, :]
    flat = (0.6 * sizes)[:, None, None].square() * (torch.eye(3) - outer) + 1e-8 * outer
    sh = (middles - middles.mean(dim=0)) / (middles.std() + 1e-9)
    return Subject(
        gaussians=Gaussians(
            means=middles.float(),
            covariances=flat[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]].float(),
            opacities=torch.full((len(middles),), 0.99),
            sh=sh[:, None, :].float(),
        ),
        mesh=mesh,
        carriers=torch.arange(len(mesh.faces)),
        floor_height=floor_height,
    )
