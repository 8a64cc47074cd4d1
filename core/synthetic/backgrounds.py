"""What lies behind people: rooms, streets, leaves, walls, studios and lights, sharp or out of focus."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from ..cameras import Camera
from ..opencv import cv2
from .interiors import muted
from .lighting import Light
from .surroundings import drawn_room, drawn_street

_SIDE = 128
"""Pixels of a background before it is enlarged: what lies behind somebody is seldom quite sharp."""


def drawn_background(
    random: np.random.Generator,
    camera: Camera,
    light: Light,
    *,
    ground: float,
    feet: Float[np.ndarray, "K 3"],
    seat: Float[np.ndarray, "3"] | None = None,
) -> Float[np.ndarray, "S S 3"]:
    """A background for the picture of that camera.

    `ground` is the height that the person's feet stand at, and `feet` where they are: they shade the floor. `seat` is
    the pelvis of somebody who sits.
    """
    kind = random.uniform(0.0, 1.0 if seat is None else 0.75)  # nobody sits on leaves
    if kind < 0.50:
        picture = drawn_room(random, camera, light, ground=ground, feet=feet, seat=seat, side=_SIDE)
    elif kind < 0.70:
        picture = drawn_street(random, camera, light, ground=ground, feet=feet, seat=seat, side=_SIDE)
    elif kind < 0.78:
        picture = _leaves(random)
    elif kind < 0.95:
        picture = _backdrop(random)
    else:
        picture = _lights(random)
    picture = np.ascontiguousarray(picture, np.float32)
    picture = _defocused(picture, 0.7 if random.uniform() < 0.4 else float(random.uniform(1.0, 5.0)))
    return np.clip(cv2.resize(picture, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR), 0.0, 1.0)


def _defocused(picture: Float[np.ndarray, "P P 3"], radius: float) -> Float[np.ndarray, "P P 3"]:
    """What a lens makes of points that are out of focus: discs."""
    reach = math.ceil(radius)
    x, y = np.meshgrid(*2 * [np.arange(-reach, reach + 1)])
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0.0, 1.0).astype(np.float32)
    return cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)


def _leaves(random: np.random.Generator) -> Float[np.ndarray, "P P 3"]:
    """A hedge or a tree before a bright or a dark ground."""
    back = np.array([0.75, 0.85, 0.95]) if random.uniform() < 0.4 else np.array([0.10, 0.16, 0.07])
    picture = np.empty((_SIDE, _SIDE, 3), np.float32)
    picture[:] = back * np.linspace(1.1, 0.8, _SIDE)[:, None, None]
    green = np.array([0.27, 0.33, 0.17]) * np.exp(random.normal(scale=0.1, size=3) + random.normal(scale=0.3))
    size = random.uniform(2.5, 7.0)
    count = int(min(900.0, 1.6 * (_SIDE / size) ** 2))
    places = random.uniform(-4.0, _SIDE + 4.0, (count, 2))
    angles, tones = random.uniform(0.0, 180.0, count), random.gamma(4.0, 0.25, count)
    for place, angle, tone, large in zip(places, angles, tones, random.uniform(0.6, 1.4, count), strict=True):
        colour = np.clip(green * tone + 0.04 * tone * tone, 0.0, 1.0)
        at = (round(16.0 * place[0]), round(16.0 * place[1]))
        axes = (round(16.0 * size * large), round(7.0 * size * large))
        leaf = np.array(cv2.ellipse2Poly((0, 0), axes, round(float(angle)), 0, 360, 60), np.int32)
        cv2.fillConvexPoly(picture, leaf + np.array(at, np.int32), colour.tolist(), cv2.LINE_AA, 4)
    return picture


def _backdrop(random: np.random.Generator) -> Float[np.ndarray, "P P 3"]:
    """A wall, a cloth, a studio's paper: one colour, lit from somewhere, with a little structure."""
    grey = random.uniform(0.08, 0.97)
    colour = np.full(3, grey) if random.uniform() < 0.5 else muted(random)
    x, y = np.meshgrid(*2 * [np.linspace(-1.0, 1.0, _SIDE, dtype=np.float32)])
    centre, width = random.uniform(-1.0, 1.0, 2), random.uniform(0.7, 2.0)
    glow = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2.0 * width**2))
    slope = random.uniform(-0.12, 0.12, 2)
    tone = random.uniform(0.55, 0.95) + random.uniform(0.0, 0.45) * glow + slope[0] * x + slope[1] * y
    for cells in (5, 20, 64):
        noise = random.normal(size=(cells, cells)).astype(np.float32)
        tone = tone + random.exponential(0.012) * cv2.resize(noise, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    if random.uniform() < 0.2:  # folds of a curtain, boards
        tone = tone * (1.0 + 0.1 * np.sin(random.uniform(8.0, 40.0) * (x + 0.1 * random.normal() * y)))
    return np.clip(colour * tone[..., None], 0.0, 1.0)


def _lights(random: np.random.Generator) -> Float[np.ndarray, "P P 3"]:
    """An evening: dark shapes and discs of light."""
    base = random.uniform(0.02, 0.25, (4, 5, 3)).astype(np.float32)
    picture = cv2.resize(base, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(random.integers(2, 9))):
        corner, extent = random.uniform(0, _SIDE, 2), random.uniform(8, 60, 2)
        first, second = (corner - extent).astype(int).tolist(), (corner + extent).astype(int).tolist()
        cv2.rectangle(picture, first, second, muted(random, 0.03, 0.3).tolist(), -1)
    picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(2.0, 8.0))
    radius = random.uniform(2.0, 7.0)
    for _ in range(int(random.integers(5, 40))):
        place, warm = random.uniform(0, _SIDE, 2), np.array([1.0, 0.8, 0.5]) ** random.uniform(-0.5, 1.5)
        disc = np.zeros((_SIDE, _SIDE), np.float32)
        cv2.circle(disc, np.rint(16.0 * place).astype(int).tolist(), round(16.0 * radius), (1.0,), -1, cv2.LINE_AA, 4)
        picture += disc[..., None] * (random.uniform(0.2, 0.8) * warm).astype(np.float32)
    return np.clip(picture, 0.0, 1.0)
