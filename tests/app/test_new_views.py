"""Which pictures of a followed person show something new."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from nlfgs_studio.app.driven import DrivenPose
from nlfgs_studio.app.new_views import MOST_VIEWS, NEW_DEGREES, NEW_EXPRESSION, STILL_DEGREES, NewViews
from nlfgs_studio.core.body.joints import JOINT_NAMES

NECK, HEAD, WRIST = (JOINT_NAMES.index(name) for name in ("neck", "head", "left_wrist"))


def looking(turns: dict[int, float] | None = None, smile: float = 0.0) -> DrivenPose:
    """Joints turned about the vertical, by degrees."""
    rotations = [(0.0, 0.0, 0.0)] * len(JOINT_NAMES)
    for joint, degrees in (turns or {}).items():
        rotations[joint] = (0.0, math.radians(degrees), 0.0)
    return DrivenPose(rotations=tuple(rotations), translation=(0.0, 0.0, 0.0), expression=(smile, 0.0))


def held_still(pose: DrivenPose) -> Iterable[DrivenPose]:
    return (pose, pose)


def num_new(views: NewViews, poses: Iterable[DrivenPose]) -> int:
    return sum(views.is_new(pose) for pose in poses)


def test_the_same_view_is_new_once():
    assert num_new(NewViews(), [looking()] * 10) == 1


@pytest.mark.parametrize(
    ("pose", "is_new"),
    [
        (looking({HEAD: NEW_DEGREES + 1.0}), True),
        (looking({HEAD: NEW_DEGREES - 1.0}), False),
        (looking({NECK: 0.6 * NEW_DEGREES, HEAD: 0.6 * NEW_DEGREES}), True),
        (looking({WRIST: 90.0}), False),
        (looking(smile=NEW_EXPRESSION + 0.05), True),
        (looking(smile=NEW_EXPRESSION - 0.05), False),
    ],
)
def test_another_head_or_face_is_new(pose, is_new):
    views = NewViews()
    num_new(views, held_still(looking()))
    assert num_new(views, held_still(pose)) == is_new


def test_a_head_that_turns_is_blurred_until_it_rests():
    views = NewViews()
    turning = [looking({HEAD: (STILL_DEGREES + 0.5) * step}) for step in range(40)]
    assert num_new(views, turning) == 0
    assert views.is_new(turning[-1])


def test_there_are_never_too_many():
    views = NewViews()
    grid = [
        looking({HEAD: 2.0 * NEW_DEGREES * turn}, smile=2.0 * NEW_EXPRESSION * smile)
        for turn in range(-6, 7)
        for smile in range(5)
    ]
    assert num_new(views, [each for pose in grid for each in held_still(pose)]) == MOST_VIEWS
