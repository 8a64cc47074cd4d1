"""Pictures that exist already: the best and most different ones of photos, folders and films."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..tracking.detection import Frame
from ..tracking.file_source import FilmSource
from .picture_files import Thinned, enumerated, is_film, picture_files, read_photo
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
Kept = tuple[str, Shot]
"""The name of the file, and what its picture shows."""
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
) -> tuple[Kept, ...]:
    """Give the best pictures of these photos, folders and films to `keep`, with the name of the file; which they are.

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
    kept: list[Kept] = []
    for path in dict.fromkeys(path for path, _, _ in best):
        shots = {index: shot for each, index, shot in best if each == path}
        for frame in _pictures_again(path, shots):
            report(0.8 + 0.2 * len(kept) / len(best), "keeping the pictures")
            keep(frame.image, shots[frame.index], path.name)
            kept.append((path.name, shots[frame.index]))
    return tuple(kept)


def check_readable(paths: Sequence[Path]) -> None:
    """Before detectors are loaded for them, which takes long.

    Raises:
        StudioError: not one of these photos, folders and films can be read.
    """
    named = picture_files(paths)
    errors = [error for _, error in named.passed_over]
    for path in (*named.photos, *named.films):
        try:
            with contextlib.closing(_pictures(path, Thinned[Found](1))) as pictures:
                next(pictures, None)
        except StudioError as error:  # noqa: PERF203 - another may be readable
            errors.append(error)
        else:
            return
    if errors:
        raise errors[0]


def told(kept: Sequence[Kept]) -> tuple[str, str]:
    """What to say of pictures that came in: how many are of use, and what the person should know of the others."""
    count, useless = len(kept), [(name, shot) for name, shot in kept if not shot.is_usable]
    said = f"{count} {'picture' if count == 1 else 'pictures'} came in"
    if useless:
        said += ", of no use" if count == len(useless) else f", {len(useless)} of them of no use"
    of_each: dict[str, list[str]] = {}
    for name, shot in useless:
        of_each.setdefault(shot.troubles[0].message, []).append(name)
    hints = [f"{message}: {enumerated(names)}" for message, names in of_each.items()]
    if useless:
        hints.append("choose another photo")
    crowded = [name for name, shot in kept if shot.num_faces > 1]
    if crowded:
        said += f"; several people are in {enumerated(crowded)}"
        hints.append("the largest is taken for you")
    return said, "; ".join(hints)


def _best(found: list[Found], most: int) -> list[Found]:
    """In their order, without those that are much alike or show nobody."""
    return [found[index] for index in chosen([shot for _, _, shot in found], most)]


def _pictures(path: Path, seen: Thinned[Found]) -> Generator[Frame, None, None]:
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
