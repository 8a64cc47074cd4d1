"""A person cut out of a picture for the network, and beside them what the detectors know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8

from ..body.joints import FACE_JOINTS
from ..body.model import BodyModel
from ..cameras import Camera, in_camera, projected
from ..nlf.crops import CropBox, cropped, cropped_camera
from ..nlf.evidence import Evidence
from ..synthetic.evidence import evidence_map
from .mediapipe_graphs import PersonSegmenter
from .skeleton import HEAD

_MARGIN = 0.08
"""On every side, in sizes of the body, for what the body lacks: hair, clothes, what the fit got wrong."""
_HEAD_MARGIN = 0.35
"""The same around a head alone, as close as the portraits are that the network learned from."""
_LEAST_SEEN = 0.01
"""Part of the vertices inside the picture, below which there is nobody to cut out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonCrop:
    """What the network is given."""

    box: CropBox
    image: UInt8[np.ndarray, "S S 3"]
    camera: Camera
    """Of the crop."""
    mask: Float[np.ndarray, "S S"]
    """0..1: which pixels are people's."""
    evidence: Evidence


class PersonCropper:
    """Owns the segmenter; belongs to one thread after it was made."""

    def __init__(self, body: BodyModel, size: int) -> None:
        """`size` of the crops, in pixels.

        Raises:
            StudioError: MediaPipe is not installed.
        """
        self._body = body
        self._size = size
        self._skin = body.faces.unique()
        heads = body.skin_weights[self._skin][:, [HEAD, *range(FACE_JOINTS.start, FACE_JOINTS.stop)]].sum(dim=1)
        self._head = self._skin[heads > 0.5]
        self._segmenter = PersonSegmenter()

    def crop(
        self,
        picture: UInt8[np.ndarray, "H W 3"],
        camera: Camera,
        vertices: Float[torch.Tensor, "V 3"],
        *,
        head_alone: bool = False,
    ) -> PersonCrop | None:
        """Around a roughly fitted body, its `vertices` in the world of `camera`; None where the picture lacks it."""
        box = self.box(camera, vertices, head_alone=head_alone)
        if box is None:
            return None
        image, small = cropped(picture, box, self._size), cropped_camera(camera, box, self._size)
        mask = self._segmenter.read(image)
        drawn = torch.from_numpy(evidence_map(self._body, vertices, small, mask))
        evidence = Evidence(picture=drawn, vertices=in_camera(vertices, small))
        return PersonCrop(box=box, image=image, camera=small, mask=mask, evidence=evidence)

    def box(self, camera: Camera, vertices: Float[torch.Tensor, "V 3"], *, head_alone: bool = False) -> CropBox | None:
        """Where `crop` cuts."""
        framed = in_camera(vertices[self._head if head_alone else self._skin], camera)
        return _box(camera, framed, _HEAD_MARGIN if head_alone else _MARGIN)

    def close(self) -> None:
        self._segmenter.close()


def _box(camera: Camera, vertices: Float[torch.Tensor, "V 3"], margin: float) -> CropBox | None:
    """The square around what the picture shows of the body, inside the picture where it fits."""
    pixels, size = projected(vertices, camera).double().numpy(), np.array([camera.width, camera.height], np.float64)
    inside = ((pixels >= 0.0) & (pixels < size)).all(axis=1) & (vertices[:, 2] > camera.near).numpy()
    if inside.mean() < _LEAST_SEEN:
        return None
    low, high = pixels[inside].min(axis=0), pixels[inside].max(axis=0)
    room = margin * (high - low).max()
    # Beyond the picture there is nothing to see, and a crop that reaches there has a border that is no photo's.
    box = CropBox.around(np.maximum(low - room, 0.0), np.minimum(high + room, size), margin=1.0)
    left, top = (
        float(np.clip(low, 0.0, side - box.side)) if box.side <= side else (side - box.side) / 2.0
        for low, side in zip((box.left, box.top), size, strict=True)
    )
    return CropBox(left=left, top=top, side=box.side)
