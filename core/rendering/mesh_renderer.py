"""The mesh as a picture, and what lies under a pixel of it; on the processor, from a depth buffer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..cameras import Camera
from ..kernels import num_threads, run_split
from .display import Mesh, MeshStyle
from .layers import blank_layer, layer
from .mesh_kernels import NO_FACE, nearest_hit, project_vertices, rasterize, shade, sum_normals
from .renderer import MIN_DEPTH, RenderedImage

CLAY = (0.80, 0.81, 0.84)
LINE_COLOR = (0.42, 0.62, 1.0)
"""Of a wireframe that stands alone."""
LINE_OPACITY = 0.9
SAMPLES = 2
"""Of a pixel along each side: edges are smooth."""
PARTS_PER_THREAD = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeshHit:
    """The point of a mesh that a ray meets first."""

    face: int
    barycentrics: Float[Tensor, "3"]


def render_mesh(
    mesh: Mesh, camera: Camera, style: MeshStyle, face_colors: Float[Tensor, "F 3"] | None = None
) -> RenderedImage:
    """The mesh over black, so `rgb` is multiplied by `alpha`; depth is the nearest face's, 0 where none is.

    A wireframe hides what is behind its faces, though they let the background through.
    """
    large = camera.resized(SAMPLES * camera.width, SAMPLES * camera.height)
    positions, inverse_depths = _projected(mesh, large)
    normals = np.empty((mesh.vertices.shape[0], 3), np.float64)
    sum_normals(_numpy(mesh.vertices), _numpy(mesh.faces), _matrix(camera), normals)
    colors = np.empty((len(mesh.faces), 3), np.float32)
    colors[:] = face_colors.numpy() if face_colors is not None else _flat_color(style)
    faces = _numpy(mesh.faces)
    nearest, face_ids = _rasterized(positions, inverse_depths, faces, large)
    image = blank_layer(camera)
    run_split(
        shade,
        camera.height,
        SAMPLES,
        positions,
        inverse_depths,
        normals,
        faces,
        colors,
        nearest,
        face_ids,
        0.0 if style is MeshStyle.WIREFRAME else 1.0,
        0.0 if style is MeshStyle.SHADED else LINE_OPACITY,
        *image,
        parts=PARTS_PER_THREAD * num_threads(),
    )
    return layer(image)


def _flat_color(style: MeshStyle) -> tuple[float, float, float]:
    return LINE_COLOR if style is MeshStyle.WIREFRAME else CLAY


def face_picture(mesh: Mesh, camera: Camera) -> np.ndarray:
    """Which face is seen at each pixel: int32 (H, W), `NO_FACE` (-1) where none is."""
    _, face_ids = _rasterized(*_projected(mesh, camera), _numpy(mesh.faces), camera)
    return face_ids


def _rasterized(
    positions: np.ndarray, inverse_depths: np.ndarray, faces: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    nearest = np.empty((camera.height, camera.width), np.float64)
    face_ids = np.empty((camera.height, camera.width), np.int32)
    parts = PARTS_PER_THREAD * num_threads()
    run_split(rasterize, camera.height, positions, inverse_depths, faces, nearest, face_ids, parts=parts)
    return nearest, face_ids


def hit(mesh: Mesh, origin: Float[Tensor, "3"], direction: Float[Tensor, "3"]) -> MeshHit | None:
    """What a ray from `origin` along `direction` (of any length) meets first; None if nothing."""
    barycentrics = np.zeros(3)
    face = nearest_hit(
        _numpy(mesh.vertices), _numpy(mesh.faces), _numpy(origin.double()), _numpy(direction.double()), barycentrics
    )
    return None if face == NO_FACE else MeshHit(face=int(face), barycentrics=torch.from_numpy(barycentrics).float())


def face_normals(mesh: Mesh) -> Float[Tensor, "F 3"]:
    """Outwards, as long as twice the faces' areas."""
    first, second, third = mesh.vertices[mesh.faces].unbind(-2)
    return torch.linalg.cross(second - first, third - first)


def _projected(mesh: Mesh, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (V, 2) and 1 / z (V), 0 for vertices that are too near or behind."""
    vertices = _numpy(mesh.vertices)
    positions, inverse_depths = np.empty((len(vertices), 2)), np.empty(len(vertices))
    lens = (float(camera.fx), float(camera.fy), float(camera.cx), float(camera.cy))
    near = max(float(camera.near), MIN_DEPTH)
    project_vertices(vertices, _matrix(camera), lens, near, positions, inverse_depths)
    return positions, inverse_depths


def _matrix(camera: Camera) -> np.ndarray:
    return _numpy(camera.camera_from_world.double())


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().contiguous().numpy()
