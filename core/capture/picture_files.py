"""Photos and films on the disk: which there are, and their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..images import read_image, to_uint8
from ..tracking.file_source import FILM_SUFFIXES, PHOTO_SUFFIXES, photos_in

LONGEST_SIDE = 1600
"""Pixels of a photo; more is of no use to what is made of it."""
_MOST_NAMED = 3

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFiles:
    """What the paths that somebody named stand for."""

    photos: tuple[Path, ...]
    films: tuple[Path, ...]
    passed_over: tuple[tuple[str, StudioError], ...]
    """Names of what is neither, and why."""


def picture_files(paths: Sequence[Path]) -> PictureFiles:
    """Photos and films, those in folders among them."""
    photos: list[Path] = []
    films: list[Path] = []
    passed_over: list[tuple[str, StudioError]] = []
    for path in paths:
        if path.is_dir():
            inside = photos_in(path), sorted(each for each in path.iterdir() if is_film(each) and each.is_file())
            photos += inside[0]
            films += inside[1]
            if not any(inside):
                error = StudioError(f"the folder {path.name} holds no pictures", hint="choose another")
                passed_over.append((path.name, error))
        elif is_film(path):
            films.append(path)
        elif path.suffix.lower() in PHOTO_SUFFIXES or not path.exists():  # that it is absent is said by reading it
            photos.append(path)
        else:
            message = f"{path.name} is neither a photo nor a film"
            passed_over.append((path.name, StudioError(message, hint="choose JPEG, PNG, WebP or a film")))
    return PictureFiles(photos=tuple(photos), films=tuple(films), passed_over=tuple(passed_over))


def is_film(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in FILM_SUFFIXES


def enumerated(names: Sequence[str]) -> str:
    """Such as "a.jpg, b.jpg and 3 more"; each once."""
    names = list(dict.fromkeys(names))
    first = ", ".join(names[:_MOST_NAMED])
    return first if len(names) <= _MOST_NAMED else f"{first} and {len(names) - _MOST_NAMED} more"


def read_photo(path: Path, *, longest_side: int = LONGEST_SIDE) -> UInt8[np.ndarray, "H W 3"]:
    """A picture file as large as is of use.

    Raises:
        StudioError: it cannot be read.
    """
    return limited(to_uint8(read_image(path, longest_side=longest_side)), longest_side)


def limited(image: UInt8[np.ndarray, "H W 3"], longest_side: int) -> UInt8[np.ndarray, "h w 3"]:
    """The picture, averaged to that many pixels where it has more."""
    from PIL import Image

    height, width = image.shape[:2]
    share = longest_side / max(width, height)
    if share >= 1.0:
        return image
    size = (max(1, round(share * width)), max(1, round(share * height)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


class Thinned(Generic[Item]):
    """Evenly of a row whose length nobody knows before its end: all, or `most` to twice as many."""

    def __init__(self, most: int) -> None:
        self.items: list[Item] = []
        self._most = most
        self._step = 1

    def expect(self, length: int | None) -> None:
        """So long the row is said to be: those that would only be left out again are not wanted."""
        self._step = max(1, (length or 0) // self._most)

    def wants(self, index: int) -> bool:
        """Whether the item of that place, in their order, is to be added."""
        return index % self._step == 0

    def add(self, item: Item) -> None:
        self.items.append(item)
        if len(self.items) > 2 * self._most:
            self.items, self._step = self.items[::2], 2 * self._step
