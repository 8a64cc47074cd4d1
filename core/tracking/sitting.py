"""What a portrait is to show: somebody's shape, a face, a place before a camera; drawn by dice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ..body.model import BodyModel
from ..synthetic.expressions import drawn_expression, drawn_face_turns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sitter:
    """Somebody who sits for portraits; the same object is the same person."""

    look: int
    """Number of the look among those that a studio has."""
    betas: Float[np.ndarray, " S"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sitting:
    """One portrait's contents, in the tracker's world."""

    sitter: Sitter
    expression: Float[np.ndarray, " E"]
    face_rotations: Float[np.ndarray, "3 3"]
    """Axis-angle of jaw, left eye and right eye beside what the actions turn."""
    head: Float[np.ndarray, "3"]
    """Axis-angle of the head in the world; zero looks into the camera."""
    offset: Float[np.ndarray, "2"]
    """Of the face from the picture's middle, in parts of its side: right, down."""
    focal: float
    """In sides of the picture."""
    closeness: float
    """Height of the face in parts of the picture's side, about."""
    light: int
    """Number of the light, the background and the camera's noise."""


def drawn_sitters(body: BodyModel, random: np.random.Generator, count: int) -> list[Sitter]:
    """People that nobody has seen; the first betas change the build, which a portrait needs little of."""
    spread = np.where(np.arange(body.num_betas) < 10, 0.6, 1.0)
    return [
        Sitter(look=number, betas=np.clip(random.normal(size=body.num_betas), -2.0, 2.0) * spread)
        for number in range(count)
    ]


def drawn_sitting(
    body: BodyModel, random: np.random.Generator, sitter: Sitter, *, turn: float = 1.0, liveliness: float = 1.0
) -> Sitting:
    """A place, a light and a face; `turn` 1 turns the head up to 36°, `liveliness` 0 is a neutral face."""
    pitch, yaw, roll = np.clip(random.normal(size=3), -2.0, 2.0) * turn * (9.0, 18.0, 7.0)
    return Sitting(
        sitter=sitter,
        expression=liveliness * drawn_expression(body, random),
        face_rotations=liveliness * drawn_face_turns(body, random),
        head=Rotation.from_euler("YXZ", (yaw, pitch, roll), degrees=True).as_rotvec(),
        offset=random.uniform(-0.08, 0.08, 2),
        focal=float(random.uniform(0.9, 2.0)),
        closeness=float(random.uniform(0.45, 0.6)),
        light=int(random.integers(1 << 30)),
    )
