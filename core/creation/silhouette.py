"""Where the body lies in a picture to which it was fitted, 1 on it and 0 beside it."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from ..body.model import BodyModel, pose_body, shape_body
from ..cameras import Camera, in_camera
from ..synthetic.depths import depth_picture
from .fitted import FittedPicture


def silhouette(
    body: BodyModel, vertices: Float[torch.Tensor, "V 3"], camera: Camera
) -> Float[np.ndarray, "{camera.height} {camera.width}"]:
    """What the camera sees."""
    return np.isfinite(depth_picture(in_camera(vertices, camera), body.faces, camera)).astype(np.float32)


def fitted_silhouette(
    body: BodyModel, betas: Float[torch.Tensor, " S"], picture: FittedPicture, height: int, width: int
) -> Float[np.ndarray, "{height} {width}"]:
    """In the whole picture drawn as large as that."""
    vertices = pose_body(body, shape_body(body, betas), picture.pose).vertices
    return silhouette(body, vertices, picture.camera.resized(width, height))
