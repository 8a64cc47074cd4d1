"""How well Gaussians cover the body below them: the mesh's own filled outline is the judge, drawn by Pillow."""

from __future__ import annotations

import numpy as np
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.cameras import Camera
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor

OPAQUE = 0.99


def mesh_mask(body: BodyModel, vertices: Tensor, camera: Camera) -> np.ndarray:
    """Pixels that lie wholly inside the outline of the body's faces, lashes left out: one pixel of rim is taken off."""
    view = torch.as_tensor(camera.camera_from_world, dtype=vertices.dtype)
    seen = vertices @ view[:3, :3].T + view[:3, 3]
    x = camera.fx * seen[:, 0] / seen[:, 2] + camera.cx
    y = camera.fy * seen[:, 1] / seen[:, 2] + camera.cy
    faces = body.faces
    if body.face_parts is not None and "lashes" in body.part_names:
        faces = faces[body.face_parts != body.part_names.index("lashes")]
    pixels = torch.stack([x, y], -1)[faces].reshape(-1, 6).tolist()
    image = Image.new("1", (camera.width, camera.height))
    draw = ImageDraw.Draw(image)
    for corners in pixels:
        draw.polygon(corners, fill=1)
    return ndimage.binary_erosion(np.asarray(image), iterations=2)


def share_covered(mask: np.ndarray, alpha: np.ndarray) -> float:
    """Of the pixels inside the outline, those that let less than a hundredth through."""
    return float((alpha[mask] > OPAQUE).mean())
