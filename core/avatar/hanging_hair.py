"""Hair beyond the scalp: curtains that hang from the head, locks, tails, knots and fringes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .ground import Ground
from .hair import hair_tint
from .look import Look
from .loose import HANGING, Loose, sheet, tube
from .patterns import smoothstep
from .strands import strands_over

_STRAND = 0.0036
"""Metres between the columns of a curtain."""


def hanging_hair(ground: Ground, look: Look) -> list[Loose]:
    """What the shape of a look's hair adds to the cap that covers the scalp."""
    match look.hair_shape:
        case "bob":
            return _curtains(ground, look, (-1.92, 1.92), length=0.155, behind=0.0, ends=-0.10)
        case "long":
            return _curtains(ground, look, (-1.88, 1.88), length=0.33 + 4.0 * (look.hair_volume - 0.018), behind=1.0)
        case "waves":
            back = _curtains(ground, look, (-1.30, 1.30), length=0.30, behind=1.0, wave=0.007)
            left = _curtains(ground, look, (1.15, 2.02), length=0.27, behind=-1.0, wave=0.007)
            return back + left + _curtains(ground, look, (-2.02, -1.15), length=0.27, behind=-1.0, wave=0.007)
        case "fringe":
            fringe = _fringe(ground, look)
            back = _curtains(ground, look, (-1.85, 1.85), length=0.20, behind=0.6, ends=-0.06)
            return [*back, fringe, strands_over(ground, fringe, look, 4000)]
        case "ponytail":
            return _tail(ground, look)
        case "bun":
            knot = _knot(ground, look, np.array([0.0, 0.055, -0.105]), 0.036)
            return [knot, strands_over(ground, knot, look, 2500)]
        case _:
            return []


def _curtains(
    ground: Ground,
    look: Look,
    span: tuple[float, float],
    *,
    length: float,
    behind: float,
    ends: float = 0.0,
    wave: float = 0.0,
) -> list[Loose]:
    """A curtain with an inner side; `behind` 1 lets it fall behind the shoulders, -1 in front of them."""
    outer = _curtain(ground, look, span, length=length, behind=behind, ends=ends, wave=wave, inset=0.0)
    inner = _curtain(ground, look, span, length=length, behind=behind, ends=ends, wave=wave, inset=0.007)
    return [outer, inner, strands_over(ground, outer, look, round(14000 * (span[1] - span[0]) / 3.8))]


def _curtain(
    ground: Ground,
    look: Look,
    span: tuple[float, float],
    *,
    length: float,
    behind: float,
    ends: float,
    wave: float,
    inset: float,
) -> Loose:
    unit = ground.unit
    columns = max(8, round((span[1] - span[0]) * 0.095 / _STRAND))
    rows = max(8, round((length + 0.05) / 0.0075))
    azimuth = np.linspace(*span, columns)[:, None]
    random = np.random.default_rng([look.seed, 41, columns])
    # Ends are ragged, finely and in locks.
    locks = np.cos(azimuth * 17.0 + random.uniform(0, 6)) + np.cos(azimuth * 29.0 + random.uniform(0, 6))
    tips = 1.0 + 0.018 * locks + 0.02 * random.normal(size=(columns, 1))
    share = np.linspace(0.0, 1.0, rows)[None, :]
    top = 0.052 - 0.018 * smoothstep(1.3, 1.9, np.abs(azimuth))
    height = unit * (top - share * (top + 0.03 + length * tips - 0.03))
    lift = 0.003 + (0.006 + 0.45 * look.hair_volume) * smoothstep(0.055, 0.0, height / unit) - inset
    radius = np.maximum.accumulate(ground.outline(azimuth, height), axis=1)
    # Below the ears the skull recedes, hair does not: it falls from where the head is widest.
    radius = radius + unit * lift
    fallen = np.clip(-(height / unit) - 0.03, 0.0, None)
    radius = radius * (1.0 + ends * smoothstep(0.5, 1.0, share) + 0.12 * fallen)
    below = smoothstep(-0.09, -0.20, height / unit)
    drawn = azimuth * (1.0 - (0.45 * behind if behind > 0 else -0.10) * below)
    ripple = (
        wave * unit * np.sin(height / unit * 95.0 + 1.7 * np.sin(3.0 * azimuth)) * smoothstep(0.0, -0.08, height / unit)
    )
    points = ground.around_head(drawn, radius + ripple + 0.0015 * unit * np.cos(azimuth * 23.0), height)
    if behind != 0.0:
        points = _clear_of_trunk(ground, look, points, behind, below, inset)
    outward = points - (ground.head_centre - [0.0, 0.0, 0.0])
    outward = outward * [1.0, 0.0, 1.0]
    streaks = np.interp(azimuth[:, 0], np.linspace(*span, columns // 2), random.normal(size=columns // 2))[:, None]
    shine = np.exp(-0.5 * np.square((height / unit - 0.012 + 0.006 * streaks) / 0.016))
    shade = 1.0 + 0.16 * np.clip(streaks, -2, 2) + 0.30 * shine + 0.10 * share
    shade = shade * (0.62 if inset else 1.0) + 0.06 * random.normal(size=shade.shape)
    colours = hair_tint(look, np.broadcast_to(random.uniform(size=(len(shade), 1)), shade.shape)) * shade[..., None]
    hanging = sheet(points, colours, outward, group="hair", gloss=0.2, stretch=1.6, narrow=1.05)
    return replace(hanging, hosts=np.full(len(hanging), HANGING))


def _clear_of_trunk(
    ground: Ground, look: Look, points: np.ndarray, behind: float, below: np.ndarray, inset: float
) -> np.ndarray:
    """Laid over the clothes on the back, or over the chest."""
    points = points.copy()
    rear, fore = ground.trunk(points[..., 0], points[..., 1])
    clearance = (0.036 if look.top in ("sweater", "coat") else 0.024) * ground.unit - inset
    z = points[..., 2]
    free = np.minimum(z, rear - clearance) if behind > 0 else np.maximum(z, fore + clearance)
    points[..., 2] += np.broadcast_to(below, free.shape) * (free - points[..., 2])
    for _ in range(12):
        points[:, 1:-1, 2] += 0.5 * (0.5 * (points[:, :-2, 2] + points[:, 2:, 2]) - points[:, 1:-1, 2])
        points[1:-1, :, 2] += 0.5 * (0.5 * (points[:-2, :, 2] + points[2:, :, 2]) - points[1:-1, :, 2])
    return points


def _fringe(ground: Ground, look: Look) -> Loose:
    """From the top of the forehead down to the brows."""
    unit = ground.unit
    columns, rows = 60, 16
    azimuth = np.pi + np.linspace(-0.98, 0.98, columns)[:, None]
    random = np.random.default_rng([look.seed, 42])
    share = np.linspace(0.0, 1.0, rows)[None, :]
    side = np.abs(azimuth - np.pi) / 0.98
    locks = np.cos(azimuth * 31.0) + 0.6 * np.cos(azimuth * 53.0 + 1.0) + 0.5 * random.normal(size=(columns, 1))
    lower = -0.002 + 0.0025 * locks - 0.022 * side**3
    height = unit * (0.072 - 0.010 * side**2 + share * (lower - 0.072 + 0.010 * side**2))
    lift = unit * (0.002 + 0.45 * look.hair_volume * np.sin(np.pi * np.clip(share + 0.15, 0, 1)) + 0.006 * share)
    around = ground.outline(np.remainder(azimuth + np.pi, 2 * np.pi) - np.pi, np.maximum(height, 0.004 * unit))
    points = ground.around_head(azimuth, around + lift, height)
    outward = points - ground.head_centre
    shade = (
        1.0
        + 0.09 * locks
        + 0.25 * np.exp(-0.5 * np.square((share - 0.45) / 0.15))
        + 0.06 * random.normal(size=(columns, rows))
    )
    colours = hair_tint(look, np.broadcast_to(random.uniform(size=(len(shade), 1)), shade.shape)) * shade[..., None]
    return sheet(points, colours, outward, group="hair", gloss=0.2, stretch=1.5)


def _tail(ground: Ground, look: Look) -> list[Loose]:
    """A tail bound at the back of the head, and the band."""
    unit = ground.unit
    share = np.linspace(0.0, 1.0, 52)
    start = np.array([0.0, 0.030, -0.088])
    line = start + np.stack(
        [
            0.0 * share,
            0.020 * np.sin(np.pi * np.clip(share * 3.0, 0, 1)) - 0.30 * share**1.25,
            -0.050 * np.sin(0.5 * np.pi * np.clip(share * 3.5, 0, 1)) - 0.018 * np.sin(np.pi * share),
        ],
        axis=-1,
    )
    centres = ground.head_centre + unit * line
    rear, _ = ground.trunk(centres[:, 0], centres[:, 1])
    low = smoothstep(-0.10, -0.17, line[:, 1])
    centres[:, 2] += low * np.minimum(rear - 0.038 * unit - centres[:, 2], 0.0)
    for _ in range(8):
        centres[1:-1] += 0.5 * (0.5 * (centres[:-2] + centres[2:]) - centres[1:-1])
    radii = unit * (0.013 + 0.021 * np.sin(np.pi * np.clip(share, 0.02, 1.0) ** 0.75)) * smoothstep(1.02, 0.86, share)
    sides = 34
    random = np.random.default_rng([look.seed, 43])
    streaks = random.normal(size=(sides, 1))
    shade = 1.0 + 0.15 * streaks + 0.06 * random.normal(size=(sides, len(share)))
    shade += 0.25 * np.exp(-0.5 * np.square((share - 0.22) / 0.07))
    tail = tube(
        centres,
        radii,
        hair_tint(look, np.broadcast_to(random.uniform(size=(len(shade), 1)), shade.shape)) * shade[..., None],
        sides=sides,
        group="hair",
        gloss=0.2,
    )
    tail = replace(tail, hosts=np.full(len(tail), HANGING))
    band = np.full((sides, 5, 3), 0.5) * np.array(look.top_second)
    return [
        tail,
        strands_over(ground, tail, look, 5000),
        tube(centres[1:6], np.full(5, 0.0165 * unit), band, sides=sides, group="hair", gloss=0.1),
    ]


def _knot(ground: Ground, look: Look, place: np.ndarray, radius: float) -> Loose:
    """A ball of wound hair."""
    rows, columns = 22, 40
    turn = np.linspace(0.0, 2.0 * np.pi, columns, endpoint=False)[:, None]
    polar = np.linspace(0.03, np.pi - 0.03, rows)[None, :]
    axis = np.array([0.0, 0.35, -0.94])
    side = np.array([1.0, 0.0, 0.0])
    up = np.cross(axis, side)
    around = np.cos(turn)[..., None] * side + np.sin(turn)[..., None] * up
    outward = np.sin(polar)[..., None] * around + np.cos(polar)[..., None] * axis
    wound = np.sin(3.0 * turn + 6.0 * polar)
    reach = ground.unit * radius * (1.0 + 0.05 * wound)
    points = ground.head_centre + ground.unit * place + reach[..., None] * outward * [1.1, 1.0, 1.0]
    random = np.random.default_rng([look.seed, 44])
    shade = 1.0 + 0.16 * wound + 0.07 * random.normal(size=wound.shape)
    colours = hair_tint(look, np.broadcast_to(random.uniform(size=(len(shade), 1)), shade.shape)) * shade[..., None]
    return sheet(points, colours, outward, group="hair", gloss=0.2, closed=True)
