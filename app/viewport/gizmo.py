"""Turning a joint by rings over the picture: which joint is under the pointer, where its rings are, what a drag means.

Pure functions and values; pixels count from the picture's top left. A ring turns the joint about one of its own axes,
so the new rotation is the old one times the turn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ...core.body.joints import JOINT_LIMITS_DEGREES, PARENTS
from ...core.body.model import BodyModel, PosedBody
from ...core.cameras import Camera, in_camera, projected, rays_through
from ...core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    quaternion_multiply,
    quaternion_to_axis_angle,
)
from ...core.rendering.display import Mesh
from ...core.rendering.mesh_renderer import hit
from ..state import Point, Vector

NUM_POINTS = 72
"""Of a ring's polygon."""
GRAB_DISTANCE = 9.0
"""Pixels from a ring within which it is taken hold of."""
BACK_PENALTY = 5.0
"""Pixels that the far half of a ring counts as farther away, so that a near one is preferred."""
EDGE_ON = 0.22
"""Cosine between a ring's axis and the view below which its plane is too steep to follow the pointer in."""
LIMIT_MARGIN = 0.5
"""Degrees by which a slider's end may be passed unsaid."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gizmo:
    """The rings around a joint, in the world."""

    joint: int
    rotation: Vector
    """The joint's axis-angle vector when the rings were made, radians."""
    center: Float[np.ndarray, "3"]
    axes: Float[np.ndarray, "3 3"]
    """Columns: the joint's own x, y and z axis."""
    radius: float
    """Metres."""
    camera: Camera


def joint_under(mesh: Mesh, body: BodyModel, camera: Camera, position: Point) -> int | None:
    """The joint that moves most of the skin at a pixel; None beside the body."""
    found = hit(mesh, camera.center, _ray(camera, position).float())
    if found is None:
        return None
    weights = body.skin_weights[mesh.faces[found.face]]
    return int((found.barycentrics.to(weights) @ weights).argmax().item())


def gizmo_at(posed: PosedBody, joint: int, rotation: Vector, camera: Camera, radius_pixels: float) -> Gizmo:
    """Rings that are equally large in the picture, wherever the joint is."""
    parent = PARENTS[joint]
    turned = axis_angle_to_matrix(torch.tensor(rotation, dtype=torch.float64))
    if parent >= 0:
        turned = posed.joint_transforms[parent, :3, :3].double() @ turned
    center = posed.joints[joint].double()
    depth = max(in_camera(center, camera)[2].item(), camera.near)
    return Gizmo(
        joint=joint,
        rotation=rotation,
        center=center.numpy(),
        axes=turned.numpy(),
        radius=radius_pixels * depth / camera.fy,
        camera=camera,
    )


def ring(gizmo: Gizmo, axis: int) -> tuple[Float[np.ndarray, "P 2"], Float[np.ndarray, " P"]]:
    """A ring's closed polygon in pixels, and how much nearer than the joint each point is, in metres."""
    angles = np.linspace(0.0, math.tau, NUM_POINTS + 1)
    points = np.stack([_point(gizmo, axis, angle) for angle in angles])
    pixels, depths = pixels_and_depths(gizmo.camera, points)
    _, center_depth = pixels_and_depths(gizmo.camera, gizmo.center[None])
    return pixels, center_depth - depths


def pixels_and_depths(
    camera: Camera, points: Float[np.ndarray, "P 3"]
) -> tuple[Float[np.ndarray, "P 2"], Float[np.ndarray, " P"]]:
    """Where points of the world are drawn; what is behind the camera is moved before it."""
    seen = in_camera(torch.from_numpy(points), camera)
    seen[:, 2].clamp_(min=camera.near)
    return projected(seen, camera).numpy(), seen[:, 2].numpy()


def grabbed(gizmo: Gizmo, position: Point) -> int | None:
    """The axis whose ring is at a pixel; of several the nearest, the near half of a ring before the far half."""
    best, axis_at = GRAB_DISTANCE, None
    for axis in range(3):
        pixels, nearness = ring(gizmo, axis)
        distances = _distances(np.asarray(position), pixels[:-1], pixels[1:])
        distances = distances + BACK_PENALTY * (nearness[:-1] < 0.0)
        if distances.min() < best:
            best, axis_at = float(distances.min()), axis
    return axis_at


def handle(gizmo: Gizmo, axis: int) -> Point:
    """The point of a ring's near half that is farthest from the other rings: there nobody can miss it."""
    pixels, nearness = ring(gizmo, axis)
    near = pixels[:-1][nearness[:-1] >= 0.0]
    others = np.concatenate([ring(gizmo, other)[0] for other in range(3) if other != axis])
    distances = np.linalg.norm(near[:, None] - others, axis=-1).min(axis=1)
    x, y = near[int(distances.argmax())].tolist()
    return (x, y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A drag of one ring: every rotation in it is computed from where it began, so nothing adds up."""

    gizmo: Gizmo
    axis: int
    start: Point

    def rotation(self, position: Point) -> Vector:
        """The joint's axis-angle vector when the pointer is at `position`, radians."""
        return turned(self.gizmo.rotation, self.axis, self.angle(position))

    def angle(self, position: Point) -> float:
        """Radians about the axis since the drag began, in [-π, π] where the pointer goes around the ring."""
        first, now = (_angle_at(self.gizmo, self.axis, point) for point in (self.start, position))
        if first is not None and now is not None:
            return math.remainder(now - first, math.tau)
        return self._angle_along(position)

    def _angle_along(self, position: Point) -> float:
        """For a ring seen from its edge: how far the pointer went along it, in pixels, over the pixels of a radian."""
        pixels, nearness = ring(self.gizmo, self.axis)
        distances = np.linalg.norm(pixels - np.asarray(self.start), axis=1) + BACK_PENALTY * (nearness < 0.0)
        angle = math.tau * int(distances.argmin()) / NUM_POINTS
        step = 1e-3
        ends = np.stack([_point(self.gizmo, self.axis, angle + sign * step) for sign in (-1.0, 1.0)])
        (before, after), _ = pixels_and_depths(self.gizmo.camera, ends)
        tangent = (after - before) / (2.0 * step)
        # Where the ring turns away at its ends a pixel would mean a leap: no slower than a quarter of the radius.
        least = 0.25 * self.gizmo.radius * self.gizmo.camera.fy / max(_depth(self.gizmo), 1e-6)
        speed = max(float(np.linalg.norm(tangent)), least)
        return float((np.asarray(position) - np.asarray(self.start)) @ tangent) / speed**2


def turned(rotation: Vector, axis: int, angle: float) -> Vector:
    """A joint's rotation with a turn about its own axis after it: axis-angle vectors, radians."""
    turn = torch.zeros(3, dtype=torch.float64)
    turn[axis] = angle
    before = axis_angle_to_quaternion(torch.tensor(rotation, dtype=torch.float64))
    x, y, z = quaternion_to_axis_angle(quaternion_multiply(before, axis_angle_to_quaternion(turn))).tolist()
    return (x, y, z)


def beyond_limits(joint: int, rotation: Vector) -> tuple[bool, bool, bool]:
    """Which components are farther than the sliders of that joint go; shown, never enforced."""
    limits = JOINT_LIMITS_DEGREES[joint].tolist()
    x, y, z = (
        not low - LIMIT_MARGIN <= math.degrees(value) <= high + LIMIT_MARGIN
        for value, (low, high) in zip(rotation, limits, strict=True)
    )
    return (x, y, z)


def _point(gizmo: Gizmo, axis: int, angle: float) -> Float[np.ndarray, "3"]:
    first, second = gizmo.axes[:, (axis + 1) % 3], gizmo.axes[:, (axis + 2) % 3]
    return gizmo.center + gizmo.radius * (math.cos(angle) * first + math.sin(angle) * second)


def _depth(gizmo: Gizmo) -> float:
    _, depths = pixels_and_depths(gizmo.camera, gizmo.center[None])
    return float(depths[0])


def _ray(camera: Camera, position: Point) -> Float[Tensor, "3"]:
    """Where a pixel looks in the world; one metre deep."""
    pixel = torch.tensor([position], dtype=torch.float64)
    ray = torch.nn.functional.pad(rays_through(pixel, camera.intrinsics), (0, 1), value=1.0)[0]
    return camera.camera_from_world[:3, :3].T.double() @ ray


def _angle_at(gizmo: Gizmo, axis: int, position: Point) -> float | None:
    """Where the ray through a pixel meets the ring's plane, as an angle on it; None where the plane is too steep."""
    eye, ray = gizmo.camera.center.double().numpy(), _ray(gizmo.camera, position).numpy()
    normal, towards = gizmo.axes[:, axis], gizmo.center - eye
    steepness = float(normal @ towards) / max(float(np.linalg.norm(towards)), 1e-12)
    crossing = float(normal @ ray)
    if abs(steepness) < EDGE_ON or abs(crossing) < 1e-9:
        return None
    offset = eye + ray * (float(normal @ towards) / crossing) - gizmo.center
    return math.atan2(float(offset @ gizmo.axes[:, (axis + 2) % 3]), float(offset @ gizmo.axes[:, (axis + 1) % 3]))


def _distances(
    position: Float[np.ndarray, "2"], starts: Float[np.ndarray, "P 2"], ends: Float[np.ndarray, "P 2"]
) -> Float[np.ndarray, " P"]:
    """From a point to line segments."""
    along = ends - starts
    lengths = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((position - starts) * along).sum(axis=1) / lengths, 0.0, 1.0)
    return np.linalg.norm(starts + share[:, None] * along - position, axis=1)
