"""The photo that an avatar was made from; what was found in it, the body's points and the outline, is drawn on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8

if TYPE_CHECKING:
    from ..core.body.model import BodyModel
    from ..core.creation.fitted import FittedPicture, ReadPicture

LONGEST_SIDE = 960
"""Pixels of the picture that is kept."""
NUM_POINTS = 20_000
SPACING = 5
"""Pixels between points that are drawn; more of them would hide the photo."""
BORDER = 1 / 30
"""Of the crop: what is found so near to its edge lies beyond it."""
UNSURE = 0.2
"""Metres; points that may be farther off are all the same red."""
_SURE_TO_UNSURE = np.array([(64, 120, 255), (96, 214, 160), (255, 210, 70), (240, 60, 60)], np.float64)
_OUTLINE = (255, 0, 200)
_DOT = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])

Colouring = Literal["place", "sigma", "none"]
"""By where on the body a point is, by how far off it may be, or the photo alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalizedPhoto:
    """Kept while the program runs, never with the avatar; the points, all of which are seen, in no order."""

    name: str
    picture: UInt8[np.ndarray, "H W 3"]
    pixels: Float[np.ndarray, "M 2"]
    places: Float[np.ndarray, "M 3"]
    """On the body, -0.5..0.5 along its longest side."""
    sigma: Float[np.ndarray, " M"]
    """Metres: how far off each is expected to be."""
    person: Bool[np.ndarray, "H W"]
    """What of the picture is taken for the person, hair and clothes included."""


def localized_photo(read: ReadPicture, body: BodyModel) -> LocalizedPhoto:
    """What of a picture that was read is shown beside the avatar."""
    from PIL import Image

    from ..core.synthetic.evidence import canonical_points

    reading, box, crop = read.reading, read.crop.box, read.crop.image
    margin = BORDER * crop.shape[0]
    inside = ((reading.pixels > margin) & (reading.pixels < crop.shape[0] - margin)).all(dim=1)
    seen = (reading.visibility & inside).nonzero()[:, 0].numpy()
    chosen = np.random.default_rng(0).permutation(seen)[:NUM_POINTS]
    picture = Image.fromarray(read.picture.image)
    share = min(1.0, LONGEST_SIDE / max(picture.size))
    size = (max(1, round(share * picture.width)), max(1, round(share * picture.height)))
    template = reading.template
    return LocalizedPhoto(
        name=read.picture.name,
        picture=np.asarray(picture.resize(size)),
        pixels=share * box.in_picture(reading.pixels[chosen], crop.shape[0]).numpy(),
        places=template.interpolated(canonical_points(body)).numpy()[chosen],
        sigma=template.interpolated(reading.vertices.sigma[:, None]).numpy()[chosen, 0],
        person=_person(read.picture, size),
    )


def _person(picture: FittedPicture, size: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
    """The mask of the square around the person, laid where the square lies in a picture of this size."""
    from PIL import Image

    observation, whole = picture.observations[0], picture.camera
    square, mask = observation.camera, Image.fromarray(np.round(255.0 * observation.mask).astype(np.uint8))
    # Both cameras stand in one place and look one way.
    across, down = whole.width / size[0] * square.fx / whole.fx, whole.height / size[1] * square.fy / whole.fy
    left, top = square.cx - whole.cx * square.fx / whole.fx, square.cy - whole.cy * square.fy / whole.fy
    matrix = (across, 0.0, left, 0.0, down, top)
    return np.asarray(mask.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)) > 127


def overlay(
    photo: LocalizedPhoto, colouring: Colouring, size: tuple[int, int] | None = None, *, outline: bool = False
) -> UInt8[np.ndarray, "H W 3"]:
    """The photo, `size` pixels wide and high, with its points, and a line around the person."""
    from PIL import Image

    width, height = size or (photo.picture.shape[1], photo.picture.shape[0])
    picture = np.array(Image.fromarray(photo.picture).resize((width, height)))
    if colouring != "none" and len(photo.pixels) > 0:
        _draw_points(picture, photo, colouring)
    if outline:
        picture[edges(np.asarray(Image.fromarray(photo.person).resize((width, height))))] = _OUTLINE
    return picture


def _draw_points(picture: UInt8[np.ndarray, "H W 3"], photo: LocalizedPhoto, colouring: Colouring) -> None:
    height, width = picture.shape[:2]
    places = photo.pixels * (width / photo.picture.shape[1], height / photo.picture.shape[0])
    _, first = np.unique(np.floor(places / SPACING), axis=0, return_index=True)
    colours = (_by_sigma(photo.sigma) if colouring == "sigma" else _by_place(photo.places))[first]
    for corner in _DOT:
        column, row = (np.floor(places[first]) + corner).astype(int).T
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        picture[row[inside], column[inside]] = colours[inside]


def edges(person: Bool[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """Both pixels wherever two neighbours differ."""
    edges = np.zeros_like(person)
    across, down = person[:, 1:] != person[:, :-1], person[1:] != person[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges


def _by_place(places: Float[np.ndarray, "M 3"]) -> UInt8[np.ndarray, "M 3"]:
    """Each axis of the body over its own breadth is one of red, green and blue."""
    low, high = places.min(axis=0), places.max(axis=0)
    return (40.0 + 215.0 * (places - low) / np.maximum(high - low, 1e-6)).astype(np.uint8)


def _by_sigma(sigma: Float[np.ndarray, " M"]) -> UInt8[np.ndarray, "M 3"]:
    """From blue, sure, to red."""
    place = np.clip(sigma / UNSURE, 0.0, 1.0) * (len(_SURE_TO_UNSURE) - 1)
    steps = np.arange(len(_SURE_TO_UNSURE))
    return np.stack([np.interp(place, steps, channel) for channel in _SURE_TO_UNSURE.T], axis=1).astype(np.uint8)
