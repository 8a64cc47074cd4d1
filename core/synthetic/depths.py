"""The nearest face of a mesh at every pixel of a small picture, on the caller's thread."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from ..cameras import Camera
from ..rendering.mesh_kernels import project_vertices, rasterize

_IDENTITY = np.eye(4)


def nearest_faces(
    points: Float[Tensor, "V 3"], faces: Int[Tensor, "F 3"], camera: Camera
) -> tuple[Float[np.ndarray, "V 2"], Float[np.ndarray, " V"], Float[np.ndarray, "H W"], Int[np.ndarray, "H W"]]:
    """Of vertices in the camera's axes: pixels and 1 / z; of each pixel: 1 / z and its face, -1 for none."""
    positions, inverse = np.empty((len(points), 2)), np.empty(len(points))
    lens = (camera.fx, camera.fy, camera.cx, camera.cy)
    project_vertices(points.float().contiguous().numpy(), _IDENTITY, lens, camera.near, positions, inverse)
    nearest = np.empty((camera.height, camera.width))
    face_ids = np.empty((camera.height, camera.width), np.int32)
    rasterize(0, camera.height, positions, inverse, faces.numpy(), nearest, face_ids)
    return positions, inverse, nearest, face_ids


def depth_picture(points: Float[Tensor, "V 3"], faces: Int[Tensor, "F 3"], camera: Camera) -> Float[np.ndarray, "H W"]:
    """Metres along the camera's axis to the nearest face, infinite where there is none."""
    _, _, nearest, _ = nearest_faces(points, faces, camera)
    with np.errstate(divide="ignore"):
        return (1.0 / nearest).astype(np.float32)
