"""Tops, trousers and shoes: where they lie on the body, how far off the skin, and where their edges run.

Everything is a function of the place on the T-pose, measured from the joints, and is asked at the Gaussians themselves:
edges are as fine as the kernels, not as the faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix, diags
from scipy.spatial import ConvexHull, QhullError

from .anatomy import Anatomy, Places
from .look import Look
from .patterns import smoothstep, waves_within

_CLEARANCE = 0.0015
"""Metres between skin and cloth, at least."""


class Cover(IntEnum):
    """What is on top of the body at a place."""

    SKIN = 0
    SHIRT = 1
    TROUSERS = 2
    SHOE = 3
    SOLE = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edge:
    """A line where one cover ends: signed metres from it, and the direction in which they grow."""

    distance: Float[np.ndarray, " N"]
    direction: Float[np.ndarray, "N 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clothes:
    covers: Int[np.ndarray, " N"]
    points: Float[np.ndarray, "N 3"]
    """Where cloth and shoes lie; skin stays where it is."""
    nearest_edge: Edge
    slack: Float[np.ndarray, " N"]
    """0 where a sleeve or the collar ends and lies on the skin, 1 where cloth hangs freely."""
    shoe_normals: Float[np.ndarray, "N 3"]
    """Smooth normals of the shoes; zero elsewhere."""
    folds: Float[np.ndarray, " N"]
    """Creases of the cloth, about -2 to 2; 0 on skin."""


def dress(places: Places, look: Look) -> Clothes:
    """What a top, something for the legs and shoes do to these places."""
    anatomy, points = places.anatomy, places.points
    scale = anatomy.eye_distance / 0.06
    cut = cut_of(anatomy, look)
    x, y = points[:, 0], points[:, 1]
    ankle_y = anatomy.joint("left_ankle")[1]
    shoes, shoe_normals = _shoes(places, scale)
    shoes, shoe_normals = shoes.copy(), shoe_normals.copy()

    collar, from_collar = _collar(places, look)
    # A sleeve's end is a plane across the arm; without sleeves the cut runs down the side of the chest instead.
    armpit_y = anatomy.joint("left_shoulder")[1] - 0.085 * scale
    sleeve_x = np.where(y < armpit_y, max(cut.sleeve_x, abs(anatomy.joint("left_elbow")[0])), cut.sleeve_x)
    above_hem, inside_sleeve = y - cut.hem_y, sleeve_x - np.abs(x)
    shod_y = ankle_y + cut.boot * scale
    below_shoe_top, in_sole = shod_y - y, anatomy.floor + 0.012 * scale - shoes[:, 1]
    above_leg_end = y - cut.leg_y
    on_trunk = places.head < 0.5
    on_leg = (above_hem < 0) & (inside_sleeve > 0)
    on_leg &= np.abs(x) < abs(anatomy.joint("left_elbow")[0])
    foot = on_leg & ((places.feet[0] + places.feet[1] > 0.2) | (y < ankle_y + 0.05 * scale) | (cut.boot > 0))
    covers = np.full(len(places), Cover.SKIN)
    covers[on_leg & (above_leg_end > 0)] = Cover.TROUSERS
    if look.shoe != "barefoot":
        covers[foot & (below_shoe_top > 0)] = Cover.SHOE
        covers[foot & (below_shoe_top > 0) & (in_sole > 0)] = Cover.SOLE
    covers[(above_hem > 0) & (inside_sleeve > 0) & (collar > 0) & on_trunk] = Cover.SHIRT

    # Each edge counts only where its garment is: the hem's plane also cuts hands, the shoes' only feet.
    down = np.broadcast_to([0.0, -1.0, 0.0], points.shape)
    has_shoes = look.shoe != "barefoot"
    edges = [
        (above_hem, -down, np.abs(x) < 0.9 * abs(anatomy.joint("left_elbow")[0])),
        (inside_sleeve, -np.sign(x)[:, None] * [1.0, 0.0, 0.0], (above_hem > 0) & (y > armpit_y)),
        (collar, from_collar, (above_hem > 0) & on_trunk),
        (below_shoe_top, down, foot & has_shoes),
        (in_sole, down, foot & has_shoes & (y < ankle_y)),
        (above_leg_end, -down, on_leg & (covers < Cover.SHOE)),
    ]
    distances = np.stack([np.where(where, distance, np.inf) for distance, _, where in edges])
    nearest, index = np.abs(distances).argmin(0), np.arange(len(places))
    nearest_edge = Edge(
        distance=np.clip(distances[nearest, index], -1.0, 1.0),
        direction=np.stack([direction for _, direction, _ in edges])[nearest, index],
    )

    folds = _folds(places, covers, look)
    height = np.zeros(len(places))
    shirt, trousers, shod = covers == Cover.SHIRT, covers == Cover.TROUSERS, covers >= Cover.SHOE
    slack = np.minimum(smoothstep(-0.01, 0.06, inside_sleeve), smoothstep(0.0, 0.015, collar))
    loose = smoothstep(0.25, 0.0, above_hem) * 0.004
    loose += 0.003 * np.exp(-0.5 * np.square((y - anatomy.joint("spine3")[1]) / (0.08 * scale)))
    on_top = 0.006 + cut.looseness + loose + (0.0012 + 0.1 * cut.looseness) * folds
    height[shirt] = (0.003 + cut.thickness + slack * on_top)[shirt]
    down_leg = smoothstep(anatomy.joint("left_hip")[1], ankle_y, y)
    # Inside the thighs there is no room for wide legs.
    outside = smoothstep(-0.05 * scale, 0.03 * scale, np.abs(x) - abs(anatomy.joint("left_hip")[0]) + 0.03 * scale)
    flare = cut.flare * down_leg * (0.4 + 0.6 * outside)
    height[trousers] = (cut.leg_height + (0.006 * down_leg) * (cut.leg_height > 0.003) + flare + 0.0010 * folds)[
        trousers
    ]
    moved = points + scale * height[:, None] * places.normals
    moved[shod] = shoes[shod]
    shaft = shod & (y > ankle_y)
    moved[shaft] = (points + scale * (0.007 + 0.012 * smoothstep(ankle_y, ankle_y + 0.1, y))[:, None] * places.normals)[
        shaft
    ]
    shoe_normals[~shod] = 0.0
    return Clothes(
        covers=covers,
        points=moved,
        nearest_edge=nearest_edge,
        slack=slack,
        shoe_normals=shoe_normals,
        folds=folds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where the clothes of a look end on a body, and how they sit; metres."""

    sleeve_x: float
    hem_y: float
    leg_y: float
    boot: float
    """How far above the ankle the shoes reach."""
    looseness: float
    thickness: float
    leg_height: float
    flare: float


def cut_of(anatomy: Anatomy, look: Look) -> Cut:
    """The pattern that the tailor cuts."""
    scale = anatomy.eye_distance / 0.06
    hip, knee, ankle = (float(anatomy.joint(f"left_{name}")[1]) for name in ("hip", "knee", "ankle"))
    waist = float(anatomy.joint("spine1")[1])
    tucked = look.bottom in ("skirt", "long skirt") and look.top not in ("coat", "sweater", "dress")
    hem_y = waist - 0.01 * scale if tucked else hip - 0.02 * scale
    if look.top == "sweater":
        hem_y = hip + 0.03 * scale
    legs = {"shorts": knee + 0.06 * (hip - knee) / 0.39, "leggings": ankle + 0.02 * scale}
    leg_y = legs.get(look.bottom, anatomy.floor - 1.0)
    if look.top == "dress" or look.bottom in ("skirt", "long skirt"):
        leg_y = hip - 0.40 * (hip - knee)  # what is worn below, in the same colour
    elif look.shoe == "barefoot" and look.bottom != "shorts":
        leg_y = ankle + 0.005 * scale
    return Cut(
        sleeve_x=_sleeve_x(anatomy, look),
        hem_y=hem_y,
        leg_y=leg_y,
        boot={"boots": 0.14, "sneakers": 0.015}.get(look.shoe, 0.0),
        looseness={"sweater": 0.009, "coat": 0.010, "shirt": 0.003, "tank": -0.002, "turtleneck": -0.001}.get(
            look.top, 0.0
        ),
        thickness={"sweater": 0.003, "coat": 0.004}.get(look.top, 0.0),
        leg_height={"leggings": 0.002, "wide": 0.008}.get(look.bottom, 0.005),
        flare={"wide": 0.040, "shorts": 0.012}.get(look.bottom, 0.0),
    )


def drape(anatomy: Anatomy, clothes: Clothes) -> Float[np.ndarray, "V 3"]:
    """How far cloth lies off each vertex (zero where there is none): pulled taut over hollows, never into the body.

    `clothes` are those of the vertices. Smoothed without shrinking by Taubin's pairs of steps ("A signal processing
    approach to fair surface design", 1995); edges stay where they are.
    """
    shifts = clothes.points - anatomy.vertices
    faces = anatomy.body.faces.numpy()
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    for cover in (Cover.SHIRT, Cover.TROUSERS):
        mine = np.flatnonzero(clothes.covers == cover)
        if not len(mine):
            continue
        place = np.full(len(shifts), -1)
        place[mine] = np.arange(len(mine))
        ends = place[edges]
        inside = np.ones(len(mine), dtype=bool)
        inside[ends[(ends < 0).sum(-1) == 1].max(-1)] = False
        kept = ends[(ends >= 0).all(-1)]
        links = coo_matrix((np.ones(len(kept)), kept.T), shape=(len(mine), len(mine))).tocsr()
        links = links + links.T
        degrees = np.maximum(np.asarray(links.sum(-1)).ravel(), 1.0)[:, None]
        skin, normals = anatomy.vertices[mine], anatomy.normals[mine]
        points = skin + shifts[mine]
        # Vertices on the rim have no neighbours and stay.
        averages = diags(inside / degrees[:, 0]) @ links
        free = inside[:, None].astype(np.float64)
        for step in range(100):
            points += (0.6, -0.62)[step % 2] * (averages @ points - free * points)
        for _ in range(6):
            lift = _CLEARANCE - ((points - skin) * normals).sum(-1)
            points += free * np.maximum(lift, 0.0)[:, None] * normals
            points += 0.4 * (averages @ points - free * points)
        shifts[mine] = points - skin
    return shifts


def _sleeve_x(anatomy: Anatomy, look: Look) -> float:
    """How far from the middle the sleeves end; the arms of a T-pose lie along x."""
    stations = [abs(anatomy.joint(name)[0]) for name in ("left_shoulder", "left_elbow", "left_wrist")]
    if look.top == "tank":
        return 0.80 * float(stations[0])
    return float(np.interp(look.sleeve, [0.0, 1.0, 2.0], stations))


def _collar(places: Places, look: Look) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N 3"]]:
    """A neckline: a plane through the neck's lowest joint, high at the nape and low in front; deeper, pointed, or up
    the neck."""
    unit = places.anatomy.eye_distance / 0.06
    lift = {"turtleneck": 0.058, "coat": 0.012, "shirt": 0.016, "tank": -0.035, "dress": -0.022}.get(look.top, 0.0)
    up = np.array([0.0, 0.94, 0.34]) if look.top == "turtleneck" else np.array([0.0, 0.80, 0.60])
    base = places.anatomy.joint("neck") + unit * np.array([0.0, 0.002 + lift, 0.012])
    away = places.points - base
    distance, grows = -away @ up, np.broadcast_to(-up, places.points.shape)
    if look.top in ("v-neck", "shirt"):
        # Below the collar's plane in front, what lies between two slanted lines is bare.
        depth = (0.085 if look.top == "v-neck" else 0.05) * unit
        front = places.normals[:, 2] > 0.0
        pointed = 0.85 * (np.abs(away[:, 0]) - 0.60 * (away[:, 1] + depth + 0.03 * unit))
        opened = front & (pointed < distance)
        side = np.sign(away[:, :1]) * np.array([0.85, 0.0, 0.0]) - np.array([0.0, 0.51, 0.0])
        distance = np.where(opened, pointed, distance)
        grows = np.where(opened[:, None], side, grows)
    return distance, grows


def _folds(places: Places, covers: Int[np.ndarray, " N"], look: Look) -> Float[np.ndarray, " N"]:
    """Creases run around limbs and body, closer where cloth bunches: waist, knees, crotch, above the shoes."""
    anatomy, points = places.anatomy, places.points
    x, y, z = points.T
    shirt, trousers = covers == Cover.SHIRT, covers == Cover.TROUSERS
    # A slant, different left and right of the body, keeps creases from becoming rings.
    slanted = points + np.stack([0.25 * y, 0.35 * np.abs(x) + 0.3 * z, 0 * y], -1)
    around = waves_within(shirt | trousers, slanted, (0.30, 0.075, 0.22), look.seed + 1)
    fine = waves_within(trousers, slanted, (0.12, 0.035, 0.10), look.seed + 2)
    on_arm = waves_within(shirt, points[:, [1, 0, 2]], (0.20, 0.06, 0.15), look.seed + 3)

    def near(height: float, width: float) -> Float[np.ndarray, " N"]:
        return np.exp(-0.5 * np.square((y - height) / width))

    knee, ankle, hip = (anatomy.joint(f"left_{name}")[1] for name in ("knee", "ankle", "hip"))
    bunched = np.minimum(near(knee, 0.07) + near(ankle + 0.04, 0.06) + near(hip - 0.07, 0.05), 1.0)
    waist = near(anatomy.joint("spine1")[1], 0.09)
    sleeved = smoothstep(0.0, 0.08, np.abs(x) - anatomy.joint("left_shoulder")[0])
    on_shirt = (0.35 + 0.65 * waist) * around * (1.0 - sleeved) + 0.8 * sleeved * on_arm
    on_trousers = (0.3 + 0.7 * bunched) * (0.7 * around + 0.5 * fine)
    return np.where(shirt, on_shirt, np.where(trousers, on_trousers, 0.0))


@lru_cache(maxsize=8)
def _shoes(places: Places, scale: float) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "N 3"]]:
    """Shoes close around the toes: the convex hull of the foot's lower half, a little larger, on a flat sole.

    Their normals are the hull's, rounded by the direction from the foot's axis: those of the toes below are no use.
    """
    anatomy = places.anatomy
    normals = places.normals.copy()
    points = places.points + 0.005 * scale * places.normals
    low = anatomy.floor + 0.050 * scale
    for joint, share in zip(("left", "right"), places.feet, strict=True):
        side = np.sign(anatomy.joint(f"{joint}_ankle")[0])
        on_foot = anatomy.on_body & (anatomy.vertices[:, 1] < low)
        on_foot &= anatomy.weight(f"{joint}_ankle", f"{joint}_foot") > 0.5
        mine = np.flatnonzero((share > 0.2) & (places.points[:, 0] * side > 0) & (places.points[:, 1] < low))
        try:
            hull = ConvexHull(anatomy.vertices[on_foot]).equations
        except (QhullError, ValueError):
            continue  # a body so coarse that its foot has no volume keeps its own shape
        lowest, highest = anatomy.vertices[on_foot].min(0), anatomy.vertices[on_foot].max(0)
        inset = min(0.04 * scale, 0.4 * (highest[2] - lowest[2]))
        from_axis = np.stack(
            [
                np.full(len(mine), 0.5 * (lowest[0] + highest[0])),
                np.full(len(mine), 0.5 * (lowest[1] + highest[1])),
                np.clip(places.points[mine, 2], lowest[2] + inset, highest[2] - inset),
            ],
            axis=-1,
        )
        along = places.points[mine] - from_axis
        planes = hull.astype(np.float32)  # thousands of points by hundreds of planes
        approach = along.astype(np.float32) @ planes[:, :3].T
        room = -(from_axis.astype(np.float32) @ planes[:, :3].T + planes[:, 3])
        reach = np.where(approach > 1e-9, room / np.maximum(approach, 1e-9), np.inf)
        outermost = reach.argmin(-1)
        onto = from_axis + along * np.maximum(reach.min(-1), 1.0)[:, None] + 0.005 * scale * hull[outermost, :3]
        share_of_hull = smoothstep(low, low - 0.025 * scale, places.points[mine, 1])[:, None]
        points[mine] += share_of_hull * (onto - points[mine])
        outwards = points[mine] - from_axis
        outwards /= np.maximum(np.linalg.norm(outwards, axis=-1, keepdims=True), 1e-9)
        outwards = outwards + 1.5 * hull[outermost, :3]
        outwards /= np.maximum(np.linalg.norm(outwards, axis=-1, keepdims=True), 1e-9)
        normals[mine] += share_of_hull * (outwards - normals[mine])
    sole = smoothstep(anatomy.floor + 0.020 * scale, anatomy.floor + 0.012 * scale, places.points[:, 1])
    points[:, 1] -= np.where(points[:, 1] < anatomy.floor + 0.012 * scale, 0.008 * scale * sole, 0.0)
    return points, normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
