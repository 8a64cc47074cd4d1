"""Poses, hand shapes and faces that have a name, as values that any body of the format takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..geometry.rotations import axis_angle_to_matrix
from .hand_shapes import LEFT_HAND_SHAPES, Degrees, mirrored_names
from .joints import JOINT_NAMES, PARENTS
from .pose_presets import POSE_ROTATIONS

Vector = tuple[float, float, float]
Side = Literal["left", "right", "both"]

POSE_PRESETS: tuple[str, ...] = tuple(POSE_ROTATIONS)
HAND_SHAPES: tuple[str, ...] = tuple(LEFT_HAND_SHAPES)
NEUTRAL = "Neutral"

FEET = tuple(JOINT_NAMES.index(name) for name in ("left_ankle", "right_ankle", "left_foot", "right_foot"))


def _both(**strengths: float) -> dict[str, float]:
    """Actions of ARKit's names; a name that ends in `_` stands for the left and the right one."""
    actions: dict[str, float] = {}
    for name, strength in strengths.items():
        sides = (f"{name[:-1]}Left", f"{name[:-1]}Right") if name.endswith("_") else (name,)
        actions |= dict.fromkeys(sides, strength)
    return actions


EXPRESSION_ACTIONS: MappingProxyType[str, dict[str, float]] = MappingProxyType(
    {
        NEUTRAL: {},
        "Happy": _both(
            mouthSmile_=0.95, mouthDimple_=0.2, mouthUpperUp_=0.3, jawOpen=0.12, cheekSquint_=0.7, eyeSquint_=0.25,
            browOuterUp_=0.15,
        ),
        "Sad": _both(
            mouthFrown_=0.85, mouthShrugLower=0.4, mouthPress_=0.15, browInnerUp=0.95, eyeSquint_=0.15,
            eyeLookDown_=0.35,
        ),
        "Angry": _both(
            browDown_=1.0, noseSneer_=0.75, eyeSquint_=0.45, mouthFrown_=0.55, mouthPress_=0.5, mouthUpperUp_=0.2,
            jawForward=0.3,
        ),
        "Surprised": _both(browInnerUp=0.8, browOuterUp_=0.85, eyeWide_=0.9, jawOpen=0.55, mouthFunnel=0.25),
        "Playful": _both(cheekSquint_=0.35, mouthUpperUp_=0.15, jawOpen=0.1)
        | {"mouthSmileLeft": 0.6, "mouthSmileRight": 1.0, "mouthDimpleRight": 0.4, "eyeBlinkRight": 0.95}
        | {"cheekSquintRight": 0.75, "browDownRight": 0.25, "browOuterUpLeft": 0.6},
    }
)  # fmt: skip
"""Strength of the face's actions; what is not named is 0."""


def pose_preset(name: str) -> tuple[Vector, ...]:
    """Axis-angle of all 55 joints, radians.

    Raises:
        KeyError: there is no such pose.
    """
    return _in_radians(POSE_ROTATIONS[name])


def _in_radians(rotations: Mapping[str, Degrees]) -> tuple[Vector, ...]:
    at_rest = (0.0, 0.0, 0.0)
    degrees = (rotations.get(name, at_rest) for name in JOINT_NAMES)
    return tuple((math.radians(x), math.radians(y), math.radians(z)) for x, y, z in degrees)


def hand_shape(name: str, side: Side = "both") -> dict[int, Vector]:
    """Axis-angle in radians of the fingers' joints of one hand or both, by the joint's index.

    Raises:
        KeyError: there is no such shape.
    """
    left = LEFT_HAND_SHAPES[name]
    right = mirrored_names(left)
    degrees = {"left": left, "right": right, "both": left | right}[side]
    whole = _in_radians(degrees)
    return {JOINT_NAMES.index(joint): whole[JOINT_NAMES.index(joint)] for joint in degrees}


def expression_presets(expression_names: Iterable[str]) -> tuple[str, ...]:
    """Those that a face with these actions can show; one without ARKit's names can only be neutral."""
    known = set(expression_names)
    return tuple(name for name, actions in EXPRESSION_ACTIONS.items() if known.issuperset(actions))


def expression_preset(name: str, expression_names: tuple[str, ...]) -> tuple[float, ...]:
    """The strength of each of these actions.

    Raises:
        KeyError: there is no such expression, or this face lacks an action of it.
    """
    if name not in expression_presets(expression_names):
        raise KeyError(name)
    actions = EXPRESSION_ACTIONS[name]
    return tuple(actions.get(action, 0.0) for action in expression_names)


def height_on_floor(rest_joints: Float[Tensor, "55 3"], rotations: tuple[Vector, ...]) -> float:
    """How far to lift a posed body so that its lowest foot stands where the lowest foot rests; metres."""
    turns = axis_angle_to_matrix(torch.tensor(rotations, dtype=rest_joints.dtype))
    world, places = [turns[0]], [rest_joints[0]]
    for joint, parent in enumerate(PARENTS[1:], start=1):
        places.append(places[parent] + world[parent] @ (rest_joints[joint] - rest_joints[parent]))
        world.append(world[parent] @ turns[joint])
    heights = torch.stack(places)[list(FEET), 1]
    # Soles, not joints, stand on the floor: each foot joint has its own height above it at rest.
    return float(-(heights - rest_joints[list(FEET), 1]).amin())
