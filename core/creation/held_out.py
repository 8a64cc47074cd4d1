"""Where the person and the head are in pictures that are judged by: found in the pictures, never in a render.

Face and person are looked for by MediaPipe, the person's outline is then refined by the picture's own colours, around
the face once more from nearby. The head is what of the person lies above the line through the chin, square to the
face's long axis, and near the face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from ..capture.segmentation import person_mask
from ..errors import StudioError
from ..images import write_png
from ..tracking.detection import FaceDetection, Frame
from ..tracking.mediapipe_detectors import Detectors
from ..tracking.mediapipe_graphs import PersonSegmenter
from .taken import TakenPicture

SHORTER_SIDE = 512
"""Pixels of the pictures as they are judged; smaller ones stay as they are."""
HEAD_REACH = 1.5
"""Of the length of the face: how far from its middle hair and hats are still the head's."""
NEARBY = 1.15
"""The same, of what is looked at from nearby: a wider picture's mask takes in what is behind the hair.

Between the two the mask of the whole picture stays: the wider the look, the less it helps (at 1.4 lengths three
quarters as much as at 1.15, at 1.7 an eighth), and hair seldom reaches there.
"""
_FOREHEAD, _CHIN = 10, 152
"""Points of MediaPipe's face mesh: the middle of the hairline, and the lowest of the chin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldPicture:
    """As large as it is judged."""

    name: str
    image: UInt8[np.ndarray, "H W 3"]
    person: Float[np.ndarray, "H W"]
    """0..1: how much of a pixel is the person."""
    head: Float[np.ndarray, "H W"]
    """The same of the head; 0 all over where no face was found."""


def held_pictures(
    taken: Sequence[TakenPicture], *, report: Callable[[float, str], None] = lambda *_: None
) -> list[HeldPicture]:
    """The pictures with their masks; those of one film in its order.

    Raises:
        StudioError: MediaPipe is not installed.
    """
    pictures: list[HeldPicture] = []
    with ExitStack() as models:
        detectors = models.enter_context(closing(Detectors(("face",), static=True)))
        segmenter = models.enter_context(closing(PersonSegmenter()))
        film, mask = None, None
        for index, each in enumerate(taken):
            report(index / len(taken), "finding the person in what was held out")
            image = reduced(each.image)
            height, width = image.shape[:2]
            follows = each.film is not None and each.film == film
            before = mask if follows else None
            mask = person_mask(segmenter, image, previous=before)
            face = detectors.detect(Frame(image=image, seconds=0.0, index=index)).face
            head = np.zeros_like(mask)
            if face is not None:
                near = _nearby(face, height, width)
                last = None if before is None else before[near]
                mask[near] = person_mask(segmenter, np.ascontiguousarray(image[near]), previous=last)
                head = mask * near_face(face, height, width)
            pictures.append(HeldPicture(name=each.name, image=image, person=mask, head=head))
            film = each.film
    return pictures


def reduced(image: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """Averaged down to `SHORTER_SIDE`."""
    from PIL import Image

    height, width = image.shape[:2]
    share = SHORTER_SIDE / min(height, width)
    if share >= 1.0:
        return image
    size = (round(width * share), round(height * share))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def near_face(face: FaceDetection, height: int, width: int) -> Bool[np.ndarray, "H W"]:
    """Above the chin, and no farther from the face than heads reach."""
    chin, forehead, length = _long_axis(face)
    middle = (chin + forehead) / 2.0
    pixels = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
    above = (pixels - chin) @ (forehead - chin) > 0.0
    return above & (np.linalg.norm(pixels - middle, axis=-1) < HEAD_REACH * length)


def _nearby(face: FaceDetection, height: int, width: int) -> tuple[slice, slice]:
    """The rows and the columns of the picture that are looked at once more; one of each at least."""
    chin, forehead, length = _long_axis(face)
    columns, rows = ((each - NEARBY * length, each + NEARBY * length) for each in (chin + forehead) / 2.0)
    return _pixels(*rows, height), _pixels(*columns, width)


def _pixels(start: float, stop: float, size: int) -> slice:
    """Those of so many that lie between, one at least."""
    first = min(max(round(start), 0), size - 1)
    return slice(first, min(max(round(stop), first + 1), size))


def _long_axis(face: FaceDetection) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"], float]:
    """Chin and forehead in pixels (column, row), and the distance between them, which is never 0."""
    chin, forehead = face.points[_CHIN, :2], face.points[_FOREHEAD, :2]
    return chin, forehead, max(float(np.linalg.norm(forehead - chin)), 1e-6)


def write_masks(folder: Path, pictures: Sequence[HeldPicture]) -> None:
    """Two grey pictures for each, so that others can judge by the same pixels.

    Raises:
        StudioError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(f"cannot make the folder {folder}: {error.strerror}", hint="choose another folder") from error
    for each in pictures:
        for region, mask in (("person", each.person), ("head", each.head)):
            drawn = torch.from_numpy(mask).float()[..., None].expand(*mask.shape, 3)
            write_png(folder / f"{each.name} {region}.png", drawn)
