"""Which Gaussians a photo tells of: each part has its share, and most are in the frame."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..avatar.template import Template
from ..body.model import BodyModel
from ..cameras import Camera, in_frame, projected
from .labels import points_of

_IN_FRAME = 0.75
"""Of what is told, if there is as much."""
_CANDIDATES = 3
_SHARES = {
    ("mouth_inside", "tongue", "teeth", "eye_socket", "lashes"): 0.15,
    ("ear", "foot", "toenails"): 0.5,
    ("hand", "fingernails", "eyelid"): 0.7,
    ("iris", "pupil"): 2.0,
    ("scalp", "chest", "back", "abdomen", "hips", "upper_arm", "forearm", "thigh", "shin"): 2.5,
}
"""How much more often than a Gaussian of the face one of these parts is taken: their faces are larger or smaller."""


class Choice:
    """Draws Gaussians of one template."""

    def __init__(self, body: BodyModel, template: Template) -> None:
        self._template = template
        weights = np.ones(template.num_gaussians)
        if body.face_parts is not None:
            by_part = np.array([_share(name) for name in body.part_names])
            weights = by_part[body.face_parts.numpy()[template.face_indices.numpy()]]
        self._sums = np.cumsum(weights) / weights.sum()

    def drawn(
        self, random: np.random.Generator, count: int, seen: Float[Tensor, "V 3"], camera: Camera
    ) -> Int[Tensor, " count"]:
        """`count` of them for a mesh in the camera's axes."""
        steps = (np.arange(_CANDIDATES * count) + random.uniform(size=_CANDIDATES * count)) / (_CANDIDATES * count)
        which = torch.from_numpy(random.permutation(np.searchsorted(self._sums, steps)))
        points = points_of(self._template, which, seen)
        inside = in_frame(projected(points, camera), points, camera)
        first = which[inside][: round(_IN_FRAME * count)]
        return torch.cat([first, which[~inside], which[inside][len(first) :]])[:count].sort().values


def _share(part: str) -> float:
    return next((share for names, share in _SHARES.items() if part.startswith(names)), 1.0)
