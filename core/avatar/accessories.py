"""Glasses and hats: they sit on the head's own measures and move with it."""

from __future__ import annotations

import numpy as np

from .ground import Ground
from .look import Look
from .loose import Loose, sheet, tube
from .patterns import smoothstep


def glasses(ground: Ground, look: Look) -> list[Loose]:
    """Two rims, a bridge and two arms; glass as good as invisible, or dark."""
    if look.glasses == "none":
        return []
    unit, anatomy = ground.unit, ground.anatomy
    colour = np.array(look.frames)
    dark = look.glasses == "sunglasses"
    width, height = {"round": (0.0225, 0.0215), "square": (0.0260, 0.0185)}.get(look.glasses, (0.0275, 0.0225))
    power = {"round": 2.0, "square": 4.5}.get(look.glasses, 3.0)
    thick = {"round": 0.0007, "square": 0.0012}.get(look.glasses, 0.0012) * unit
    parts: list[Loose] = []
    turn = np.linspace(0.0, 2.0 * np.pi, 90, endpoint=False)
    shape = (np.abs(np.cos(turn)) ** power + np.abs(np.sin(turn)) ** power) ** (-1.0 / power)
    middle = anatomy.between_eyes
    eye_x = max(abs(float(anatomy.joint("left_eye")[0])), 0.5 * anatomy.eye_distance) + 0.002 * unit
    front = middle[2] + 0.030 * unit
    for side in (-1.0, 1.0):

        def at(across: np.ndarray, up: np.ndarray, side: float = side) -> np.ndarray:
            """On the slightly bent plane in front of an eye."""
            x = side * eye_x + across * unit
            bend = 0.9 * np.square(np.abs(x) / unit - 0.012) * 3.0
            return np.stack(
                [x, middle[1] - 0.004 * unit + up * unit, front - bend * unit * 0.55 - 0.10 * up * unit * -1.0], -1
            )

        rim = at(width * shape * np.cos(turn), height * shape * np.sin(turn))
        parts.append(
            tube(rim, np.full(len(rim), thick), colour[None, None], sides=7, group="glasses", gloss=0.3, closed=True)
        )
        outer = at(np.array([side * width * 0.99]), np.array([0.006]))[0]
        ear = np.array([side * _temple_x(ground), middle[1] + 0.004 * unit, middle[2] - 0.085 * unit])
        hinge = np.array(
            [side * max(abs(outer[0]), _temple_x(ground) - 0.006 * unit), outer[1], outer[2] - 0.012 * unit]
        )
        arm = _smooth_line(np.stack([outer, hinge, ear, ear - np.array([0.0, 0.018, 0.022]) * unit]), 70)
        parts.append(tube(arm, np.full(len(arm), thick), colour[None, None], sides=6, group="glasses", gloss=0.3))
        across, up = np.meshgrid(np.linspace(-1, 1, 26), np.linspace(-1, 1, 22), indexing="ij")
        inside = np.abs(across) ** power + np.abs(up) ** power < 0.98
        lens = at(width * across, height * up)
        tint = np.array([0.05, 0.05, 0.06]) if dark else np.array([0.93, 0.96, 1.0])
        tint = tint * (1.0 + (0.9 if dark else 0.0) * smoothstep(-1.0, 1.0, up - 0.4 * across))[..., None]
        parts.append(
            sheet(
                lens,
                tint,
                np.broadcast_to([0.0, 0.0, 1.0], lens.shape),
                group="glasses",
                gloss=0.4,
                opacity=0.72 if dark else 0.02,
                keep=inside,
            )
        )
    reach = eye_x - width * unit * 0.96
    line = np.linspace(-1.0, 1.0, 26)
    nose = np.stack(
        [
            reach * line,
            middle[1] + (0.002 + 0.003 * (1 - line**2)) * unit,
            front + 0.004 * unit * (1 - line**2),
        ],
        -1,
    )
    parts.append(tube(nose, np.full(len(nose), thick), colour[None, None], sides=7, group="glasses", gloss=0.3))
    return parts


def _temple_x(ground: Ground) -> float:
    """Half the width of the head before the ears, and room."""
    points, middle = ground.places.points, ground.anatomy.between_eyes
    beside = (ground.places.head > 0.9) & (np.abs(points[:, 1] - middle[1]) < 0.012 * ground.unit)
    beside &= (points[:, 2] < middle[2] - 0.035 * ground.unit) & (points[:, 2] > middle[2] - 0.055 * ground.unit)
    widest = np.abs(points[beside, 0]).max(initial=0.0)
    return float(widest if widest > 0.0 else 1.25 * ground.anatomy.eye_distance) + 0.003 * ground.unit


def _smooth_line(corners: np.ndarray, count: int) -> np.ndarray:
    """Through the corners, rounded."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=-1))])
    line = np.stack([np.interp(np.linspace(0, lengths[-1], count), lengths, corners[:, i]) for i in range(3)], -1)
    for _ in range(6):
        line[1:-1] += 0.5 * (0.5 * (line[:-2] + line[2:]) - line[1:-1])
    return line


def hat_line(ground: Ground, look: Look, points: np.ndarray) -> np.ndarray:
    """Metres that points lie above the rim of the hat; far below where none is worn."""
    if look.hat == "none":
        return np.full(points.shape[:-1], -1.0)
    front, slope = {"beanie": (0.022, 0.25), "cap": (0.026, 0.10), "brim": (0.024, 0.14)}[look.hat]
    away = (points - ground.head_centre) / ground.unit
    return away[..., 1] - (front + slope * (away[..., 2] - 0.09) * 1.0)


def hat(ground: Ground, look: Look) -> list[Loose]:
    """A knitted cap, a cap with a visor, or a hat with a brim."""
    if look.hat == "none":
        return []
    columns, rows = 200, 34
    azimuth = np.linspace(-np.pi, np.pi, columns, endpoint=False)[:, None]
    share = np.linspace(0.0, 1.0, rows)[None, :]
    unit, centre = ground.unit, ground.head_centre
    random = np.random.default_rng([look.seed, 51])
    lift = {"beanie": 0.013, "cap": 0.013, "brim": 0.015}[look.hat] * unit

    # From the top to the rim, whose elevation is found where the dome meets its plane.
    elevation = np.zeros((columns, 1))
    for _ in range(6):
        reach = ground.dome(azimuth, elevation) + lift
        rim = centre + _direction(azimuth, elevation) * reach[..., None]
        elevation = elevation - hat_line(ground, look, rim) * unit / reach
    polar = 0.5 * np.pi - 0.02 - share * (0.5 * np.pi - 0.02 - elevation)
    reach = ground.dome(azimuth, polar) + lift
    direction = _direction(azimuth, polar)
    points = centre + direction * reach[..., None]
    top = smoothstep(0.035, 0.10, (points[..., 1] - centre[1]) / unit)
    if look.hat == "beanie":
        points += top[..., None] * [0.0, 0.022 * unit, -0.012 * unit]
        points += (
            direction
            * (0.0018 * unit * np.cos(azimuth * 40.0) + 0.005 * unit * smoothstep(0.74, 0.80, share))[..., None]
        )
        shade = 1.0 + 0.10 * np.cos(azimuth * 40.0) + 0.0 * share
        shade = shade * np.where((share > 0.76) & (share < 0.80), 0.7, 1.0)
    elif look.hat == "cap":
        points += top[..., None] * [0.0, 0.006 * unit, 0.0]
        shade = 1.0 - 0.20 * np.exp(-np.square(np.sin(3.0 * azimuth) / 0.10)) + 0.0 * share
    else:
        # A crown: walls that rise, a top that is dented.
        wall = smoothstep(0.030, 0.055, (points[..., 1] - centre[1]) / unit)
        points[..., 1] += 0.030 * unit * wall * smoothstep(0.02, 0.35, share)
        points[..., 0] *= 1.0 + 0.10 * wall * smoothstep(0.0, 0.5, share)
        points[..., 1] += 0.016 * unit * smoothstep(0.5, 0.0, share)
        shade = np.where(share > 0.84, 0.35, 1.0) + 0.0 * azimuth
    shade = shade + 0.025 * random.normal(size=(columns, rows))
    colours = np.array(look.hat_colour) * shade[..., None]
    parts = [sheet(points, colours, direction, group="hat", gloss=0.06, closed=True)]
    edge = points[:, -1]
    if look.hat == "brim":
        parts += _brim(ground, look, edge, azimuth[:, 0], np.full(columns, 0.062 * unit), closed=True)
    elif look.hat == "cap":
        # Even steps around the visor's own edge, not around the head.
        turn = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 110)
        ahead, around = np.pi + 0.82 * np.sin(turn), np.remainder(azimuth[:, 0], 2.0 * np.pi)
        order = around.argsort()
        front = np.stack([np.interp(ahead, around[order], edge[order, axis]) for axis in range(3)], axis=-1)
        parts += _brim(ground, look, front, ahead, 0.072 * unit * np.cos(turn) ** 0.7, closed=False)
    return parts


def _brim(
    ground: Ground, look: Look, edge: np.ndarray, azimuth: np.ndarray, reach: np.ndarray, *, closed: bool
) -> list[Loose]:
    """Around the rim, outwards and a little down, seen from above and from below."""
    outward = np.stack([np.sin(azimuth), 0.0 * azimuth, -np.cos(azimuth)], -1)
    steps = np.linspace(-0.04, 1.0, 15)[None, :, None]
    parts = []
    for drop, shade, up in ((0.0, 0.95, 1.0), (-0.003 * ground.unit, 0.6, -1.0)):
        points = edge[:, None] + steps * (outward * reach[:, None])[:, None]
        points = points + [0.0, 1.0, 0.0] * (drop - 0.20 * np.square(steps) * reach[:, None, None])
        facing = np.broadcast_to([0.0, up, 0.0], points.shape)
        colours = np.broadcast_to(shade * np.array(look.hat_colour), points.shape)
        parts.append(sheet(points, colours, facing, group="hat", gloss=0.06, closed=closed))
    return parts


def _direction(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    azimuth, elevation = np.broadcast_arrays(azimuth, elevation)
    level = np.cos(elevation)
    return np.stack([level * np.sin(azimuth), np.sin(elevation), -level * np.cos(azimuth)], -1)
