"""A steady motion from one solution a picture: dropouts bridged, trembling smoothed, jumps capped."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int

from ..body.joints import FACE_JOINTS, JOINT_NAMES, LEFT_HAND, NUM_JOINTS, RIGHT_HAND
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from .body_solver import BodySolution, body_pose, head_placed
from .bridging import Bridge
from .feet import LEGS, Feet
from .skeleton import HEAD, Skeleton, place
from .smoothing import OneEuro, Smoothing, still_cutoff
from .sway import Sway
from .turns import ROTATIONS, VECTORS

_HEAD_ROW = NUM_JOINTS
"""Behind the local rotations of all joints comes the head's in the world."""
_LARGEST_SPEED = np.full((NUM_JOINTS + 1, 1), 14.0)
"""Radians a second; a fast throw turns the elbow by about 20, a talker's arms stay below 10."""
_LARGEST_SPEED[LEFT_HAND] = _LARGEST_SPEED[RIGHT_HAND] = _LARGEST_SPEED[FACE_JOINTS] = 20.0
_FASTEST_HEAD = 8.0
"""Metres a second; a jump or a sprint."""
_INCREDIBLE = 1.8
"""Times the largest speed: a step that would be faster is an error of the detector."""
_ARMS = {
    side: tuple(JOINT_NAMES.index(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist"))
    for side in ("left", "right")
}
_SHORTEST, _LONGEST = 1e-3, 0.5
"""Seconds between two pictures that filters can make sense of."""


class Steadying:
    """Steadies the solutions of one source; the head in the world is what it steadies, the neck follows.

    So the head stays where the face was seen whatever the filters do to the joints below it.
    """

    def __init__(self, body: BodyModel, betas: Float[torch.Tensor, " S"], smoothing: Smoothing) -> None:
        self.smoothing = smoothing
        self._skeleton = Skeleton.of(body, betas)
        self._bridges = (
            Bridge(ROTATIONS, _INCREDIBLE * _LARGEST_SPEED[:, 0]),
            Bridge(VECTORS, _FASTEST_HEAD),
            Bridge(VECTORS),
        )
        self._filters = (
            OneEuro(ROTATIONS, speed_gain=1.5),
            OneEuro(VECTORS, speed_gain=12.0),
            OneEuro(VECTORS, speed_gain=2.0),
        )
        rest = self._skeleton.rest_joints
        self._sway = Sway(float(rest[HEAD, 1] - rest[[ankle for *_, ankle in LEGS], 1].mean()))
        self._feet = Feet()
        self.reset()

    def reset(self) -> None:
        """The next solution passes as it is."""
        for part in (*self._bridges, *self._filters, self._sway, self._feet):
            part.reset()
        self._seconds: float | None = None
        self._turns: np.ndarray | None = None

    def steady(self, solution: BodySolution, seconds: float) -> BodyPose:
        """The pose to show for that solution, which was seen at that time; times rise."""
        elapsed = _SHORTEST if self._seconds is None else seconds - self._seconds
        elapsed = float(np.clip(elapsed, _SHORTEST, _LONGEST))
        self._seconds = seconds

        placed = place(self._skeleton.joints(solution.expression), solution.rotations)
        head_shift = placed.rotations[HEAD] @ self._skeleton.head_shift(solution.expression)
        head_place = placed.positions[HEAD] + solution.translation - head_shift
        face_seen = solution.confidence.face > 0.0
        evidence = _evidence(solution)
        head_evidence = evidence[[HEAD]]
        values = (
            np.concatenate([solution.rotations, placed.rotations[[HEAD]]]),
            head_place[None],
            solution.expression[:, None],
        )
        evidences = (
            np.concatenate([evidence, head_evidence]),
            # Nobody's place is at rest anywhere: what is lost stays where it was.
            np.maximum(head_evidence, 1),
            np.full(len(solution.expression), int(face_seen)),
        )
        cutoffs = (self._rotation_cutoffs(), still_cutoff(self.smoothing.head), still_cutoff(self.smoothing.face))
        turns, places, coefficients = (
            low_pass.filtered(bridge.bridged(value, seen_by, elapsed), elapsed, cutoff)
            for bridge, low_pass, value, seen_by, cutoff in zip(
                self._bridges, self._filters, values, evidences, cutoffs, strict=True
            )
        )
        turns = self._turns = self._without_jumps(turns, elapsed)
        rotations, expression = turns[:NUM_JOINTS].copy(), coefficients[:, 0]
        body_seen = bool(solution.joint_confidence[0] > 0.0)
        rotations[0] = self._sway.lean(places[0], elapsed, body_seen=body_seen) @ rotations[0]
        chain = place(self._skeleton.rest_joints, rotations)
        above = chain.rotations[HEAD] @ rotations[HEAD].T
        rotations[HEAD] = above.T @ turns[_HEAD_ROW]
        translation = head_placed(self._skeleton, rotations, expression, places[0])
        if self.smoothing.body > 0.0:
            visible = solution.joint_confidence[[ankle for *_, ankle in LEGS]] > 0.0
            joints = self._skeleton.joints(expression)
            rotations = self._feet.held(joints, rotations, translation, visible, elapsed)
        return body_pose(rotations, expression, translation)

    def _rotation_cutoffs(self) -> Float[np.ndarray, "56 1"]:
        cutoffs = np.full((NUM_JOINTS + 1, 1), still_cutoff(self.smoothing.body))
        cutoffs[LEFT_HAND] = cutoffs[RIGHT_HAND] = still_cutoff(self.smoothing.hands)
        cutoffs[FACE_JOINTS] = still_cutoff(self.smoothing.face)
        cutoffs[_HEAD_ROW] = still_cutoff(self.smoothing.head)
        return cutoffs

    def _without_jumps(self, turns: Float[np.ndarray, "56 3 3"], elapsed: float) -> Float[np.ndarray, "56 3 3"]:
        if self._turns is None:
            return turns
        step = ROTATIONS.step(self._turns, turns)
        angle = np.sqrt((step * step).sum(-1, keepdims=True))
        return ROTATIONS.moved(self._turns, step * np.minimum(1.0, _LARGEST_SPEED * elapsed / np.maximum(angle, 1e-9)))


def _evidence(solution: BodySolution) -> Int[np.ndarray, "55"]:
    """By what each joint was seen: the face moves the torso, a forearm turns its upper arm, a hand its forearm."""
    kinds = np.full(NUM_JOINTS, 1 + int(solution.confidence.face > 0.0))
    for side, hand in (("left", solution.confidence.left_hand), ("right", solution.confidence.right_hand)):
        shoulder, elbow, wrist = _ARMS[side]
        kinds[shoulder] += 2 * int(solution.joint_confidence[elbow] > 0.0)
        kinds[[elbow, wrist]] += 2 * int(hand > 0.0)
    return np.where(solution.joint_confidence > 0.0, kinds, 0)
