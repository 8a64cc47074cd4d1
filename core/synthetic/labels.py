"""Where the points of a body are in a photo, and which of them are seen."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..avatar.template import Template
from ..cameras import Camera, in_camera, in_frame, projected
from .depths import depth_picture

_TOLERANCE = 0.004
"""Metres that a point may lie behind what a pixel's centre shows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Of some points on the skin."""

    pixels: Float[Tensor, "M 2"]
    points: Float[Tensor, "M 3"]
    """Metres, in the camera's axes."""
    inside: Bool[Tensor, " M"]
    """In the frame and before the camera."""
    visible: Bool[Tensor, " M"]
    """Inside, facing the camera, and with nothing of the body before it."""
    facing: Float[Tensor, " M"]
    """Cosine between the surface's normal and the way to the camera."""


def labels_of(template: Template, which: Int[Tensor, " M"], vertices: Float[Tensor, "V 3"], camera: Camera) -> Labels:
    """The truth about Gaussians `which` of a template on a posed mesh, in the camera's world."""
    seen = in_camera(vertices, camera)
    points = points_of(template, which, seen)
    corners = seen[template.faces[template.face_indices[which]]]
    normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = normals / normals.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    pixels = projected(points, camera)
    inside = in_frame(pixels, points, camera)
    distance = points.norm(dim=-1)
    facing = -(normals * points).sum(-1) / distance.clamp_min(1e-6)
    nearest = torch.from_numpy(depth_picture(seen, template.faces, camera))
    column, row = pixels.long().clamp(min=0).unbind(-1)
    shown = nearest[row.clamp(max=camera.height - 1), column.clamp(max=camera.width - 1)]
    # Within half a pixel a slanting surface comes nearer by this much.
    slope = (1.0 / facing.clamp_min(0.15)) * points[:, 2] / camera.fx
    visible = inside & (facing > 0.05) & (points[:, 2] <= shown + _TOLERANCE + slope)
    return Labels(pixels=pixels, points=points, inside=inside, visible=visible, facing=facing)


def points_of(template: Template, which: Int[Tensor, " M"], vertices: Float[Tensor, "V 3"]) -> Float[Tensor, "M 3"]:
    """Where some of a template's Gaussians hang on a mesh."""
    corners = vertices[template.faces[template.face_indices[which]]]
    return (corners * template.barycentrics[which][..., None]).sum(1)
