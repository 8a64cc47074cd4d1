"""`nlfgs-studio people`: a picture of many people drawn by number, side by side."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...core.errors import StudioError
from .progress import ProgressLine

if TYPE_CHECKING:
    from ...core.body.model import BodyModel
    from ...core.body.parameters import BodyPose
    from ...core.gaussians import Gaussians

TALLEST = 2.2
"""Metres that every cell is high: tall and short people stand side by side as they are."""
BACKGROUND = (0.88, 0.885, 0.90)
TURN = 0.45
"""Radians; people are seen a little from their left."""


def people(options: argparse.Namespace) -> None:
    """Draw people `first_seed` and following, in rows.

    Raises:
        StudioError: the file cannot be written.
    """
    from ...core.avatar.wardrobe import drawn_avatar
    from ...core.body.body_registry import builtin_body
    from ...core.cameras import OrbitCamera
    from ...core.images import write_png
    from ...core.pipeline import Pipeline
    from ...core.rendering.registry import make_renderer
    from ...core.rendering.renderer import RenderSettings

    if options.count < 1:
        raise StudioError("a sheet has at least one person", hint="give --count a number of 1 or more")
    output, columns = _png(options.output), min(options.columns, options.count)
    if options.photos:
        from .made_up_photos import made_up_photos

        write_png(output, made_up_photos(options))
        print(f"wrote {output}")
        return
    cell_height, cell_width = options.cell, round(0.55 * options.cell)
    rows = math.ceil(options.count / columns)
    canvas = torch.tensor(BACKGROUND).expand(rows * cell_height, columns * cell_width, 3).clone()
    renderer = make_renderer(options.renderer)
    try:
        with ProgressLine() as line:
            body = builtin_body(lambda fraction, message: line.show(0.1 * fraction, message))
            pipeline, pose, orbit = Pipeline(body), _standing(body), OrbitCamera()
            distance = 0.5 * TALLEST / math.tan(0.5 * orbit.vertical_fov)
            for index in range(options.count):
                seed = options.first_seed + index
                line.show(0.1 + 0.9 * index / options.count, f"person {seed}")
                avatar = drawn_avatar(body, seed)
                gaussians = pipeline.gaussians(avatar, avatar.betas, pose)
                floor = _floor(gaussians)
                target = (0.0, floor + 0.5 * TALLEST - 0.09, 0.0)
                camera = replace(orbit, target=target, yaw=TURN, distance=distance).camera(cell_width, cell_height)
                image = renderer.render(gaussians, camera, RenderSettings(background=BACKGROUND))
                top, left = index // columns * cell_height, index % columns * cell_width
                canvas[top : top + cell_height, left : left + cell_width] = image.rgb.cpu()
    finally:
        renderer.close()
    write_png(output, canvas)
    print(f"wrote {output}")


def _png(path: Path) -> Path:
    if not path.suffix:
        return path.with_name(path.name + ".png")
    if path.suffix.lower() != ".png":
        raise StudioError(f"{path.name} does not end in .png", hint="give a name that ends in .png")
    return path


def _standing(body: BodyModel) -> BodyPose:
    """At ease, the arms beside the body."""
    from ...core.body.joints import JOINT_NAMES
    from ...core.body.parameters import BodyPose

    turns = {"shoulder": (0.0, 0.10, -1.12), "elbow": (0.0, -0.22, 0.0), "hip": (0.0, 0.0, -0.03)}
    rotations = torch.zeros(len(JOINT_NAMES), 3)
    for name, (x, y, z) in turns.items():
        rotations[JOINT_NAMES.index(f"left_{name}")] = torch.tensor([x, y, z])
        rotations[JOINT_NAMES.index(f"right_{name}")] = torch.tensor([x, -y, -z])
    return replace(BodyPose.rest(body), rotations=rotations)


def _floor(gaussians: Gaussians) -> float:
    heights = gaussians.means[:, 1].sort().values
    return float(heights[round(0.0005 * (len(heights) - 1))])
