"""The joint gizmo's mathematics: what is under the pointer, where the rings are, what a drag of one does."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from nlfgs_studio.app.viewport.gizmo import (
    EDGE_ON,
    Gizmo,
    Turn,
    beyond_limits,
    gizmo_at,
    grabbed,
    handle,
    joint_under,
    pixels_and_depths,
    ring,
    turned,
)
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.geometry.rotations import axis_angle_to_matrix
from nlfgs_studio.core.rendering.display import Mesh

CAMERA = OrbitCamera(yaw=0.5, pitch=0.3, distance=3.0).camera(800, 600)
ROTATION = (0.3, -0.7, 0.4)


def matrix(rotation) -> np.ndarray:
    return axis_angle_to_matrix(torch.tensor(rotation, dtype=torch.float64)).numpy()


@pytest.fixture(scope="module")
def posed(plain_body):
    random = torch.Generator().manual_seed(5)
    rotations = 0.3 * torch.randn(55, 3, generator=random)
    rotations[JOINT_NAMES.index("left_elbow")] = torch.tensor(ROTATION)
    rest = BodyPose.rest(plain_body)
    pose = BodyPose(rotations=rotations, expression=rest.expression, translation=torch.tensor([0.1, 0.0, 0.2]))
    return pose_body(plain_body, shape_body(plain_body, torch.zeros(plain_body.num_betas)), pose)


@pytest.fixture
def gizmo(posed) -> Gizmo:
    return gizmo_at(posed, JOINT_NAMES.index("left_elbow"), ROTATION, CAMERA, 70.0)


def test_the_rings_stand_in_the_joints_own_axes(gizmo, posed):
    joint = JOINT_NAMES.index("left_elbow")
    assert np.allclose(gizmo.axes, posed.joint_transforms[joint, :3, :3].numpy(), atol=1e-5)
    assert np.allclose(gizmo.center, posed.joints[joint].numpy())


def test_the_rings_are_equally_large_near_and_far(posed):
    for distance in (3.5, 9.0):
        camera = OrbitCamera(yaw=0.5, distance=distance).camera(800, 600)
        gizmo = gizmo_at(posed, 20, (0.0, 0.0, 0.0), camera, 70.0)
        (center,), _ = pixels_and_depths(camera, gizmo.center[None])
        reach = max(np.linalg.norm(ring(gizmo, axis)[0] - center, axis=1).max() for axis in range(3))
        assert reach == pytest.approx(70.0, rel=0.15)


@pytest.mark.parametrize("axis", range(3))
def test_a_ring_is_taken_hold_of_at_its_handle_and_nowhere_else(gizmo, axis):
    x, y = handle(gizmo, axis)
    assert grabbed(gizmo, (x, y)) == axis
    assert grabbed(gizmo, (x + 200.0, y)) is None
    (center,), _ = pixels_and_depths(CAMERA, gizmo.center[None])
    assert grabbed(gizmo, (center[0], center[1] + 300.0)) is None


@pytest.mark.parametrize("axis", range(3))
def test_a_turn_follows_the_pointer_around_its_ring(gizmo, axis):
    """The point that was taken hold of stays under the pointer, nearly so where the ring is seen from its edge."""
    pixels, _ = ring(gizmo, axis)
    start, end = 4, 10
    turn = Turn(gizmo=gizmo, axis=axis, start=tuple(pixels[start]))
    expected = (end - start) * math.tau / (len(pixels) - 1)
    towards = gizmo.center - CAMERA.center.double().numpy()
    is_open = abs(gizmo.axes[:, axis] @ towards) / np.linalg.norm(towards) > EDGE_ON
    assert turn.angle(tuple(pixels[end])) == pytest.approx(expected, abs=1e-6 if is_open else 0.05)
    assert turn.angle(tuple(pixels[start])) == pytest.approx(0.0, abs=1e-9)


def test_a_turn_is_about_the_joints_own_axis():
    for axis in range(3):
        turn = np.zeros(3)
        turn[axis] = 0.6
        expected = matrix(ROTATION) @ matrix(tuple(turn))
        assert np.allclose(matrix(turned(ROTATION, axis, 0.6)), expected, atol=1e-9)
        assert np.allclose(matrix(turned(turned(ROTATION, axis, 0.6), axis, -0.6)), matrix(ROTATION), atol=1e-9)


def test_from_rest_a_turn_changes_one_component():
    assert turned((0.0, 0.0, 0.0), 1, -0.5) == pytest.approx((0.0, -0.5, 0.0), abs=1e-9)


def test_where_a_drag_ends_does_not_depend_on_its_way(gizmo):
    turn = Turn(gizmo=gizmo, axis=2, start=handle(gizmo, 2))
    x, y = turn.start
    direct = turn.rotation((x + 20.0, y + 30.0))
    turn.rotation((x - 50.0, y))
    assert turn.rotation((x + 20.0, y + 30.0)) == direct
    assert turn.rotation(turn.start) == pytest.approx(ROTATION, abs=1e-9)


def test_a_ring_seen_from_its_edge_turns_along_itself():
    camera = OrbitCamera(distance=3.0, target=(0.0, 0.0, 0.0)).camera(800, 600)
    gizmo = Gizmo(joint=18, rotation=(0.0, 0.0, 0.0), center=np.zeros(3), axes=np.eye(3), radius=0.35, camera=camera)
    # The ring about x is a vertical line; its near point is in the picture's middle and moves down as it turns.
    turn = Turn(gizmo=gizmo, axis=0, start=(400.0, 300.0))
    radius = 0.35 * camera.fy / (3.0 - 0.35)
    assert turn.angle((400.0, 300.0 + 0.2 * radius)) == pytest.approx(0.2, rel=0.05)
    assert turn.angle((460.0, 300.0)) == pytest.approx(0.0, abs=1e-6)
    assert all(math.isfinite(turn.angle((400.0, y))) for y in (0.0, 250.0, 600.0))


def test_limits_are_told():
    elbow = JOINT_NAMES.index("left_elbow")
    assert beyond_limits(elbow, (0.0, math.radians(-90.0), 0.0)) == (False, False, False)
    assert beyond_limits(elbow, (0.0, math.radians(60.0), math.radians(-40.0))) == (False, True, True)


def test_the_joint_under_a_pixel_is_the_one_that_moves_its_skin(body):
    shaped = shape_body(body, torch.zeros(body.num_betas))
    posed = pose_body(body, shaped, BodyPose.rest(body))
    mesh = Mesh(vertices=posed.vertices, faces=body.faces, labels=torch.zeros(len(body.faces), dtype=torch.int64))
    camera = OrbitCamera(target=(0.0, -0.3, 0.0), distance=4.0).camera(1000, 800)

    def under(first: str, second: str) -> str | None:
        ends = posed.joints[[JOINT_NAMES.index(first), JOINT_NAMES.index(second)]].double().numpy()
        (pixel,), _ = pixels_and_depths(camera, ends.mean(axis=0)[None])
        joint = joint_under(mesh, body, camera, (pixel[0], pixel[1]))
        return None if joint is None else JOINT_NAMES[joint]

    assert under("left_elbow", "left_wrist") == "left_elbow"
    assert under("right_elbow", "right_wrist") == "right_elbow"
    assert under("left_knee", "left_ankle") == "left_knee"
    assert under("right_hip", "right_knee") == "right_hip"
    assert joint_under(mesh, body, camera, (5.0, 5.0)) is None
