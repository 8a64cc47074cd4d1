"""Pictures that exist already: the best and most different ones of photos, folders and films."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..tracking.detection import Frame
from ..tracking.file_source import FilmSource
from .picture_files import Thinned, is_film, picture_files, read_photo
from .selection import chosen
from .shot import Shot

MOST = 200
"""That an avatar is made of."""
MOST_OF_A_FILM = 40
"""Its pictures are much alike."""
LOOKS_AT_A_FILM = 160
"""Between so many of its pictures and twice as many are looked at, spread over it."""

Picture = UInt8[np.ndarray, "H W 3"]
Found = tuple[Path, int, Shot]
"""The file, which of its pictures, and what that shows."""
Report = Callable[[float, str], None]

logger = logging.getLogger(__name__)


@runtime_checkable
class Observer(Protocol):
    """What `shot_observer.ShotObserver` does for those who have one; tests bring their own."""

    def observe(self, frame: Frame) -> Shot: ...

    def close(self) -> None: ...


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
    named = picture_files(paths)
    files, errors = (*named.photos, *named.films), [error for _, error in named.passed_over]
    found: list[Found] = []
    for number, path in enumerate(files):
        seen = Thinned[Found](LOOKS_AT_A_FILM)
        try:
            for frame in _pictures(path, seen):
                report(0.8 * number / len(files), f"looking at {path.name}")  # a film is long, and the person may go
                seen.add((path, frame.index, observer.observe(frame).of_what_it_shows()))
        except StudioError as error:
            errors.append(error)
        found += _best(seen.items, MOST_OF_A_FILM) if is_film(path) else seen.items
    for error in errors if found else errors[1:]:
        logger.warning("%s", error.message)
    if not found:
        raise errors[0] if errors else StudioError("nobody is seen in it", hint="choose photos or a film of yourself")
    best = found if len(found) <= MOST else _best(found, MOST)
    num_kept = 0
    for path in dict.fromkeys(path for path, _, _ in best):
        shots = {index: shot for each, index, shot in best if each == path}
        for frame in _pictures_again(path, shots):
            report(0.8 + 0.2 * num_kept / len(best), "keeping the pictures")
            keep(frame.image, shots[frame.index], path.name)
            num_kept += 1
    return num_kept


def _best(found: list[Found], most: int) -> list[Found]:
    """In their order, without those that are much alike or show nobody."""
    return [found[index] for index in chosen([shot for _, _, shot in found], most)]


def _pictures(path: Path, seen: Thinned[Found]) -> Iterator[Frame]:
    """A photo, or of a film those that are wanted.

    Raises:
        StudioError: it cannot be read, or breaks off.
    """
    if not is_film(path):
        yield Frame(image=read_photo(path), seconds=0.0, index=0)
        return
    with contextlib.closing(FilmSource(path)) as film:
        seen.expect(film.num_frames)
        while (frame := film.read()) is not None:
            if seen.wants(frame.index):
                yield frame


def _pictures_again(path: Path, wanted: Mapping[int, Shot]) -> Iterator[Frame]:
    """Those of these numbers; a film is read no further than to the last of them."""
    if not is_film(path):
        yield Frame(image=read_photo(path), seconds=0.0, index=0)
        return
    last = max(wanted)
    with contextlib.closing(FilmSource(path)) as film:
        while (frame := film.read()) is not None and frame.index <= last:
            if frame.index in wanted:
                yield frame
