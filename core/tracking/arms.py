"""One arm: collar, shoulder, elbow, wrist and fingers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..body.joints import JOINT_NAMES, LEFT_HAND, RIGHT_HAND
from .hands import HandSolver, palm_turn
from .lifting import LEFT_ELBOW, LEFT_INDEX, LEFT_PINKY, LEFT_SHOULDER, LEFT_WRIST, BodyPoints, LiftedHand
from .limbs import Limb
from .skeleton import CHEST, Placed
from .turns import matrices, normalized, twist_about, vectors

SEEN = 0.5
"""Visibility from which a point counts."""
_RAISED_COLLAR, _LOWERED_COLLAR, _FORWARD_COLLAR = np.radians((25.0, 5.0, 12.0))
"""How far the collar goes along with an arm that is raised, hangs or reaches forward."""
_TWIST_RANGE = np.radians((-150.0, 60.0))
"""Of the palm about the forearm, elbow and wrist together; at zero the palm looks along the elbow's axis."""
_ELBOWS_SHARE = 0.5
_WRIST_LIMITS = np.radians((80.0, 40.0, 80.0))

_MIRROR_DOUBT = 2.0
"""Radians of a broken wrist that outweigh a detector that is sure which hand it sees."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _HandTurn:
    """How the hand stands to the plainly bent forearm."""

    twist: float
    """Radians about the forearm, elbow and wrist together."""
    bend: Float[np.ndarray, "3"]
    """Axis-angle of the wrist beside its twist."""
    beyond_limits: float
    """Radians that had to be cut away."""


class ArmSolver:
    """Solves one arm of one body."""

    def __init__(self, rest_joints: Float[np.ndarray, "55 3"], side: str) -> None:
        self.left = side == "left"
        self.hand = HandSolver(rest_joints, side)
        self.fingers = LEFT_HAND if self.left else RIGHT_HAND
        self.joints = tuple(JOINT_NAMES.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist"))
        self._limb = Limb.of(
            rest_joints, (f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist"), np.array([0.0, 0.0, 1.0])
        )
        self._axis = self._limb.lower if self.left else -self._limb.lower
        self._collar_bone = rest_joints[self.joints[1]] - rest_joints[self.joints[0]]
        wrist = rest_joints[self.joints[-1]]
        self._knuckles = normalized(
            np.stack([rest_joints[JOINT_NAMES.index(f"{side}_{name}1")] - wrist for name in ("index", "pinky")])
        )

    def solve(
        self,
        rotations: Float[np.ndarray, "55 3 3"],
        confidence: Float[np.ndarray, "55"],
        trunk: Placed,
        points: BodyPoints,
        hand: LiftedHand | None,
        wrist_before: Float[np.ndarray, "3 3"] | None = None,
    ) -> None:
        """Write the local rotations of what is seen, and how sure they are; the rest stays as it is."""
        shoulder, elbow, wrist = (self._point(name) for name in (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST))
        places, visibility = points.places, points.visibility
        # An elbow beside the picture is still well guessed when the hand is in it.
        elbow_seen = max(visibility[elbow], 0.8 * visibility[wrist])
        if elbow_seen < SEEN:
            return
        collar_joint, shoulder_joint, elbow_joint, wrist_joint = self.joints
        chest = trunk.rotations[CHEST]
        rotations[collar_joint] = self._collar(chest.T @ normalized(places[elbow] - places[shoulder]))
        above = chest @ rotations[collar_joint]
        root = trunk.positions[collar_joint] + above @ self._collar_bone
        upper, lower = self._limb.aimed(root, places[[shoulder, elbow, wrist]])
        confidence[[collar_joint, shoulder_joint]] = elbow_seen
        if visibility[wrist] < SEEN:
            upper_rotation, _ = self._limb.turned(above, upper, upper)
            rotations[shoulder_joint] = above.T @ upper_rotation
            return
        upper_rotation, lower_rotation = self._limb.turned(above, upper, lower)
        rotations[shoulder_joint] = above.T @ upper_rotation
        rotations[elbow_joint] = upper_rotation.T @ lower_rotation
        confidence[elbow_joint] = visibility[wrist]
        knuckles = self._knuckle_turn(points)
        if hand is None and knuckles is None:
            return
        turn = self._shared(lower_rotation.T @ knuckles) if knuckles is not None else None
        if hand is not None:
            turn = self._hand_turn(rotations, lower_rotation, hand, (knuckles, wrist_before))
            confidence[self.fingers] = hand.confidence
        assert turn is not None
        confidence[wrist_joint] = visibility[wrist]
        twist = np.array([_ELBOWS_SHARE, 1.0 - _ELBOWS_SHARE])[:, None] * turn.twist * self._axis
        elbows, wrists, bend = matrices(np.stack([*twist, turn.bend]))
        rotations[elbow_joint] = rotations[elbow_joint] @ elbows
        rotations[wrist_joint] = wrists @ bend

    def _point(self, left: int) -> int:
        return left if self.left else left + 1

    def _collar(self, upper: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
        """The shoulder blade follows the arm (scapulohumeral rhythm); `upper` in the chest's frame."""
        raised = _RAISED_COLLAR * max(upper[1], 0.0) + _LOWERED_COLLAR * min(upper[1], 0.0)
        turn = np.array([0.0, -_FORWARD_COLLAR * max(upper[2], 0.0), raised])
        return matrices(turn if self.left else -turn)

    def _knuckle_turn(self, points: BodyPoints) -> Float[np.ndarray, "3 3"] | None:
        """The hand's rotation in the world by the body's own two knuckles, where they are seen."""
        wrist, knuckles = self._point(LEFT_WRIST), [self._point(LEFT_INDEX), self._point(LEFT_PINKY)]
        if points.visibility[knuckles].min() < SEEN:
            return None
        return palm_turn(self._knuckles, normalized(points.places[knuckles] - points.places[wrist]))

    def _hand_turn(
        self,
        rotations: Float[np.ndarray, "55 3 3"],
        lower_rotation: Float[np.ndarray, "3 3"],
        hand: LiftedHand,
        hints: tuple[Float[np.ndarray, "3 3"] | None, ...],
    ) -> _HandTurn:
        """Write the fingers; answers how the hand stands to the forearm.

        One outline may be a left hand's palm or a right one's back: the detector's depth comes reversed where it took
        the one for the other, and such a hand would break the wrist. `hints` are rotations to be near to.
        """
        costs, choices = [], []
        for points, doubt in ((hand.points, 0.0), (hand.mirrored, hand.confidence - 0.5)):
            palm = self.hand.palm(points)
            turn = self._shared(lower_rotation.T @ palm)
            against = sum(float(np.linalg.norm(vectors(hint.T @ palm))) for hint in hints if hint is not None)
            costs.append(turn.beyond_limits + 0.5 * against + _MIRROR_DOUBT * doubt)
            choices.append((points, palm, turn))
        points, palm, turn = choices[int(np.argmin(costs))]
        rotations[self.fingers] = self.hand.fingers(points, palm)
        return turn

    def _shared(self, hand: Float[np.ndarray, "3 3"]) -> _HandTurn:
        """Split the hand's turn against the forearm between the elbow, which twists, and the wrist."""
        middle = _TWIST_RANGE.mean()
        wanted = np.remainder(twist_about(hand, self._axis) - middle + np.pi, 2.0 * np.pi) - np.pi + middle
        twist = float(np.clip(wanted, *_TWIST_RANGE))
        swing = vectors(matrices(-wanted * self._axis) @ hand)
        bent = np.clip(swing, -_WRIST_LIMITS, _WRIST_LIMITS)
        return _HandTurn(
            twist=twist, bend=bent, beyond_limits=float(np.abs(wanted - twist) + np.linalg.norm(swing - bent))
        )
