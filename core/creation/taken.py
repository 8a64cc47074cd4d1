"""The pictures that an avatar is made of: photos, folders of them, and films."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import UInt8

from ..body.model import BodyModel
from ..capture.selection import chosen
from ..capture.shot import Shot
from ..capture.shot_observer import ShotObserver
from ..errors import StudioError
from ..images import read_image, to_uint8
from ..tracking.detection import Frame
from ..tracking.file_source import FILM_SUFFIXES, FilmSource, photos_in
from ..tracking.frame_source import SourceDamagedError

Item = TypeVar("Item")

LONGEST_SIDE = 1600
"""Pixels of a photo; refining looks at a few hundred of them, the detectors at fewer still."""
_LONGEST_OF_MANY = 1280
"""Of each of many pictures and of films, which are all held at once."""
_MANY = 24
_LONGEST_TO_JUDGE = 800
_LOOKING = 0.7
"""Of the whole work, where the best of many are looked for."""
_FIRST_FRAMES, _MOST_FRAMES = 200, 60
"""Of a film whose end is held out: only so many of the first are used. One protocol for every film that is measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TakenPicture:
    """A photo or one picture of a film, turned upright; nobody writes into its pixels."""

    name: str
    image: UInt8[np.ndarray, "H W 3"]
    seconds: float | None = None
    """Since its film began."""
    film: str | None = None
    """Which film it is of: pictures of one follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A picture that was left out, and why, in words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taken:
    """What came of a list of files."""

    pictures: tuple[TakenPicture, ...]
    held_out: tuple[TakenPicture, ...]
    """The last ones, for judging alone."""
    refused: tuple[Refused, ...]


def read_photo(path: Path, *, longest_side: int = LONGEST_SIDE) -> UInt8[np.ndarray, "H W 3"]:
    """A picture file as large as is of use.

    Raises:
        StudioError: it cannot be read.
    """
    return to_uint8(read_image(path, longest_side=longest_side))


def read_inputs(
    paths: Sequence[Path],
    *,
    most: int = 200,
    holdout: int = 0,
    body: BodyModel | None = None,
    report: Callable[[float, str], None] = lambda *_: None,
) -> Taken:
    """At most `most` pictures of these photos, folders and films, spread over them.

    Where there are more photos and a `body` is given, which knows faces, the best and most different are picked.

    With `holdout` the last so many pictures of each film, or of the photos where there is no film, are for judging
    alone, every one of them.

    Raises:
        StudioError: none of them can be read; or nothing is left beside what is held out.
    """
    pictures: list[TakenPicture] = []
    held_out: list[TakenPicture] = []
    errors: list[tuple[str, StudioError]] = []
    photos, films = _files(paths, errors)
    num_held = 0 if films else min(holdout, len(photos))
    photos, judged = photos[: len(photos) - num_held], photos[len(photos) - num_held :]
    of_each_film = max(1, most // (len(films) + (1 if photos else 0))) if films else 0
    wanted = max(most - of_each_film * len(films), 1)
    if body is not None and len(photos) > wanted:
        photos = _best(photos, wanted, body, lambda done, text: report(_LOOKING * done, text), errors)
        begun = _LOOKING
    else:
        photos, begun = spread(photos, wanted), 0.0
    longest = LONGEST_SIDE if len(photos) + len(judged) <= _MANY else _LONGEST_OF_MANY
    files = [*films, *photos, *judged]
    for number, path in enumerate(files):
        report(begun + (1.0 - begun) * number / len(files), f"reading {path.name}")
        try:
            if number < len(films):
                used, kept = _film_pictures(path, of_each_film, holdout, errors)
                pictures += used
                held_out += kept
            else:
                picture = TakenPicture(name=path.name, image=read_photo(path, longest_side=longest))
                (pictures if number < len(films) + len(photos) else held_out).append(picture)
        except StudioError as error:
            errors.append((path.name, error))
    if not pictures and held_out:
        raise StudioError("everything is held out for judging, nothing is left to learn from", hint="hold out less")
    if not pictures:
        raise errors[0][1] if errors else StudioError("no pictures are given", hint="name photos, folders or films")
    refused = tuple(Refused(name=name, reason=error.message) for name, error in errors)
    return Taken(pictures=tuple(pictures), held_out=tuple(held_out), refused=refused)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of them, evenly, in their order."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _best(
    paths: Sequence[Path],
    most: int,
    body: BodyModel,
    report: Callable[[float, str], None],
    errors: list[tuple[str, StudioError]],
) -> list[Path]:
    """In their order; spread over all where no face is seen in any."""
    read: list[Path] = []
    shots: list[Shot] = []
    with ShotObserver(body, still=True) as observer:
        for number, path in enumerate(paths):
            report(number / len(paths), f"looking at {path.name}")
            try:
                image = read_photo(path, longest_side=_LONGEST_TO_JUDGE)
            except StudioError as error:
                errors.append((path.name, error))
                continue
            read.append(path)
            shots.append(observer.observe(Frame(image=image, seconds=0.0, index=number)))
    return [read[number] for number in chosen(shots, most)] or spread(read, most)


def _files(paths: Sequence[Path], errors: list[tuple[str, StudioError]]) -> tuple[list[Path], list[Path]]:
    """Photos and films, those in folders among them."""
    photos: list[Path] = []
    films: list[Path] = []
    for path in paths:
        inside = [*photos_in(path), *_films_in(path)] if path.is_dir() else [path]
        if not inside:
            errors.append((path.name, StudioError(f"the folder {path.name} holds no pictures", hint="choose another")))
        for file in inside:
            (films if file.suffix.lower() in FILM_SUFFIXES else photos).append(file)
    return photos, films


def _films_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in FILM_SUFFIXES and path.is_file())


def _film_pictures(
    path: Path, most: int, holdout: int, errors: list[tuple[str, StudioError]]
) -> tuple[list[TakenPicture], list[TakenPicture]]:
    """Those to use and those held out; a film that breaks off is as long as it can be read."""
    first, most = (_FIRST_FRAMES, min(most, _MOST_FRAMES)) if holdout else (None, most)
    used: list[tuple[int, TakenPicture]] = []
    ending: deque[TakenPicture] = deque(maxlen=holdout)
    step, count = 1, 0
    with contextlib.closing(FilmSource(path)) as source:
        try:
            while (frame := source.read()) is not None:
                is_used = frame.index % step == 0 and (first is None or frame.index < first)
                count = frame.index + 1
                if not (is_used or holdout):
                    continue
                name = f"{path.stem} {count}"
                picture = TakenPicture(name=name, image=_limited(frame.image), seconds=frame.seconds, film=path.name)
                ending.append(picture)
                if is_used:
                    used.append((frame.index, picture))
                if len(used) > 2 * most:  # nobody knows how long it is before its end
                    used, step = used[::2], 2 * step
        except SourceDamagedError as error:
            if not used:
                raise
            errors.append((path.name, error))
    # The film's end is held out wherever it is found to be.
    return spread([picture for index, picture in used if index < count - holdout], most), list(ending)


def _limited(image: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "h w 3"]:
    from PIL import Image

    height, width = image.shape[:2]
    share = _LONGEST_OF_MANY / max(width, height)
    if share >= 1.0:
        return image
    size = (max(1, round(share * width)), max(1, round(share * height)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
