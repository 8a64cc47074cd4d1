"""Where things stand on the drawn timeline, and what the mouse is on; no window is needed for it."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.app.panels.timeline_geometry import ClipHit, EndHit, Geometry, KeyHit, MomentHit, span_of
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.body.timeline import CameraKey, Clip, ExpressionKey, Timeline
from nlfgs_studio.core.cameras import OrbitCamera


@pytest.fixture
def timeline() -> Timeline:
    motion = Motion(
        name="m", fps=30.0, rotations=torch.zeros(30, 55, 3), translation=torch.zeros(30, 3), pelvis=torch.zeros(3)
    )
    return Timeline(
        expression=(ExpressionKey(seconds=1.0, value=()), ExpressionKey(seconds=1.02, value=())),
        camera=(CameraKey(seconds=6.0, value=OrbitCamera()),),
        clips=(Clip(motion=motion, start=1.0, duration=2.0), Clip(motion=motion, start=2.0, duration=2.0)),
        duration=5.0,
    )


@pytest.fixture
def geometry(timeline) -> Geometry:
    return Geometry(left=100.0, right=800.0, span=span_of(timeline), ruler_height=20.0, row_height=24.0)


def test_everything_has_its_place_and_room_is_left_at_the_end(timeline, geometry):
    assert geometry.span > 6.0
    assert geometry.x(geometry.span) == pytest.approx(800.0)
    assert geometry.x(0.0) == 100.0


def test_places_and_moments_are_each_others_inverse(geometry):
    for seconds in (0.0, 0.5, 3.21, 6.0):
        assert geometry.seconds(geometry.x(seconds)) == seconds
    assert geometry.seconds(0.0) == 0.0


def test_the_ruler_names_moments_that_do_not_crowd(geometry):
    ticks = geometry.ticks()
    assert ticks[0] == 0.0
    assert ticks[-1] <= geometry.span
    assert geometry.x(ticks[1]) - geometry.x(ticks[0]) >= 70.0


def test_the_nearest_key_of_the_row_is_hit(timeline, geometry):
    y = geometry.row_top("expression") + 10.0
    assert geometry.hit(timeline, geometry.x(1.0) - 2.0, y) == KeyHit(row="expression", seconds=1.0)
    assert geometry.hit(timeline, geometry.x(1.02) + 2.0, y) == KeyHit(row="expression", seconds=1.02)
    assert geometry.hit(timeline, geometry.x(2.0), y) == MomentHit(seconds=2.0)
    assert geometry.hit(timeline, geometry.x(1.0), geometry.row_top("pose") + 10.0) == MomentHit(seconds=1.0)


def test_of_two_clips_the_one_drawn_last_is_hit_and_its_end_can_be_held(timeline, geometry):
    y = geometry.row_top("clips") + 10.0
    assert geometry.hit(timeline, geometry.x(1.5), y) == ClipHit(index=0)
    assert geometry.hit(timeline, geometry.x(2.5), y) == ClipHit(index=1)
    assert geometry.hit(timeline, geometry.x(4.0), y) == ClipHit(index=1, part="end")
    assert geometry.hit(timeline, geometry.x(4.5), y) == MomentHit(seconds=4.5)


def test_the_timelines_end_is_held_on_the_ruler(timeline, geometry):
    assert geometry.hit(timeline, geometry.x(5.0) + 3.0, 8.0) == EndHit()
    assert geometry.hit(timeline, geometry.x(4.0), 8.0) == MomentHit(seconds=4.0)


def test_the_names_of_the_rows_are_nothing_to_hold(timeline, geometry):
    assert geometry.hit(timeline, 40.0, 30.0) is None
    assert geometry.hit(timeline, 300.0, geometry.height + 5.0) is None
