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
from ..capture.picture_files import LONGEST_SIDE, Thinned, limited, picture_files, read_photo
from ..capture.said import Labels, read_said
from ..capture.selection import chosen
from ..capture.shot import Shot
from ..capture.shot_observer import ShotObserver
from ..errors import StudioError
from ..tracking.detection import Frame
from ..tracking.file_source import FilmSource
from ..tracking.frame_source import SourceDamagedError

Item = TypeVar("Item")

MOST_PICTURES = 60
"""An avatar is made of so many where more are given: each has to be looked at."""
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
    """No other of the pictures has it."""
    image: UInt8[np.ndarray, "H W 3"]
    seconds: float | None = None
    """Since its film began."""
    film: str | None = None
    """Which film it is of: pictures of one follow each other."""
    said: Labels | None = None
    """What somebody painted on it, as large as the image."""

    @property
    def source(self) -> str:
        """The film, or the photo itself."""
        return self.film or self.name


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


def read_inputs(
    paths: Sequence[Path],
    *,
    most: int = MOST_PICTURES,
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
    named = picture_files(paths)
    photos, films, errors = named.photos, named.films, list(named.passed_over)
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
    for number, (path, name) in enumerate(zip(files, _names(files), strict=True)):
        report(begun + (1.0 - begun) * number / len(files), f"reading {name}")
        try:
            if number < len(films):
                used, kept = _film_pictures(path, name, of_each_film, holdout, errors)
                pictures += used
                held_out += kept
            else:
                image = read_photo(path, longest_side=longest)
                picture = TakenPicture(name=name, image=image, said=read_said(path, *image.shape[:2]))
                (pictures if number < len(films) + len(photos) else held_out).append(picture)
        except StudioError as error:
            errors.append((name, error))
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


def _names(paths: Sequence[Path]) -> list[str]:
    """Of the files, numbered where folders hold some of the same name: pictures are told apart by theirs."""
    names: list[str] = []
    for path in paths:
        name, count = path.name, 2
        while name in names:
            name, count = f"{path.name} ({count})", count + 1
        names.append(name)
    return names


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
    with ShotObserver(body, "body", still=True) as observer:
        for number, path in enumerate(paths):
            report(number / len(paths), f"looking at {path.name}")
            try:
                image = read_photo(path, longest_side=_LONGEST_TO_JUDGE)
            except StudioError as error:
                errors.append((path.name, error))
                continue
            read.append(path)
            shots.append(observer.observe(Frame(image=image, seconds=0.0, index=number)).of_what_it_shows())
    return [read[number] for number in chosen(shots, most)] or spread(read, most)


def _film_pictures(
    path: Path, film: str, most: int, holdout: int, errors: list[tuple[str, StudioError]]
) -> tuple[list[TakenPicture], list[TakenPicture]]:
    """Those to use and those held out; a film that breaks off is as long as it can be read."""
    first, most = (_FIRST_FRAMES, min(most, _MOST_FRAMES)) if holdout else (None, most)
    used = Thinned[tuple[int, TakenPicture]](most)
    ending: deque[TakenPicture] = deque(maxlen=holdout)
    count = 0
    with contextlib.closing(FilmSource(path)) as source:
        try:
            while (frame := source.read()) is not None:
                is_used = used.wants(frame.index) and (first is None or frame.index < first)
                count = frame.index + 1
                if not (is_used or holdout):
                    continue
                image = limited(frame.image, _LONGEST_OF_MANY)
                picture = TakenPicture(name=f"{film} {count}", image=image, seconds=frame.seconds, film=film)
                ending.append(picture)
                if is_used:
                    used.add((frame.index, picture))
        except SourceDamagedError as error:
            if not used.items:
                raise
            errors.append((film, error))
    # The film's end is held out wherever it is found to be.
    return spread([picture for index, picture in used.items if index < count - holdout], most), list(ending)
