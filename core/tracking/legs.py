"""One leg: hip, knee, ankle."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..body.joints import JOINT_NAMES
from .arms import SEEN
from .lifting import LEFT_ANKLE, LEFT_HEEL, LEFT_HIP, LEFT_KNEE, LEFT_TOES, BodyPoints
from .limbs import Limb
from .skeleton import Placed
from .turns import cross, matrices, normalized, shortest_turn, vectors

_ANKLE_LIMITS = np.radians(((-30.0, 50.0), (-25.0, 25.0), (-25.0, 25.0)))
_SURELY_SEEN = 0.9
_FOOT_POINTS_DOWN = 0.15
"""Of the foot's length: how much deeper the detector has the toes of a flat foot than its heel; over renders."""


class LegSolver:
    """Solves one leg of one body."""

    def __init__(self, rest_joints: Float[np.ndarray, "55 3"], side: str) -> None:
        self.left = side == "left"
        self.joints = tuple(JOINT_NAMES.index(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        self._limb = Limb.of(rest_joints, (f"{side}_hip", f"{side}_knee", f"{side}_ankle"), np.array([0.0, 0.0, -1.0]))
        sole = rest_joints[JOINT_NAMES.index(f"{side}_foot")] - rest_joints[self.joints[-1]]
        flat = normalized(sole * (1.0, 0.0, 1.0))
        self._foot = normalized(flat - np.array([0.0, _FOOT_POINTS_DOWN, 0.0]))

    def solve(
        self,
        rotations: Float[np.ndarray, "55 3 3"],
        confidence: Float[np.ndarray, "55"],
        trunk: Placed,
        points: BodyPoints,
    ) -> None:
        """Write the local rotations of what is seen, and how sure they are; the rest stays as it is."""
        hip, knee, ankle, heel, toes = (
            index if self.left else index + 1 for index in (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL, LEFT_TOES)
        )
        places, visibility = points.places, points.visibility
        # A leg behind a desk is made up with half a heart; the ankle gives it away.
        if visibility[hip] < SEEN or visibility[knee] < (SEEN if visibility[ankle] >= SEEN else _SURELY_SEEN):
            return
        hip_joint, knee_joint, ankle_joint = self.joints
        pelvis = trunk.rotations[0]
        upper, lower = self._limb.aimed(trunk.positions[hip_joint], places[[hip, knee, ankle]])
        confidence[hip_joint] = visibility[knee]
        if visibility[ankle] < SEEN:
            upper_rotation, _ = self._limb.turned(pelvis, upper, upper)
            rotations[hip_joint] = pelvis.T @ upper_rotation
            return
        foot = normalized(places[toes] - places[heel])
        # From behind, the detector often turns the feet round.
        foot_seen = visibility[[heel, toes]].min() >= SEEN and foot @ pelvis[:, 2] > 0.0
        # Toes point across the knee's axis.
        across = cross(foot, lower) if foot_seen else None
        upper_rotation, lower_rotation = self._limb.turned(pelvis, upper, lower, towards=across)
        rotations[hip_joint] = pelvis.T @ upper_rotation
        rotations[knee_joint] = upper_rotation.T @ lower_rotation
        confidence[knee_joint] = visibility[ankle]
        if foot_seen:
            turn = vectors(shortest_turn(self._foot, lower_rotation.T @ foot))
            rotations[ankle_joint] = matrices(np.clip(turn, _ANKLE_LIMITS[:, 0], _ANKLE_LIMITS[:, 1]))
            confidence[ankle_joint] = visibility[toes]
