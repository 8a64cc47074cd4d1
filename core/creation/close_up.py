"""The head read once more from nearby: in a crop of the whole person it has a few dozen pixels."""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..body.joints import FACE_JOINTS, JOINT_NAMES
from ..gaussians import GaussianParameters
from ..nlf.reader import PhotoReader, Reading
from ..tracking.person_crop import PersonCrop

_HEAD = (JOINT_NAMES.index("head"), *range(FACE_JOINTS.start, FACE_JOINTS.stop))


def with_close_up(reader: PhotoReader, reading: Reading, crop: PersonCrop, head: PersonCrop) -> Reading:
    """`reading`, made of `crop`, with what hangs on the head taken from `head`, and from both where the neck begins."""
    size = crop.image.shape[0]
    of_vertices = reader.body.skin_weights[:, _HEAD].sum(dim=1)
    near = of_vertices.nonzero()[:, 0]
    found = reader.find(head.image, head.camera, head.evidence, near)
    here = reading.vertices.pixels.clone()
    here[near] = crop.box.in_crop(head.box.in_picture(found.pixels, size), size)
    sigma = reading.vertices.sigma.index_put((near,), found.sigma)
    there = reading.template.interpolated(head.box.in_crop(crop.box.in_picture(here, size), size))
    inside = ((there >= 0.0) & (there < size)).all(dim=1)
    of_gaussians = reading.template.interpolated(torch.stack([of_vertices, sigma], dim=1))
    closer = reader.decode(head.image, head.evidence, there, of_gaussians[:, 1], reading.visibility & inside)
    # Its points stay where they are: the distance that a head alone tells is another than the whole body's.
    vertices = replace(
        reading.vertices,
        pixels=torch.lerp(reading.vertices.pixels, here, of_vertices[:, None]),
        sigma=torch.lerp(reading.vertices.sigma, sigma, of_vertices),
    )
    return replace(
        reading,
        vertices=vertices,
        pixels=reading.template.interpolated(vertices.pixels),
        parameters=_between(reading.parameters, closer, of_gaussians[:, 0]),
    )


def _between(first: GaussianParameters, second: GaussianParameters, share: Float[Tensor, " N"]) -> GaussianParameters:
    """Value by value; both are changes of one template, so that their rotations are near each other."""
    mixed = {}
    for field in fields(GaussianParameters):
        one, other = getattr(first, field.name), getattr(second, field.name)
        mixed[field.name] = torch.lerp(one, other, share.reshape(-1, *(1,) * (one.ndim - 1)))
    return GaussianParameters(**mixed)
