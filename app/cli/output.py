"""What a command writes beside its main work: to a file, or for `-` to the standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def write_json(path: Path, value: object) -> None:
    """
    Raises:
        StudioError: the place cannot be written to.
    """
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """
    Raises:
        StudioError: the place cannot be written to.
    """
    from ...core.paths import atomic_write

    if str(path) == "-":
        sys.stdout.write(text)
        return
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
