"""Paint for what is bare: skin, lips, brows, eyes, mouth, nails."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from .anatomy import Anatomy, Lattice, Places
from .look import Look
from .patterns import blob, mixed, smoothstep, waves, waves_within

OPACITY = 0.99
_TEETH, _GUMS, _TONGUE = (0.90, 0.87, 0.80), (0.62, 0.27, 0.25), (0.70, 0.36, 0.34)
_SCLERA, _PUPIL, _HIGHLIGHT = (0.90, 0.885, 0.87), (0.025, 0.022, 0.022), (1.0, 1.0, 1.0)
_PUPIL_ANGLE, _IRIS_ANGLE = np.radians(7.5), np.radians(20.5)
_LOOK_DOWN = np.radians(1.5)
"""Lids cover more of the iris above than below: a look slightly downwards meets the viewer."""
_HIGHLIGHT_ANGLE = np.radians(2.4)
_HIGHLIGHT_DIRECTION = np.array([0.10, 0.075, 1.0]) / np.linalg.norm([0.10, 0.075, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paint:
    """Colour of the bare body, and what kind of surface it is."""

    colours: Float[np.ndarray, "N 3"]
    softness: Float[np.ndarray, " N"]
    """How much light bleeds red into the shade."""
    gloss: Float[np.ndarray, " N"]
    least_light: Float[np.ndarray, " N"]
    """What shade cannot take away: eyes and teeth catch light that the painted sky does not know of."""
    brows: Float[np.ndarray, " N"]
    lips: Float[np.ndarray, " N"]
    highlights: Bool[np.ndarray, " N"]
    opacities: Float[np.ndarray, " N"]


def paint(places: Places, lattice: Lattice, look: Look) -> Paint:
    """The colours of the body without clothes and hair."""
    face, count = places.in_face, len(places)
    skin = np.array(look.skin)
    colours = np.broadcast_to(skin, (count, 3)).copy()
    colours *= (1.0 + 0.012 * waves(places.points, (0.03, 0.03, 0.03), look.seed + 10))[:, None]
    colours = mixed(colours, skin * (1.0, 0.78, 0.76), look.cheeks * _blood(places))
    outward = np.stack([np.abs(face[:, 0]), face[:, 1], face[:, 2]], -1)
    front = places.head * smoothstep(0.0, 0.35, face[:, 2])
    around_eyes = blob(outward[:, :2], (0.50, 0.02), (0.26, 0.17)) * front
    colours = mixed(colours, skin * (0.80, 0.68, 0.66), 0.45 * around_eyes)

    lips = _lips(places, lattice, outward)
    colours = mixed(colours, look.lips, 0.85 * lips)
    brows = _brows(outward, look) * front
    colours = mixed(colours, np.array(look.hair) * 0.9, brows)
    if look.freckles > 0.0:
        colours = mixed(colours, skin * (0.70, 0.58, 0.50), 0.55 * _freckles(outward, look) * front)
    nails = places.part("fingernails", "toenails")
    colours[nails] = 0.55 * colours[nails] + 0.45 * np.array([0.95, 0.78, 0.73])
    if look.nails is not None:
        colours[nails] = look.nails

    softness = np.ones(count)
    gloss = 0.05 + 0.10 * lips + 0.10 * nails
    least_light = np.zeros(count)
    tongue, teeth = places.part("tongue"), places.part("teeth_upper", "teeth_lower")
    mouth = places.part("mouth_inside") | tongue | teeth
    if mouth.any():
        colours[mouth], least_light[mouth] = _mouth(places, lips, mouth)
    lashes = places.part("lashes")
    colours[lashes] = np.array(look.hair) * 0.35
    softness[teeth | lashes] = 0.0
    opacities = np.full(count, OPACITY)
    opacities[lashes] = _lash_opacities(places, lashes)

    highlights = np.zeros(count, dtype=bool)
    for index, name in enumerate(("left_eye", "right_eye")):
        ball = places.eyes[index] > 0.5
        if not ball.any():
            continue
        centre = eyeball_centre(places.anatomy, name)
        directions = places.points[ball] - centre
        directions /= np.maximum(np.linalg.norm(directions, axis=-1, keepdims=True), 1e-9)
        colours[ball] = _eyeball(directions, look)
        least_light[ball], softness[ball], gloss[ball] = 0.80, 0.3, 0.10
        toward_light = directions @ _HIGHLIGHT_DIRECTION
        highlights[np.flatnonzero(ball)[toward_light >= min(np.cos(_HIGHLIGHT_ANGLE), toward_light.max())]] = True
    colours[highlights] = _HIGHLIGHT
    return Paint(
        colours=colours,
        softness=softness,
        gloss=gloss,
        least_light=least_light,
        brows=brows,
        lips=lips,
        highlights=highlights,
        opacities=opacities,
    )


def eyeball_centre(anatomy: Anatomy, joint: str) -> Float[np.ndarray, "3"]:
    """The middle of what turns with the eye's joint, which need not lie on the joint."""
    ball = anatomy.weight(joint) > 0.5
    if not ball.any():
        return anatomy.joint(joint)
    return 0.5 * (anatomy.vertices[ball].min(0) + anatomy.vertices[ball].max(0))


def _eyeball(directions: Float[np.ndarray, "M 3"], look: Look) -> Float[np.ndarray, "M 3"]:
    """Colours by the angle from the straight look: pupil, iris with fibres and a dark ring, white with veins."""
    cosine, sine = np.cos(_LOOK_DOWN), np.sin(_LOOK_DOWN)
    directions = directions @ np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    angle = np.arccos(np.clip(directions[:, 2], -1.0, 1.0))
    turn = np.arctan2(directions[:, 1], directions[:, 0])
    iris = np.array(look.iris)
    fibres = 1.0 + 0.16 * np.cos(17.0 * turn + 2.0 * np.cos(3.0 * turn)) + 0.10 * np.cos(31.0 * turn)
    inner = smoothstep(_IRIS_ANGLE * 0.9, _PUPIL_ANGLE, angle)
    below = 0.5 - 0.5 * directions[:, 1] / np.maximum(np.sin(angle), 1e-6)
    colours = (iris * (fibres * (0.78 + 0.5 * below))[:, None]) * (1.0 + inner[:, None] * [0.25, 0.10, -0.12])
    colours = mixed(colours, iris * 0.28, smoothstep(0.80 * _IRIS_ANGLE, 0.98 * _IRIS_ANGLE, angle))
    veins = smoothstep(np.radians(30.0), np.radians(75.0), angle)
    white = np.array(_SCLERA) * (1.0 - veins[:, None] * [0.04, 0.16, 0.17])
    white *= (1.0 - 0.30 * smoothstep(0.10, 0.42, directions[:, 1]))[:, None]
    colours = np.where((angle > _IRIS_ANGLE)[:, None], white, colours)
    colours = mixed(colours, _PUPIL, smoothstep(1.15 * _PUPIL_ANGLE, 0.85 * _PUPIL_ANGLE, angle))
    return np.clip(colours, 0.0, 1.0)


def _lash_opacities(places: Places, lashes: Bool[np.ndarray, " N"]) -> Float[np.ndarray, " M"]:
    """Lashes are cards: dense along the upper lid, thinning towards the tips, hardly there below."""
    points = places.points[lashes]
    opacities = np.zeros(len(points))
    for name in ("left_eye", "right_eye"):
        away = points - eyeball_centre(places.anatomy, name)
        mine = np.sign(points[:, 0]) == np.sign(places.anatomy.joint(name)[0])
        reach = np.linalg.norm(away[mine], axis=-1)
        if not len(reach):
            continue
        outward = (reach - reach.min()) / max(float(np.ptp(reach)), 1e-6)
        strands = 0.75 + 0.25 * np.cos(90.0 * np.arctan2(away[mine, 0], away[mine, 2]))
        upper = smoothstep(-0.001, 0.001, away[mine, 1])
        opacities[mine] = (0.10 + 0.80 * upper) * smoothstep(0.9, 0.0, outward) * strands
    return np.clip(opacities, 0.01, OPACITY)


@lru_cache(maxsize=8)
def _blood(places: Places) -> Float[np.ndarray, " N"]:
    """Where skin is redder: cheeks, nose, ears, knuckles, fingertips, elbows."""
    face = places.in_face
    outward = np.stack([np.abs(face[:, 0]), face[:, 1], face[:, 2]], -1)
    head = blob(outward, (0.62, -0.55, 0.35), (0.30, 0.28, 0.35))
    head += 0.7 * blob(outward, (0.0, -0.62, 0.95), (0.22, 0.18, 0.30))
    head += 0.5 * blob(outward[:, :2], (0.0, -1.75), (0.25, 0.20))
    blood = 0.8 * places.head * head + 0.55 * ears(places)
    anatomy, unit = places.anatomy, places.anatomy.eye_distance / 0.06
    mirrored = places.points * np.where(places.points[:, :1] < 0, [-1.0, 1.0, 1.0], 1.0) / unit
    spots = [(f"left_{finger}1", (0.0, 0.006, 0.0), 0.010) for finger in ("index", "middle", "ring", "pinky")]
    spots += [(f"left_{finger}3", (0.012, 0.0, 0.0), 0.011) for finger in ("index", "middle", "ring", "pinky")]
    spots += [("left_elbow", (0.0, 0.0, -0.04), 0.03)]
    arm = mirrored[:, 0] > abs(anatomy.joint("left_elbow")[0]) / unit - 0.1
    for joint, away, radius in spots:
        blood[arm] += 0.32 * blob(mirrored[arm], tuple(anatomy.joint(joint) / unit + away), (radius,) * 3)
    return np.clip(blood, 0.0, 1.0)


def _lips(places: Places, lattice: Lattice, outward: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
    """The file's label, else an ellipse where mouths are: 1.15 eye distances below the eyes."""
    if places.parts is not None:
        return smoothstep(
            0.3, 0.8, lattice.smoothed(lattice.smoothed(places.part("lip_upper", "lip_lower").astype(np.float64)))
        )
    height = 0.20 * np.sqrt(np.maximum(1.0 - np.square(outward[:, 0] / 0.46), 0.05))
    away = np.hypot(outward[:, 0] / 0.40, (outward[:, 1] + 1.15) / height)
    return smoothstep(1.1, 0.9, away) * places.head * smoothstep(0.1, 0.3, outward[:, 2])


def _brows(outward: Float[np.ndarray, "N 3"], look: Look) -> Float[np.ndarray, " N"]:
    """Two arches above the eyes, dense at the inner end, thin at the outer; in eye distances."""
    along = (outward[:, 0] - 0.20) / 0.62
    middle = 0.37 + 0.085 * np.sin(np.pi * np.clip(along * 0.95 - 0.10, 0.0, 1.0))
    middle -= 0.10 * np.clip(along - 0.72, 0.0, 1.0)
    thickness = 0.055 * (1.0 - 0.70 * np.clip(along, 0.0, 1.0)) * smoothstep(-0.25, 0.25, along)
    possible = (np.abs(outward[:, 1] - 0.4) < 0.25) & (outward[:, 0] < 1.0) & (outward[:, 2] > 0.0)
    ragged = 0.15 * waves_within(possible, outward, (0.06, 0.2, 0.5), look.seed + 12)
    across = np.abs(outward[:, 1] - middle) / np.maximum(thickness, 0.01) + ragged
    ends = smoothstep(-0.02, 0.08, along) * smoothstep(1.06, 0.95, along)
    return 0.88 * smoothstep(1.35, 0.65, across) * ends * possible


def _freckles(outward: Float[np.ndarray, "N 3"], look: Look) -> Float[np.ndarray, " N"]:
    """Specks on nose and cheeks."""
    dense = blob(outward[:, :2], (0.0, -0.45), (0.30, 0.25)) + blob(outward[:, :2], (0.62, -0.50), (0.30, 0.25))
    specks = np.random.default_rng(look.seed + 13).uniform(size=len(outward))
    return smoothstep(1.0 - 0.30 * look.freckles, 1.0, specks) * np.clip(1.4 * dense, 0.0, 1.0)


def _mouth(
    places: Places, lips: Float[np.ndarray, " N"], mouth: Bool[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, "M 3"], Float[np.ndarray, " M"]]:
    """Colours inside the mouth and the light that reaches there: less and less from the lips to the throat."""
    colours = np.tile(_GUMS, (int(mouth.sum()), 1))
    colours[places.part("tongue")[mouth]] = _TONGUE
    for name, up in (("teeth_upper", 1.0), ("teeth_lower", -1.0)):
        row = places.part(name)
        if row.any():
            height = up * places.points[row, 1]
            root = (height - height.min()) / max(float(np.ptp(height)), 1e-6)
            between = 0.10 * np.cos(places.points[row, 0] * (2.0 * np.pi / 0.0085)) ** 8
            enamel = np.array(_TEETH) * (1.0 - between)[:, None]
            colours[row[mouth]] = mixed(enamel, _GUMS, smoothstep(0.62, 0.80, root))
    front = places.points[lips > 0.5, 2].max(initial=places.points[mouth, 2].max())
    unit = places.anatomy.eye_distance / 0.06
    reach = smoothstep(front - 0.055 * unit, front - 0.008 * unit, places.points[mouth, 2])
    reach *= 0.35 + 0.65 * smoothstep(0.026 * unit, 0.010 * unit, np.abs(places.points[mouth, 0]))
    return colours * (0.25 + 0.75 * reach)[:, None], 0.8 * reach


def ears(places: Places) -> Bool[np.ndarray, " N"]:
    """The file's label, else what stands out at the sides of the head, between brows and mouth in height."""
    if places.parts is not None:
        return places.part("ear")
    side, up, ahead = np.abs(places.in_face[:, 0]), places.in_face[:, 1], places.in_face[:, 2]
    return (side > 1.08) & (np.abs(up + 0.38) < 0.62) & (np.abs(ahead + 1.30) < 0.5) & (places.head > 0.3)
