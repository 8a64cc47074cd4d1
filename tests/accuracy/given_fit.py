"""The fit that made-up photos are given against the one that the program's detectors make of the same photos.

    python tests/accuracy/given_fit.py [photos]

Median distance of visible points in pixels at 256², and of their places in space after their means are laid together;
and how well the segmenter's mask and the given one overlap the true one.
"""

from __future__ import annotations

import math
import sys

import cv2
import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
from jaxtyping import Float
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.cameras import in_camera, projected
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.synthetic.framing import CROP, Framing
from nlfgs_studio.core.synthetic.labels import points_of
from nlfgs_studio.core.synthetic.photo import MadeUpPhoto, PhotoStudio
from nlfgs_studio.core.tracking.mediapipe_graphs import PersonSegmenter
from nlfgs_studio.core.tracking.photo_evidence import PhotoWitness
from torch import Tensor

SEED, ENLARGED = 11, 2
"""Detectors get the crop enlarged: a photo has more pixels than a crop."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    body = builtin_body()
    template = network_template(body)
    studio, segmenter = PhotoStudio(body, template, seed=SEED, labels=2048), PersonSegmenter()
    found: dict[Framing, list[tuple[float, ...]]] = {framing: [] for framing in Framing}
    failed = 0
    with PhotoWitness(body, CROP) as witness:
        for number in range(count):
            photo = studio.photo(number)
            if not photo.visible.any():
                continue
            picture = cv2.resize(photo.image.numpy(), None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
            view = math.degrees(2.0 * math.atan(CROP / 2.0 / photo.camera.fx))
            try:
                seen = witness.see(picture, field_of_view=view)
            except StudioError:
                failed += 1
                continue
            vertices = pose_body(body, shape_body(body, seen.betas), seen.pose).vertices
            points = points_of(template, photo.which, in_camera(vertices, seen.camera))
            pixels = projected(points, seen.camera) / ENLARGED
            given = _errors(photo, photo.evidence_pixels, photo.evidence_points)
            masks = segmenter.read(photo.image.numpy()), cv2.resize(photo.evidence[4].numpy(), (CROP, CROP))
            overlaps = [_overlap(mask, photo.mask.numpy() / 255.0) for mask in masks]
            found[photo.framing].append((*_errors(photo, pixels, points), *given, *overlaps))
    segmenter.close()
    print(f"nobody found in {failed} of {count}")
    for framing, rows in found.items():
        values = np.array(rows)
        print(f"{framing.value}, {len(rows)} photos")
        for name, first in (("detectors", 0), ("given", 2)):
            tenth, median, ninetieth = np.percentile(values[:, first], [10, 50, 90])
            space, overlap = 1000.0 * np.median(values[:, first + 1]), np.median(values[:, 4 + first // 2])
            print(f"  {name:10s} {median:5.1f} px ({tenth:.1f} to {ninetieth:.1f}), {space:.0f} mm, mask {overlap:.2f}")


def _errors(photo: MadeUpPhoto, pixels: Float[Tensor, "M 2"], points: Float[Tensor, "M 3"]) -> tuple[float, float]:
    """Pixels and metres."""
    seen = photo.visible
    first, second = points[seen], photo.points[seen]
    space = (first - first.mean(0)) - (second - second.mean(0))
    return float((pixels - photo.pixels)[seen].norm(dim=-1).median()), float(space.norm(dim=-1).median())


def _overlap(first: Float[np.ndarray, "S S"], second: Float[np.ndarray, "S S"]) -> float:
    a, b = first > 0.5, second > 0.5
    return float((a & b).sum() / max((a | b).sum(), 1))


if __name__ == "__main__":
    main()
