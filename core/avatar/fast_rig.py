"""The rig of one body a frame, compiled: what `rig.place` and `rig.rig` compute, in float32 on the CPU.

Rigging takes three passes of `rig_kernels`, each over ranges of its own items and so repeatable bit for bit: faces get
R and U; vertices gather them from the faces around (lists made once); Gaussians interpolate and move. Results are new
arrays at every call, so what was handed out stays as it was.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..gaussians import GaussianParameters, Gaussians
from ..kernels import run_split
from .placing_kernels import place_gaussians
from .rig import RestGaussians
from .rig_kernels import VERTEX_SIZE, deform_faces, gather_vertices, move_gaussians
from .template import Template, edge_frames


class FastRig:
    """Moves the Gaussians of one template on one canonical mesh. Not for two threads at once: buffers are kept."""

    def __init__(self, template: Template, rest_vertices: Float[Tensor, "V 3"]) -> None:
        num_vertices, num_faces = rest_vertices.shape[0], template.faces.shape[0]
        corners = rest_vertices.detach().float().cpu()[template.faces]
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        frames, lengths, areas2, valid = edge_frames(first, second)
        along = (second * frames[:, :, 0]).sum(-1)
        measures = torch.stack([lengths, along, areas2 / lengths, 0.5 * areas2 * valid], dim=-1)
        self._num_vertices, self._num_gaussians = num_vertices, template.num_gaussians
        self._faces = _array(template.faces, np.uint32)
        self._frames, self._measures = _array(frames, np.float32), _array(measures, np.float32)
        self._sizes = _array(areas2.sqrt() * valid, np.float32)
        self._face_indices = _array(template.face_indices, np.uint32)
        self._barycentrics = _array(template.barycentrics, np.float32)
        flat = self._faces.ravel()
        self._around = (np.argsort(flat, kind="stable") // 3).astype(np.int32)
        self._bounds = np.searchsorted(np.sort(flat), np.arange(num_vertices + 1)).astype(np.int32)
        self._face_rotations = np.empty((num_faces, 4), np.float32)
        self._face_stretches = np.empty((num_faces, 6), np.float32)
        self._face_weights = np.empty(num_faces, np.float32)
        self._vertices = np.empty((num_vertices, VERTEX_SIZE), np.float32)

    def place(self, parameters: GaussianParameters) -> RestGaussians:
        """The Gaussians on the canonical mesh: what `rig.place` computes."""
        if len(parameters) != self._num_gaussians:
            raise ValueError("the Gaussians belong to another template")
        offsets, covariances = (np.empty((self._num_gaussians, n), np.float32) for n in (3, 6))
        run_split(
            place_gaussians,
            self._num_gaussians,
            self._frames,
            self._sizes,
            self._face_indices,
            _array(parameters.offsets, np.float32),
            _array(parameters.rotations_wxyz, np.float32),
            _array(parameters.log_scales, np.float32),
            offsets,
            covariances,
        )
        return RestGaussians(
            offsets_world=torch.from_numpy(offsets),
            covariances=torch.from_numpy(covariances),
            opacities=parameters.opacity_logits.sigmoid(),
            sh=parameters.sh,
        )

    def rig(self, rest: RestGaussians, posed_vertices: Float[Tensor, "V 3"]) -> Gaussians:
        """The Gaussians on a posed mesh; opacities and colours are passed on, not copied."""
        if posed_vertices.shape[0] != self._num_vertices or rest.offsets_world.shape[0] != self._num_gaussians:
            raise ValueError("the mesh or the Gaussians belong to another template")
        means, covariances, turned = (np.empty((self._num_gaussians, n), np.float32) for n in (3, 6, 4))
        self.deform(posed_vertices)
        run_split(
            move_gaussians,
            self._num_gaussians,
            self._faces,
            self._face_indices,
            self._barycentrics,
            self._vertices,
            _array(rest.offsets_world, np.float32),
            _array(rest.covariances, np.float32),
            means,
            covariances,
            turned,
        )
        return Gaussians(
            means=torch.from_numpy(means),
            covariances=torch.from_numpy(covariances),
            opacities=rest.opacities,
            sh=rest.sh,
            sh_rotations_wxyz=torch.from_numpy(turned),
        )

    def deform(self, posed_vertices: Float[Tensor, "V 3"]) -> Float[np.ndarray, "V 16"]:
        """What `rig_kernels` keeps of each vertex of a posed mesh; it is written over by the next call."""
        posed = _array(posed_vertices, np.float32)
        by_face = self._face_rotations, self._face_stretches, self._face_weights
        run_split(deform_faces, len(self._faces), posed, self._faces, self._frames, self._measures, *by_face)
        run_split(gather_vertices, self._num_vertices, posed, self._bounds, self._around, *by_face, self._vertices)
        return self._vertices


def _array(tensor: Tensor, dtype: type) -> np.ndarray:
    """A contiguous array of that type; the tensor's own memory where it is one already."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype)
