"""The photo network on real photos: how well it agrees with MediaPipe's landmarks, and a picture to look at.

    python tests/accuracy/prior_photos.py [PHOTO...] [--weights F] [--picture OUT.png] [--json FILE]

Nobody knows where the body truly is in a real photo, so distances are from the landmarks: the face points and the
body's joints that MediaPipe sees, in pixels of the crop at 256². The evidence was fitted to these same landmarks, which
is why the network without evidence stands beside it, and what would be said without looking. Without PHOTO it takes
scikit-image's astronaut and, where they lie beside the project, ../shared/data/photos. `--picture` is of the first
photo: itself, the points found coloured by their place on the body, by sigma, and the avatar from there and from 45°.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from nlfgs_studio.app.localized import localized_photo, overlay
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.cameras import Camera, projected
from nlfgs_studio.core.capture.picture_files import read_photo
from nlfgs_studio.core.creation.creator import AvatarCreator, Creation
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.distillation.baselines import Blind, blind
from nlfgs_studio.core.distillation.evaluation import BLIND, GIVEN, OTHER_SEED, WITH, WITHOUT
from nlfgs_studio.core.distillation.held_out import numbers_of
from nlfgs_studio.core.distillation.portraits import ASIDE, gone_around
from nlfgs_studio.core.distillation.scores import Spread, spread
from nlfgs_studio.core.images import write_png
from nlfgs_studio.core.nlf.reader import PhotoReader
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.nlf.weights import read_weights, shipped_weights
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.synthetic.photo import PhotoStudio
from nlfgs_studio.core.tracking import lifting
from nlfgs_studio.core.tracking.detection import Frame
from nlfgs_studio.core.tracking.learned_face import learned_face
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors

ESTIMATES = (WITH, WITHOUT, GIVEN, BLIND)
PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "data" / "photos"
NUM_FACE_POINTS = 468
"""Without the irises, which move with the gaze."""
SEEN = 0.5
LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
PANEL = 480
"""Pixels of height."""
GREY = (0.88, 0.885, 0.90)


def main() -> None:
    options = _options()
    body = builtin_body()
    network = read_weights(options.weights or shipped_weights())
    detectors = Detectors(("face", "body"), static=True)
    constant = _unseeing(body)
    result = {}
    print(f"| photo | | {' | '.join(ESTIMATES)} |")
    print("|---" * (2 + len(ESTIMATES)) + "|")
    with AvatarCreator(body, network) as creator:
        assert creator.reader is not None
        for name, picture in _pictures(options.photos):
            made = creator.create([TakenPicture(name=name, image=picture)], name)
            result[name] = _agreement(made, body, creator.reader, detectors, constant)
            for what, errors in result[name].items():
                print(f"| {name} | {what} | {' | '.join(_cell(errors[each]) for each in ESTIMATES)} |", flush=True)
            if options.picture is not None and len(result) == 1:
                write_png(options.picture, _panels(made, body))
    detectors.close()
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="*", metavar="PHOTO")
    parser.add_argument("--weights", type=Path, help="instead of those that ship")
    parser.add_argument("--picture", type=Path, metavar="OUT.png")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _pictures(photos: list[Path]) -> list[tuple[str, np.ndarray]]:
    if photos:
        return [(photo.name, read_photo(photo)) for photo in photos]
    from skimage.data import astronaut

    beside = sorted(PHOTOS.glob("*.*")) if PHOTOS.is_dir() else []
    return [("astronaut", astronaut()), *((photo.name, read_photo(photo)) for photo in beside)]


def _unseeing(body: BodyModel) -> Blind:
    studio = PhotoStudio(body, network_template(body), seed=OTHER_SEED)
    numbers = [number for photos in numbers_of(studio, people=8, each=16).values() for number in photos]
    return blind(body, (studio.photo(number, whole=True) for number in numbers))


def _agreement(
    made: Creation, body: BodyModel, reader: PhotoReader, detectors: Detectors, constant: Blind
) -> dict[str, dict[str, Spread | None]]:
    """Of the face's points and of the joints, where they are seen."""
    assert made.localized is not None
    read = made.localized
    crop, size = read.crop, read.crop.image.shape[0]
    detection = detectors.detect(Frame(image=read.picture.image, seconds=0.0, index=0))
    without, given = reader.find(crop.image, crop.camera), crop.evidence.vertices
    pixels = (read.reading.vertices.pixels, without.pixels, projected(given, crop.camera), constant.pixels)
    points = (read.reading.vertices.points, without.points, given)

    def told(found: torch.Tensor, there: np.ndarray) -> Spread | None:
        true = crop.box.in_crop(torch.from_numpy(there).float(), size)
        inside = ((true >= 0.0) & (true < size)).all(-1)
        return spread((256.0 / size) * (found - true)[inside].norm(dim=-1).double().numpy())

    result = {}
    if detection.face is not None:
        places = learned_face(body).embedding
        corners = body.faces[torch.from_numpy(places.triangles[:NUM_FACE_POINTS])]
        weights = torch.from_numpy(places.barycentrics[:NUM_FACE_POINTS]).float()[..., None]
        there = detection.face.points[:NUM_FACE_POINTS, :2]
        found = [(each[corners] * weights).sum(1) for each in pixels]
        result["face"] = {name: told(each, there) for name, each in zip(ESTIMATES, found, strict=True)}
    if detection.body is not None:
        pairs = [(side, limb) for side in ("left", "right") for limb in LIMBS]
        landmarks = [getattr(lifting, f"{side}_{limb}".upper()) for side, limb in pairs]
        seen = detection.body.visibility[landmarks] > SEEN
        regressor = body.joint_regressor[[JOINT_NAMES.index(f"{side}_{limb}") for side, limb in pairs]][seen]
        there = detection.body.points[landmarks][seen]
        # Joints lie within the body, so points in space are projected; what never saw the photo has pixels only.
        found = [*(projected(regressor @ each, crop.camera) for each in points), regressor @ constant.pixels]
        result["joints"] = {name: told(each, there) for name, each in zip(ESTIMATES, found, strict=True)}
    return result


def _cell(errors: Spread | None) -> str:
    return "not in the crop" if errors is None else "{median:.1f} ({p90:.1f}) of {count}".format(**errors)


def _panels(made: Creation, body: BodyModel) -> torch.Tensor:
    assert made.localized is not None
    read = made.localized
    localized = localized_photo(read, body)
    height, width = read.picture.image.shape[:2]
    size = (round(PANEL * width / height), PANEL)
    drawn = [torch.from_numpy(overlay(localized, each, size)).float() / 255.0 for each in ("none", "place", "sigma")]
    gaussians = Pipeline(body).gaussians(made.avatar, made.avatar.betas, read.picture.pose)
    camera = read.picture.camera.resized(*size)
    shown = gaussians.means[read.reading.visibility].mean(0)
    renderer = CpuRenderer()
    cameras = (camera, _in_the_middle(gone_around(camera, shown, ASIDE), shown))
    drawn += [renderer.render(gaussians, each, RenderSettings(background=GREY)).rgb for each in cameras]
    renderer.close()
    return torch.cat(drawn, dim=1)


def _in_the_middle(camera: Camera, centre: torch.Tensor) -> Camera:
    """What is seen from the side is wider than its place in the photo leaves room for."""
    pixel = projected((camera.camera_from_world[:3, :3] @ centre + camera.camera_from_world[:3, 3])[None], camera)[0]
    return replace(camera, cx=camera.cx + camera.width / 2.0 - float(pixel[0]))


if __name__ == "__main__":
    main()
