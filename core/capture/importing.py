"""Pictures that exist already: the best and most different ones of photos, folders and films."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..images import read_image, to_uint8
from ..tracking.detection import Frame
from ..tracking.file_source import FILM_SUFFIXES, PHOTO_SUFFIXES, FilmSource, photos_in
from .selection import chosen
from .shot import LEAST_SHARE, Shot

LONGEST_SIDE = 1600
"""Pixels of a picture that is kept; more is of no use to what is made of it."""
MOST = 200
"""That an avatar is made of."""
MOST_OF_A_FILM = 40
"""Its pictures are much alike."""
LOOKS_AT_A_FILM = 160
"""Between so many of its pictures and twice as many are looked at, spread over it."""

Picture = UInt8[np.ndarray, "H W 3"]
Report = Callable[[float, str], None]

logger = logging.getLogger(__name__)


@runtime_checkable
class Observer(Protocol):
    """What is used of `shot_observer.ShotObserver`."""

    def observe(self, frame: Frame) -> Shot: ...


def import_pictures(
    paths: Sequence[Path],
    observer: Observer,
    keep: Callable[[Picture, Shot, str], object],
    *,
    report: Report = lambda *_: None,
) -> int:
    """Give the best pictures of these photos, folders and films to `keep`, with the name of the file; how many.

    `observer` looks for the whole body in each by itself.
    What cannot be read is passed over with a warning.

    Raises:
        StudioError: nothing could be read; or `keep` raises it.
    """
    files, errors = _files(paths), list[StudioError]()
    found: list[tuple[Path, int, Shot]] = []
    for number, path in enumerate(files):
        seen: list[tuple[Path, int, Shot]] = []
        try:
            for index, image in _pictures(path):
                report(0.8 * number / len(files), f"looking at {path.name}")  # a film is long, and the person may go
                shot = observer.observe(Frame(image=image, seconds=0.0, index=index))
                seen.append((path, index, _of_what_it_shows(shot)))
        except StudioError as error:
            errors.append(error)
            if seen or len(files) > 1:
                logger.warning("%s", error.message)
        found += _best(seen, MOST_OF_A_FILM) if path.suffix.lower() in FILM_SUFFIXES else seen
    if not found:
        raise errors[0] if errors else StudioError("nobody is seen in it", hint="choose photos or a film of yourself")
    best = found if len(found) <= MOST else _best(found, MOST)
    num_kept = 0
    for path in dict.fromkeys(path for path, _, _ in best):
        shots = {index: shot for each, index, shot in best if each == path}
        for index, image in _pictures(path, frozenset(shots)):
            report(0.8 + 0.2 * num_kept / len(best), "keeping the pictures")
            keep(image, shots[index], path.name)
            num_kept += 1
    return num_kept


def _best(found: list[tuple[Path, int, Shot]], most: int) -> list[tuple[Path, int, Shot]]:
    """In their order, without those that are much alike or show nobody."""
    return [found[index] for index in chosen([shot for _, _, shot in found], most)]


def _of_what_it_shows(shot: Shot) -> Shot:
    """One in which the face is large is no bad picture of the body."""
    is_of_face = shot.face is not None and shot.face.share >= LEAST_SHARE
    return replace(shot, mode="face", body=None) if is_of_face else shot


def _files(paths: Sequence[Path]) -> list[Path]:
    """Photos and films, folders opened."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            films = (each for each in path.iterdir() if each.suffix.lower() in FILM_SUFFIXES and each.is_file())
            files += [*photos_in(path), *sorted(films)]
        elif path.suffix.lower() in (*FILM_SUFFIXES, *PHOTO_SUFFIXES):
            files.append(path)
        else:
            raise StudioError(f"{path.name} is neither a photo nor a film", hint="choose JPEG, PNG, WebP or a film")
    return files


def _pictures(path: Path, wanted: frozenset[int] | None = None) -> Iterator[tuple[int, Picture]]:
    """A photo, which is picture 0; of a film the pictures of those numbers, or as many as are looked at.

    Raises:
        StudioError: it cannot be read, or breaks off.
    """
    if path.suffix.lower() not in FILM_SUFFIXES:
        yield 0, to_uint8(read_image(path, longest_side=LONGEST_SIDE))
        return
    with contextlib.closing(FilmSource(path)) as film:
        step = max(1, (film.num_frames or 0) // LOOKS_AT_A_FILM)
        last = max(wanted) if wanted else None
        while (frame := film.read()) is not None and (last is None or frame.index <= last):
            if frame.index in wanted if wanted else frame.index % step == 0:
                yield frame.index, frame.image
