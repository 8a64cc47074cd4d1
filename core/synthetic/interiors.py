"""What walls and floors of rooms show: boards and bricks, windows, pictures, shelves, doors; and the colours of things.

u and v are metres on the surface; v counts up from the floor.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

_HUES = np.array(
    [[0.30, 0.22, 0.10], [-0.20, -0.02, 0.22], [0.28, -0.10, -0.10], [-0.16, 0.12, -0.10], [0.2, -0.1, 0.15]]
)
"""Towards wood, blue, red, green, pink, from a grey of 0.5."""


def muted(random: np.random.Generator, low: float = 0.1, high: float = 0.9) -> Float[np.ndarray, "3"]:
    """A colour as things have them: grey more often than not, seldom bright."""
    hue = _HUES[int(random.integers(len(_HUES)))] * min(random.exponential(0.45), 1.8)
    return np.clip(random.uniform(low, high) * (1.0 + hue), 0.02, 0.97)


def painted_floor(
    random: np.random.Generator, u: Float[np.ndarray, " P"], v: Float[np.ndarray, " P"]
) -> Float[np.ndarray, "P 3"]:
    """Boards, tiles or a carpet."""
    kind = random.uniform()
    base = np.array([0.55, 0.40, 0.27]) * random.uniform(0.5, 1.5) if kind < 0.5 else muted(random, 0.25, 0.8)
    base = 0.6 * base + 0.4 * base.mean()
    if kind < 0.5:
        width = random.uniform(0.08, 0.2)
        boards = np.floor(u / width).astype(int)
        shifted = v / 1.3 + 0.37 * boards
        tone = hashed(boards, np.floor(shifted).astype(int)) - 0.5
        joint = (np.mod(u / width, 1.0) < 0.06) | (np.mod(shifted, 1.0) < 0.01)
        return base * (1.0 + 0.25 * tone - 0.3 * joint)[:, None]
    if kind < 0.75:
        size = random.uniform(0.2, 0.6)
        tone = hashed(np.floor(u / size).astype(int), np.floor(v / size).astype(int)) - 0.5
        joint = (np.mod(u / size, 1.0) < 0.03) | (np.mod(v / size, 1.0) < 0.03)
        return base * (1.0 + 0.08 * tone - 0.2 * joint)[:, None]
    return np.broadcast_to(base, (len(u), 3)) * (1.0 + random.normal(scale=0.03, size=(len(u), 1)))


def painted_wall(
    random: np.random.Generator,
    u: Float[np.ndarray, " P"],
    v: Float[np.ndarray, " P"],
    extent: Float[np.ndarray, "2"],
    own: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "P 3"]:
    """Paint, paper or bricks, and what hangs or stands on it; v counts up from the floor."""
    paint = np.broadcast_to(np.clip(own, 0.05, 1.0), (len(u), 3)).copy()
    kind = random.uniform()
    if kind < 0.12:
        row = np.floor(v / 0.08).astype(int)
        brick = np.mod(u / 0.24 + 0.5 * (row % 2), 1.0)
        tone = hashed(row, np.floor(u / 0.24 + 0.5 * (row % 2)).astype(int))
        paint = np.array([0.55, 0.30, 0.22]) * (0.75 + 0.5 * tone)[:, None]
        paint[(brick < 0.05) | (np.mod(v / 0.08, 1.0) < 0.12)] = 0.62
    elif kind < 0.22:
        paint *= (1.0 - 0.12 * (np.mod(u / random.uniform(0.05, 0.4), 1.0) < 0.5))[:, None]
    paint[v < 0.09] = np.clip(own + 0.2, 0.0, 0.95) if random.uniform() < 0.6 else own
    for _ in range(int(random.integers(0, 4))):
        left = random.uniform(0.0, extent[0])
        thing = random.uniform()
        if thing < 0.35:
            _paint_window(random, paint, u - left, v - random.uniform(0.5, 1.0))
        elif thing < 0.65:
            _paint_frame(random, paint, u - left, v - random.uniform(1.1, 1.6))
        elif thing < 0.85:
            _paint_shelf(random, paint, u - left, v - random.uniform(0.0, 0.8))
        else:
            _paint_door(random, paint, u - left, v)
    return paint


def _paint_window(
    random: np.random.Generator, paint: Float[np.ndarray, "P 3"], u: Float[np.ndarray, " P"], v: Float[np.ndarray, " P"]
) -> None:
    width, height = random.uniform(0.7, 2.4), random.uniform(1.0, 1.7)
    inside = (u > 0) & (u < width) & (v > 0) & (v < height)
    outside_light = random.uniform(0.7, 1.6)
    sky, trees = np.array([0.85, 0.93, 1.0]), np.array([0.42, 0.50, 0.33])
    share = np.clip((v - 0.4 * height) / (0.3 * height), 0.0, 1.0)[:, None]
    view = outside_light * (trees + share * (sky - trees))
    panes = int(random.integers(1, 4))
    bar = (np.mod(u * panes / width + 0.04, 1.0) < 0.08) | (v > height - 0.05) | (v < 0.05)
    paint[inside] = np.where(bar[:, None], 0.85, view)[inside]


def _paint_frame(
    random: np.random.Generator, paint: Float[np.ndarray, "P 3"], u: Float[np.ndarray, " P"], v: Float[np.ndarray, " P"]
) -> None:
    width, height = random.uniform(0.25, 1.1), random.uniform(0.25, 0.9)
    inside = (u > 0) & (u < width) & (v > 0) & (v < height)
    edge = np.minimum(np.minimum(u, width - u), np.minimum(v, height - v))
    first, second = muted(random), muted(random)
    share = (0.5 + 0.5 * np.sin(9.0 * u / width + random.uniform(0, 6)) * np.cos(7.0 * v / height))[:, None]
    picture = first + share * (second - first)
    rim = np.full(3, random.choice((0.08, 0.5, 0.92)))
    paint[inside] = np.where((edge < 0.03)[:, None], rim, picture)[inside]


def _paint_shelf(
    random: np.random.Generator, paint: Float[np.ndarray, "P 3"], u: Float[np.ndarray, " P"], v: Float[np.ndarray, " P"]
) -> None:
    width, height, board = random.uniform(0.6, 2.4), random.uniform(0.6, 2.0), random.uniform(0.26, 0.38)
    inside = (u > 0) & (u < width) & (v > 0) & (v < height)
    row = np.floor(v / board).astype(int)
    book = np.floor(u / 0.045 + 0.7 * hashed(row, row)).astype(int)
    tall = 0.5 + 0.4 * hashed(book, row)
    tones = np.stack([hashed(book + 91 * channel, row + 17 * channel) for channel in range(3)], axis=1)
    wood = np.array([0.5, 0.36, 0.24]) * random.uniform(0.4, 1.6)
    level = np.mod(v / board, 1.0)
    tint = random.uniform(0.1, 0.45)
    books = np.clip(0.12 + 0.75 * (tint * tones + (1 - tint) * tones[:, :1]), 0.0, 1.0)
    books = np.where((level > tall)[:, None], 0.35 * wood, books)
    paint[inside] = np.where((level < 0.09)[:, None], wood, books)[inside]


def _paint_door(
    random: np.random.Generator, paint: Float[np.ndarray, "P 3"], u: Float[np.ndarray, " P"], v: Float[np.ndarray, " P"]
) -> None:
    inside = (u > 0) & (u < 0.9) & (v < 2.05)
    colour = muted(random, 0.3, 0.9)
    rim = (u < 0.07) | (u > 0.83) | (v > 1.98)
    panel = (np.abs(np.mod(u * 2.0, 0.9) - 0.45) < 0.25) & (np.mod(v, 0.95) > 0.2)
    tone = np.where(rim, 1.1, np.where(panel, 0.93, 1.0))
    paint[inside] = (np.clip(colour, 0.05, 0.9) * tone[:, None])[inside]


def hashed(first: Int[np.ndarray, " P"], second: Int[np.ndarray, " P"]) -> Float[np.ndarray, " P"]:
    """Some number of [0, 1) for each pair of whole numbers."""
    mixed = (first * 73856093) ^ (second * 19349663)
    return ((mixed ^ (mixed >> 7)) * 2654435761 % 65536) / 65536.0
