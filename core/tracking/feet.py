"""A foot that stands stays where it stands: two-bone inverse kinematics takes the sliding out of the legs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from ..body.joints import JOINT_NAMES
from .skeleton import place
from .turns import cross, matrices, normalized, shortest_turn

LEGS = tuple(
    tuple(JOINT_NAMES.index(f"{side}_{name}") for name in ("hip", "knee", "ankle")) for side in ("left", "right")
)
_STANDING_SPEED, _STEPPING_SPEED = 0.2, 0.5
"""Metres a second: a slower foot is put down, a faster one lifted."""
_LONGEST_SLIDE = 0.06
"""Metres; a foot that has been seen this far from where it stands did not stand there."""
_EASING_SECONDS = 0.12
_LONGEST_REACH = 0.998
"""Of the leg's length; a knee straightened all the way snaps."""


@dataclass(slots=True)
class _Foot:
    """Where one foot was seen last, where it stands, and how far it is held from where it is seen; metres."""

    seen: Float[np.ndarray, "3"] | None = None
    speed: float = np.inf
    stands: Float[np.ndarray, "3"] | None = None
    held: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))


class Feet:
    """Holds the standing feet of one body."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._feet = (_Foot(), _Foot())

    def held(
        self,
        rest_joints: Float[np.ndarray, "55 3"],
        rotations: Float[np.ndarray, "55 3 3"],
        translation: Float[np.ndarray, "3"],
        visible: Bool[np.ndarray, "2"],
        elapsed: float,
    ) -> Float[np.ndarray, "55 3 3"]:
        """The local rotations with other legs, such that feet that stand do not slide; nothing else moves."""
        placed = place(rest_joints, rotations, rest_joints[0] + translation)
        answer = rotations.copy()
        for leg, foot, is_seen in zip(LEGS, self._feet, visible, strict=True):
            ankle = placed.positions[leg[2]]
            offset = _offset(foot, ankle, bool(is_seen), elapsed)
            if offset @ offset > 1e-10:
                bones = placed.positions[list(leg)]
                turned = _reached(bones, placed.rotations[list(leg)], ankle + offset)
                above = (placed.rotations[0], *turned[:2])
                answer[list(leg)] = np.stack(above).swapaxes(-1, -2) @ turned
        return answer


def _offset(foot: _Foot, ankle: np.ndarray, visible: bool, elapsed: float) -> np.ndarray:
    """How far to hold the foot from where it is seen now."""
    if foot.seen is not None:
        speed = float(np.linalg.norm(ankle - foot.seen)) / elapsed
        share = elapsed / (elapsed + _EASING_SECONDS)
        foot.speed = speed if foot.speed == np.inf else foot.speed + share * (speed - foot.speed)
    foot.seen = ankle
    if foot.stands is None and visible and foot.speed < _STANDING_SPEED:
        foot.stands = ankle + foot.held
    slid = 0.0 if foot.stands is None else float(np.linalg.norm(foot.stands - ankle))
    if not visible or foot.speed > _STEPPING_SPEED or slid > _LONGEST_SLIDE:
        foot.stands = None
    foot.held = foot.held * np.exp(-elapsed / _EASING_SECONDS) if foot.stands is None else foot.stands - ankle
    return foot.held


def _reached(
    joints: Float[np.ndarray, "3 3"], rotations: Float[np.ndarray, "3 3 3"], target: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "3 3 3"]:
    """World rotations of hip, knee and ankle that take the ankle to the target; the foot keeps its turn."""
    hip, knee, ankle = joints
    upper, lower = knee - hip, ankle - knee
    lengths = np.sqrt([upper @ upper, lower @ lower])
    reach = min(float(np.linalg.norm(target - hip)), _LONGEST_REACH * lengths.sum())
    cosine = (reach * reach - lengths @ lengths) / (2.0 * lengths[0] * lengths[1])
    bend = np.arccos(np.clip(cosine, -1.0, 1.0))
    across = cross(upper, lower)
    # The knee's own axis, which is the body's left at rest, where it is too straight to show one.
    axis = normalized(across) if across @ across > 1e-6 else rotations[0][:, 0]
    more = matrices((bend - np.arctan2(axis @ across, upper @ lower)) * axis)
    whole = shortest_turn(normalized(upper + more @ lower), normalized(target - hip))
    return np.stack([whole @ rotations[0], whole @ more @ rotations[1], rotations[2]])
