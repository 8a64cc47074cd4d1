"""Single hairs, and freckles: thin kernels over skin and over the caps of hair and beards, which alone look cast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from .covering import THINNESS
from .ground import Ground
from .hair import hair_colours, hair_tint, strand_directions
from .look import Look
from .loose import Loose
from .patterns import blob, unit_rows, waves
from .surfels import Surfels

_CURLED = ("curly", "afro")
_IN_CURL = 7
"""Kernels that make one curl."""
_COUNTS = {"buzz": 6000, "curly": 18000, "afro": 24000}
"""Hairs on a cap; 15,000 where not named here."""
_THICKNESS = 0.00042
"""Metres, one standard deviation: a few hairs side by side."""


def hair_strands(ground: Ground, surfels: Surfels, cover: Float[np.ndarray, " N"], look: Look) -> list[Loose]:
    """Hairs on the cap: in locks, in curls, or short as bristles; `cover` is how much of a Gaussian is hair."""
    random, unit = np.random.default_rng([look.seed, 71]), ground.unit
    curled = look.hair_shape in _CURLED
    roots = _roots(surfels, cover, _COUNTS.get(look.hair_shape, 15000), random)
    if not len(roots):
        return []
    if curled:
        roots = np.repeat(roots[::_IN_CURL], _IN_CURL)
    normals, points = surfels.axes[roots, :, 2], _scattered(surfels, roots, random)
    lengths = np.full(len(roots), {"buzz": 0.0012, "crop": 0.0045}.get(look.hair_shape, 0.0065) * unit)
    along = strand_directions(ground.anatomy, points, normals, look)
    if curled:
        points, along = _curls(points, (0.0055 if look.hair_shape == "afro" else 0.0042) * unit, random)
        lengths[:] = 0.0022 * unit
    else:
        # Locks lie together; hairs leave them a little, also outwards.
        swing = 0.22 * waves(points / unit, (0.025, 0.05, 0.025), look.seed + 72) + 0.12 * random.normal(
            size=len(roots)
        )
        along = along + swing[:, None] * np.cross(normals, along)
        along += 0.10 * random.normal(size=(len(roots), 1)) * normals
    loose = 0.0006 if look.hair_shape in ("buzz", "crop") else 0.0012
    lift = np.minimum(random.exponential(loose, len(roots)), 4.0 * loose) * unit
    colours = hair_colours(
        ground.anatomy, points, normals, look, (0.8 if curled else 1.7) * random.normal(size=len(roots))
    )
    points = points + lift[:, None] * normals
    thickness = _THICKNESS * unit * (1.7 if look.hair_shape == "afro" else 1.0)
    return [_hairs(points, along, normals, colours, lengths, thickness, "hair", *_hosts(ground, roots))]


def tufts(
    ground: Ground,
    surfels: Surfels,
    cover: Float[np.ndarray, " N"],
    look: Look,
    *,
    count: int,
    length: float,
    lift: float,
    group: str,
) -> list[Loose]:
    """Short hairs of the face: a beard's fall, those of brows sweep outwards and rise at their inner ends."""
    random, unit = np.random.default_rng([look.seed, 73, count]), ground.unit
    roots = _roots(surfels, cover, count, random)
    if not len(roots):
        return []
    normals, points = surfels.axes[roots, :, 2], _scattered(surfels, roots, random)
    along = np.broadcast_to([0.0, -1.0, 0.25], points.shape)
    if group != "beard":
        across = ground.places.in_face[roots, 0]
        reach = np.abs(across)
        along = np.stack([np.sign(across) * np.clip(2.2 * reach, 0.1, 1.0), 1.0 - 1.25 * reach, 0.0 * reach], axis=-1)
    along = along + 0.25 * random.normal(size=points.shape)
    shade = 0.85 + 0.20 * np.clip(random.normal(size=len(roots)), -2.0, 2.5)
    colours = hair_tint(look, random.uniform(size=len(roots))) * shade[:, None]
    points = points + (lift * unit * random.uniform(size=len(roots)))[:, None] * normals
    lengths = length * unit * random.uniform(0.6, 1.2, len(roots))
    thickness = 0.7 * _THICKNESS * unit
    return [_hairs(points, along, normals, colours, lengths, thickness, group, *_hosts(ground, roots))]


def freckles(ground: Ground, surfels: Surfels, look: Look) -> list[Loose]:
    """Specks on nose and cheeks."""
    if look.freckles == 0.0:
        return []
    random, unit = np.random.default_rng([look.seed, 75]), ground.unit
    face = np.abs(ground.places.in_face[:, :2])
    face[:, 1] = ground.places.in_face[:, 1]
    dense = blob(face, (0.0, -0.45), (0.30, 0.22)) + blob(face, (0.60, -0.50), (0.32, 0.24))
    on_face = ground.places.part("face") if ground.places.parts is not None else ground.places.head > 0.9
    on_face = on_face & (ground.places.in_face[:, 2] > -0.3)
    roots = _roots(surfels, 0.9 * dense * on_face, round(330 * look.freckles), random)
    normals, points = surfels.axes[roots, :, 2], _scattered(surfels, roots, random)
    shade = 1.0 - random.uniform(0.3, 1.0, (len(roots), 1)) * [0.20, 0.32, 0.38]
    lengths = unit * random.uniform(0.0005, 0.0010, len(roots))
    specks = _hairs(
        points + 0.0003 * unit * normals,
        surfels.axes[roots, :, 0],
        normals,
        np.array(look.skin) * shade,
        lengths,
        0.0006 * unit,
        "skin",
        *_hosts(ground, roots),
    )
    return [replace(specks, gloss=np.full(len(roots), 0.05), opacities=np.full(len(roots), 0.7))]


def strands_over(ground: Ground, part: Loose, look: Look, count: int) -> Loose:
    """Hairs along the kernels of a part, bound as these are."""
    random, unit = np.random.default_rng([look.seed, 74, len(part)]), ground.unit
    surfels = Surfels(points=part.points, axes=part.axes, widths=part.widths)
    roots = _roots(surfels, np.ones(len(part)), count, random)
    normals, along = part.axes[roots, :, 2], part.axes[roots, :, 0]
    along = along + 0.10 * random.normal(size=along.shape)
    shade = 1.0 + 0.17 * np.clip(random.normal(size=len(roots)), -2.0, 2.5)
    points = _scattered(surfels, roots, random) + (random.exponential(0.0012, len(roots)) * unit)[:, None] * normals
    lengths = 0.008 * unit * random.uniform(0.7, 1.3, len(roots))
    colours, thickness = part.colours[roots] * shade[:, None], _THICKNESS * unit
    return _hairs(
        points, along, normals, colours, lengths, thickness, "hair", part.hosts[roots], part.barycentrics[roots]
    )


def _hosts(ground: Ground, roots: Int[np.ndarray, " M"]) -> tuple[Int[np.ndarray, " M"], Float[np.ndarray, "M 3"]]:
    template = ground.template
    return template.face_indices.numpy()[roots], template.barycentrics.numpy()[roots].astype(np.float64)


def _roots(
    surfels: Surfels, cover: Float[np.ndarray, " N"], count: int, random: np.random.Generator
) -> Int[np.ndarray, " M"]:
    """Rows of Gaussians, as many of each as it is large and covered; none where nothing grows."""
    grown = np.flatnonzero(cover > 0.2)
    if not len(grown):
        return grown
    sums = np.cumsum(cover[grown] * surfels.widths[grown, 0] * surfels.widths[grown, 1])
    # Evenly through the sum: free draws would leave bald spots.
    drawn = (np.arange(count) + random.uniform(size=count)) / count * sums[-1]
    return grown[np.minimum(np.searchsorted(sums, drawn), len(grown) - 1)]


def _scattered(surfels: Surfels, roots: Int[np.ndarray, " M"], random: np.random.Generator) -> Float[np.ndarray, "M 3"]:
    """Points within the patches that the roots stand for."""
    away = random.uniform(-0.75, 0.75, (len(roots), 2)) * surfels.widths[roots, :2]
    return surfels.points[roots] + (surfels.axes[roots, :, :2] * away[:, None]).sum(-1)


def _curls(
    points: Float[np.ndarray, "M 3"], radius: float, random: np.random.Generator
) -> tuple[Float[np.ndarray, "M 3"], Float[np.ndarray, "M 3"]]:
    """Rings that stand at all angles on the surface: places and directions of their kernels."""
    count = len(points) // _IN_CURL
    first, second = random.normal(size=(2, count, 3))
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    second -= (second * first).sum(-1, keepdims=True) * first
    second /= np.linalg.norm(second, axis=-1, keepdims=True)
    turn = np.arange(_IN_CURL) * 2.0 * np.pi / _IN_CURL
    cosine, sine = np.cos(turn)[None, :, None], np.sin(turn)[None, :, None]
    reach = radius * random.uniform(0.6, 1.3, (count, 1, 1))
    centres = points[::_IN_CURL, None]
    rings = centres + reach * (cosine * first[:, None] + sine * second[:, None])
    along = cosine * second[:, None] - sine * first[:, None]
    return rings.reshape(-1, 3), along.reshape(-1, 3)


def _hairs(
    points: Float[np.ndarray, "M 3"],
    along: Float[np.ndarray, "M 3"],
    normals: Float[np.ndarray, "M 3"],
    colours: Float[np.ndarray, "M 3"],
    lengths: Float[np.ndarray, " M"],
    thickness: float,
    group: str,
    hosts: Int[np.ndarray, " M"],
    barycentrics: Float[np.ndarray, "M 3"],
) -> Loose:
    """Thin kernels along directions, facing as the surface does that they lie on."""
    along = unit_rows(along)
    across = unit_rows(np.cross(normals, along))
    thick = np.full(len(points), thickness)
    return Loose(
        points=points,
        axes=np.stack([along, across, np.cross(along, across)], axis=-1),
        widths=np.stack([lengths, thick, 2.0 * THINNESS * thick], axis=-1),
        colours=np.clip(colours, 0.0, 1.0),
        gloss=np.full(len(points), 0.2),
        opacities=np.full(len(points), 0.85),
        groups=(group,),
        group_indices=np.zeros(len(points), dtype=np.int64),
        hosts=hosts,
        barycentrics=barycentrics,
    )
