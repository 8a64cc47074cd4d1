"""What a person wants of a source of pictures and how it goes, as values; driving and taking pictures add theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..core.errors import StudioError
from ..core.tracking.camera_source import is_camera

Phase = Literal["off", "preparing", "running", "stopping"]
"""From the person's wish until the last picture; a camera may be open in all but the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUse:
    """A source, and what is known of it."""

    phase: Phase = "off"
    source: str = ""
    """As it was asked for: `camera:0`, or a path."""
    title: str = ""
    """As the source calls itself."""
    open_source: str = ""
    """What may be open: from the first try until it is certainly closed; the one before while another is chosen."""
    trouble: StudioError | None = None
    """Why no pictures come, until it is over or tried again."""

    @property
    def is_on(self) -> bool:
        return self.phase in ("preparing", "running")

    @property
    def is_camera(self) -> bool:
        return is_camera(self.source)
