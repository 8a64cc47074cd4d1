"""The Gaussians that the network decodes into: every avatar made from photos has the same."""

from __future__ import annotations

import torch

from ..avatar.covering import covering_kernels
from ..avatar.template import Template, face_frames, make_template
from ..body.model import BodyModel
from ..gaussians import GaussianParameters

OPACITY = 0.99
"""Where nothing was learned: a closed surface."""


def network_template(body: BodyModel, k: int = 4) -> Template:
    """`k` Gaussians on every face of the body; hair and clothes leave the skin by their offsets."""
    return make_template(body, k)


def base_parameters(body: BodyModel, template: Template) -> GaussianParameters:
    """A grey, closed surface: what the estimator's answers are changes of."""
    rest = body.template_vertices
    rotations, widths = covering_kernels(template, rest)
    _, sizes = face_frames(template.faces, rest)
    count = template.num_gaussians
    return GaussianParameters(
        offsets=torch.zeros(count, 3),
        rotations_wxyz=rotations.float(),
        log_scales=(widths / sizes[template.face_indices, None]).log().float(),
        opacity_logits=torch.full((count,), OPACITY).logit(),
        sh=torch.zeros(count, 1, 3),
    )
