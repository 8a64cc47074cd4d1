"""What cloth is made of: patterns, seams, ribs and prints, by the place on the T-pose."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from .anatomy import Anatomy
from .look import Look
from .patterns import mixed, smoothstep


def top_colours(
    anatomy: Anatomy, points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], look: Look
) -> Float[np.ndarray, "N 3"]:
    """The colours of what is worn above."""
    share = _pattern(anatomy, points, normals, look.top_pattern, look.seed, 0.042)
    colours = mixed(np.broadcast_to(np.array(look.shirt), points.shape), look.top_second, share)
    if look.top in ("shirt", "coat"):
        front = normals[:, 2] > 0.2
        opening = np.exp(-np.square((points[:, 0] - 0.014) / 0.0045)) * front
        colours = colours * (1.0 - (0.45 if look.top == "coat" else 0.22) * opening[:, None])
        row = np.abs((points[:, 1] - anatomy.joint("neck")[1]) / (0.085 if look.top == "shirt" else 0.13))
        button = (np.abs(row - np.round(row)) < 0.05) & (np.abs(points[:, 0]) < 0.006) & front
        colours[button] = 0.55 * np.array(look.top_second) + 0.25
    return colours


def bottom_colours(
    anatomy: Anatomy, points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], look: Look
) -> Float[np.ndarray, "N 3"]:
    """The colours of what is worn below."""
    if look.top == "dress":
        return top_colours(anatomy, points, normals, look)
    share = _pattern(anatomy, points, normals, look.bottom_pattern, look.seed + 7, 0.050)
    colours = mixed(np.broadcast_to(np.array(look.trousers), points.shape), look.bottom_second, share)
    if look.bottom == "jeans":
        # Worn pale on the thighs and knees; seams down the sides.
        hip, knee = anatomy.joint("left_hip"), anatomy.joint("left_knee")
        thigh = np.exp(-0.5 * np.square((points[:, 1] - 0.5 * (hip[1] + knee[1])) / 0.13)) * np.clip(
            normals[:, 2], 0, 1
        )
        colours = colours * (1.0 + 0.30 * thigh)[:, None]
        beside = (np.abs(normals[:, 0]) > 0.95) & (np.abs(points[:, 2] - hip[2]) < 0.006)
        colours = np.where(beside[:, None], 1.35 * colours + 0.03, colours)
    return np.clip(colours, 0.0, 1.0)


def _pattern(
    anatomy: Anatomy, points: np.ndarray, normals: np.ndarray, kind: str, seed: int, size: float
) -> Float[np.ndarray, " N"]:
    """How much of the second colour shows, 0 to 1; `size` is half of a stripe's period in metres."""
    if kind == "plain":
        return np.zeros(len(points))
    unit = anatomy.eye_distance / 0.06
    size = size * unit * (0.8, 1.0, 1.35)[seed % 3]
    if kind == "print":
        return _print(anatomy, points, normals, seed)
    around, down = _on_cloth(anatomy, points)
    if kind == "stripes":
        return _bars(down, size)
    if kind == "checks":
        return 0.42 * _bars(down, 1.15 * size) + 0.42 * _bars(around, 1.15 * size)
    row = np.round(down / (1.7 * size))
    shifted = around + 0.85 * size * (row % 2)
    away = np.hypot(down - row * 1.7 * size, shifted - np.round(shifted / (1.7 * size)) * 1.7 * size)
    return smoothstep(0.46 * size, 0.36 * size, away)


def _on_cloth(anatomy: Anatomy, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres around the trunk or the limb, and along it."""
    x, y, z = points.T
    shoulder, hip, chest = (anatomy.joint(name) for name in ("left_shoulder", "left_hip", "spine2"))
    on_arm = (np.abs(x) > abs(shoulder[0])) & (y > chest[1])
    on_leg = y < hip[1] - 0.06
    around = _around_ellipse(x, z - chest[2], 0.155, 0.115)
    around = np.where(on_leg, _around_ellipse(np.abs(x) - abs(hip[0]), z - hip[2], 0.075, 0.075), around)
    # The seam of a sleeve is below.
    around = np.where(on_arm, _around_ellipse(z - shoulder[2], y - shoulder[1], 0.055, 0.055), around)
    # Up the chest a panel of cloth leans to the seam on the shoulder: there its length counts, not its height.
    top = smoothstep(0.4 * chest[1] + 0.6 * shoulder[1], shoulder[1] + 0.03, y)
    leaning = top * (np.abs(z - shoulder[2]) - 1.7 * anatomy.eye_distance)
    return around, np.where(on_arm, np.abs(x) - abs(shoulder[0]), y - 0.8 * leaning)


def _around_ellipse(across: np.ndarray, ahead: np.ndarray, breadth: float, depth: float) -> np.ndarray:
    """Metres from the foremost point around an upright tube of these half axes, to first order."""
    turn = np.arctan2(across / breadth, ahead / depth)
    return 0.5 * (breadth + depth) * turn + 0.25 * (breadth - depth) * np.sin(2.0 * turn)


def _bars(along: np.ndarray, size: float) -> np.ndarray:
    """Stripes as wide as the gaps between them, with nearly hard edges."""
    wave = np.abs(np.remainder(along / size, 2.0) - 1.0)
    return smoothstep(0.42, 0.58, wave)


def _print(anatomy: Anatomy, points: np.ndarray, normals: np.ndarray, seed: int) -> np.ndarray:
    """A figure on the chest."""
    unit = anatomy.eye_distance / 0.06
    middle = 0.2 * anatomy.joint("neck") + 0.8 * anatomy.joint("spine3")
    x, y = ((points[:, axis] - middle[axis]) / (0.075 * unit) for axis in (0, 1))
    reach, turn = np.hypot(x, y), np.arctan2(x, y)
    figures = (
        smoothstep(1.02, 0.94, reach) * smoothstep(0.62, 0.70, reach) + smoothstep(0.40, 0.32, reach),
        smoothstep(1.0, 0.9, reach / (0.68 + 0.36 * np.cos(5.0 * turn))),
        smoothstep(0.08, -0.04, np.abs(y + 0.25 * np.cos(5.0 * x)) - 0.17) * smoothstep(1.25, 1.15, np.abs(x)),
        smoothstep(0.10, -0.05, np.square(x * 1.05) + np.square(1.15 * y - 0.62 * np.sqrt(np.abs(x))) - 0.85),
        smoothstep(1.0, 0.93, np.maximum(np.abs(x), np.abs(y))) * (0.35 + 0.65 * _bars(x + y, 0.28)),
    )
    return figures[seed % len(figures)] * (normals[:, 2] > 0.25)
