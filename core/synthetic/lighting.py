"""The light of a photograph: an environment in nine harmonics and a lamp, a window or the sun, which casts shadows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from .light_kernels import irradiance, nearest_depths, reach_of_points

Colour = tuple[float, float, float]

_CELL = 0.012
"""Metres of the grid on which shadows are found: twice the distance of a dressed person's Gaussians."""
_BRIGHTNESS = 1.4
"""Of what a camera sees on average: shadows take some of it away again."""
_LEAST_SKY = 0.45
"""Of the environment's light where nothing from above arrives: it comes from the sides as well."""
_SKY_WIDTH = 0.06
_SHOULDER = 0.75
"""Display values above it are pressed together, so that bright skin keeps its shades."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Light:
    """In the world's axes; 1 makes a colour look as it is."""

    environment: Float[np.ndarray, "9 3"]
    """Of the polynomials 1, y, z, x, xy, yz, 3z² - 1, xz, x² - y² of a normal (Ramamoorthi and Hanrahan, 2001)."""
    key_direction: Float[np.ndarray, "3"]
    """Unit vector to the lamp."""
    key_colour: Float[np.ndarray, "3"]
    key_width: float
    """Metres by which the edge of a shadow is soft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Situation:
    """Ranges that a kind of light is drawn from; angles in degrees, from the camera's direction and the horizon."""

    chance: float
    key: tuple[float, float]
    """Strength of the lamp beside the environment's 1."""
    azimuth: tuple[float, float]
    elevation: tuple[float, float]
    width: tuple[float, float]
    key_tint: Colour
    above: Colour
    ground: Colour
    evenness: tuple[float, float]
    """How much of the environment comes from everywhere alike."""


_SITUATIONS = (
    _Situation(  # a room by day, a window somewhere
        chance=0.34, key=(0.3, 1.4), azimuth=(15.0, 100.0), elevation=(0.0, 35.0), width=(0.06, 0.15),
        key_tint=(0.96, 1.0, 1.06), above=(1.06, 1.0, 0.93), ground=(0.62, 0.55, 0.47), evenness=(0.4, 0.8),
    ),
    _Situation(  # a room with lamps on the ceiling
        chance=0.2, key=(0.2, 0.8), azimuth=(0.0, 180.0), elevation=(45.0, 80.0), width=(0.05, 0.15),
        key_tint=(1.08, 1.0, 0.88), above=(1.08, 1.0, 0.88), ground=(0.55, 0.48, 0.40), evenness=(0.3, 0.7),
    ),
    _Situation(  # under clouds, or in the shade of a house
        chance=0.16, key=(0.0, 0.2), azimuth=(0.0, 180.0), elevation=(40.0, 80.0), width=(0.1, 0.2),
        key_tint=(1.0, 1.0, 1.0), above=(0.95, 1.0, 1.07), ground=(0.42, 0.41, 0.38), evenness=(0.15, 0.5),
    ),
    _Situation(  # sun
        chance=0.14, key=(1.2, 3.0), azimuth=(0.0, 150.0), elevation=(20.0, 70.0), width=(0.01, 0.03),
        key_tint=(1.06, 1.0, 0.90), above=(0.86, 1.0, 1.18), ground=(0.55, 0.52, 0.44), evenness=(0.3, 0.6),
    ),
    _Situation(  # a studio's soft box
        chance=0.1, key=(0.8, 2.0), azimuth=(25.0, 60.0), elevation=(20.0, 50.0), width=(0.04, 0.10),
        key_tint=(1.0, 1.0, 1.0), above=(1.0, 1.0, 1.0), ground=(0.7, 0.7, 0.7), evenness=(0.6, 0.95),
    ),
    _Situation(  # the camera's own flash
        chance=0.06, key=(1.2, 3.0), azimuth=(0.0, 6.0), elevation=(2.0, 10.0), width=(0.005, 0.012),
        key_tint=(0.98, 1.0, 1.04), above=(1.05, 1.0, 0.9), ground=(0.5, 0.45, 0.4), evenness=(0.4, 0.8),
    ),
)  # fmt: skip


def drawn_light(random: np.random.Generator, towards_camera: Float[np.ndarray, "3"]) -> Light:
    """Light as photographs have it; lamps stand mostly on the camera's side, and cameras expose what they see."""
    chances = [situation.chance for situation in _SITUATIONS]
    kind = _SITUATIONS[int(random.choice(len(_SITUATIONS), p=chances))]
    azimuth = math.radians(random.uniform(*kind.azimuth) * random.choice((-1.0, 1.0)))
    elevation = math.radians(random.uniform(*kind.elevation))
    ahead = math.atan2(towards_camera[0], towards_camera[2]) + azimuth
    direction = np.array(
        [math.sin(ahead) * math.cos(elevation), math.sin(elevation), math.cos(ahead) * math.cos(elevation)]
    )
    evenness = random.uniform(*kind.evenness)
    above, ground = np.array(kind.above), np.array(kind.ground)
    environment = np.zeros((9, 3))
    environment[0] = evenness * 0.5 * (above + ground)
    environment += (1.0 - evenness) * _lobe(np.array([0.0, 1.0, 0.0]), above)
    environment += 0.5 * (1.0 - evenness) * _lobe(np.array([0.0, -1.0, 0.0]), ground)
    for _ in range(2):  # bright walls, things that reflect
        side = random.normal(size=3) * (1.0, 0.4, 1.0)
        tint = above * _warmed(random.normal(scale=0.15))
        environment += random.uniform(0.0, 0.5) * _lobe(side / np.linalg.norm(side), tint)
    tint = np.array(kind.key_tint) * _warmed(random.normal(scale=0.05))
    light = Light(
        environment=environment.astype(np.float32),
        key_direction=direction.astype(np.float32),
        key_colour=(random.uniform(*kind.key) * tint).astype(np.float32),
        key_width=float(random.uniform(*kind.width)),
    )
    return _exposed(light, towards_camera)


def _warmed(share: float) -> Float[np.ndarray, "3"]:
    """Redder, or bluer: light has no other tints."""
    return np.exp(share * np.array([1.0, 0.1, -1.0]))


def _lobe(direction: Float[np.ndarray, "3"], colour: Float[np.ndarray, "3"]) -> Float[np.ndarray, "9 3"]:
    """The light of one direction as surfaces get it, kept to its nine bands: about 1 for a normal that looks there."""
    x, y, z = direction
    # The cosine's bands π, 2π/3, π/4 times the squared constants of the harmonics.
    bands = [0.25, 0.5 * y, 0.5 * z, 0.5 * x, 0.9375 * x * y, 0.9375 * y * z, 0.078125 * (3.0 * z * z - 1.0)]
    bands += [0.9375 * x * z, 0.234375 * (x * x - y * y)]
    return np.array(bands)[:, None] * colour


def _exposed(light: Light, towards_camera: Float[np.ndarray, "3"]) -> Light:
    """As bright as a camera would take it, and nearly as white."""
    x, y, z = _NORMALS.T
    side = np.cross([0.0, 1.0, 0.0], towards_camera)
    side = side / max(float(np.linalg.norm(side)), 1e-6)
    up = np.cross(towards_camera, side)
    normals = (x[:, None] * side + y[:, None] * up + z[:, None] * towards_camera).astype(np.float32)
    seen = (shade(light, normals, np.ones((len(normals), 2), np.float32)) ** 2).mean(0)
    gains = (_BRIGHTNESS / seen.mean()) * (seen.mean() / seen) ** 0.7
    return replace(
        light,
        environment=(light.environment * gains).astype(np.float32),
        key_colour=(light.key_colour * gains).astype(np.float32),
    )


_NORMALS = np.array(
    [
        (math.sin(tilt) * math.cos(turn), math.sin(tilt) * math.sin(turn), math.cos(tilt))
        for tilt in (0.2, 0.6, 1.0)
        for turn in np.linspace(0.0, math.tau, 8, endpoint=False)
    ]
)
"""Of what faces a camera along z."""


def reaching(
    light: Light,
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    casters: Float[np.ndarray, "M 3"],
) -> Float[np.ndarray, "N 2"]:
    """How much of the lamp and of the sky gets to each point past the casters: 1 all of it, 0 nothing."""
    lamp = _share_before(light.key_direction, light.key_width, points, normals, casters)
    sky = _share_before(np.array([0.05, 1.0, 0.1], np.float32), _SKY_WIDTH, points, normals, casters)
    return np.stack([lamp, _LEAST_SKY + (1.0 - _LEAST_SKY) * sky], axis=1)


def _share_before(
    direction: Float[np.ndarray, "3"],
    width: float,
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    casters: Float[np.ndarray, "M 3"],
) -> Float[np.ndarray, " N"]:
    """Of what lies before each point on the way along `direction`, the share that lets light through."""
    direction = direction / np.linalg.norm(direction)
    across = np.cross(direction, (0.3, 0.2, 1.0) if abs(direction[2]) < 0.9 else (1.0, 0.2, 0.3)).astype(np.float32)
    across /= np.linalg.norm(across)
    along = np.cross(direction, across)
    casters = np.ascontiguousarray(casters[::2], np.float32)  # they lie closer than the cells
    right, up = casters @ across, casters @ along
    low = float(right.min()), float(up.min())
    columns, rows = math.ceil((right.max() - low[0]) / _CELL) + 1, math.ceil((up.max() - low[1]) / _CELL) + 1
    depths, share = np.empty((rows, columns), np.float32), np.empty(len(points), np.float32)
    grid = (across, along, direction, *low, _CELL)
    nearest_depths(casters, *grid, depths)
    points, normals = np.ascontiguousarray(points, np.float32), np.ascontiguousarray(normals, np.float32)
    reach_of_points(points, normals, *grid, depths, max(1, round(width / _CELL)), _CELL, share)
    return share


def shade(light: Light, normals: Float[np.ndarray, "N 3"], reach: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 3"]:
    """By what display colours are multiplied; `reach` tells how much of lamp and sky arrives (`reaching`)."""
    factors = np.empty((len(normals), 3), np.float32)
    irradiance(
        np.ascontiguousarray(normals, np.float32),
        np.ascontiguousarray(reach, np.float32),
        light.environment,
        light.key_direction,
        light.key_colour,
        factors,
    )
    return factors


def lit_colours(colours: Float[np.ndarray, "N 3"], factors: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """The colours in that light; bright ones bend towards 1 instead of being cut."""
    bright = colours * factors
    above = np.maximum(bright - _SHOULDER, 0.0)
    room = 1.0 - _SHOULDER
    return np.where(above > 0.0, _SHOULDER + room * above / (above + room), bright).astype(np.float32)
