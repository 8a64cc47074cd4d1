"""One photo to an avatar, to look at: the photo, the first avatar, the refined one, and that from -60° to +60°.

    python tests/accuracy/creation_photo.py OUT.png [PHOTO] [--seconds 60] [--json FILE]

Without PHOTO it is scikit-image's astronaut (public domain).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.cameras import Camera, in_camera, projected
from nlfgs_studio.core.capture.picture_files import read_photo
from nlfgs_studio.core.creation.creator import Creation, avatar_creator
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.distillation.portraits import gone_around
from nlfgs_studio.core.images import write_png
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.training.refiner import Refiner

PANEL = 360
"""Pixels of a side."""
TURNS = (0, -60, -30, 30, 60)
"""Degrees that the camera has gone around the neck, to the person's left; the first is drawn above."""
GREY = (0.88, 0.885, 0.90)
NECK = JOINT_NAMES.index("neck")


def main() -> None:
    options = _options()
    body = builtin_body()
    with avatar_creator(body) as creator:
        taken = _taken(options.photo)
        creator.create([taken], taken.name)  # what is loaded at the first call is not what a photo costs
        started = time.perf_counter()
        creation = creator.create([taken], taken.name)
        seconds = time.perf_counter() - started
    refiner = Refiner(body, creation.avatar, creation.observations)
    end, steps = time.monotonic() + options.seconds, 0
    while time.monotonic() < end:
        refiner.step()
        steps += 1
    write_png(options.picture, _sheet(creation, refiner.avatar()))
    told = {"first avatar, seconds": round(seconds, 2), "refined, seconds": options.seconds, "steps": steps}
    print(told)
    if options.json is not None:
        options.json.write_text(json.dumps(told, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, metavar="OUT.png")
    parser.add_argument("photo", type=Path, nargs="?", metavar="PHOTO")
    parser.add_argument("--seconds", type=float, default=60.0, help="of refining")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _taken(photo: Path | None) -> TakenPicture:
    if photo is not None:
        return TakenPicture(name=photo.name, image=read_photo(photo))
    from skimage.data import astronaut

    return TakenPicture(name="astronaut", image=astronaut())


def _sheet(creation: Creation, refined: Avatar) -> torch.Tensor:
    """Above the photo, both avatars in its place and the second in the middle; below that from other sides."""
    picture = creation.pictures[0]
    observation = picture.observations[0]
    pipeline, renderer = Pipeline(creation.body), CpuRenderer()

    def drawn(avatar: Avatar, camera: Camera) -> torch.Tensor:
        gaussians = pipeline.gaussians(avatar, avatar.betas, picture.pose)
        return renderer.render(gaussians, camera, RenderSettings(background=GREY)).rgb

    there = observation.camera.resized(PANEL, PANEL)
    photo = torch.from_numpy(_square(observation.image)).float() / 255.0
    above = [photo, drawn(creation.avatar, there), drawn(refined, there)]
    assert pipeline.posed is not None
    centre = pipeline.posed.joints[NECK]
    in_the_middle, *below = [drawn(refined, _around(there, centre, math.radians(turn))) for turn in TURNS]
    renderer.close()
    return torch.cat([torch.cat([*above, in_the_middle], dim=1), torch.cat(below, dim=1)])


def _around(camera: Camera, centre: torch.Tensor, angle: float) -> Camera:
    """The neck in the middle: what is seen from the side is wider than its place in the photo leaves room for."""
    pixel = projected(in_camera(centre[None], camera), camera)[0]
    return gone_around(replace(camera, cx=camera.cx + camera.width / 2.0 - float(pixel[0])), centre, angle)


def _square(image: np.ndarray) -> np.ndarray:
    from PIL import Image

    return np.array(Image.fromarray(image).resize((PANEL, PANEL), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    main()
