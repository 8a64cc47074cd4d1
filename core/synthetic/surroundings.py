"""Rooms and streets around somebody: boxes that rays from the camera meet, painted like walls, floors and furniture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..cameras import Camera
from ..opencv import cv2
from .interiors import hashed, muted, painted_floor, painted_wall
from .lighting import Light, shade
from .ray_kernels import enter_box, leave_box

_FAR = 200.0
_NORMALS = np.concatenate([np.eye(3), -np.eye(3)]).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rays:
    """One for each pixel of a small picture, in the frame of the walls."""

    origin: Float[np.ndarray, "3"]
    directions: Float[np.ndarray, "P 3"]
    """z of the camera's axes is 1."""
    walls_from_world: Float[np.ndarray, "3 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """What the rays have met so far; painted over by what is nearer."""

    distances: Float[np.ndarray, " P"]
    colours: Float[np.ndarray, "P 3"]


def drawn_room(
    random: np.random.Generator,
    camera: Camera,
    light: Light,
    *,
    ground: float,
    feet: Float[np.ndarray, "K 3"],
    seat: Float[np.ndarray, "3"] | None,
    side: int,
) -> Float[np.ndarray, "P P 3"]:
    """Walls with windows, pictures, doors and shelves, a floor, some furniture."""
    rays = _rays(camera, side, _wall_turn(random, seat))
    home = np.array([0.0, ground, 0.0])
    reach = np.abs(rays.origin - home)
    low = -np.maximum(random.uniform(0.6, 3.0, 3), 0.0)
    high = random.uniform(0.6, 3.0, 3)
    # The camera is in the room too, at least as far from its walls as a hand.
    low = np.minimum(low, rays.origin - 0.4 - 0.2 * reach)
    high = np.maximum(high, rays.origin + 0.4 + 0.2 * reach)
    low[1], high[1] = ground, max(ground + random.uniform(2.3, 3.2), rays.origin[1] + 0.3)
    view = _room(random, rays, light, low, high, rays.walls_from_world @ feet.T)
    for _ in range(int(random.integers(0, 5))):
        _furnish(random, view, rays, light, low, high)
    if seat is not None:
        _put_seat(random, view, rays, light, ground, rays.walls_from_world @ seat)
    return np.clip(view.colours, 0.0, 1.0).reshape(side, side, 3)


def drawn_street(
    random: np.random.Generator,
    camera: Camera,
    light: Light,
    *,
    ground: float,
    feet: Float[np.ndarray, "K 3"],
    seat: Float[np.ndarray, "3"] | None,
    side: int,
) -> Float[np.ndarray, "P P 3"]:
    """A sky, the ground, and houses with rows of windows."""
    rays = _rays(camera, side, _wall_turn(random, seat))
    up = rays.directions[:, 1] / np.linalg.norm(rays.directions, axis=1)
    horizon, zenith = np.array([0.86, 0.91, 0.96]), np.array([0.45, 0.62, 0.88]) * random.uniform(0.7, 1.15)
    if random.uniform() < 0.4:
        zenith = np.full(3, zenith.mean() + 0.15)
    horizon = horizon * random.uniform(0.8, 1.05) + random.uniform(0.0, 0.1) * np.array([1.0, 0.2, -0.8])
    rise = np.clip(1.6 * up, 0.0, 1.0)[:, None]
    clouds = _fractal(random, side)[:, None] * random.uniform(0.0, 0.5)
    sky = np.clip(horizon + rise * (zenith - horizon) + clouds * rise, 0.0, 1.0)
    view = _View(distances=np.full(len(up), _FAR, np.float32), colours=sky.astype(np.float32))
    _lay_ground(random, view, rays, light, ground, rays.walls_from_world @ feet.T)
    for _ in range(int(random.integers(2, 7))):
        _build(random, view, rays, light, ground)
    if seat is not None:
        _put_seat(random, view, rays, light, ground, rays.walls_from_world @ seat)
    return np.clip(view.colours, 0.0, 1.0).reshape(side, side, 3)


def _wall_turn(random: np.random.Generator, seat: Float[np.ndarray, "3"] | None) -> float:
    """Radians by which the walls are turned from the person: any angle, but those who sit have the wall behind."""
    return random.uniform(-math.pi, math.pi) if seat is None else random.normal(scale=0.12)


def _rays(camera: Camera, side: int, turn: float) -> _Rays:
    small = camera.resized(side, side)
    matrix = camera.camera_from_world.double().numpy()
    cosine, sine = math.cos(turn), math.sin(turn)
    walls_from_world = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
    x = (np.arange(side) + 0.5 - small.cx) / small.fx
    y = (np.arange(side) + 0.5 - small.cy) / small.fy
    seen = np.stack([*np.broadcast_arrays(x[None], y[:, None]), np.ones((side, side))], axis=-1).reshape(-1, 3)
    directions = seen @ (walls_from_world @ matrix[:3, :3].T).T
    directions = np.where(np.abs(directions) < 1e-6, 1e-6, directions).astype(np.float32)
    origin = walls_from_world @ (-matrix[:3, :3].T @ matrix[:3, 3])
    return _Rays(origin=origin, directions=directions, walls_from_world=walls_from_world)


def _side_lights(rays: _Rays, light: Light) -> Float[np.ndarray, "6 3"]:
    """How bright surfaces are that look along x, y, z, and along -x, -y, -z of the walls; shadows somewhere."""
    normals = (_NORMALS @ rays.walls_from_world).astype(np.float32)
    return shade(light, normals, np.full((6, 2), 0.6, np.float32))


def _room(
    random: np.random.Generator,
    rays: _Rays,
    light: Light,
    low: Float[np.ndarray, "3"],
    high: Float[np.ndarray, "3"],
    feet: Float[np.ndarray, "3 K"],
) -> _View:
    distances = np.empty(len(rays.directions), np.float32)
    walls = np.empty(len(distances), np.int32)
    leave_box(rays.origin, rays.directions, low, high, distances, walls)
    points = (rays.origin + distances[:, None] * rays.directions).astype(np.float32)
    plain = 0.25 * muted(random, 0.4, 0.95) + 0.75 * random.uniform(0.5, 0.97)
    colours = np.empty((len(points), 3), np.float32)
    lights = _side_lights(rays, light)
    for wall in range(6):
        on_it = np.flatnonzero(walls == wall)
        if not len(on_it):
            continue
        axis = wall % 3
        across, along = (2, 1) if axis == 0 else (0, 2) if axis == 1 else (0, 1)
        here = points[on_it]
        u, v = here[:, across] - low[across], here[:, along] - low[along]
        if wall == 1:
            paint = painted_floor(random, u, v) * _stood_on(here, feet)[:, None]
        elif wall == 4:
            paint = np.full((len(u), 3), random.uniform(0.75, 0.95))
        else:
            own = plain if random.uniform() < 0.7 else muted(random, 0.25, 0.9)
            paint = painted_wall(random, u, v, (high - low)[[across, along]], own)
        nearest_edge = np.minimum(
            np.minimum(u, high[across] - low[across] - u), np.minimum(v, high[along] - low[along] - v)
        )
        corners = 1.0 - 0.22 * np.exp(-4.0 * nearest_edge)
        colours[on_it] = paint * lights[wall] * corners[:, None]
    return _View(distances=distances, colours=colours)


def _stood_on(points: Float[np.ndarray, "P 3"], feet: Float[np.ndarray, "3 K"]) -> Float[np.ndarray, " P"]:
    """The shade that feet leave on the floor."""
    shade_of_feet = np.ones(len(points))
    for foot in feet.T:
        squared = (points[:, 0] - foot[0]) ** 2 + (points[:, 2] - foot[2]) ** 2
        shade_of_feet *= 1.0 - 0.45 * np.exp(-squared / (2.0 * 0.11**2)) - 0.15 * np.exp(-squared / (2.0 * 0.35**2))
    return shade_of_feet


def _boxed(
    view: _View, rays: _Rays, low: Float[np.ndarray, "3"], high: Float[np.ndarray, "3"], nearest: float
) -> tuple[Int[np.ndarray, " H"], Float[np.ndarray, "H 3"], Int[np.ndarray, " H"]]:
    """The rays that a box stops, where, and on which of its sides (as `_NORMALS` number them)."""
    sides = np.empty(len(view.distances), np.int32)
    enter_box(rays.origin, rays.directions, low, high, nearest, view.distances, sides)
    stopped = np.flatnonzero(sides >= 0)
    points = rays.origin + view.distances[stopped, None] * rays.directions[stopped]
    return stopped, points, sides[stopped]


def _furnish(
    random: np.random.Generator,
    view: _View,
    rays: _Rays,
    light: Light,
    low: Float[np.ndarray, "3"],
    high: Float[np.ndarray, "3"],
) -> None:
    """A box along a wall: a table, a sofa, a cupboard, a bed."""
    size = np.array([random.uniform(0.4, 2.0), random.uniform(0.35, 1.9), random.uniform(0.4, 1.0)])
    place = random.uniform(low, np.maximum(high - size, low + 0.01))
    axis, at_high = (0, 2)[int(random.integers(2))], random.uniform() < 0.5
    place[axis] = high[axis] - size[axis] if at_high else low[axis]
    place[1] = low[1]
    wood = np.array([0.5, 0.38, 0.27]) * random.uniform(0.3, 1.6)
    colour = muted(random) if random.uniform() < 0.5 else wood
    # Nobody is photographed from inside a cupboard.
    stopped, points, sides = _boxed(view, rays, place, place + size, 1.0)
    height = np.clip((points[:, 1] - low[1]) / size[1], 0.0, 1.0)
    view.colours[stopped] = colour * _side_lights(rays, light)[sides] * (0.7 + 0.3 * height)[:, None]


def _put_seat(
    random: np.random.Generator, view: _View, rays: _Rays, light: Light, ground: float, pelvis: Float[np.ndarray, "3"]
) -> None:
    """A stool, a chair or a sofa under somebody who sits."""
    half, top = random.uniform(0.2, 0.28) if random.uniform() < 0.6 else random.uniform(0.5, 1.1), pelvis[1] - 0.09
    low = np.array([pelvis[0] - half, ground, pelvis[2] - 0.35])
    boxes = [(low, np.array([pelvis[0] + half, top, pelvis[2] + 0.22]))]
    if random.uniform() < 0.7 and rays.origin[2] > pelvis[2]:  # seen from behind, a back would hide the person
        boxes.append((low, np.array([pelvis[0] + half, top + random.uniform(0.3, 0.55), pelvis[2] - 0.25])))
    colour = muted(random, 0.08, 0.7)
    for corner, opposite in boxes:
        stopped, _, sides = _boxed(view, rays, corner, opposite, 0.2)
        view.colours[stopped] = colour * _side_lights(rays, light)[sides]


def _lay_ground(
    random: np.random.Generator,
    view: _View,
    rays: _Rays,
    light: Light,
    ground: float,
    feet: Float[np.ndarray, "3 K"],
) -> None:
    """Asphalt, slabs, gravel or grass."""
    stopped = np.flatnonzero(rays.directions[:, 1] < 0.0)
    distances = (min(ground - rays.origin[1], -0.05)) / rays.directions[stopped, 1]
    points = rays.origin + np.minimum(distances, _FAR)[:, None] * rays.directions[stopped]
    grows = random.uniform() < 0.3
    base = np.array([0.35, 0.43, 0.22]) * random.uniform(0.6, 1.3) if grows else np.full(3, random.uniform(0.3, 0.65))
    tone = 1.0 + random.normal(scale=0.10 if grows else 0.05, size=len(points))
    if not grows and random.uniform() < 0.6:
        size = random.uniform(0.3, 0.9)
        tone -= 0.15 * ((np.mod(points[:, 0] / size, 1.0) < 0.04) | (np.mod(points[:, 2] / size, 1.0) < 0.04))
    tone *= _stood_on(points, feet)
    far = np.exp(-distances / 60.0)[:, None]
    view.colours[stopped] = far * base * tone[:, None] * _side_lights(rays, light)[1] + (1.0 - far) * 0.75
    view.distances[stopped] = distances


def _build(random: np.random.Generator, view: _View, rays: _Rays, light: Light, ground: float) -> None:
    """A house: a box with rows of windows, somewhere around but not here."""
    angle, away = random.uniform(-math.pi, math.pi), random.uniform(6.0, 40.0)
    size = np.array([random.uniform(4.0, 18.0), random.uniform(3.0, 20.0), random.uniform(4.0, 18.0)])
    middle = np.array([math.sin(angle), 0.0, math.cos(angle)]) * (away + 0.75 * size.max())
    middle[1] = ground + 0.5 * size[1]
    base = muted(random, 0.35, 0.8)
    width, height = random.uniform(1.2, 3.5), random.uniform(2.4, 3.5)
    stopped, points, sides = _boxed(view, rays, middle - 0.5 * size, middle + 0.5 * size, 3.0)
    across = np.where(sides % 3 == 0, points[:, 2], points[:, 0]) / width
    level = (points[:, 1] - ground) / height
    glass = (np.mod(across, 1.0) > 0.4) & (np.mod(level, 1.0) > 0.35) & (np.mod(level, 1.0) < 0.85)
    tone = hashed(np.floor(across).astype(int), np.floor(level).astype(int))
    panes = (0.12 + 0.5 * tone)[:, None] * np.array([0.8, 0.95, 1.1])
    view.colours[stopped] = np.where(glass[:, None], panes, base) * _side_lights(rays, light)[sides]


def _fractal(random: np.random.Generator, side: int) -> Float[np.ndarray, " P"]:
    """Clouds: noise of several sizes, from -1 to 1 about."""
    total = np.zeros((side, side), np.float32)
    for cells, strength in ((3, 0.5), (7, 0.3), (16, 0.2)):
        noise = random.normal(size=(cells, cells)).astype(np.float32)
        total += strength * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return total.reshape(-1)
