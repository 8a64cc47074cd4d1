"""Laws of the timeline: keys are met exactly, the way between is continuous, who drives is always decided."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nlfgs_studio.core.body.interpolation import EASINGS, PoseValue, eased, orbit_between, pose_between
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.body.timeline import (
    CameraKey,
    Clip,
    ExpressionKey,
    PoseKey,
    Timeline,
    has_key,
    key_at,
    moved_key,
    with_changed_clip,
    with_clip,
    with_easing,
    with_key,
    without_clip,
    without_key,
)
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.geometry.rotations import axis_angle_to_matrix

E = 10


def value(seed: int) -> PoseValue:
    numbers = torch.randn(56, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).tolist()
    *rotations, translation = (tuple(row) for row in numbers)
    return PoseValue(rotations=tuple(rotations), translation=translation)


def pose_key(seconds: float, seed: int, **options) -> PoseKey:
    return PoseKey(seconds=seconds, value=value(seed), **options)


def distance(a: PoseValue, b: PoseValue) -> float:
    """The largest difference of any joint's rotation matrix, or of the place."""
    turns = axis_angle_to_matrix(torch.tensor([a.rotations, b.rotations], dtype=torch.float64))
    places = torch.tensor([a.translation, b.translation], dtype=torch.float64)
    return max(float((turns[0] - turns[1]).abs().max()), float((places[0] - places[1]).abs().max()))


@pytest.fixture
def keyed() -> Timeline:
    timeline = Timeline()
    for row, easing in enumerate(EASINGS):
        timeline = with_key(timeline, "pose", pose_key(0.5 + row, row, easing=easing))
    return timeline


@pytest.fixture(scope="module")
def motion() -> Motion:
    """One second in which the left arm turns and the body walks."""
    rotations = torch.zeros(20, 55, 3)
    rotations[:, 16, 2] = torch.linspace(0.1, 1.0, 20)
    translation = torch.zeros(20, 3)
    translation[:, 2] = torch.linspace(0.0, 0.5, 20)
    return Motion(name="m", fps=20.0, rotations=rotations, translation=translation, pelvis=torch.zeros(3))


def test_an_empty_timeline_leaves_everything_to_the_person(plain_body):
    moment = Timeline().at(1.0, plain_body)
    assert (moment.pose, moment.expression, moment.orbit) == (None, None, None)
    assert Timeline().is_empty


def test_it_passes_through_its_keys_exactly(keyed, plain_body):
    for key in keyed.pose:
        assert keyed.at(key.seconds, plain_body).pose is key.value


def test_one_key_is_the_same_at_all_times(plain_body):
    timeline = with_key(Timeline(), "pose", pose_key(1.0, 3))
    for seconds in (0.0, 0.99, 1.0, 3.0, 100.0):
        assert timeline.at(seconds, plain_body).pose is timeline.pose[0].value


def test_before_the_first_and_after_the_last_key_those_are_held(keyed, plain_body):
    assert keyed.at(0.0, plain_body).pose is keyed.pose[0].value
    assert keyed.at(99.0, plain_body).pose is keyed.pose[-1].value


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 6.0))
def test_the_way_between_keys_is_continuous_but_for_hold(plain_body, seconds):
    timeline = Timeline()
    for place, easing in enumerate(("smooth", "linear", "ease in", "ease out", "linear")):
        timeline = with_key(timeline, "pose", pose_key(0.5 + place, place, easing=easing))
    step = 1e-4
    before, after = (timeline.at(moment, plain_body).pose for moment in (seconds, seconds + step))
    # Half turns in a second at most, and twice that where an easing is steepest.
    assert distance(before, after) < 4.0 * 2.0 * math.pi * step


def test_hold_stays_until_the_next_key(plain_body):
    timeline = with_key(Timeline(), "pose", pose_key(1.0, 1, easing="hold"))
    timeline = with_key(timeline, "pose", pose_key(2.0, 2))
    assert timeline.at(1.999, plain_body).pose is timeline.pose[0].value
    assert timeline.at(2.0, plain_body).pose is timeline.pose[1].value


@pytest.mark.parametrize("easing", EASINGS)
def test_easings_begin_at_the_key_rise_and_end_at_the_next(easing):
    values = [eased(step / 100.0, easing) for step in range(101)]
    assert values[0] == 0.0
    assert values[-1] == (0.0 if easing == "hold" else 1.0)
    assert values == sorted(values)


def test_easings_differ_as_they_say():
    assert eased(0.25, "ease in") < eased(0.25, "smooth") < eased(0.25, "linear") < eased(0.25, "ease out")


def test_half_way_is_half_the_turn():
    rest = PoseValue(rotations=((0.0, 0.0, 0.0),) * 55)
    turned = PoseValue(rotations=((0.0, 1.2, 0.0),) * 55, translation=(1.0, 2.0, 3.0))
    half = pose_between(rest, turned, 0.5)
    torch.testing.assert_close(torch.tensor(half.rotations), torch.tensor([[0.0, 0.6, 0.0]]).expand(55, 3))
    assert half.translation == (0.5, 1.0, 1.5)


def test_rotations_go_the_shorter_way():
    first = PoseValue(rotations=((0.0, 3.0, 0.0),) * 55)
    second = PoseValue(rotations=((0.0, -3.0, 0.0),) * 55)
    middle = torch.tensor(pose_between(first, second, 0.5).rotations[0])
    assert float(middle.norm()) == pytest.approx(math.pi, abs=1e-5)


def test_cameras_take_the_shorter_way_round():
    first, second = OrbitCamera(yaw=3.0, distance=1.0), OrbitCamera(yaw=-3.0, distance=4.0)
    middle = orbit_between(first, second, 0.5)
    assert abs(middle.yaw) == pytest.approx(math.pi)
    assert middle.distance == pytest.approx(2.0)
    assert orbit_between(first, first, 0.3) == first


def test_expressions_and_cameras_have_rows_of_their_own(plain_body):
    timeline = with_key(Timeline(), "expression", ExpressionKey(seconds=0.0, value=(0.0,) * E, easing="linear"))
    timeline = with_key(timeline, "expression", ExpressionKey(seconds=2.0, value=(1.0,) * E))
    timeline = with_key(timeline, "camera", CameraKey(seconds=1.0, value=OrbitCamera(yaw=0.5)))
    moment = timeline.at(0.5, plain_body)
    assert moment.pose is None
    assert moment.expression == (0.25,) * E
    assert moment.orbit == OrbitCamera(yaw=0.5)


def test_a_key_replaces_one_at_the_same_moment_and_keys_stay_in_order():
    timeline = Timeline(duration=1.0)
    for seconds in (2.0, 0.5, 1.0):
        timeline = with_key(timeline, "pose", pose_key(seconds, 0))
    assert [key.seconds for key in timeline.pose] == [0.5, 1.0, 2.0]
    assert timeline.duration == 2.0
    again = with_key(timeline, "pose", pose_key(1.0, 7))
    assert [key.seconds for key in again.pose] == [0.5, 1.0, 2.0]
    assert key_at(again, "pose", 1.0).value == value(7)


def test_keys_are_moved_eased_and_removed(keyed):
    moved = moved_key(keyed, "pose", 1.5, 0.2)
    assert [key.seconds for key in moved.pose] == [0.2, 0.5, 2.5, 3.5, 4.5]
    assert key_at(moved, "pose", 0.2).value == value(1)
    assert moved_key(moved, "pose", 0.2, 1.5) == keyed
    assert key_at(with_easing(keyed, "pose", 0.5, "hold"), "pose", 0.5).easing == "hold"
    assert not has_key(without_key(keyed, "pose", 0.5), "pose", 0.5)
    for change in (without_key, lambda *arguments: moved_key(*arguments, 1.0)):
        with pytest.raises(KeyError):
            change(keyed, "pose", 0.77)


def test_two_timelines_made_alike_are_equal(keyed, motion):
    again = Timeline()
    for row, easing in enumerate(EASINGS):
        again = with_key(again, "pose", pose_key(0.5 + row, row, easing=easing))
    assert again == keyed
    clip = Clip(motion=motion, start=0.0, duration=1.0)
    assert with_clip(again, clip) == with_clip(keyed, clip) != keyed


def pose_z(timeline, seconds, body) -> float:
    """How far the motion's arm is turned."""
    return timeline.at(seconds, body, pelvis=torch.zeros(3)).pose.rotations[16][2]


def test_a_clip_plays_its_motion_at_its_place_and_speed(motion, plain_body):
    timeline = with_clip(Timeline(duration=1.0), Clip(motion=motion, start=1.0, duration=0.5, speed=2.0))
    assert timeline.duration == 1.5
    for seconds, in_motion in ((0.0, 0.0), (1.0, 0.0), (1.25, 0.5), (1.4, 0.8), (2.0, 1.0)):
        expected = motion.pose_at(in_motion, plain_body, pelvis=torch.zeros(3))
        shown = timeline.at(seconds, plain_body, pelvis=torch.zeros(3)).pose
        torch.testing.assert_close(torch.tensor(shown.rotations), expected.rotations)
        torch.testing.assert_close(torch.tensor(shown.translation), expected.translation)


def test_a_clip_that_is_longer_than_its_motion_starts_over(motion, plain_body):
    timeline = with_clip(Timeline(), Clip(motion=motion, start=0.0, duration=3.0))
    assert pose_z(timeline, 2.25, plain_body) == pytest.approx(pose_z(timeline, 0.25, plain_body))


def test_a_motion_without_a_face_leaves_the_face_to_the_person(motion, plain_body):
    clip = Clip(motion=motion, start=0.0, duration=1.0)
    assert with_clip(Timeline(), clip).at(0.5, plain_body).expression is None
    smiling = replace(motion, expression=torch.full((20, 1), 0.5), expression_names=(plain_body.expression_names[2],))
    shown = with_clip(Timeline(), replace(clip, motion=smiling)).at(0.5, plain_body).expression
    assert shown[2] == 0.5
    assert sum(shown) == 0.5


def test_keys_win_over_clips_between_the_first_and_the_last_key(motion, plain_body):
    timeline = with_clip(Timeline(), Clip(motion=motion, start=0.5, duration=3.0))
    timeline = with_key(with_key(timeline, "pose", pose_key(1.0, 1)), "pose", pose_key(2.0, 2))
    assert timeline.at(1.0, plain_body).pose == value(1)
    assert timeline.at(2.0, plain_body).pose == value(2)
    assert pose_z(timeline, 0.75, plain_body) == pytest.approx(0.1 + 0.9 * 0.25 * 20 / 19, abs=1e-4)
    assert timeline.at(2.25, plain_body).pose != value(2)


def test_what_ended_last_is_held_and_before_all_what_begins_first(motion, plain_body):
    clip = Clip(motion=motion, start=1.0, duration=1.0)
    key_first = with_key(with_clip(Timeline(), clip), "pose", pose_key(0.5, 1))
    assert key_first.at(0.0, plain_body).pose == value(1)
    assert key_first.at(0.9, plain_body).pose == value(1)
    assert pose_z(key_first, 5.0, plain_body) == pytest.approx(1.0)
    clip_first = with_key(with_clip(Timeline(), clip), "pose", pose_key(3.0, 1))
    assert pose_z(clip_first, 0.0, plain_body) == pytest.approx(0.1)
    assert pose_z(clip_first, 2.9, plain_body) == pytest.approx(1.0)
    assert clip_first.at(3.1, plain_body).pose == value(1)


def test_of_two_clips_the_one_that_began_later_is_shown(motion, plain_body):
    timeline = with_clip(Timeline(), Clip(motion=motion, start=0.0, duration=1.0))
    still = replace(motion, rotations=torch.zeros(20, 55, 3))
    timeline = with_clip(timeline, Clip(motion=still, start=0.5, duration=0.2))
    assert pose_z(timeline, 0.4, plain_body) > 0.1
    assert pose_z(timeline, 0.6, plain_body) == 0.0
    assert pose_z(timeline, 0.8, plain_body) > 0.1
    assert pose_z(without_clip(timeline, 1), 0.6, plain_body) > 0.1
    later = with_changed_clip(timeline, 1, replace(timeline.clips[1], start=2.0))
    assert pose_z(later, 0.6, plain_body) > 0.1


@pytest.mark.parametrize("start", [0.6, 1.0, 1.5], ids=["overlapping", "touching", "apart"])
def test_a_clip_takes_over_from_the_one_before_it_while_it_fades_in(motion, plain_body, start):
    still = replace(motion, rotations=torch.zeros(20, 55, 3))
    timeline = with_clip(Timeline(), Clip(motion=motion, start=0.0, duration=1.0))
    timeline = with_clip(timeline, Clip(motion=still, start=start, duration=1.0, fade=0.5))
    before, at_once = pose_z(timeline, start - 1e-4, plain_body), pose_z(timeline, start + 1e-4, plain_body)
    assert at_once == pytest.approx(before, abs=1e-3)
    shown = [pose_z(timeline, start + 0.05 * step, plain_body) for step in range(3, 10)]
    assert shown == sorted(shown, reverse=True)
    assert 0.0 < shown[-1] < shown[0]
    assert pose_z(timeline, start + 0.5, plain_body) == 0.0


def test_the_first_clip_has_nothing_to_fade_in_from(motion, plain_body):
    clip = Clip(motion=motion, start=0.5, duration=1.0)
    plain, faded = (with_clip(Timeline(), replace(clip, fade=fade)) for fade in (0.0, 0.4))
    assert pose_z(faded, 0.6, plain_body) == pose_z(plain, 0.6, plain_body)


@pytest.mark.parametrize(
    "broken",
    [
        {"duration": 0.0},
        {"duration": math.nan},
        {"pose": (pose_key(2.0, 0), pose_key(1.0, 0))},
        {"camera": (CameraKey(seconds=-1.0, value=OrbitCamera()),)},
        {"expression": (ExpressionKey(seconds=math.nan, value=()),)},
    ],
)
def test_times_that_make_no_sense_are_refused(broken):
    with pytest.raises(ValueError, match=r"seconds|time"):
        Timeline(**broken)


@pytest.mark.parametrize("broken", [{"start": -1.0}, {"duration": 0.0}, {"speed": 0.0}, {"speed": math.inf}])
def test_clips_that_make_no_sense_are_refused(motion, broken):
    with pytest.raises(ValueError, match="clip"):
        with_clip(Timeline(), replace(Clip(motion=motion, start=0.0, duration=1.0), **broken))
