"""What a person says of their outline in a picture by painting on it: labels, in a small file beside the picture.

The file is a PNG with an ending of its own after the picture's (`me.jpg.outline`), so that nobody takes it for one more
photo of the folder.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..paths import atomic_write

NOTHING, PERSON, NOT_PERSON = 0, 1, 2
"""What a pixel's label says."""
ALSO_PERSON, ALSO_NOT_PERSON = 3, 4
"""Of pixels that nobody painted, which follow those that somebody did (`segmentation.followed`); never on the disk."""
LONGEST_SIDE = 1024
"""Pixels of a picture that is painted on."""
_SUFFIX = ".outline"
_LARGEST_FILE, _MOST_PIXELS = 1 << 20, 1 << 22

Labels = UInt8[np.ndarray, "H W"]

logger = logging.getLogger(__name__)


def said_file(picture: Path) -> Path:
    """Where the labels of a picture lie, if there are any."""
    return picture.with_name(picture.name + _SUFFIX)


def read_said(picture: Path, height: int, width: int) -> UInt8[np.ndarray, "{height} {width}"] | None:
    """Labels for a picture of that size; None where nothing was said. A damaged file is told, and says nothing."""
    path = said_file(picture)
    if not path.exists():
        return None
    try:
        labels = _read(path)
        if abs(labels.shape[0] * width - labels.shape[1] * height) > 2 * max(height, width):
            raise ValueError("they are of a picture of another shape")
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # Pillow's decoders raise any of these
        logger.warning("the corrections of %s are damaged, its outline is as it was found: %s", picture.name, error)
        return None
    return labels_resized(labels, height, width)


def labels_resized(labels: Labels, height: int, width: int) -> UInt8[np.ndarray, "{height} {width}"]:
    """Each pixel's label is that of the place of its middle: enlarged and then reduced again they are the same."""
    rows, columns = (
        (2 * np.arange(count) + 1) * source // (2 * count)
        for count, source in zip((height, width), labels.shape, strict=True)
    )
    return labels[np.ix_(rows, columns)]


def _read(path: Path) -> Labels:
    """
    Raises:
        ValueError, OSError: it holds no labels.
    """
    from PIL import Image

    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError("the file is too large")
    with Image.open(path, formats=("PNG",)) as image:
        if image.mode != "L" or image.width * image.height > _MOST_PIXELS:
            raise ValueError("these are no labels")
        labels = np.array(image)
    if labels.max(initial=0) > NOT_PERSON:
        raise ValueError("these are no labels")
    return labels


def write_said(picture: Path, labels: Labels) -> None:
    """Keep the labels of a picture, whole or not at all; where they say nothing there is no file.

    Raises:
        StudioError: it cannot be written there.
    """
    from PIL import Image

    if not labels.any():
        delete_said(picture)
        return
    with atomic_write(said_file(picture)) as temporary:
        Image.fromarray(labels).save(temporary, format="PNG", optimize=True)


def delete_said(picture: Path) -> None:
    """Nothing is said of the picture any more; it may be gone already.

    Raises:
        StudioError: the system does not let the labels be removed.
    """
    path = said_file(picture)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(f"cannot delete {path}: {error.strerror}", hint="delete it by hand") from error


def painted(
    labels: Labels, points: Sequence[tuple[float, float]], *, radius: float, label: int
) -> UInt8[np.ndarray, "H W"]:
    """With a stroke of a round brush along these pixels (column, row); a pixel's middle lies at its half."""
    result = labels.copy()
    for start, end in zip(points, points[1:] or points, strict=False):
        _stroke(result, np.asarray(start, float), np.asarray(end, float), radius, label)
    return result


def _stroke(labels: Labels, start: np.ndarray, end: np.ndarray, radius: float, label: int) -> None:
    """What lies no farther than the radius from the straight line; the pixel that it begins in always does."""
    size = labels.shape[1], labels.shape[0]
    low = np.clip(np.floor(np.minimum(start, end) - radius).astype(int), 0, size)
    high = np.clip(np.ceil(np.maximum(start, end) + radius).astype(int) + 1, 0, size)
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]] + 0.5
    along = end - start
    length = float(along @ along)
    share = 0.0 if length == 0.0 else ((columns - start[0]) * along[0] + (rows - start[1]) * along[1]) / length
    share = np.clip(share, 0.0, 1.0)
    away = np.hypot(columns - start[0] - share * along[0], rows - start[1] - share * along[1])
    labels[low[1] : high[1], low[0] : high[0]][away <= max(radius, 0.71)] = label
