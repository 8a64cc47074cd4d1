"""Films and photos made from nothing, for tests of what reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from nlfgs_studio.core.images import write_png
from nlfgs_studio.core.storage.video import VideoWriter


def picture(level: int, width: int = 32, height: int = 24) -> np.ndarray:
    """Brighter from left to right, the first quarter of the rows white."""
    rgb = np.full((height, width, 3), level, np.uint8)
    rgb[: height // 4] = 255
    return rgb


def film(path: Path, count: int = 12, fps: float = 25.0, **size: int) -> Path:
    width, height = size.get("width", 32), size.get("height", 24)
    with VideoWriter(path, width, height, fps) as writer:
        for index in range(count):
            writer.write(picture(10 + 15 * index, width, height))
    return path


def photo(path: Path, level: int = 100, **size: int) -> Path:
    write_png(path, torch.from_numpy(picture(level, **size)).float() / 255.0)
    return path


def level_of(frame) -> float:
    return float(frame.image[-4:].mean())
