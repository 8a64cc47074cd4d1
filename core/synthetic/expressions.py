"""Faces drawn by dice: wild ones, which teach every action, and those that people make before a camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..body.model import BodyModel
from ..body.presets import EXPRESSION_ACTIONS, NEUTRAL

_GAZE = "eyeLook"
_TO_ONE_SIDE = ("jawLeft", "mouthLeft")
_FACE_CHANCES = {"Happy": 0.5, NEUTRAL: 0.3, "Surprised": 0.05, "Sad": 0.05, "Angry": 0.05, "Playful": 0.05}
_WILD_SHARE = 0.15
"""Of photographs that show any face at all instead of a usual one."""


def drawn_photo_face(body: BodyModel, random: np.random.Generator) -> Float[np.ndarray, " E"]:
    """What somebody's face does when photographed: a smile of any width, rest, speech; seldom anything at all."""
    if random.uniform() < _WILD_SHARE:
        return drawn_expression(body, random)
    low, high = body.expression_ranges.double().numpy().T
    if (low < 0.0).any():
        return np.clip(0.6 * random.normal(size=len(low)), low, high)
    name = str(random.choice(list(_FACE_CHANCES), p=list(_FACE_CHANCES.values())))
    width = float(random.beta(1.6, 1.6))
    strengths = {action: width * strength for action, strength in EXPRESSION_ACTIONS[name].items()}
    strengths["jawOpen"] = strengths.get("jawOpen", 0.0) + float(random.exponential(0.12)) * (random.uniform() < 0.5)
    lids = 0.06 * float(random.exponential())
    for side in ("Left", "Right"):
        strengths[f"eyeBlink{side}"] = strengths.get(f"eyeBlink{side}", 0.0) + lids
    for action, strength in _drawn_gaze(random).items():
        strengths[action] = strengths.get(action, 0.0) + 0.5 * strength
    twitches = 0.08 * random.exponential(size=len(low)) * (random.uniform(size=len(low)) < 0.2)
    given = np.array([strengths.get(action, 0.0) for action in body.expression_names])
    return np.clip(given + twitches, low, high)


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


def drawn_face_turns(body: BodyModel, random: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Jaw and eyes of a body whose expressions do not turn them: the jaw opens, both eyes look the same way."""
    if body.action_joint_rotations is not None:
        return np.zeros((3, 3))
    opening, aside = 0.35 * random.beta(1.0, 1.6) * (random.uniform() < 0.6), random.normal(scale=0.03)
    pitch, yaw = np.clip(random.normal(scale=(0.15, 0.25)), -0.4, 0.4) * (random.uniform() < 0.5)
    return np.array([[opening, aside, 0.0], [pitch, yaw, 0.0], [pitch, yaw, 0.0]])


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
