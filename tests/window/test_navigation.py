"""Laws of the mouse over the picture; no window is needed for them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from nlfgs_studio.app.viewport.navigation import Drag, gesture_of, zoomed_at
from nlfgs_studio.core.cameras import OrbitCamera

ORBIT = OrbitCamera(target=(0.1, -0.3, 0.2), yaw=0.7, pitch=0.3, distance=2.5)
WIDTH, HEIGHT = 900, 600


def point_at_target_depth(orbit, x, y):
    """The point of the plane through the target, across the view, that the pixel shows."""
    camera = orbit.camera(WIDTH, HEIGHT)
    ray = torch.tensor([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1.0]) * orbit.distance
    rotation, translation = camera.camera_from_world[:3, :3], camera.camera_from_world[:3, 3]
    return rotation.T @ (ray - translation)


def drag(gesture):
    return Drag(gesture=gesture, start=(450.0, 300.0), orbit=ORBIT, height=HEIGHT)


@pytest.mark.parametrize("notches", [1.0, -1.0, 3.0])
@pytest.mark.parametrize("pixel", [(450.0, 300.0), (100.0, 80.0), (880.0, 590.0)])
def test_zooming_leaves_the_point_under_the_mouse_there(notches, pixel):
    zoomed = zoomed_at(ORBIT, notches, position=pixel, width=WIDTH, height=HEIGHT)
    assert (zoomed.distance < ORBIT.distance) == (notches > 0)
    torch.testing.assert_close(
        point_at_target_depth(zoomed, *pixel), point_at_target_depth(ORBIT, *pixel), atol=1e-5, rtol=0.0
    )


def test_panning_takes_the_point_under_the_mouse_along():
    panned = drag("pan").camera((520.0, 250.0))
    torch.testing.assert_close(
        point_at_target_depth(panned, 520.0, 250.0), point_at_target_depth(ORBIT, 450.0, 300.0), atol=1e-5, rtol=0.0
    )
    assert (panned.yaw, panned.pitch, panned.distance) == (ORBIT.yaw, ORBIT.pitch, ORBIT.distance)


@pytest.mark.parametrize("gesture", ["orbit", "pan", "zoom"])
def test_a_drag_that_comes_back_has_changed_nothing(gesture):
    going_on = drag(gesture)
    assert going_on.camera((700.0, 120.0)) != ORBIT
    returned = going_on.camera((450.0, 300.0))
    assert returned.target == pytest.approx(ORBIT.target)
    assert replace(returned, target=ORBIT.target) == ORBIT


def test_orbiting_to_the_right_brings_the_body_s_right_side_into_view():
    turned = drag("orbit").camera((450.0 + HEIGHT / 2.0, 300.0))
    assert turned.yaw == pytest.approx(ORBIT.yaw - math.pi / 2.0)
    assert turned.target == ORBIT.target


@pytest.mark.parametrize(
    ("button", "shift", "control", "gesture"),
    [
        (0, False, False, "orbit"),
        (0, True, False, "pan"),
        (1, False, False, "pan"),
        (2, False, False, "pan"),
        (0, False, True, "zoom"),
    ],
)
def test_buttons_and_keys_choose_the_gesture(button, shift, control, gesture):
    assert gesture_of(button, shift=shift, control=control) == gesture
