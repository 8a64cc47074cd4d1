"""Pictures and films of what the window shows."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import StudioError
from .. import filming
from ..endings import with_ending
from ..services import Services
from .registry import command

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")
"""As in `storage.video`."""


@command("Save picture…", path="picture.png", size=(64, 48))
def save_picture(
    services: Services,
    *,
    path: str | Path,
    size: tuple[int, int] = (1920, 1080),
    transparent: bool | None = None,
    samples: int = 1,
) -> None:
    """Save what is shown as a PNG of any size up to 8192, smoother with more samples; `transparent`: with its alpha."""
    if not 1 <= samples <= filming.MAX_SAMPLES:
        raise StudioError(f"a pixel has 1 to {filming.MAX_SAMPLES} samples along a side")
    filming.save_picture(
        services, with_ending(path, ".png").absolute(), size=_size(size), transparent=transparent, samples=samples
    )


@command("Copy picture", size=(64, 48))
def copy_picture(services: Services, *, size: tuple[int, int] = (1920, 1080), transparent: bool | None = None) -> None:
    """Put what is shown onto the clipboard."""
    filming.copy_picture(services, size=_size(size), transparent=transparent)


@command("Save film…", path="film.mp4", size=(64, 48), seconds=0.2)
def save_film(
    services: Services,
    *,
    path: str | Path,
    size: tuple[int, int] = (1920, 1080),
    seconds: float | None = None,
    fps: float | None = None,
    turning: bool | None = None,
) -> None:
    """Film the motion from where it is looked at; without one, or with `turning`, the camera goes once around."""
    if (seconds is not None and not seconds > 0.0) or (fps is not None and not 0.1 <= fps <= 240.0):
        raise StudioError("a film lasts longer than 0 seconds and has 0.1 to 240 pictures a second")
    film = filming.film_of(services.store.state, seconds=seconds, fps=fps, turning=turning)
    filming.save_film(services, with_ending(path, *VIDEO_SUFFIXES).absolute(), size=_size(size), film=film)


def _size(size: tuple[int, int]) -> tuple[int, int]:
    if not all(filming.MIN_SIDE <= side <= filming.MAX_SIDE for side in size):
        raise StudioError(f"a side has {filming.MIN_SIDE} to {filming.MAX_SIDE} pixels")
    return size
