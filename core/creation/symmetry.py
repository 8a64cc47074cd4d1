"""What one side of a person shows stands for the other, where no picture shows that."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from scipy.spatial import KDTree
from torch import Tensor

from ..avatar.template import Template, face_frames
from ..body.model import BodyModel
from ..gaussians import GaussianParameters

_MIRROR = (-1.0, 1.0, 1.0)
"""Left becomes right at the plane x = 0 of a body at rest."""


def other_side(body: BodyModel, template: Template) -> Int[Tensor, " N"]:
    """Of each Gaussian the one that lies nearest to where a mirror shows it."""
    points = template.surface_points(body.template_vertices).double()
    _, nearest = KDTree(points.numpy()).query((points * points.new_tensor(_MIRROR)).numpy())
    return torch.from_numpy(nearest)


def completed(
    template: Template,
    parameters: GaussianParameters,
    seen: Float[Tensor, " N"],
    others: Int[Tensor, " N"],
    rest_vertices: Float[Tensor, "V 3"],
) -> GaussianParameters:
    """With offsets, opacities and colours of the other side, as far as it was `seen` (0..1) and this one was not."""
    frames, sizes = face_frames(template.faces, rest_vertices)
    frames, sizes = frames[template.face_indices], sizes[template.face_indices, None].clamp_min(1e-9)
    metres = torch.einsum("nab,nb->na", frames, parameters.offsets * sizes)
    mirrored = metres[others] * metres.new_tensor(_MIRROR)
    offsets = torch.einsum("nab,na->nb", frames, mirrored) / sizes
    share = (1.0 - seen) * seen[others]
    return replace(
        parameters,
        offsets=torch.lerp(parameters.offsets, offsets, share[:, None]),
        opacity_logits=torch.lerp(parameters.opacity_logits, parameters.opacity_logits[others], share),
        sh=torch.lerp(parameters.sh, parameters.sh[others], share[:, None, None]),
    )
