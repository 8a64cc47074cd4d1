"""What colours say of who is who: those seen nearby on the person against those seen nearby behind.

Colours are counted in a grid over place and colour (a bilateral grid; Chen, Paris and Durand 2007), once in small
windows and once in large ones: hair beside a dark curtain is told from it by the curtain a hand's breadth away.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.ndimage import correlate1d

from ..opencv import cv2

_NUM_LIGHT, _NUM_COLOUR = 16, 12
"""Cells along lightness and along each chroma."""
_WINDOWS, _BLURS = (8, 3), (2, 1)
"""Cells along the picture's sides, and how often each grid is blurred along them."""
_EQUALISED = 0.3
"""How far lightness is spread evenly: people in dark suits stand before dark walls."""
_LEAST_SPAN = 24.0
"""Of 0..255 in a chroma; less is a camera's noise."""
_RARE = 2e-3
"""Share of a window's pixels below which a colour says little."""
_SUREST = 4.0
_SMOOTH = np.array((0.25, 0.5, 0.25), np.float32)


def contrast(image: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W 3"]:
    """Lightness and two chromas in 0..1, spread over what this picture has of them."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    light = np.sqrt(lab[..., 0] / np.float32(255.0))
    even = cv2.equalizeHist(np.ascontiguousarray(lab[..., 0])) / np.float32(255.0)
    channels = [(1.0 - _EQUALISED) * light + _EQUALISED * even]
    for chroma in (lab[..., 1], lab[..., 2]):
        low, high = np.percentile(chroma, (1.0, 99.0))
        span = max(float(high - low), _LEAST_SPAN)
        channels.append(np.clip((chroma - np.float32(0.5 * (low + high))) / np.float32(span) + 0.5, 0.0, 1.0))
    return np.ascontiguousarray(np.stack(channels, axis=-1), dtype=np.float32)


def colour_evidence(
    colours: Float[np.ndarray, "H W 3"], person: Float[np.ndarray, "H W"], behind: Float[np.ndarray, "H W"]
) -> Float[np.ndarray, "H W"]:
    """Logarithm of how much likelier each pixel's colour is on the person; 0 where nothing like it was seen.

    `colours` are those of `contrast`; `person` and `behind` weigh the pixels that are surely the one and the other.
    """
    on_person, on_others = np.zeros(person.shape, np.float32), np.zeros(person.shape, np.float32)
    for num_windows, num_blurs in zip(_WINDOWS, _BLURS, strict=True):
        cells = _cells(colours, num_windows)
        on_person += _shares(cells, person, num_windows, num_blurs)
        on_others += _shares(cells, behind, num_windows, num_blurs)
    return np.clip(np.log((on_person + _RARE) / (on_others + _RARE)), -_SUREST, _SUREST)


def _cells(colours: Float[np.ndarray, "H W 3"], num_windows: int) -> Int[np.ndarray, "H W"]:
    height, width = colours.shape[:2]
    rows = (np.arange(height) * num_windows // height)[:, None]
    columns = (np.arange(width) * num_windows // width)[None]
    cells = rows * num_windows + columns
    for channel, count in enumerate((_NUM_LIGHT, _NUM_COLOUR, _NUM_COLOUR)):
        cells = cells * count + np.minimum((colours[..., channel] * count).astype(np.int64), count - 1)
    return cells


def _shares(
    cells: Int[np.ndarray, "H W"], weights: Float[np.ndarray, "H W"], num_windows: int, num_blurs: int
) -> Float[np.ndarray, "H W"]:
    """How much of the weight around each pixel lies on pixels of its colour."""
    shape = (num_windows, num_windows, _NUM_LIGHT, _NUM_COLOUR, _NUM_COLOUR)
    grid = np.bincount(cells.ravel(), weights.ravel(), int(np.prod(shape))).astype(np.float32).reshape(shape)
    for axis in range(5):
        is_place = axis < 2
        for _ in range(num_blurs if is_place else 1):
            grid = correlate1d(grid, _SMOOTH, axis=axis, mode="nearest" if is_place else "constant")
    around = grid.sum(axis=(2, 3, 4), keepdims=True)
    return (grid / np.maximum(around, 1e-6)).ravel()[cells]
