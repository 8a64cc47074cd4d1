"""From a fitted picture to what refining is given: squares around the person, with masks and weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import torch
from jaxtyping import Float, UInt8

from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import Camera, in_camera
from ..capture.said import Labels
from ..capture.segmentation import person_mask
from ..nlf.crops import CropBox, cropped, cropped_camera
from ..opencv import cv2
from ..synthetic.depths import depth_picture
from ..tracking.mediapipe_graphs import PersonSegmenter
from ..tracking.person_crop import PersonCropper
from ..tracking.photo_evidence import CLOSER
from ..training.observation import Observation

LARGEST_SIDE = 512
"""Pixels of an observation."""
_LEAST_SURE = 0.2
"""Weight of pixels that may be the person's or not."""


class Observer:
    """Cuts a fitted person out of pictures; belongs to one thread, holds its models until it is closed."""

    def __init__(self, body: BodyModel, cropper: PersonCropper) -> None:
        """
        Raises:
            StudioError: MediaPipe is not installed.
        """
        self._body = body
        self._cropper = cropper
        self._segmenter = PersonSegmenter()

    def observed(
        self,
        number: int,
        name: str,
        image: UInt8[np.ndarray, "H W 3"],
        camera: Camera,
        pose: BodyPose,
        vertices: Float[torch.Tensor, "V 3"],
        before: Sequence[Observation] = (),
        said: Labels | None = None,
    ) -> tuple[Observation, ...]:
        """The person, and the head by itself where that shows more; nothing where the picture lacks the body.

        `before` is what was observed in the film's last picture, where that was a moment ago, `said` what was painted
        on this one.
        """
        boxes = [self._cropper.box(camera, vertices), self._cropper.box(camera, vertices, head_alone=True)]
        if boxes[0] is None:
            return ()
        if boxes[1] is None or boxes[1].side > CLOSER * boxes[0].side:
            boxes.pop()
        return tuple(
            self._cut(number, name, image, camera, pose, vertices, box, last, said)
            for box, last in zip_longest(boxes, before[: len(boxes)])
            if box is not None
        )

    def _cut(
        self,
        number: int,
        name: str,
        image: UInt8[np.ndarray, "H W 3"],
        camera: Camera,
        pose: BodyPose,
        vertices: Float[torch.Tensor, "V 3"],
        box: CropBox,
        before: Observation | None,
        said: Labels | None,
    ) -> Observation:
        side = max(16, min(LARGEST_SIDE, round(box.side)))
        pixels, small = cropped(image, box, side), cropped_camera(camera, box, side)
        body = np.isfinite(depth_picture(in_camera(vertices, small), self._body.faces, small))
        # The squares go along with body and head, so that the last outline lies where this one does.
        outline = None if before is None else before.mask.astype(np.float32)
        last = None if outline is None else cv2.resize(outline, (side, side), interpolation=cv2.INTER_LINEAR)
        told = None if said is None else _cut_labels(said, box, side)
        mask = person_mask(self._segmenter, pixels, body_alpha=body.astype(np.float32), previous=last, said=told)
        sure = np.maximum(np.abs(2.0 * mask - 1.0), _LEAST_SURE)
        return Observation(
            picture=number,
            name=name,
            image=pixels,
            mask=mask.astype(np.float16),
            weights=(sure * _inside(image, box, side)).astype(np.float16),
            camera=small,
            pose=pose,
        )

    def close(self) -> None:
        self._segmenter.close()


def _cut_labels(said: Labels, box: CropBox, side: int) -> UInt8[np.ndarray, "side side"]:
    """What was painted on the square; nothing beyond the picture."""
    places = (np.arange(side) + 0.5) * (box.side / side)
    rows, columns = (np.floor(start + places).astype(int) for start in (box.top, box.left))
    inside = np.outer((rows >= 0) & (rows < said.shape[0]), (columns >= 0) & (columns < said.shape[1]))
    return said[np.ix_(rows.clip(0, said.shape[0] - 1), columns.clip(0, said.shape[1] - 1))] * inside


def _inside(image: UInt8[np.ndarray, "H W 3"], box: CropBox, side: int) -> Float[np.ndarray, "side side"]:
    """1 where the square's pixels are the picture's own."""
    places = (np.arange(side) + 0.5) * (box.side / side)
    rows, columns = box.top + places, box.left + places
    inside = (rows >= 0.0) & (rows < image.shape[0])
    return np.outer(inside, (columns >= 0.0) & (columns < image.shape[1])).astype(np.float32)
