"""Films, folders of pictures and photos as sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StudioError
from ..images import read_image, to_uint8
from .detection import Frame
from .frame_source import (
    SourceDamagedError,
    SourceEmptyError,
    SourceForbiddenError,
    SourceMissingError,
    resized_error,
)

FILM_SUFFIXES = (
    ".mp4",
    ".mov",
    ".m4v",
    ".mkv",
    ".webm",
    ".avi",
    ".mpg",
    ".mpeg",
    ".ts",
    ".mts",
    ".wmv",
    ".3gp",
    ".gif",
)
PHOTO_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
FOLDER_FPS = 30.0
"""Pictures in a folder say no rate; this is what most films have."""

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,gif",
}
"""Kinds that hold pictures themselves: a playlist could make the program read other files, or the net."""


class FilmSource:
    """A film by PyAV, turned upright as its file says; pictures carry the film's own moments."""

    live = False

    def __init__(self, path: Path) -> None:
        """
        Raises:
            SourceError: it cannot be read, or has no pictures.
        """
        import av
        from av.error import FFmpegError

        self._path = path
        self.description = path.name
        _check_readable(path)
        try:
            self._container = av.open(str(path), options=_OPTIONS)
        except (FFmpegError, ValueError) as error:
            raise SourceDamagedError(
                f"{path.name} cannot be read as a film", hint="it is damaged, or another kind of file: copy it again"
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceEmptyError(f"{path.name} has no pictures, only sound", hint="choose another film")
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = stream.average_rate or stream.guessed_rate
        self.fps: float | None = float(rate) if rate else None
        self.num_frames = self._claimed_frames(stream)
        self._decoded: Iterator[Any] = self._container.decode(stream)
        self._began: float | None = None
        self._index = 0
        try:
            self._next: np.ndarray | None = self._decode()
        except SourceDamagedError:
            self._container.close()
            raise
        if self._next is None:
            self._container.close()
            raise SourceEmptyError(f"{path.name} has no pictures", hint="choose another film")
        self.height, self.width = self._next.shape[:2]

    def _claimed_frames(self, stream: Any) -> int | None:
        """Some files count pictures that are cut away; the length knows better."""
        claims = [stream.frames] if stream.frames else []
        if self.fps is not None and self._container.duration:
            claims.append(max(1, round(self._container.duration / 1e6 * self.fps)))
        return min(claims, default=None)

    def _decode(self) -> np.ndarray | None:
        from av.error import FFmpegError

        try:
            picture = next(self._decoded, None)
            if picture is None:
                return None
            rgb = picture.to_ndarray(format="rgb24")
        except (FFmpegError, ValueError, MemoryError) as error:
            raise SourceDamagedError(
                f"{self._path.name} is damaged after {self._index} pictures", hint="copy or download it again"
            ) from error
        moment = self._index / (self.fps or FOLDER_FPS) if picture.time is None else float(picture.time)
        self._began = moment if self._began is None else self._began
        self._seconds = moment - self._began
        return np.ascontiguousarray(np.rot90(rgb, round(picture.rotation / 90.0) % 4))

    def read(self) -> Frame | None:
        image, self._next = self._next, None
        if image is None:
            image = self._decode()
        if image is None:
            return None
        if image.shape[:2] != (self.height, self.width):
            size = (image.shape[1], image.shape[0])
            raise resized_error(f"the pictures of {self._path.name}", (self.width, self.height), size)
        frame = Frame(image=image, seconds=self._seconds, index=self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        self._container.close()


class PhotosSource:
    """One photo, or those of a folder in the order of their names, as numbers count (2 before 10).

    Damaged ones are left out, and named in the error that comes after the last of the others.
    """

    live = False

    def __init__(self, path: Path) -> None:
        """
        Raises:
            SourceError: there is no picture that can be read.
        """
        _check_readable(path)
        self.description = path.name or str(path)
        self._paths = photos_in(path) if path.is_dir() else [path]
        if not self._paths:
            raise SourceEmptyError(
                f"the folder {self.description} holds no pictures", hint=f"it may hold {', '.join(PHOTO_SUFFIXES)}"
            )
        self.fps = FOLDER_FPS if path.is_dir() else None
        self.num_frames = len(self._paths)
        self._left = iter(self._paths)
        self._damaged: list[StudioError] = []
        self._index = 0
        self._next = self._read_next()
        if self._next is None:
            raise self._damaged_error()
        self.height, self.width = self._next[1].shape[:2]

    def read(self) -> Frame | None:
        following, self._next = self._next or self._read_next(), None
        if following is None:
            if self._damaged:
                raise self._damaged_error()
            return None
        path, image = following
        if image.shape[:2] != (self.height, self.width):
            size = (image.shape[1], image.shape[0])
            raise resized_error(f"at {path.name} the pictures", (self.width, self.height), size)
        frame = Frame(image=image, seconds=self._index / FOLDER_FPS, index=self._index)
        self._index += 1
        return frame

    def _read_next(self) -> tuple[Path, np.ndarray] | None:
        """The next that can be read."""
        for path in self._left:
            if (image := self._image(path)) is not None:
                return path, image
        return None

    def _image(self, path: Path) -> np.ndarray | None:
        """None where it is damaged, which is noted."""
        try:
            return to_uint8(read_image(path))
        except StudioError as error:
            self._damaged.append(error)
            return None

    def _damaged_error(self) -> SourceDamagedError:
        first, *others = self._damaged
        more = f", nor {len(others)} more of {self.num_frames} pictures" if others else ""
        return SourceDamagedError(first.message + more, hint=first.hint or "copy or download it again")

    def close(self) -> None:
        self._next = None


def photos_in(folder: Path) -> list[Path]:
    """In the order of their names, as numbers count."""
    photos = [path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()]
    return sorted(photos, key=lambda path: [int(part) if part.isdigit() else part for part in _parts(path.stem)])


def _parts(name: str) -> list[str]:
    """Text and numbers in turn, so that names are compared like with like."""
    return re.split(r"([0-9]+)", name.lower())


def _check_readable(path: Path) -> None:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
            return
        with path.open("rb") as file:
            if not file.read(1):
                raise SourceEmptyError(f"{path.name} is empty", hint="choose another file")
    except FileNotFoundError as error:
        raise SourceMissingError(f"there is no file or folder {path}", hint="look at the name") from error
    except PermissionError as error:
        raise SourceForbiddenError(
            f"{path} may not be read", hint="choose another, or change its permissions"
        ) from error
    except OSError as error:
        raise StudioError(f"cannot read {path}: {error.strerror}", hint="choose another file") from error
