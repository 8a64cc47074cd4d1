"""Everything a person can ask of the program, by name; buttons, keys and the command line call the same commands.

A command takes the services and keyword arguments. `ValueError` and `TypeError` mean a wrong call, `StudioError` that
the person can mend it. Commands that read or write files start a job and return; the rest is done when they return.
Importing this package registers them all.
"""

from . import (
    body,
    cameras,
    capture,
    creation,
    driving,
    files,
    outlines,
    pictures,
    playback,
    presets,
    refining,
    timeline,
    view,
    wardrobe,
)
from .body import joint_index
from .registry import COMMANDS, Command, attempt, run

__all__ = [
    "COMMANDS",
    "Command",
    "attempt",
    "body",
    "cameras",
    "capture",
    "creation",
    "driving",
    "files",
    "joint_index",
    "outlines",
    "pictures",
    "playback",
    "presets",
    "refining",
    "run",
    "timeline",
    "view",
    "wardrobe",
]
