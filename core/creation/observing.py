"""From a fitted picture to what refining is given: squares around the person, with masks and weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import torch
from jaxtyping import Float, UInt8

from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import Camera
from ..capture.said import Labels
from ..capture.segmentation import followed, found_mask, person_mask
from ..nlf.crops import CropBox, cropped, cropped_camera
from ..opencv import cv2
from ..tracking.mediapipe_graphs import PersonSegmenter
from ..tracking.person_crop import PersonCropper
from ..tracking.photo_evidence import CLOSER
from ..training.observation import Observation
from .silhouette import silhouette

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
        told = self._followed(image, camera, vertices, said) if said is not None and said.any() else None
        return tuple(
            self._cut(number, name, image, camera, pose, vertices, box, last, told)
            for box, last in zip_longest(boxes, before[: len(boxes)])
            if box is not None
        )

    def _followed(
        self, image: UInt8[np.ndarray, "H W 3"], camera: Camera, vertices: Float[torch.Tensor, "V 3"], said: Labels
    ) -> Labels:
        """What was painted with what follows it: found once for all squares, on the whole picture as it is shown."""
        body = silhouette(self._body, vertices, camera)
        coarse = found_mask(self._segmenter, image, body_alpha=body)
        return followed(image, coarse, said, body_alpha=body)

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
        told: Labels | None,
    ) -> Observation:
        side = max(16, min(LARGEST_SIDE, round(box.side)))
        pixels, small = cropped(image, box, side), cropped_camera(camera, box, side)
        body = silhouette(self._body, vertices, small)
        # The squares go along with body and head, so that the last outline lies where this one does.
        outline = None if before is None else before.mask.astype(np.float32)
        last = None if outline is None else cv2.resize(outline, (side, side), interpolation=cv2.INTER_LINEAR)
        said = None if told is None else _cut_labels(told, box, side)
        mask = person_mask(self._segmenter, pixels, body_alpha=body, previous=last, said=said)
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
    """What was said of the square; nothing beyond the picture."""
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
