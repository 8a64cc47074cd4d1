"""What a camera, a film, a folder of pictures and a photo have in common, and what can be wrong with each."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from ..errors import StudioError
from .detection import Frame


@runtime_checkable
class FrameSource(Protocol):
    """Gives pictures one after another; belongs to one thread, and is closed by who opened it."""

    @property
    def description(self) -> str:
        """Such as "camera 0 (Integrated Camera)" or the name of the file."""
        ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def fps(self) -> float | None:
        """Pictures a second; None where the source has no rate of its own."""
        ...

    @property
    def num_frames(self) -> int | None:
        """As the source claims it; None where it does not know."""
        ...

    @property
    def live(self) -> bool:
        """Whether pictures that nobody reads are lost."""
        ...

    def read(self) -> Frame | None:
        """The next picture; None after the last.

        Raises:
            SourceError: there is none, for a reason that the person can mend.
        """
        ...

    def close(self) -> None: ...


class SourceError(StudioError):
    """A source gives no pictures, or no more; it is worth trying again once the hint was followed."""


class SourceMissingError(SourceError):
    """There is no such camera or file."""


class SourceForbiddenError(SourceError):
    """The system does not let this program see it."""


class SourceBusyError(SourceError):
    """Another program holds the camera."""


class SourceUnpluggedError(SourceError):
    """The camera stopped giving pictures."""


class SourceStalledError(SourceError):
    """The camera is there and open, but no picture comes."""


class SourceDarkError(SourceError):
    """The pictures are black."""


class SourceResizedError(SourceError):
    """The size of the pictures changed on the way."""


class SourceDamagedError(SourceError):
    """The file breaks off or cannot be decoded."""


class SourceEmptyError(SourceError):
    """There is not a single picture."""


def mirrored(frame: Frame) -> Frame:
    """The picture as a mirror shows it."""
    return replace(frame, image=np.ascontiguousarray(frame.image[:, ::-1]))


def resized_error(what: str, before: tuple[int, int], now: tuple[int, int]) -> SourceResizedError:
    """Sizes are width and height."""
    return SourceResizedError(
        f"{what} went from {before[0]}x{before[1]} to {now[0]}x{now[1]}",
        hint="start again to go on with the new size",
    )
