"""`nlfgs-studio create`: a photo to an avatar."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ...core.body.body_registry import default_body
from ...core.paths import check_writable
from ..localized import localized_photo, overlay
from .output import write_json
from .progress import ProgressLine

if TYPE_CHECKING:
    from ...core.creation.photo_avatar import PhotoAvatar

_PREPARING = 0.6
"""Of the whole work, once the body stands."""


def create(options: argparse.Namespace) -> None:
    """Write the avatar that the options name.

    Raises:
        StudioError: the picture cannot be read, nobody is seen in it, or a file cannot be written.
    """
    from ...core.creation.photo_avatar import photo_creator, read_photo
    from ...core.images import write_png
    from ...core.storage.avatar_npz import write_avatar

    for path in (options.output, options.overlay, options.json):
        if path is not None and path != Path("-"):
            check_writable(path)
    picture, name = read_photo(options.photo), options.photo.name
    with ProgressLine() as line:
        body = default_body(line.show)
    with ProgressLine() as line:

        def prepared(fraction: float, message: str) -> None:
            line.show(_PREPARING * fraction, message)

        with photo_creator(body, options.weights, prepared) as creator:
            made = creator.create(
                picture,
                name,
                field_of_view=options.fov,
                report=lambda fraction, message: line.show(_PREPARING + (1.0 - _PREPARING) * fraction, message),
            )
    write_avatar(options.output, made.avatar)
    if options.overlay is not None:
        drawn = overlay(localized_photo(made, name), options.overlay_colours)
        write_png(options.overlay, torch.from_numpy(drawn).float() / 255.0)
    if options.json is not None:
        write_json(options.json, _figures(made))
    print(_in_words(options.output, made), file=sys.stderr if options.json == Path("-") else sys.stdout)


def _in_words(path: Path, made: PhotoAvatar) -> str:
    lines = [f"wrote {path}: {made.avatar.template.num_gaussians:,} Gaussians"]
    if made.evidence.num_people > 1:
        lines.append(
            f"{made.evidence.num_people} people are in the picture: the largest was taken; crop it for another"
        )
    return "\n".join(lines)


def _figures(made: PhotoAvatar) -> dict[str, Any]:
    reading, box = made.reading, made.evidence.crop.box
    return {
        "gaussians": made.avatar.template.num_gaussians,
        "people": made.evidence.num_people,
        "crop": [box.left, box.top, box.side],
        "visible": float(reading.visibility.float().mean()),
        "sigma": float(reading.vertices.sigma.median()),
        "fit_residual": float(reading.fit.residuals.median()),
        "betas": made.avatar.betas.tolist(),
        "seconds": dict(made.seconds),
    }
