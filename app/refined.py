"""What refining makes of the avatar, as values: it stands in for the document's avatar and is not yet part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..core.errors import StudioError

if TYPE_CHECKING:
    from ..core.avatar.avatar import Avatar
    from ..core.training.refine import RefineFigures

Phase = Literal["off", "fitting", "refining", "stopping"]
"""Of a person's wish until the thread has ended; while fitting, the pictures are placed around the avatar again."""

MAX_FIGURES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """How refining goes, and the avatar as it is now."""

    phase: Phase = "off"
    is_paused: bool = False
    base: Avatar | None = None
    """The document's avatar that it goes on from."""
    avatar: Avatar | None = None
    """What it has made of `base` so far; None until there is something, and once it is the document's."""
    figures: tuple[RefineFigures, ...] = ()
    """Of the last refining, its whole length, oldest first."""
    seconds: float | None = None
    """How long it shall take; None: until it is told to stop."""
    num_pictures: int = 0
    """Pictures of the open document that are at hand."""
    trouble: StudioError | None = None
    """Why it ended, or could not begin."""
    shows_before: bool = False
    """Whether `base` is drawn for the moment."""

    @property
    def is_on(self) -> bool:
        return self.phase in ("fitting", "refining")


NOTHING_REFINED = Refinement()


def thinned(figures: tuple[RefineFigures, ...]) -> tuple[RefineFigures, ...]:
    """Every second of the older ones goes when they become too many; the newest stays."""
    while len(figures) > MAX_FIGURES:
        figures = (*figures[:-1:2], figures[-1])
    return figures
