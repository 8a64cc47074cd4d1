"""What taking pictures of a person shows, as values; the pictures themselves lie in a folder, never in the document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from .source_use import SourceUse

if TYPE_CHECKING:
    from ..core.capture.guidance import Advice
    from ..core.capture.picture_folder import KeptPicture
    from ..core.capture.shot import Shot, Trouble


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glance:
    """One look at the source, and what is said of it."""

    picture: UInt8[np.ndarray, "H W 4"]
    """A small copy, mirrored where the person looks into it as into a mirror."""
    share: float
    """Pixels of the copy for one of the source's."""
    is_mirrored: bool
    shot: Shot
    """In the source's own pixels."""
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Capturing(SourceUse):
    """Who is looked at, what was taken of them, and where it lies."""

    glance: Glance | None = None
    """The last one of this source."""
    due: float | None = None
    """When the countdown ends; seconds of `time.monotonic`."""
    taken_at: float | None = None
    """When the last picture was taken; in the same seconds."""
    refusal: Trouble | None = None
    """Why the last wish for a picture was not granted."""
    folder: Path | None = None
    """Where the pictures lie; None until it is known."""
    pictures: tuple[KeptPicture, ...] = ()
    """In the folder, oldest first."""
    outlines_changed: bool = False
    """Whether outlines were corrected since the avatar was made of the pictures."""


NOBODY_IS_CAPTURED = Capturing()
