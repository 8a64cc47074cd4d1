"""Where the body lies in a picture to which it was fitted."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from ..body.model import BodyModel, pose_body, shape_body
from ..cameras import in_camera
from ..synthetic.depths import depth_picture
from .fitted import FittedPicture


def silhouette(
    body: BodyModel, betas: Float[torch.Tensor, " S"], picture: FittedPicture, height: int, width: int
) -> Float[np.ndarray, "{height} {width}"]:
    """1 on the body, 0 beside it, in the whole picture drawn as large as that."""
    camera = picture.camera.resized(width, height)
    vertices = pose_body(body, shape_body(body, betas), picture.pose).vertices
    return np.isfinite(depth_picture(in_camera(vertices, camera), body.faces, camera)).astype(np.float32)
