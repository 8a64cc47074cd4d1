"""What taking pictures of a person shows, as values; the pictures themselves lie in a folder, never in the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from ..core.errors import StudioError
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

    import_trouble: StudioError | None = None
    """What is wrong with the files that were looked through last."""


def will_be_made_of(pictures: Sequence[KeptPicture]) -> str:
    """What Make my avatar would do with them, counting those of use."""
    count, num_usable = len(pictures), sum(each.shot.is_usable for each in pictures)
    if num_usable == 0:
        return "No avatar can be made of what is below: nobody is seen in it."
    if num_usable < count:
        return f"Your avatar will be made of {num_usable} of the {count} pictures below; nobody is seen in the others."
    return f"Your avatar will be made of {'the picture' if count == 1 else f'all {count} pictures'} below."


def with_sources(text: str, pictures: Sequence[KeptPicture]) -> str:
    """What is said of pictures, by the names that the person knows: those of the files that they came from."""
    for each in pictures:
        text = text.replace(each.name, each.source or each.name)
    for source in {each.source for each in pictures} - {""}:
        while f"{source}, {source}" in text:
            text = text.replace(f"{source}, {source}", source)
    return text


NOBODY_IS_CAPTURED = Capturing()
