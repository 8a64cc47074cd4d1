"""The rig for training: parameters to Gaussians on a posed mesh, with gradients; compiled on the CPU.

What a pose does to a Gaussian is affine, so that the way back needs one matrix of each. On other devices `rig.rig`
does the same by torch's own gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..gaussians import GaussianParameters, Gaussians
from ..kernels import run_split
from .fast_rig import FastRig
from .rig import place, rig
from .template import Template, face_frames
from .trainable_rig_kernels import carry_back, carry_gaussians, gather_at_vertices


class TrainableRig:
    """Moves Gaussians of one template on one canonical mesh, with gradients. Not for two threads at once.

    Posed vertices get the gradient of the surface points alone: how a pose bends the surface under a Gaussian, and so
    turns its offset, is passed over on the CPU.
    """

    def __init__(self, template: Template, rest_vertices: Float[Tensor, "V 3"]) -> None:
        self._rest_vertices = rest_vertices
        self._template = template = template.to(rest_vertices.device)
        self._deformer: FastRig | None = None
        if rest_vertices.device.type != "cpu":
            return
        self._deformer = FastRig(template, rest_vertices)
        frames, sizes = face_frames(template.faces, rest_vertices)
        sized = (frames * sizes[:, None, None])[template.face_indices]
        self._carried = (
            template.corners.numpy().astype(np.uint32),
            template.barycentrics.float().contiguous().numpy(),
            sized.float().contiguous().numpy(),
        )

    def rig(self, parameters: GaussianParameters, posed_vertices: Float[Tensor, "V 3"]) -> Gaussians:
        """The Gaussians on a posed mesh."""
        if self._deformer is None:
            rest = place(self._template, parameters, self._rest_vertices)
            return rig(self._template, rest, self._rest_vertices, posed_vertices)
        means, covariances, turned = _Carry.apply(
            parameters.offsets,
            parameters.rotations_wxyz,
            parameters.log_scales,
            posed_vertices,
            self._deformer.deform(posed_vertices),
            self._carried,
        )
        return Gaussians(
            means=means,
            covariances=covariances,
            opacities=parameters.opacity_logits.sigmoid(),
            sh=parameters.sh,
            sh_rotations_wxyz=turned,
        )


class _Carry(torch.autograd.Function):
    """Means, covariances and the rotations of the spherical harmonics."""

    @staticmethod
    def forward(
        ctx: Any,
        offsets: Tensor,
        rotations: Tensor,
        log_scales: Tensor,
        posed_vertices: Tensor,
        deformed: np.ndarray,
        carried: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> tuple[Tensor, Tensor, Tensor]:
        corners, barycentrics, frames = carried
        count = len(corners)
        linear = np.empty((count, 3, 3), np.float32)
        means, covariances, turned = (np.empty((count, n), np.float32) for n in (3, 6, 4))
        given = [each.detach().numpy() for each in (offsets, rotations, log_scales)]
        written = linear, means, covariances, turned
        run_split(carry_gaussians, count, corners, barycentrics, deformed, frames, *given, *written)
        ctx.given, ctx.linear, ctx.carried, ctx.num_vertices = given, linear, carried, len(posed_vertices)
        results = torch.from_numpy(means), torch.from_numpy(covariances), torch.from_numpy(turned)
        ctx.mark_non_differentiable(results[2])
        return results

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator hides its parameters
        ctx: Any, by_means: Tensor, by_covariances: Tensor, _: Tensor
    ) -> tuple[Tensor | None, ...]:
        offsets, rotations, log_scales = ctx.given
        corners, barycentrics, _frames = ctx.carried
        to_means, to_covariances = by_means.contiguous().numpy(), by_covariances.contiguous().numpy()
        written = [np.empty_like(each) for each in (offsets, rotations, log_scales)]
        given = rotations, log_scales, ctx.linear, to_means, to_covariances
        run_split(carry_back, len(corners), *given, *written)
        by_vertices = None
        if ctx.needs_input_grad[3]:
            by_vertices = np.zeros((ctx.num_vertices, 3), np.float32)
            gather_at_vertices(corners, barycentrics, to_means, by_vertices)
        return (
            *(torch.from_numpy(each) for each in written),
            None if by_vertices is None else torch.from_numpy(by_vertices),
            None,
            None,
        )
