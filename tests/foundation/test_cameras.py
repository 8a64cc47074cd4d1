"""Cameras look where they say, and moving them never makes them fall over."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nlfgs_studio.core.cameras import (
    MAX_DISTANCE,
    MIN_DISTANCE,
    OrbitCamera,
    framing,
    in_camera,
    in_frame,
    in_world,
    look_at,
    orbited,
    panned,
    pixels_of,
    projected,
    rays_of,
    rays_through,
    zoomed,
)

angles = st.floats(-10, 10)


def _project(camera, point):
    x, y, z = (camera.camera_from_world[:3, :3] @ torch.tensor(point) + camera.camera_from_world[:3, 3]).tolist()
    return camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy, z


@given(yaw=angles, pitch=angles, distance=st.floats(MIN_DISTANCE, 10))
def test_the_target_is_in_the_middle_and_up_is_up(yaw, pitch, distance):
    orbit = zoomed(orbited(OrbitCamera(distance=1.0), yaw=yaw, pitch=pitch), distance)
    camera = orbit.camera(640, 480)
    x, y, z = _project(camera, orbit.target)
    assert (x, y) == pytest.approx((320, 240), abs=1e-1)
    assert z == pytest.approx(orbit.distance, rel=1e-4)
    above = (orbit.target[0], orbit.target[1] + 0.01, orbit.target[2])
    assert _project(camera, above)[1] < 240
    rotation = camera.camera_from_world[:3, :3]
    assert torch.allclose(rotation @ rotation.T, torch.eye(3), atol=1e-5)
    assert torch.linalg.det(rotation) == pytest.approx(1.0, abs=1e-5)


def test_yaw_zero_sees_the_front_with_the_left_hand_on_the_right():
    camera = OrbitCamera(target=(0.0, 0.0, 0.0)).camera(100, 100)
    assert camera.center[2] > 0
    assert _project(camera, (0.5, 0.0, 0.0))[0] > 50


def test_positive_yaw_goes_to_the_left_side_and_positive_pitch_above():
    orbit = orbited(OrbitCamera(), yaw=0.5, pitch=0.5)
    assert orbit.position[0] > orbit.target[0]
    assert orbit.position[1] > orbit.target[1]


@given(factor=st.floats(1e-6, 1e6))
def test_zoom_keeps_its_bounds(factor):
    assert MIN_DISTANCE <= zoomed(OrbitCamera(), factor).distance <= MAX_DISTANCE


def test_panning_by_the_height_moves_the_old_target_to_the_edge():
    orbit = orbited(OrbitCamera(), yaw=0.7, pitch=0.3)
    moved = panned(orbit, right=0.5, up=0.0)
    x, y, _ = _project(moved.camera(400, 400), orbit.target)
    assert (x, y) == pytest.approx((0.0, 200.0), abs=0.1)


@pytest.mark.parametrize("yaw", [0.0, 0.8, math.pi / 2])
@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_a_framed_box_is_inside_the_picture_and_fills_it(aspect, yaw):
    low, high = np.array([-0.9, -1.2, -0.2]), np.array([0.9, 0.5, 0.3])
    orbit = framing(low, high, orbit=OrbitCamera(yaw=yaw, pitch=0.2), aspect=aspect, margin=1.0)
    camera = orbit.camera(int(400 * aspect), 400)
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True)), -1).reshape(-1, 3).astype(np.float32)
    seen = np.array([_project(camera, corner) for corner in corners])
    margins = np.concatenate([seen[:, :2], (camera.width, camera.height) - seen[:, :2]])
    assert margins.min() == pytest.approx(0.0, abs=0.5)
    assert (seen[:, 2] > 0).all()


def test_a_resized_camera_sees_the_same():
    camera = OrbitCamera(yaw=0.3).camera(640, 480)
    point = (0.1, 0.2, 0.3)
    x, y, _ = _project(camera, point)
    assert _project(camera.resized(320, 240), point)[:2] == pytest.approx((x / 2, y / 2), abs=1e-3)


def test_looking_straight_down_is_refused():
    with pytest.raises(ValueError, match="above"):
        look_at((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), fx=1.0, fy=1.0, width=1, height=1)
    assert math.isfinite(OrbitCamera(pitch=math.radians(89)).camera(10, 10).camera_from_world.sum())


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (0.7, -0.4), (-2.9, 1.2)])
def test_points_are_seen_where_they_project_and_come_back(yaw, pitch):
    camera = orbited(OrbitCamera(), yaw=yaw, pitch=pitch).camera(640, 480)
    points = 3.0 * torch.rand(200, 3, generator=torch.Generator().manual_seed(3)) - 1.5
    seen = in_camera(points, camera)
    pixels, expected = projected(seen, camera), [_project(camera, point) for point in points.tolist()]
    torch.testing.assert_close(pixels, torch.tensor(expected)[:, :2], atol=1e-2, rtol=1e-4)
    inside = [0 <= x < 640 and 0 <= y < 480 and z > camera.near for x, y, z in expected]
    assert in_frame(pixels, seen, camera).tolist() == inside
    assert 20 < sum(inside) < 180
    torch.testing.assert_close(in_world(seen, camera), points, atol=1e-5, rtol=0)
    rays = rays_through(pixels, camera.intrinsics)
    torch.testing.assert_close(rays * seen[:, 2:], seen[:, :2], atol=1e-4, rtol=0)
    np.testing.assert_allclose(pixels_of(seen.numpy(), camera), pixels, atol=1e-2)
    np.testing.assert_allclose(rays_of(pixels.numpy(), camera), rays, atol=1e-5)


def test_what_is_behind_the_camera_is_not_in_its_frame():
    camera = OrbitCamera().camera(64, 64)
    seen = torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.0, 0.5 * camera.near], [0.0, 0.0, 1.0]])
    assert in_frame(projected(seen, camera), seen, camera).tolist() == [False, False, True]


def test_rays_of_several_cameras_go_through_their_own_lenses():
    cameras = [OrbitCamera(vertical_fov=fov).camera(64, 48) for fov in (0.4, 1.2)]
    pixels = 64.0 * torch.rand(2, 5, 2)
    together = rays_through(pixels, torch.stack([camera.intrinsics for camera in cameras]))
    for rays, own, camera in zip(together, pixels, cameras, strict=True):
        torch.testing.assert_close(rays, rays_through(own, camera.intrinsics))
