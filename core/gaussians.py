"""3D Gaussians, twice: as parameters that can be trained, and as values that can be drawn.

Kerbl et al., "3D Gaussian Splatting for Real-Time Radiance Field Rendering", 2023.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianParameters:
    """What is stored, edited and trained, per Gaussian, relative to the face that carries it.

    The frame of a face and its size are the template's (`avatar.template`): lengths are in units of the face's size,
    so a Gaussian keeps its looks on a larger body.
    """

    offsets: Float[Tensor, "N 3"]
    """Away from the barycentric point, in the face's frame, in face sizes."""
    rotations_wxyz: Float[Tensor, "N 4"]
    """Face frame from the kernel's axes; of any non-zero length."""
    log_scales: Float[Tensor, "N 3"]
    """Natural logarithm of the standard deviation along the kernel's axes, in face sizes."""
    opacity_logits: Float[Tensor, " N"]
    sh: Float[Tensor, "N K 3"]
    """Spherical harmonics, K = (degree + 1)²; colour is 0.5 + sum, seen along directions of the canonical pose."""

    def __len__(self) -> int:
        return self.offsets.shape[0]

    @property
    def sh_degree(self) -> int:
        return round(self.sh.shape[1] ** 0.5) - 1

    def to(self, device: torch.device | str) -> GaussianParameters:
        """The same on a device."""
        return GaussianParameters(**{each.name: getattr(self, each.name).to(device) for each in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gaussians:
    """What a renderer draws: Gaussians in the world."""

    means: Float[Tensor, "N 3"]
    """Metres."""
    covariances: Float[Tensor, "N 6"]
    """Square metres; xx, xy, xz, yy, yz, zz."""
    opacities: Float[Tensor, " N"]
    """In [0, 1]."""
    sh: Float[Tensor, "N K 3"]
    sh_rotations_wxyz: Float[Tensor, "N 4"] | None = None
    """World from the frame that `sh` is given in (unit quaternions); None where that frame is the world."""

    def __len__(self) -> int:
        return self.means.shape[0]

    @property
    def sh_degree(self) -> int:
        return round(self.sh.shape[1] ** 0.5) - 1


def select(gaussians: Gaussians, keep: Tensor) -> Gaussians:
    """The Gaussians that `keep` (mask or indices) names."""
    rotations = gaussians.sh_rotations_wxyz
    return Gaussians(
        means=gaussians.means[keep],
        covariances=gaussians.covariances[keep],
        opacities=gaussians.opacities[keep],
        sh=gaussians.sh[keep],
        sh_rotations_wxyz=None if rotations is None else rotations[keep],
    )


def concatenate(first: Gaussians, second: Gaussians) -> Gaussians:
    """Both, the lower SH degree padded with zeros."""
    num_coefficients = max(first.sh.shape[1], second.sh.shape[1])

    def padded(sh: Tensor) -> Tensor:
        return torch.nn.functional.pad(sh, (0, 0, 0, num_coefficients - sh.shape[1]))

    def rotations(gaussians: Gaussians) -> Tensor:
        if gaussians.sh_rotations_wxyz is not None:
            return gaussians.sh_rotations_wxyz
        return gaussians.means.new_tensor([1.0, 0.0, 0.0, 0.0]).expand(len(gaussians), 4)

    both_world = first.sh_rotations_wxyz is None and second.sh_rotations_wxyz is None
    return Gaussians(
        means=torch.cat([first.means, second.means]),
        covariances=torch.cat([first.covariances, second.covariances]),
        opacities=torch.cat([first.opacities, second.opacities]),
        sh=torch.cat([padded(first.sh), padded(second.sh)]),
        sh_rotations_wxyz=None if both_world else torch.cat([rotations(first), rotations(second)]),
    )
