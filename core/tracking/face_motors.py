"""One motor for each motion of the face: what is solved from the points, what follows the gaze, what turns the jaw.

On a body whose action opens the jaw that action is the jaw's only motor; on others the jaw is free. An eye's turn is
shared out the same way: the actions that turn it take what they can (the lids go with them), the joint the rest.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from ..body.joints import FACE_JOINTS, JAW, JOINT_LIMITS_DEGREES
from ..body.model import BodyModel
from . import turns as so3
from .face_rig import NUM_TURNS, FaceRig
from .solution import FaceSolution

_LEAST_MOTION = 0.0015
"""Metres; an action that moves no point by as much cannot be told from the points (the tongue)."""


class FaceMotors:
    """The variables of a face: first the jaw's axis-angle where it is free, then the `solved` actions."""

    def __init__(self, rig: FaceRig) -> None:
        body = rig.body
        self.action_turns: Float[np.ndarray, "E 3 3"] = _action_turns(body)
        """Axis-angles by which each action at 1 turns jaw, left and right eye."""
        turns_eye = self.action_turns[:, 1:].any(axis=(1, 2))
        axes = np.tile(np.eye(3), (len(rig.offsets), 1, 1))
        jacobian = rig.derivatives(axes, np.zeros((3, 3)), np.zeros(rig.num_expression))
        reach = np.linalg.norm(jacobian[:, :, NUM_TURNS:], axis=1).max(axis=0)
        turns_jaw = self.action_turns[:, 0].any(axis=1)
        self.solved: Int[np.ndarray, " A"] = np.flatnonzero(~turns_eye & ((reach > _LEAST_MOTION) | turns_jaw))
        self.num_jaw = 0 if turns_jaw.any() else 3
        names = body.expression_names
        ranges = body.expression_ranges.numpy().astype(np.float64)[self.solved]
        jaw_limits = np.radians(JOINT_LIMITS_DEGREES[JAW].numpy().astype(np.float64))[: self.num_jaw]
        self.ranges: Float[np.ndarray, "V 2"] = np.concatenate([jaw_limits, ranges])
        self.one_sided: Bool[np.ndarray, " V"] = np.concatenate([np.zeros(self.num_jaw, bool), ranges[:, 0] >= 0.0])
        """Variables that begin at rest and go one way: actions with names."""
        self.from_rig: Float[np.ndarray, "P V"] = np.zeros((NUM_TURNS + rig.num_expression, len(self.ranges)))
        """Takes the rig's derivatives, by all turns and all coefficients, to those by the variables."""
        self.from_rig[: self.num_jaw, : self.num_jaw] = np.eye(self.num_jaw)
        self.from_rig[:3, self.num_jaw :] = self.action_turns[self.solved, 0].T
        self.from_rig[NUM_TURNS + self.solved, self.num_jaw + np.arange(len(self.solved))] = 1.0
        self._closing: tuple[int, int] | None = None
        if "mouthClose" in names and "jawOpen" in names:
            order = list(self.solved)
            self._closing = (
                self.num_jaw + order.index(names.index("mouthClose")),
                self.num_jaw + order.index(names.index("jawOpen")),
            )

    @property
    def num_variables(self) -> int:
        return self.num_jaw + len(self.solved)

    def limits(self, variables: Float[np.ndarray, " V"]) -> Float[np.ndarray, "V 2"]:
        """Lowest and highest values; lips close only as far as the jaw has opened them."""
        limits = self.ranges.copy()
        if self._closing is not None:
            close, opened = self._closing
            limits[close, 1] = min(limits[close, 1], variables[opened])
        return limits

    def variables(self, jaw: Float[np.ndarray, "3"], expression: Float[np.ndarray, " E"]) -> Float[np.ndarray, " V"]:
        return np.concatenate([jaw[: self.num_jaw], expression[self.solved]])

    def jaw(self, variables: Float[np.ndarray, " V"]) -> Float[np.ndarray, "3"]:
        """The pose's part of the jaw's turn."""
        return variables[:3].copy() if self.num_jaw else np.zeros(3)

    def expression(self, variables: Float[np.ndarray, " V"], gaze: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, " E"]:
        """All coefficients; `gaze` is the axis-angle by which left and right eye turn in all."""
        result = np.zeros(len(self.action_turns))
        result[self.solved] = variables[self.num_jaw :]
        for eye in range(2):
            directions = self.action_turns[:, 1 + eye]
            lengths = np.square(directions).sum(axis=1)
            result += np.clip(directions @ gaze[eye] / np.maximum(lengths, 1e-9), 0.0, 1.0)
        return result

    def turns(self, variables: Float[np.ndarray, " V"], gaze: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "3 3"]:
        """Whole axis-angles of jaw, left and right eye."""
        driven = variables[self.num_jaw :] @ self.action_turns[self.solved, 0]
        return np.stack([driven + self.jaw(variables), *gaze])

    def eye_joints(
        self, expression: Float[np.ndarray, " E"], gaze: Float[np.ndarray, "2 3"]
    ) -> Float[np.ndarray, "2 3"]:
        """What is left for the eyes' joints beside the actions."""
        driven = np.tensordot(expression, self.action_turns[:, 1:], axes=1)
        return so3.vectors(so3.matrices(gaze) @ so3.matrices(driven).swapaxes(-1, -2))

    def gaze_of(self, solution: FaceSolution) -> Float[np.ndarray, "2 3"]:
        """The eyes' whole turns."""
        driven = np.tensordot(solution.expression, self.action_turns[:, 1:], axes=1)
        joints = np.stack([solution.left_eye, solution.right_eye])
        return so3.vectors(so3.matrices(joints) @ so3.matrices(driven))


def _action_turns(body: BodyModel) -> Float[np.ndarray, "E 3 3"]:
    """By how much each action turns jaw, left and right eye."""
    if body.action_joint_rotations is None:
        return np.zeros((body.num_expression, FACE_JOINTS.stop - FACE_JOINTS.start, 3))
    return body.action_joint_rotations.numpy().astype(np.float64)
