"""Kernels that cover a surface: as wide as the patch of face that each Gaussian answers for, and thin."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .template import Template, face_frames

#: How much wider than its patch a kernel is: at opacity 0.99 a closed surface then lets less than 1 % through on
#: average and 7 % at its thinnest (1.75 would leave 7 and 27: a pattern of dots).
OVERLAP = 2.3
#: Thickness over the shorter axis in the plane.
THINNESS = 0.2


def covering_kernels(
    template: Template, vertices: Float[Tensor, "V 3"]
) -> tuple[Float[Tensor, "N 4"], Float[Tensor, "N 3"]]:
    """Rotations (face frame from kernel axes, wxyz) and standard deviations in metres that leave no holes.

    A face's uniform distribution has the second moment Σ (v - centroid)(v - centroid)ᵀ / 12 over its corners; each of
    its k Gaussians takes a k-th of it, a little widened. Long faces so get long kernels.
    """
    frames, _ = face_frames(template.faces, vertices)
    corners = vertices[template.faces]
    plane = (corners - corners.mean(1, keepdim=True)) @ frames[:, :, :2]
    moments = plane.transpose(-1, -2) @ plane / 12.0
    xx, xy, yy = moments[:, 0, 0], moments[:, 0, 1], moments[:, 1, 1]
    middle, radius = 0.5 * (xx + yy), torch.hypot(0.5 * (xx - yy), xy)
    half_angle = 0.25 * torch.atan2(2.0 * xy, xx - yy)
    counts = torch.bincount(template.face_indices, minlength=len(template.faces)).clamp(min=1)
    variances = torch.stack([middle + radius, middle - radius], -1).clamp(min=0) / counts[:, None]
    widths = (OVERLAP * variances.sqrt()).clamp(min=1e-6)
    scales = torch.cat([widths, THINNESS * widths[:, 1:]], -1)
    zeros = torch.zeros_like(half_angle)
    rotations = torch.stack([half_angle.cos(), zeros, zeros, half_angle.sin()], -1)
    return rotations[template.face_indices], scales[template.face_indices]
