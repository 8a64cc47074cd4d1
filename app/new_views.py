"""Which pictures of a person who is followed show something that none before has shown: by head and face alone."""

from __future__ import annotations

import numpy as np
import torch

from ..core.body.joints import JOINT_NAMES
from ..core.geometry.rotations import axis_angle_to_matrix
from .driven import DrivenPose

TO_THE_HEAD = [JOINT_NAMES.index(name) for name in ("pelvis", "spine1", "spine2", "spine3", "neck", "head")]
NEW_DEGREES, NEW_EXPRESSION = 12.0, 0.35
"""A head turned by so much, or one strength of the face so far from what it was, is a new view."""
STILL_DEGREES = 1.5
"""A head that turned farther since the picture before may be blurred."""
MOST_VIEWS = 40


class NewViews:
    """Remembers the views that it called new."""

    def __init__(self) -> None:
        self._heads: list[np.ndarray] = []
        self._faces: list[np.ndarray] = []
        self._before: np.ndarray | None = None

    def is_new(self, pose: DrivenPose) -> bool:
        """Whether the picture of this pose is worth keeping; asked for one picture after the other."""
        head, face = _head_of(pose), np.array(pose.expression)
        before, self._before = self._before, head
        if before is None or _degrees(head, before) > STILL_DEGREES or len(self._heads) >= MOST_VIEWS:
            return False
        for seen_head, seen_face in zip(self._heads, self._faces, strict=True):
            is_same_face = len(face) == 0 or float(np.abs(face - seen_face).max()) < NEW_EXPRESSION
            if is_same_face and _degrees(head, seen_head) < NEW_DEGREES:
                return False
        self._heads.append(head)
        self._faces.append(face)
        return True


def _head_of(pose: DrivenPose) -> np.ndarray:
    """Which way it looks, in the world."""
    turns = axis_angle_to_matrix(torch.tensor([pose.rotations[joint] for joint in TO_THE_HEAD])).numpy()
    head = np.eye(3)
    for turn in turns:
        head = head @ turn
    return head


def _degrees(first: np.ndarray, second: np.ndarray) -> float:
    cosine = 0.5 * (float(np.trace(first.T @ second)) - 1.0)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
