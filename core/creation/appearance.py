"""How a person looks, from fitted pictures: what is seen is painted as it is seen, the rest is the prior's guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.avatar import Avatar
from ..body.fast_forward import FastPoser
from ..body.model import BodyModel, shape_body
from ..capture.selection import chosen
from ..gaussians import GaussianParameters
from ..geometry.spherical_harmonics import SH_C0
from ..nlf.reader import PhotoReader
from ..pipeline import Pipeline
from ..rendering.renderer import DifferentiableRenderer
from ..synthetic.labels import labels_of
from ..tracking.person_crop import PersonCropper
from .carving import carved
from .close_up import with_close_up
from .fitted import FittedPicture, ReadPicture
from .fusion import View, fused
from .nearby import colours_nearby
from .painting import painted, parts_means
from .symmetry import completed, other_side
from .taken import spread
from .unseen import with_lids, with_unseen_parts

MOST_READ, MOST_PAINTED = 4, 6
"""Pictures; the network takes two seconds or three for each, painting one."""
_FEW, _ROUNDS, _ROUNDS_OF_MANY = 4, 3, 2
"""Many pictures blur each other: more rounds would not sharpen them."""
_NEARBY = 0.7
"""Of an unseen colour: what is seen around it says more than the network, whose hidden sides are too dark."""

ReportProgress = Callable[[float, str], None]


def most_different(pictures: Sequence[FittedPicture], most: int) -> list[FittedPicture]:
    """The best of them, from different sides; spread over all where no face tells the sides apart."""
    numbers = chosen([picture.shot for picture in pictures], most)
    return [pictures[number] for number in numbers] or spread(pictures, most)


def read_pictures(
    reader: PhotoReader,
    cropper: PersonCropper,
    pictures: Sequence[FittedPicture],
    betas: Float[Tensor, " S"],
    report: ReportProgress,
) -> tuple[GaussianParameters, ReadPicture]:
    """What the network says of all of them together; and what it found in the first."""
    template, poser, shaped = reader.template, FastPoser(reader.body), shape_body(reader.body, betas)
    everything, views = torch.arange(template.num_gaussians), list[View]()
    first: ReadPicture | None = None
    for number, picture in enumerate(pictures):
        report(number / len(pictures), f"finding every point of the body in {picture.name}")
        vertices = poser.pose(shaped, picture.pose).vertices
        crop = cropper.crop(picture.image, picture.camera, vertices)
        assert crop is not None  # it was observed
        reading = reader.read(crop.image, crop.camera, crop.evidence)
        if len(picture.observations) > 1:
            head = cropper.crop(picture.image, picture.camera, vertices, head_alone=True)
            assert head is not None
            reading = with_close_up(reader, reading, crop, head)
        labels = labels_of(template, everything, vertices, crop.camera)
        sigma = template.interpolated(reading.vertices.sigma[:, None])[:, 0]
        visibility = labels.visible * labels.facing.clamp(0.0, 1.0)
        views.append(View(parameters=reading.parameters, visibility=visibility, sigma=sigma))
        first = first or ReadPicture(picture=picture, crop=crop, reading=reading)
    assert first is not None
    return fused(views), first


def painted_parameters(
    body: BodyModel,
    blank: Avatar,
    pictures: Sequence[FittedPicture],
    renderer: DifferentiableRenderer,
    *,
    has_guess: bool,
) -> GaussianParameters:
    """Those of `blank` in the colours of the pictures.

    Where nothing is seen they look like the other side of the body; where neither side is, they look like what
    is seen around them and a little as they did with `has_guess`, else like the mean of that part. Lids are
    `with_lids`'s; hands, legs and teeth of which hardly anything is seen are `with_unseen_parts`'s.
    """
    pipeline = Pipeline(body)
    observations = [observation for picture in pictures for observation in picture.observations]
    if has_guess:
        blank = replace(blank, parameters=carved(pipeline, blank, observations))
    colours = (0.5 + SH_C0 * blank.parameters.sh[:, 0]).clamp(0.0, 1.0)
    shown = painted(
        colours,
        observations,
        lambda observation: pipeline.gaussians(blank, blank.betas, observation.pose),
        renderer,
        rounds=_ROUNDS if len(observations) <= _FEW else _ROUNDS_OF_MANY,
    )
    seen = with_lids(body, blank.template, shown)
    if has_guess:
        nearby = colours_nearby(body, blank.template, seen.colours, seen.seen)
        unseen = torch.lerp(colours, nearby, _NEARBY)
    else:
        unseen = parts_means(body, blank.template, seen)
    unseen = with_unseen_parts(body, blank.template, unseen, seen)
    colours = torch.lerp(unseen, seen.colours, seen.seen[:, None])
    parameters = replace(blank.parameters, sh=((colours - 0.5) / SH_C0)[:, None])
    rest = shape_body(body, blank.betas).vertices
    return completed(blank.template, parameters, seen.seen, other_side(body, blank.template), rest)
