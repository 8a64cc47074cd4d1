"""What a portrait is to show: somebody's shape, a face, a place before a camera; drawn by dice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ..body.model import BodyModel

_GAZE = "eyeLook"
_TO_ONE_SIDE = ("jawLeft", "mouthLeft")


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
        face_rotations=liveliness * _drawn_turns(body, random),
        head=Rotation.from_euler("YXZ", (yaw, pitch, roll), degrees=True).as_rotvec(),
        offset=random.uniform(-0.08, 0.08, 2),
        focal=float(random.uniform(0.9, 2.0)),
        closeness=float(random.uniform(0.45, 0.6)),
        light=int(random.integers(1 << 30)),
    )


def drawn_expression(body: BodyModel, random: np.random.Generator) -> Float[np.ndarray, " E"]:
    """A few of the body's actions at once and a gaze, or some of its principal components, within their ranges."""
    low, high = body.expression_ranges.double().numpy().T
    if (low < 0.0).any():
        drawn = random.normal(size=len(low)) * (random.uniform(size=len(low)) < random.uniform(0.1, 0.8))
        return np.clip(drawn, low, high)
    strengths = dict.fromkeys(body.expression_names, 0.0)
    strengths.update(_drawn_gaze(random))
    actions = _actions(body.expression_names)
    for index in random.permutation(len(actions))[: 1 + random.poisson(2.5)]:
        members = actions[index]
        strength = float(random.beta(1.1, 1.4))
        kind = random.uniform()  # both sides alike, each for itself, or one of them
        shares = (1.0, 1.0) if kind < 0.6 else (1.0, float(random.uniform())) if kind < 0.8 else (1.0, 0.0)
        order = random.permutation(len(members))
        strengths.update({members[at]: strength * share for at, share in zip(order, shares, strict=False)})
    if "jawOpen" in strengths and random.uniform() < 0.4:  # only parted lips show which lip a point lies on
        strengths["jawOpen"] = float(random.uniform(0.1, 0.8))
    return np.clip(np.array([strengths[name] for name in body.expression_names]), low, high)


def _actions(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Actions, those of the two sides together; what moves something to one side is an action for itself."""
    pairs = [
        (name, name.removesuffix("Left") + "Right")
        for name in names
        if name.endswith("Left") and name not in _TO_ONE_SIDE and not name.startswith(_GAZE)
    ]
    paired = {name for pair in pairs for name in pair}
    single = [(name,) for name in names if name not in paired and not name.startswith(_GAZE)]
    return [tuple(name for name in pair if name in names) for pair in pairs] + single


def _drawn_gaze(random: np.random.Generator) -> dict[str, float]:
    """Both eyes the same way; half of the time ahead."""
    left, up = np.clip(random.normal(scale=0.45, size=2), -1.0, 1.0) * (random.uniform() < 0.5)
    return {
        "eyeLookOutLeft": max(left, 0.0),
        "eyeLookInRight": max(left, 0.0),
        "eyeLookInLeft": max(-left, 0.0),
        "eyeLookOutRight": max(-left, 0.0),
        **{f"eyeLookUp{side}": max(up, 0.0) for side in ("Left", "Right")},
        **{f"eyeLookDown{side}": max(-up, 0.0) for side in ("Left", "Right")},
    }


def _drawn_turns(body: BodyModel, random: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Jaw and eyes of a body whose expressions do not turn them: the jaw opens, both eyes look the same way."""
    if body.action_joint_rotations is not None:
        return np.zeros((3, 3))
    opening, aside = 0.35 * random.beta(1.0, 1.6) * (random.uniform() < 0.6), random.normal(scale=0.03)
    pitch, yaw = np.clip(random.normal(scale=(0.15, 0.25)), -0.4, 0.4) * (random.uniform() < 0.5)
    return np.array([[opening, aside, 0.0], [pitch, yaw, 0.0], [pitch, yaw, 0.0]])
