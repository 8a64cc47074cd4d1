"""The pictures that were taken of a person: JPEG files in a folder of their own, each with a note of what it shows.

Beside a picture may lie what was painted on it (see `said`).
The note is written last and removed first, so that a program that is killed leaves no note without its picture.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..images import read_image, to_uint8
from ..paths import TEMPORARY, atomic_write
from ..storage.plain_values import PlainReader, to_plain
from .said import Labels, delete_said, said_file, write_said
from .shot import Shot

FORMAT = "nlfgs-studio picture"
VERSION = 1
MAX_NOTE_BYTES = 1 << 16
QUALITY = 95
"""Of the JPEG; its colours are kept at full size, for lips and eyes are small."""
THUMBNAIL_SIDE = 256
"""Pixels, at least."""
_PREFIX = "picture-"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptPicture:
    """One picture in the folder."""

    path: Path
    source: str
    """Where it comes from, in words: a camera's name, or that of a file."""
    shot: Shot
    thumbnail: UInt8[np.ndarray, "H W 3"]
    is_corrected: bool = False
    """Whether somebody painted who of it is the person."""

    @property
    def name(self) -> str:
        return self.path.name


class PictureFolder:
    """Made when the first picture comes, gone with the last. Files of others in it are left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, image: UInt8[np.ndarray, "H W 3"], shot: Shot, source: str) -> KeptPicture:
        """Keep a picture.

        Raises:
            StudioError: it cannot be written there.
        """
        from PIL import Image

        path = self._fresh_path()
        with atomic_write(path) as temporary:
            Image.fromarray(image).save(temporary, format="JPEG", quality=QUALITY, subsampling=0)
        note = {"format": FORMAT, "version": VERSION, "source": source, "shot": to_plain(shot, {})}
        try:
            with atomic_write(_note_of(path)) as temporary:
                temporary.write_text(json.dumps(note) + "\n", encoding="utf-8")
        except StudioError:
            path.unlink(missing_ok=True)
            raise
        return KeptPicture(path=path, source=source, shot=shot, thumbnail=_thumbnail(path))

    def pictures(self, known: Sequence[KeptPicture] = ()) -> tuple[KeptPicture, ...]:
        """Oldest first; what is damaged is passed over with a warning, those that are `known` are not read again."""
        kept, before = [], {each.path: each for each in known}
        for note in sorted(self.path.glob(f"{_PREFIX}*.json")):
            path = note.with_suffix(".jpg")
            is_corrected = said_file(path).exists()
            if path in before and path.exists():
                same = before[path].is_corrected is is_corrected
                kept.append(before[path] if same else replace(before[path], is_corrected=is_corrected))
                continue
            try:
                source, shot = _read_note(note)
                copy = _thumbnail(path)
                kept.append(KeptPicture(path=path, source=source, shot=shot, thumbnail=copy, is_corrected=is_corrected))
            except (OSError, ValueError, RecursionError, StudioError) as error:
                logger.warning("the picture %s is left out: %s", path.name, error)
        return tuple(kept)

    def correct(self, name: str, labels: Labels) -> None:
        """Keep what was painted on a picture, unless that is gone.

        Raises:
            StudioError: it cannot be written there.
        """
        if (self.path / name).exists():
            write_said(self.path / name, labels)

    def delete(self, name: str) -> None:
        """Remove one picture for good; nothing happens where it is gone already.

        Raises:
            StudioError: the system does not let it be removed.
        """
        picture = self.path / name
        parts = {_note_of(picture), said_file(picture), picture}
        self._remove([path for path in self._own_files() if path in parts])

    def delete_all(self) -> None:
        """Remove all of them for good, the damaged and the unfinished too.

        Raises:
            StudioError: the system does not let one be removed; the others are gone.
        """
        self._remove(self._own_files())

    def copy_to(self, other: PictureFolder) -> None:
        """Put a copy of every picture into another folder, in the same order and where it is free under its name.

        Raises:
            StudioError: one cannot be written there.
        """
        for kept in self.pictures():
            path = other._fresh_path(kept.name)
            said = [(said_file(kept.path), said_file(path))] if kept.is_corrected else []
            delete_said(path)  # of a picture that is gone
            for source, copy in (*said, (kept.path, path), (_note_of(kept.path), _note_of(path))):
                with atomic_write(copy) as temporary:
                    shutil.copyfile(source, temporary)

    def _own_files(self) -> list[Path]:
        """Notes first."""
        names = (f"{_PREFIX}*.json", said_file(Path(f"{_PREFIX}*")).name, f"{_PREFIX}*.jpg", f"{TEMPORARY}{_PREFIX}*")
        return [path for name in names for path in sorted(self.path.glob(name))]

    def _remove(self, paths: list[Path]) -> None:
        stuck: OSError | None = None
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:  # noqa: PERF203 - the others have to go all the same
                stuck = error
        if stuck is not None:
            raise StudioError(
                f"the pictures in {self.path} cannot be deleted: {stuck.strerror}", hint="delete the folder by hand"
            ) from stuck
        with contextlib.suppress(OSError):  # others keep something in it, or it never was
            self.path.rmdir()

    def _fresh_path(self, wanted: str = "") -> Path:
        """Under the `wanted` name, else named by the moment: names stand in the order of the pictures.

        Raises:
            StudioError: the folder cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else needs to see them
        except OSError as error:
            raise StudioError(
                f"cannot make the folder {self.path} for the pictures: {error.strerror}",
                hint="save the project somewhere else first",
            ) from error
        if wanted and not (self.path / wanted).exists():
            return self.path / wanted
        while True:
            now = time.time()
            stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
            path = self.path / f"{_PREFIX}{stamp}-{int(1e3 * (now % 1.0)):03d}.jpg"
            if not path.exists():
                return path
            time.sleep(0.001)


def _note_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _thumbnail(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    return to_uint8(read_image(path, longest_side=THUMBNAIL_SIDE))


def _read_note(path: Path) -> tuple[str, Shot]:
    """
    Raises:
        ValueError: it is none.
    """
    if path.stat().st_size > MAX_NOTE_BYTES:
        raise ValueError("its note is too long")
    note: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(note, dict) or note.get("format") != FORMAT:
        raise ValueError("its note is about something else")
    reader = PlainReader({}, {})
    return reader.read(str, note.get("source"), "source"), reader.read_dataclass(Shot, note.get("shot"), "shot")
