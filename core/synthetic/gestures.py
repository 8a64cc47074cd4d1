"""What arms do in photographs: where the wrist goes, how the hand turns, which shape the fingers make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from jaxtyping import Float

Vector = tuple[float, float, float]


class Anchor(Enum):
    """What a gesture's place is counted from; axes as in the T-pose: the left, up, the front."""

    HANGING = auto()
    """Nothing: the arm hangs."""
    SHOULDER = auto()
    HEAD = auto()
    PELVIS = auto()
    THIGH = auto()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gesture:
    """For the left arm; the right one does it mirrored."""

    anchor: Anchor
    chances: tuple[float, float, float]
    """When standing, sitting, walking."""
    place: tuple[Vector, Vector]
    """Lowest and highest place of the wrist, in lengths of the arm."""
    fingers: Float[np.ndarray, "3"]
    """Where they point."""
    palm: Float[np.ndarray, "3"]
    hands: tuple[str, ...] = ("Relaxed",)
    both: bool = False
    """Both arms always do it together."""
    alone: float = 0.7
    """How often the other arm does something else."""
    holds_camera: bool = False


def _vector(x: float, y: float, z: float) -> Float[np.ndarray, "3"]:
    return np.array([x, y, z])


GESTURES: tuple[Gesture, ...] = (
    Gesture(
        anchor=Anchor.HANGING, chances=(5.0, 0.3, 9.0), place=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        fingers=_vector(0.0, -1.0, 0.0), palm=_vector(-1.0, 0.0, 0.0), hands=("Relaxed", "Relaxed", "Flat", "Fist"),
        alone=0.35,
    ),
    Gesture(  # talking with the hands
        anchor=Anchor.SHOULDER, chances=(2.0, 2.0, 0.5), place=((-0.25, -0.65, 0.35), (0.3, -0.15, 0.7)),
        fingers=_vector(-0.2, 0.25, 1.0), palm=_vector(-0.8, 0.4, 0.0), hands=("Relaxed", "Flat", "Spread", "OK"),
        alone=0.45,
    ),
    Gesture(  # a telephone to look at
        anchor=Anchor.SHOULDER, chances=(1.2, 1.2, 0.8), place=((-0.35, -0.4, 0.42), (-0.1, -0.1, 0.62)),
        fingers=_vector(-0.35, 0.85, 0.25), palm=_vector(-0.15, 0.2, -1.0), hands=("Grip", "Relaxed"), alone=0.7,
    ),
    Gesture(  # a telephone at the ear, a hand that holds the head
        anchor=Anchor.HEAD, chances=(0.5, 0.6, 0.4), place=((0.2, -0.14, 0.0), (0.26, -0.02, 0.12)),
        fingers=_vector(-0.35, 0.8, -0.35), palm=_vector(-1.0, 0.0, 0.0), hands=("Grip", "Relaxed"), alone=1.0,
    ),
    Gesture(  # hand at the chin
        anchor=Anchor.HEAD, chances=(0.8, 1.2, 0.1), place=((0.05, -0.32, 0.2), (0.14, -0.22, 0.28)),
        fingers=_vector(-0.35, 0.9, 0.1), palm=_vector(-0.3, 0.2, -1.0), hands=("Grip", "Relaxed", "Fist", "Point"),
        alone=1.0,
    ),
    Gesture(  # hand in the hair, glasses, hat
        anchor=Anchor.HEAD, chances=(0.6, 0.5, 0.2), place=((0.22, 0.12, -0.05), (0.34, 0.34, 0.15)),
        fingers=_vector(-0.9, 0.15, -0.3), palm=_vector(-0.3, -0.9, -0.2), hands=("Relaxed", "Flat"), alone=0.75,
    ),
    Gesture(  # waving
        anchor=Anchor.SHOULDER, chances=(1.0, 0.6, 0.6), place=((0.1, 0.05, 0.2), (0.5, 0.45, 0.5)),
        fingers=_vector(0.1, 1.0, 0.05), palm=_vector(-0.1, 0.0, 1.0), hands=("Spread", "Flat", "Peace", "Relaxed"),
        alone=0.9,
    ),
    Gesture(  # showing something, pointing ahead or aside
        anchor=Anchor.SHOULDER, chances=(1.0, 0.5, 0.5), place=((0.2, -0.25, 0.3), (0.9, 0.25, 0.8)),
        fingers=_vector(0.5, 0.0, 1.0), palm=_vector(-0.6, -0.6, 0.3), hands=("Point", "Flat", "Thumbs up", "Relaxed"),
        alone=0.9,
    ),
    Gesture(  # arms up
        anchor=Anchor.SHOULDER, chances=(0.9, 0.4, 0.3), place=((0.05, 0.6, -0.05), (0.6, 0.92, 0.35)),
        fingers=_vector(0.0, 1.0, 0.1), palm=_vector(-0.5, 0.0, 0.8), hands=("Fist", "Spread", "Flat", "Horns"),
        alone=0.4,
    ),
    Gesture(  # hand on the hip
        anchor=Anchor.PELVIS, chances=(1.6, 0.1, 0.1), place=((0.36, 0.12, -0.02), (0.42, 0.24, 0.06)),
        fingers=_vector(-0.75, -0.55, 0.45), palm=_vector(-0.8, 0.0, -0.5), hands=("Relaxed", "Flat", "Fist"),
        alone=0.5,
    ),
    Gesture(  # hand in or at a pocket
        anchor=Anchor.PELVIS, chances=(1.4, 0.1, 0.5), place=((0.36, -0.08, 0.02), (0.43, 0.05, 0.12)),
        fingers=_vector(-0.2, -1.0, 0.25), palm=_vector(-1.0, 0.0, 0.0), hands=("Relaxed", "Flat"), alone=0.5,
    ),
    Gesture(  # hands clasped before the belly
        anchor=Anchor.PELVIS, chances=(1.2, 0.3, 0.1), place=((0.12, 0.02, 0.36), (0.17, 0.25, 0.44)),
        fingers=_vector(-1.0, -0.35, 0.15), palm=_vector(-0.2, -0.2, -1.0), hands=("Relaxed", "Grip"), both=True,
    ),
    Gesture(  # arms crossed
        anchor=Anchor.SHOULDER, chances=(1.3, 0.7, 0.0), place=((-0.44, -0.42, 0.4), (-0.36, -0.34, 0.46)),
        fingers=_vector(-1.0, 0.15, -0.25), palm=_vector(-0.2, -0.2, -1.0), hands=("Relaxed", "Flat"), both=True,
    ),
    Gesture(  # a cup, a pen, a book
        anchor=Anchor.SHOULDER, chances=(0.9, 1.2, 0.6), place=((-0.3, -0.6, 0.4), (0.1, -0.3, 0.62)),
        fingers=_vector(-0.45, 0.1, 1.0), palm=_vector(-1.0, 0.15, -0.2), hands=("Grip",), alone=0.6,
    ),
    Gesture(  # hand on the thigh
        anchor=Anchor.THIGH, chances=(0.0, 3.5, 0.0), place=((-0.08, 0.15, -0.2), (0.08, 0.2, 0.1)),
        fingers=_vector(-0.3, -0.15, 1.0), palm=_vector(0.0, -1.0, 0.0), hands=("Relaxed", "Flat"), alone=0.3,
    ),
    Gesture(  # hands in the lap
        anchor=Anchor.PELVIS, chances=(0.0, 2.0, 0.0), place=((0.12, 0.16, 0.44), (0.17, 0.24, 0.56)),
        fingers=_vector(-1.0, -0.1, 0.4), palm=_vector(0.0, -1.0, -0.2), hands=("Relaxed", "Grip"), both=True,
    ),
    Gesture(  # forearms on a table
        anchor=Anchor.SHOULDER, chances=(0.0, 1.2, 0.0), place=((-0.32, -0.62, 0.5), (-0.12, -0.5, 0.64)),
        fingers=_vector(-0.9, 0.0, 0.5), palm=_vector(0.0, -1.0, 0.0), hands=("Relaxed", "Fist", "Flat"), both=True,
    ),
    Gesture(  # holding the camera out
        anchor=Anchor.SHOULDER, chances=(1.6, 1.2, 0.6), place=((-0.05, -0.1, 0.72), (0.4, 0.42, 0.95)),
        fingers=_vector(-0.35, 0.8, 0.3), palm=_vector(-0.2, 0.0, -1.0), hands=("Grip",), alone=1.0, holds_camera=True,
    ),
)  # fmt: skip
"""The first hangs."""
