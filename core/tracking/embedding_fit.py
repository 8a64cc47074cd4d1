"""Finds where on a body MediaPipe's face points lie, from portraits of it.

A first guess is where the rays through the detected points meet the surface, on average. Then each point moves to the
place on the surface around it whose pictures lie nearest to the detections, robustly, over all portraits: faces that
move show which of two surfaces that touch, such as the lips, a point belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel
from ..rendering.display import Mesh
from ..rendering.mesh_renderer import face_picture
from .detection import NUM_FACE_POINTS
from .face_points import IRISES
from .sightings import Sighting

_HEAD_JOINTS = [JOINT_NAMES.index(name) for name in ("neck", "head", "jaw", "left_eye", "right_eye")]
_EYE_JOINTS = [JOINT_NAMES.index(name) for name in ("left_eye", "right_eye")]
_NO_LANDMARKS = ("tongue", "teeth_upper", "teeth_lower", "lashes")
_NUM_CANDIDATES = 60
_ROUNDS = 6
_SETTLED = 1e-4
"""Metres."""
_HUBER = 0.02
"""In eye distances; what is further off counts less."""
_LEAST_FACING = 0.05
"""Weight of a surface seen from the side: the face's outline is never seen otherwise."""
_SPREAD = 0.03
"""In eye distances; a landmark that strays so far from its place is half as reliable as one that never does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """The faces of a body on which a landmark may lie."""

    faces: Int[np.ndarray, "F 3"]
    """Numbers of vertices of the body."""
    triangles: Int[np.ndarray, " F"]
    """Their numbers among the body's faces."""
    is_eyeball: Bool[np.ndarray, " F"]
    rest: Float[np.ndarray, "F 3 3"]
    """Corners on the body's mean shape."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where the landmarks lie: faces of a `Surface` and weights of their corners."""

    faces: Int[np.ndarray, "478"]
    barycentrics: Float[np.ndarray, "478 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Evidence:
    """All sightings in units of the eye distance."""

    corners: Float[np.ndarray, "F R 2 3"]
    facing: Float[np.ndarray, "F R"]
    """Cosine between face and line of sight; negative from behind."""
    points: Float[np.ndarray, "478 R 2"]


def face_surface(body: BodyModel) -> Surface:
    """The head's skin and eyeballs."""
    weights = body.skin_weights.double().numpy()
    on_head = weights[:, _HEAD_JOINTS].sum(1) > 0.5
    faces = body.faces.numpy()
    allowed = on_head[faces].all(1)
    if body.face_parts is not None:
        names = np.array(body.part_names)[body.face_parts.numpy()]
        allowed &= ~np.isin(names, _NO_LANDMARKS)
    triangles = np.flatnonzero(allowed)
    faces = faces[triangles]
    in_eye = weights[:, _EYE_JOINTS].sum(1) > 0.5
    return Surface(
        faces=faces,
        triangles=triangles,
        is_eyeball=in_eye[faces].all(1),
        rest=body.template_vertices.double().numpy()[faces],
    )


def fit_places(surface: Surface, sightings: Sequence[Sighting]) -> tuple[Places, Float[np.ndarray, "478"]]:
    """The landmarks' places, and how reliable each is: 1 where detections never stray from it."""
    evidence = _evidence(surface, sightings)
    places = _first_guess(surface, sightings)
    centres = surface.rest.mean(1)
    trees = {}
    for eyeball in (False, True):
        members = np.flatnonzero(surface.is_eyeball == eyeball)
        trees[eyeball] = members, KDTree(centres[members])
    faces, barycentrics, spread = places.faces.copy(), places.barycentrics.copy(), np.zeros(NUM_FACE_POINTS)
    for landmark in range(NUM_FACE_POINTS):
        members, tree = trees[landmark in IRISES]
        for _ in range(_ROUNDS):
            at = barycentrics[landmark] @ surface.rest[faces[landmark]]
            candidates = members[tree.query(at, k=min(_NUM_CANDIDATES, len(members)))[1]]
            before = int(faces[landmark]), barycentrics[landmark].copy()
            faces[landmark], barycentrics[landmark], spread[landmark] = _best(evidence, landmark, before, candidates)
            if np.linalg.norm(barycentrics[landmark] @ surface.rest[faces[landmark]] - at) < _SETTLED:
                break
    return Places(faces=faces, barycentrics=barycentrics), 1.0 / (1.0 + np.square(spread / _SPREAD))


def _evidence(surface: Surface, sightings: Sequence[Sighting]) -> _Evidence:
    corners, facing, points = [], [], []
    for sighting in sightings:
        world = sighting.portrait.body.vertices.double().numpy()[surface.faces]
        normals = np.cross(world[:, 1] - world[:, 0], world[:, 2] - world[:, 0])
        lines = -world.mean(1)  # the camera stands at the origin
        lengths = np.linalg.norm(normals, axis=1) * np.linalg.norm(lines, axis=1)
        facing.append((normals * lines).sum(1) / np.maximum(lengths, 1e-12))
        corners.append(sighting.portrait.project(world) / sighting.unit)
        points.append(sighting.points[:, :2] / sighting.unit)
    return _Evidence(
        corners=np.ascontiguousarray(np.array(corners, np.float32).transpose(1, 0, 3, 2)),
        facing=np.array(facing, np.float32).T.copy(),
        points=np.array(points).swapaxes(0, 1),
    )


def _first_guess(surface: Surface, sightings: Sequence[Sighting]) -> Places:
    """The middle of where the rays meet the nearest surface, over the portraits, put back onto the surface."""
    hits = np.full((len(sightings), NUM_FACE_POINTS, 3), np.nan)
    for row, sighting in enumerate(sightings):
        portrait = sighting.portrait
        mesh = Mesh(
            vertices=portrait.body.vertices,
            faces=torch.from_numpy(surface.faces),
            labels=torch.zeros(len(surface.faces), dtype=torch.long),
        )
        seen = face_picture(mesh, portrait.camera)
        columns, lines = np.floor(sighting.points[:, :2]).astype(int).T
        inside = (columns >= 0) & (lines >= 0) & (columns < seen.shape[1]) & (lines < seen.shape[0])
        faces = np.where(inside, seen[np.clip(lines, 0, len(seen) - 1), np.clip(columns, 0, seen.shape[1] - 1)], -1)
        met = (faces >= 0) & (surface.is_eyeball[faces] == np.isin(np.arange(NUM_FACE_POINTS), IRISES))
        hits[row, met] = surface.rest[faces[met]].mean(1)
    faces = np.zeros(NUM_FACE_POINTS, np.int64)
    centres = surface.rest.mean(1)
    for landmark in range(NUM_FACE_POINTS):
        members = np.flatnonzero(surface.is_eyeball == (landmark in IRISES))
        mine = hits[~np.isnan(hits[:, landmark, 0]), landmark]
        middle = np.median(mine, axis=0) if len(mine) else centres[members].mean(0)
        faces[landmark] = members[np.linalg.norm(centres[members] - middle, axis=1).argmin()]
    return Places(faces=faces, barycentrics=np.full((NUM_FACE_POINTS, 3), 1.0 / 3.0))


def _best(
    evidence: _Evidence,
    landmark: int,
    before: tuple[int, Float[np.ndarray, "3"]],
    candidates: Int[np.ndarray, " C"],
) -> tuple[int, Float[np.ndarray, "3"], float]:
    """The face among the candidates, the place on it, and how far the detections stray from it (robust, RMS)."""
    targets = evidence.points[landmark]
    face, barycentrics = before
    strays = np.linalg.norm(evidence.corners[face] @ barycentrics - targets, axis=1)
    weights = np.minimum(1.0, _HUBER / np.maximum(strays, 1e-9)) * np.maximum(evidence.facing[face], _LEAST_FACING)
    costs, places = _least_squares(evidence.corners[candidates], targets, weights / weights.sum())
    best = int(costs.argmin())
    return int(candidates[best]), places[best], float(np.sqrt(max(costs[best], 0.0)))


def _least_squares(
    corners: Float[np.ndarray, "C R 2 3"], targets: Float[np.ndarray, "R 2"], weights: Float[np.ndarray, " R"]
) -> tuple[Float[np.ndarray, " C"], Float[np.ndarray, "C 3"]]:
    """For each triangle the point of it that is nearest to the targets, and its mean squared distance.

    The cost is x'Gx over barycentrics x that sum to 1, G being the Gram matrix of the corners seen from the targets.
    """
    seen = (corners - targets[..., None]) * np.sqrt(weights)[:, None, None]
    rows = seen.reshape(len(seen), -1, 3)
    gram = rows.swapaxes(1, 2) @ rows
    options = [_on_plane(gram), *(_on_edge(gram, first, second) for first, second in ((0, 1), (1, 2), (2, 0)))]
    costs = np.array([np.einsum("ck,ckl,cl->c", x, gram, x) for x in options])
    costs[0, (options[0] < 0.0).any(1)] = np.inf
    best = costs.argmin(0)
    rows = np.arange(len(best))
    return costs[best, rows], np.array(options)[best, rows]


def _on_plane(gram: Float[np.ndarray, "C 3 3"]) -> Float[np.ndarray, "C 3"]:
    """The least of x'Gx where x sums to 1: along the inverse of G times ones."""
    loaded = gram + 1e-12 * np.eye(3)
    x = np.linalg.solve(loaded, np.ones((*gram.shape[:1], 3, 1)))[..., 0]
    return x / x.sum(1, keepdims=True)


def _on_edge(gram: Float[np.ndarray, "C 3 3"], first: int, second: int) -> Float[np.ndarray, "C 3"]:
    """The least between two corners, ends included."""
    a, b, ab = gram[:, first, first], gram[:, second, second], gram[:, first, second]
    share = np.clip((a - ab) / np.maximum(a + b - 2.0 * ab, 1e-18), 0.0, 1.0)
    x = np.zeros((len(gram), 3))
    x[:, first], x[:, second] = 1.0 - share, share
    return x
