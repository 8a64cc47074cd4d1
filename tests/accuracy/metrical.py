"""How far a head's shape is from the truth in millimetres, as MICA and the NoW benchmark measure it, without scale.

Points of the true surface around the nose against the nearest places of the found one, once that has been moved and
turned, never scaled, to where their distances are least (Zielonka et al., "Towards Metrical Reconstruction of Human
Faces", 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from scipy.spatial import KDTree

REACH = 0.095
"""Metres from the tip of the nose, as in NoW."""
SKIN = ("face", "forehead", "lip_upper", "lip_lower", "brow_left", "brow_right", "eyelid_left", "eyelid_right")
"""Parts that a scan of a face shows."""
NEAREST_FACES = 16
NUM_ROUNDS = 12


@dataclass(frozen=True, kw_only=True)
class Distances:
    """Millimetres over the points."""

    median: float
    mean: float
    deviation: float


def distances(body: BodyModel, found: Float[np.ndarray, "V 3"], true: Float[np.ndarray, "V 3"]) -> Distances:
    """Of two bodies at rest with neutral faces."""
    scanned = _scanned(body, true)
    points, faces = true[scanned], body.faces.numpy()[_of_face(body)]
    moved = _onto(found, found[scanned], points)
    for _ in range(NUM_ROUNDS):
        nearest = _nearest(points, moved, faces)
        moved = _onto(moved, nearest, points)
    errors = 1000.0 * np.linalg.norm(_nearest(points, moved, faces) - points, axis=1)
    return Distances(median=float(np.median(errors)), mean=float(errors.mean()), deviation=float(errors.std()))


def _of_face(body: BodyModel) -> np.ndarray:
    assert body.face_parts is not None
    return np.isin(body.face_parts.numpy(), [body.part_names.index(part) for part in SKIN])


def _scanned(body: BodyModel, true: Float[np.ndarray, "V 3"]) -> Int[np.ndarray, " P"]:
    skin = np.unique(body.faces.numpy()[_of_face(body)])
    head = skin[body.skin_weights[skin, JOINT_NAMES.index("head")].numpy() > 0.5]
    middle = head[np.abs(true[head, 0] - np.median(true[head, 0])) < 0.01]
    nose = true[middle[true[middle, 2].argmax()]]
    return skin[np.linalg.norm(true[skin] - nose, axis=1) < REACH]


def _onto(
    vertices: Float[np.ndarray, "V 3"], sources: Float[np.ndarray, "P 3"], targets: Float[np.ndarray, "P 3"]
) -> Float[np.ndarray, "V 3"]:
    """Moved and turned as brings the sources nearest to the targets (Kabsch 1976)."""
    middle, other = sources.mean(0), targets.mean(0)
    u, _, vt = np.linalg.svd((sources - middle).T @ (targets - other))
    turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return (vertices - middle) @ turn + other


def _nearest(
    points: Float[np.ndarray, "P 3"], vertices: Float[np.ndarray, "V 3"], faces: Int[np.ndarray, "F 3"]
) -> Float[np.ndarray, "P 3"]:
    """The nearest places of a surface, among the faces whose middles are near."""
    corners = vertices[faces]
    _, candidates = KDTree(corners.mean(1)).query(points, k=NEAREST_FACES)
    a, b, c = np.moveaxis(corners[candidates], 2, 0)
    places = np.stack(
        [_on_plane(points[:, None], a, b, c), *(_on_edge(points[:, None], *edge) for edge in ((a, b), (b, c), (c, a)))]
    )
    away = np.linalg.norm(places - points[:, None], axis=-1)
    away[0] = np.where(np.isnan(away[0]), np.inf, away[0])
    kind, which = np.unravel_index(
        away.transpose(1, 0, 2).reshape(len(points), -1).argmin(1), (len(places), NEAREST_FACES)
    )
    return places[kind, np.arange(len(points)), which]


def _on_plane(
    points: np.ndarray, a: Float[np.ndarray, "P K 3"], b: Float[np.ndarray, "P K 3"], c: Float[np.ndarray, "P K 3"]
) -> Float[np.ndarray, "P K 3"]:
    """The foot of the plumb line on each triangle; not a number where it falls beside it."""
    normal = np.cross(b - a, c - a)
    squared = np.maximum((normal**2).sum(-1, keepdims=True), 1e-30)
    foot = points - ((points - a) * normal).sum(-1, keepdims=True) / squared * normal
    inside = np.ones(foot.shape[:-1], bool)
    for first, second in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(second - first, foot - first) * normal).sum(-1) >= 0.0
    return np.where(inside[..., None], foot, np.nan)


def _on_edge(
    points: np.ndarray, a: Float[np.ndarray, "P K 3"], b: Float[np.ndarray, "P K 3"]
) -> Float[np.ndarray, "P K 3"]:
    along = b - a
    share = ((points - a) * along).sum(-1, keepdims=True) / np.maximum((along**2).sum(-1, keepdims=True), 1e-30)
    return a + np.clip(share, 0.0, 1.0) * along
