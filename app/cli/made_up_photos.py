"""`nlfgs-studio people --photos`: made-up photographs, what is true of them, and what detectors would know of them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from .progress import ProgressLine

if TYPE_CHECKING:
    from ...core.synthetic.photo import MadeUpPhoto, PhotoStudio

SEED = 2
"""Of a studio that nobody trains or is judged with."""
GROUPS = 3
"""Of three pictures, beside each other."""
GAP = 6
"""Pixels around a group."""
DIMMED = 0.25


def made_up_photos(options: argparse.Namespace) -> Float[Tensor, "H W 3"]:
    """Photos `first_seed` and following, each of somebody else: as taken; the visible points of the body, coloured by
    their place on it; and the evidence, a wrong fit of the body in the same colours over the person's mask."""
    from ...core.body.body_registry import builtin_body
    from ...core.nlf.template import network_template
    from ...core.synthetic.photo import PhotoStudio

    columns, cell = min(GROUPS, options.count), options.cell
    rows = math.ceil(options.count / columns)
    canvas = torch.ones(rows * (cell + GAP) + GAP, columns * (3 * cell + GAP) + GAP, 3)
    with ProgressLine() as line:
        body = builtin_body(lambda fraction, message: line.show(0.1 * fraction, message))
        studio = PhotoStudio(body, network_template(body), seed=SEED)
        for index, number in enumerate(_numbers(studio, options.first_seed, options.count)):
            line.show(0.1 + 0.9 * index / options.count, f"photo {number}")
            panels = _panels(studio, studio.photo(number, whole=True))
            row, column = divmod(index, columns)
            top, left = GAP + row * (cell + GAP), GAP + column * (3 * cell + GAP)
            canvas[top : top + cell, left : left + 3 * cell] = _resized(panels, cell)
    return canvas


def _numbers(studio: PhotoStudio, first: int, count: int) -> Iterator[int]:
    """Of each following group of people one photo, the framings in turn."""
    from ...core.synthetic.framing import Framing
    from ...core.synthetic.photo import PHOTOS_AT_ONCE

    framings = tuple(Framing)
    for index in range(first, first + count):
        number = index * PHOTOS_AT_ONCE + index
        while studio.framing_of(number) is not framings[index % len(framings)]:
            number += 1
        yield number


def _panels(studio: PhotoStudio, photo: MadeUpPhoto) -> Float[Tensor, "S S3 3"]:
    from ...core.synthetic.evidence import canonical_points

    places = canonical_points(studio.body)
    low, extent = places.amin(0), places.amax(0) - places.amin(0)
    image = photo.image.float() / 255.0
    side = image.shape[0]

    truth = DIMMED * image.mean(-1, keepdim=True).expand(-1, -1, 3).clone()
    column, row = photo.pixels[photo.visible].long().clamp(0, side - 1).unbind(-1)
    of_points = studio.template.interpolated(places)[photo.which[photo.visible]]
    truth[row, column] = (of_points - low) / extent

    coordinates, fitted, person = photo.evidence[:3].permute(1, 2, 0), photo.evidence[3], photo.evidence[4]
    shown = torch.where(fitted[..., None] > 0.5, (coordinates - low) / extent, DIMMED * person[..., None])
    evidence = shown.repeat_interleave(side // len(shown), 0).repeat_interleave(side // len(shown), 1)
    return torch.cat([image, truth, evidence], dim=1).clamp(0.0, 1.0)


def _resized(panels: Float[Tensor, "S S3 3"], side: int) -> Float[Tensor, "T T3 3"]:
    resized = torch.nn.functional.interpolate(
        panels.permute(2, 0, 1)[None], (side, 3 * side), mode="bilinear", antialias=True
    )
    return resized[0].permute(1, 2, 0)
