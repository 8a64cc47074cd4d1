"""What no picture shows looks much like what is seen nearby: the back of a leg like its sides, hair like hair."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.spatial import KDTree
from torch import Tensor

from ..avatar.template import Template
from ..body.model import BodyModel
from ..body.parts import HEAD_PARTS, without_side

_SKIN_OF_THE_HEAD = frozenset({"face", "forehead", "scalp", "ear"})
_ALIKE = 0.3
"""Metres: what another part of the body is further away than it is."""
_NEIGHBOURS, _SOFTNESS, _FAR = 24, 0.01, 10.0
_WELL_SEEN, _SURELY_SEEN = 0.5, 0.95


def colours_nearby(
    body: BodyModel, template: Template, colours: Float[Tensor, "N 3"], seen: Float[Tensor, " N"]
) -> Float[Tensor, "N 3"]:
    """Of each Gaussian the mean of the colours that were `seen` (0..1) around it; its own in eyes and mouth."""
    alike = _surface(body, template)
    givers, takers = alike & (seen > _WELL_SEEN), alike & (seen < _SURELY_SEEN)
    if not (givers.any() and takers.any()):
        return colours
    points = template.surface_points(body.template_vertices).double()
    distances, nearest = KDTree(points[givers].numpy()).query(points[takers].numpy(), _NEIGHBOURS)
    nearest = np.minimum(nearest, int(givers.sum()) - 1)  # where there are fewer
    apart = np.minimum(distances, _FAR) + _SOFTNESS
    if body.face_parts is not None:
        parts = body.face_parts[template.face_indices].numpy()
        apart += _ALIKE * (parts[takers.numpy()][:, None] != parts[givers.numpy()][nearest])
    weights = torch.from_numpy(apart**-2.0).float()
    weights = weights / weights.sum(dim=1, keepdim=True)
    answer = colours.clone()
    answer[takers] = (weights[..., None] * colours[givers][torch.from_numpy(nearest)]).sum(dim=1)
    return answer


def _surface(body: BodyModel, template: Template) -> Bool[Tensor, " N"]:
    """Skin, hair and clothes; not eyes, teeth or the inside of the mouth, whose neighbours look otherwise."""
    if body.face_parts is None:
        return torch.ones(template.num_gaussians, dtype=torch.bool)
    plain = [without_side(name) for name in body.part_names]
    alike = torch.tensor([name in _SKIN_OF_THE_HEAD or name not in HEAD_PARTS for name in plain])
    return alike[body.face_parts[template.face_indices].long()]
