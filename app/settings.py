"""What the person has chosen for the program, whatever is open; a damaged file of it never keeps that from starting."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from ..core.capture.shot import Mode
from ..core.errors import StudioError
from ..core.paths import atomic_write, settings_directory
from ..core.storage.plain_values import PlainReader, to_plain
from ..core.tracking.tracker_settings import TrackerSettings

FORMAT = "nlfgs-studio settings"
VERSION = 1
FILE_NAME = "settings.json"
MAX_FILE_BYTES = 1 << 20

Look = Literal["dark", "light"]
LOOKS: tuple[Look, ...] = ("dark", "light")
MIN_FONT_SIZE, MAX_FONT_SIZE = 12, 24
MIN_DOCK_WIDTH, MAX_DOCK_WIDTH = 320, 600
MIN_SIDE, MAX_SIDE = 100, 20_000
"""Pixels of the window."""
MAX_GAIN = 2.0
COUNTDOWNS = (3, 5, 10)
MAX_REFINE_MINUTES = 24.0 * 60.0
MIN_AUTOSAVE_SECONDS, MAX_AUTOSAVE_SECONDS = 1.0, 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveSettings:
    """How a camera or a film drives an avatar."""

    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    mirror: bool = True
    """Whether the avatar is the person's mirror image."""
    follows_place: bool = False
    """Whether the avatar walks where the person does, or stays where it stands."""
    loop: bool = True
    """Whether a film begins anew at its end."""
    inset: bool = True
    """Whether the source stands in a corner of the picture."""

    def __post_init__(self) -> None:
        for values, highest in ((self.tracker.smoothing, 1.0), (self.tracker.gains, MAX_GAIN)):
            for name in (each.name for each in fields(values)):
                if not 0.0 <= getattr(values, name) <= highest:
                    raise ValueError(f"{name} lies in 0 to {highest:g}, not {getattr(values, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefineChoices:
    """How an avatar is refined."""

    minutes: float | None = 5.0
    """None: until it is told to stop."""
    starts_by_itself: bool = True
    """Whether it begins as soon as an avatar was made of pictures."""
    continuous: bool = True
    """Whether new views of the person join while a camera drives the avatar."""

    def __post_init__(self) -> None:
        if self.minutes is not None and not 0.0 < self.minutes <= MAX_REFINE_MINUTES:
            raise ValueError(f"refining takes 0 to {MAX_REFINE_MINUTES:g} minutes, not {self.minutes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """How pictures of a person are taken."""

    mode: Mode = "face"
    is_automatic: bool = True
    """Whether the shutter goes by itself when a view is new and sharp; of the whole body, again and again."""
    countdown: int = 5
    """Seconds until a picture of the whole body is taken."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise ValueError(f"mode is {self.mode!r}")
        if self.countdown not in COUNTDOWNS:
            raise ValueError(f"countdown is one of {COUNTDOWNS}, not {self.countdown}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Kept from one start of the program to the next."""

    look: Look = "dark"
    font_size: int = 16
    """Of the window's text, in pixels of the design; everything else grows with it."""
    autosave_seconds: float = 30.0
    """How long a change waits until it is written to the recovery file."""
    panel: str = ""
    """The panel that was shown last."""
    figures: bool = True
    """Whether speed and counts stand over the picture."""
    dock_width: int = 352
    """Of the panel beside the rail, in pixels of the design."""
    window: tuple[int, int] | None = None
    """Width and height in pixels; None for the design's own."""
    folder: Path | None = None
    """Where a file was looked for last."""
    drive: DriveSettings = field(default_factory=DriveSettings)
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    refine: RefineChoices = field(default_factory=RefineChoices)

    def __post_init__(self) -> None:
        if not MIN_FONT_SIZE <= self.font_size <= MAX_FONT_SIZE:
            raise ValueError(f"font_size lies in {MIN_FONT_SIZE} to {MAX_FONT_SIZE}, not {self.font_size}")
        if not MIN_AUTOSAVE_SECONDS <= self.autosave_seconds <= MAX_AUTOSAVE_SECONDS:
            raise ValueError(f"autosave_seconds is {self.autosave_seconds}")
        if not MIN_DOCK_WIDTH <= self.dock_width <= MAX_DOCK_WIDTH:
            raise ValueError(f"dock_width lies in {MIN_DOCK_WIDTH} to {MAX_DOCK_WIDTH}, not {self.dock_width}")
        if self.look not in LOOKS:
            raise ValueError(f"look is {self.look!r}")
        if self.window is not None and not all(MIN_SIDE <= side <= MAX_SIDE for side in self.window):
            raise ValueError(f"window is {self.window}")


DEFAULT_SETTINGS = Settings()


def settings_path() -> Path:
    return settings_directory() / FILE_NAME


def read_settings() -> Settings:
    """The settings as they were left; what makes no sense is left out, with a word in the log."""
    try:
        path = settings_path()
        if not path.exists():
            return Settings()
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"it has {path.stat().st_size} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError("it holds something else")
        stored = content.get("settings")
        if not isinstance(stored, dict):
            raise ValueError("there are none in it")
    except (OSError, ValueError, RecursionError, StudioError) as error:
        logger.warning("the settings could not be read, the program's own are used: %s", error)
        return Settings()
    return _taken_over(stored)


def _taken_over(stored: dict[str, Any]) -> Settings:
    """Field by field: one that a newer program wrote, or that is damaged, costs only itself."""
    settings, reader = Settings(), PlainReader({}, {})
    for name in (each.name for each in fields(Settings)):
        if name in stored:
            try:
                read = reader.read_dataclass(Settings, {name: stored[name]}, "settings")
                settings = replace(settings, **{name: getattr(read, name)})
            except ValueError as error:
                logger.warning("a setting makes no sense and is left out: %s", error)
    return settings


def write_settings(settings: Settings) -> None:
    """Keep them.

    Raises:
        StudioError: the place cannot be written to.
    """
    content = {"format": FORMAT, "version": VERSION, "settings": to_plain(settings, {})}
    with atomic_write(settings_path()) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def autosave_seconds(settings: Settings) -> float:
    """How long a change waits; NLFGS_STUDIO_AUTOSAVE_SECONDS overrules the settings."""
    try:
        seconds = float(os.environ["NLFGS_STUDIO_AUTOSAVE_SECONDS"])
    except (KeyError, ValueError):
        return settings.autosave_seconds
    return min(max(seconds, 0.05), MAX_AUTOSAVE_SECONDS) if seconds == seconds else settings.autosave_seconds
