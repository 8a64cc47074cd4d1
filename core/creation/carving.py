"""Nobody reaches beyond their own outline: offsets that do are drawn back towards the skin (a visual hull)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..avatar.avatar import Avatar
from ..cameras import in_camera, in_frame, projected
from ..gaussians import GaussianParameters
from ..pipeline import Pipeline
from ..training.observation import Observation

_OUTSIDE = 0.4
"""Of a mask: less is beyond the outline."""
_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
"""Of an offset, of which the first that lies inside is taken."""
_AGREE = 1 / 3
"""Part of the pictures that may have it outside, for masks err too."""


def carved(pipeline: Pipeline, avatar: Avatar, observations: Sequence[Observation]) -> GaussianParameters:
    """The avatar's, with no offset that leads beyond the masks; skin that lies beyond is the pose's fault."""
    parameters = avatar.parameters
    bare = replace(avatar, parameters=replace(parameters, offsets=torch.zeros_like(parameters.offsets)))
    counts = torch.zeros(len(_SHARES), len(parameters))
    seen = torch.zeros(len(parameters))
    for observation in observations:
        whole = pipeline.gaussians(avatar, avatar.betas, observation.pose).means
        skin = pipeline.gaussians(bare, avatar.betas, observation.pose).means
        for number, share in enumerate(_SHARES):
            inside_frame, outside = _outside(torch.lerp(skin, whole, share), observation)
            counts[number] += outside
            if number == 0:
                seen += inside_frame
    is_inside = counts <= _AGREE * seen
    shares = torch.tensor(_SHARES)[is_inside.float().argmax(dim=0)]
    shares = torch.where(is_inside[-1], shares, 1.0)
    return replace(parameters, offsets=parameters.offsets * shares[:, None])


def _outside(means: Float[Tensor, "N 3"], observation: Observation) -> tuple[Bool[Tensor, " N"], Bool[Tensor, " N"]]:
    """Which are in the picture, where it is known; and which of them are not on the person."""
    camera = observation.camera
    points = in_camera(means, camera)
    pixels = projected(points, camera)
    there = in_frame(pixels, points, camera)
    column, row = pixels.long().unbind(-1)
    column, row = column.clamp(0, camera.width - 1), row.clamp(0, camera.height - 1)
    known = there & (torch.from_numpy(observation.weights)[row, column] > 0.0)
    return known, known & (torch.from_numpy(observation.mask)[row, column] < _OUTSIDE)
