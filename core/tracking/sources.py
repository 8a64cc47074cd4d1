"""From what a person names to a source of pictures."""

from __future__ import annotations

import re
from pathlib import Path

from .camera_source import CAMERA, CameraSource, is_camera
from .file_source import FILM_SUFFIXES, PHOTO_SUFFIXES, FilmSource, PhotosSource
from .frame_source import FrameSource, SourceMissingError


def open_source(text: str) -> FrameSource:
    """`camera:0`, `camera:0@1280x720`, a film, a folder of pictures or a photo.

    Raises:
        SourceError: there are no pictures, and why.
        StudioError: the system cannot read it.
    """
    if is_camera(text) or re.fullmatch(r"camera\d*", text.lower()):
        match = CAMERA.fullmatch(text)
        if match is not None:
            number, width, height = match.groups()
            return CameraSource(int(number), size=(int(width), int(height)) if width else None)
        if not Path(text).exists():
            raise SourceMissingError(f"{text!r} names no camera", hint="camera:0, or camera:0@1280x720")
    path = Path(text)
    if not text.strip():
        raise SourceMissingError("the name of the source is empty", hint="camera:0, a film, a folder or a photo")
    suffix = path.suffix.lower()
    if suffix in FILM_SUFFIXES and not path.is_dir():
        return FilmSource(path)
    if suffix in PHOTO_SUFFIXES or path.is_dir() or not path.exists():
        return PhotosSource(path)
    raise SourceMissingError(
        f"{path.name} is neither a film nor a photo",
        hint=f"camera:0, a folder, or a file that ends in {', '.join((*FILM_SUFFIXES, *PHOTO_SUFFIXES))}",
    )
