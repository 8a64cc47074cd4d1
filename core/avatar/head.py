"""Paint for what is bare: skin with lips, brows, eyes and mouth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from .anatomy import Anatomy, Lattice, Places
from .look import Look
from .patterns import mixed, smoothstep, waves_within
from .skin import bare_skin, mirrored, zones_of

OPACITY = 0.99
TEETH = (0.90, 0.87, 0.80)
_GUMS, _TONGUE = (0.62, 0.27, 0.25), (0.70, 0.36, 0.34)
_SCLERA, _PUPIL, _HIGHLIGHT = (0.83, 0.805, 0.785), (0.025, 0.022, 0.022), (1.0, 1.0, 1.0)
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
    count, skin, zones = len(places), np.array(look.skin), zones_of(places)
    colours = mixed(bare_skin(places, look), skin * (0.80, 0.68, 0.66), 0.45 * zones.around_eyes)
    lips = _lips(places, lattice)
    colours = mixed(colours, look.lips, 0.85 * lips)
    brows = _brows(mirrored(places.in_face), look) * zones.front
    colours = mixed(colours, np.array(look.hair) * 0.9, 0.6 * brows)
    softness = np.ones(count)
    gloss = 0.05 + 0.06 * zones.oily + 0.08 * lips + 0.10 * places.part("fingernails", "toenails")
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
def _lips(places: Places, lattice: Lattice) -> Float[np.ndarray, " N"]:
    """The file's label, else an ellipse where mouths are: 1.15 eye distances below the eyes."""
    outward = mirrored(places.in_face)
    if places.parts is not None:
        label = lattice.smoothed(lattice.smoothed(places.part("lip_upper", "lip_lower").astype(np.float64)))
        side, up = np.minimum(outward[:, 0], 0.40), outward[:, 1]
        # The label is a coarse patch: a bow above and an arc below, both of which run out into the corners.
        bow = -1.165 + 0.140 * (1.0 - (side / 0.40) ** 1.8) - 0.024 * np.exp(-np.square(side / 0.055))
        arc = -1.180 - 0.150 * (1.0 - (side / 0.40) ** 2.2)
        inside = smoothstep(bow + 0.018, bow - 0.018, up) * smoothstep(arc - 0.018, arc + 0.018, up)
        return smoothstep(0.25, 0.75, label) * inside
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
            between = 0.10 * np.cos(places.points[row, 0] * (np.pi / 0.0085)) ** 16
            enamel = np.array(TEETH) * (1.0 - between)[:, None]
            colours[row[mouth]] = mixed(enamel, _GUMS, smoothstep(0.62, 0.80, root))
    front = places.points[lips > 0.5, 2].max(initial=places.points[mouth, 2].max())
    unit = places.anatomy.eye_distance / 0.06
    reach = smoothstep(front - 0.055 * unit, front - 0.008 * unit, places.points[mouth, 2])
    sideways = 0.45 + 0.55 * smoothstep(0.028 * unit, 0.012 * unit, np.abs(places.points[mouth, 0]))
    reach *= sideways
    # Teeth lie behind closed lips here, but are seen only where lips have drawn back.
    teeth = places.part("teeth_upper", "teeth_lower")[mouth]
    reach[teeth] = np.maximum(reach, sideways)[teeth]
    return colours * (0.25 + 0.75 * reach)[:, None], 0.8 * reach
