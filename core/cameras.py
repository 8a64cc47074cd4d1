"""Cameras are values; orbiting, panning and zooming are pure functions of them.

OpenCV axes: x right, y down, z forward. The world is y up, metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

MIN_DISTANCE, MAX_DISTANCE = 0.08, 50.0
MAX_PITCH = math.radians(89.0)
_SHALLOWEST = 1e-6
"""Metres: nothing is divided by a depth of less."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """A pinhole camera without distortion; pixel centres lie at half-integers."""

    camera_from_world: Float[Tensor, "4 4"]
    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    near: float = 0.01
    """Metres; what is nearer is not drawn."""

    @property
    def center(self) -> Float[Tensor, "3"]:
        """Where the camera is in the world."""
        rotation, translation = self.camera_from_world[:3, :3], self.camera_from_world[:3, 3]
        return -rotation.T @ translation

    @property
    def intrinsics(self) -> Float[Tensor, "4"]:
        """fx, fy, cx, cy; 64 bits."""
        return torch.tensor([self.fx, self.fy, self.cx, self.cy], dtype=torch.float64)

    def resized(self, width: int, height: int) -> Camera:
        """The same view on another grid of pixels (the aspect may change: pixels stay where they are in angle)."""
        sx, sy = width / self.width, height / self.height
        return replace(
            self, fx=self.fx * sx, fy=self.fy * sy, cx=self.cx * sx, cy=self.cy * sy, width=width, height=height
        )


def in_camera(points: Float[Tensor, "*N 3"], camera: Camera) -> Float[Tensor, "*N 3"]:
    """From the world to the camera's axes."""
    matrix = camera.camera_from_world.to(points)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def in_world(points: Float[Tensor, "*N 3"], camera: Camera) -> Float[Tensor, "*N 3"]:
    """From the camera's axes to the world."""
    matrix = camera.camera_from_world.to(points)
    return (points - matrix[:3, 3]) @ matrix[:3, :3]


def projected(points: Float[Tensor, "*N 3"], camera: Camera) -> Float[Tensor, "*N 2"]:
    """Pixels of points in the camera's axes; what is behind the camera lands anywhere."""
    focal, middle = camera.intrinsics.to(points).split(2)
    depth = torch.where(points[..., 2:].abs() < _SHALLOWEST, _SHALLOWEST, points[..., 2:])
    return points[..., :2] / depth * focal + middle


def rays_through(pixels: Float[Tensor, "*B N 2"], intrinsics: Float[Tensor, "*B 4"]) -> Float[Tensor, "*B N 2"]:
    """Where pixels look in their camera's axes: x and y one metre ahead."""
    focal, middle = intrinsics.to(pixels)[..., None, :].split(2, dim=-1)
    return (pixels - middle) / focal


def pixels_of(points: Float[np.ndarray, "N 3"], camera: Camera) -> Float[np.ndarray, "N 2"]:
    """`projected`, of arrays."""
    depth = np.where(np.abs(points[:, 2:]) < _SHALLOWEST, _SHALLOWEST, points[:, 2:])
    return points[:, :2] / depth * (camera.fx, camera.fy) + (camera.cx, camera.cy)


def rays_of(pixels: Float[np.ndarray, "N 2"], camera: Camera) -> Float[np.ndarray, "N 2"]:
    """`rays_through`, of arrays."""
    return (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)


def in_frame(pixels: Float[Tensor, "*N 2"], points: Float[Tensor, "*N 3"], camera: Camera) -> Bool[Tensor, "*N"]:
    """Which points in the camera's axes, seen at those pixels, are in its picture."""
    limits = pixels.new_tensor([camera.width, camera.height])
    return ((pixels >= 0.0) & (pixels < limits)).all(-1) & (points[..., 2] > camera.near)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrbitCamera:
    """A camera on a sphere around `target`; at yaw 0 it sees the front of a T-pose, positive yaw goes to its left."""

    target: tuple[float, float, float] = (0.0, -0.3, 0.0)
    yaw: float = 0.0
    """Radians."""
    pitch: float = 0.0
    """Radians; positive looks down from above."""
    distance: float = 3.0
    """Metres from the target."""
    vertical_fov: float = math.radians(30.0)
    """Radians."""

    @property
    def position(self) -> tuple[float, float, float]:
        cosine = math.cos(self.pitch)
        x, y, z = self.target
        return (
            x + self.distance * cosine * math.sin(self.yaw),
            y + self.distance * math.sin(self.pitch),
            z + self.distance * cosine * math.cos(self.yaw),
        )

    def camera(self, width: int, height: int) -> Camera:
        """The camera that fills a picture of that size."""
        focal = height / (2.0 * math.tan(self.vertical_fov / 2.0))
        return look_at(
            self.position, self.target, fx=focal, fy=focal, width=width, height=height, near=0.2 * MIN_DISTANCE
        )


def look_at(
    position: tuple[float, float, float],
    target: tuple[float, float, float],
    *,
    fx: float,
    fy: float,
    width: int,
    height: int,
    near: float = 0.01,
) -> Camera:
    """A camera at `position` that sees `target` in the middle and the world's y axis upright.

    Raises:
        ValueError: position and target are the same point, or one above the other.
    """
    eye, forward = np.asarray(position, np.float64), np.asarray(target, np.float64) - np.asarray(position, np.float64)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    if not np.linalg.norm(right) > 1e-9:
        raise ValueError("position and target must not be one above the other")
    forward, right = forward / np.linalg.norm(forward), right / np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return Camera(
        camera_from_world=torch.tensor(matrix, dtype=torch.float32),
        fx=fx,
        fy=fy,
        cx=width / 2.0,
        cy=height / 2.0,
        width=width,
        height=height,
        near=near,
    )


def orbited(orbit: OrbitCamera, *, yaw: float, pitch: float) -> OrbitCamera:
    """Turned by radians around the target; never over the poles."""
    new_yaw = math.remainder(orbit.yaw + yaw, math.tau)
    return replace(orbit, yaw=new_yaw, pitch=min(MAX_PITCH, max(-MAX_PITCH, orbit.pitch + pitch)))


def panned(orbit: OrbitCamera, *, right: float, up: float) -> OrbitCamera:
    """Moved in the picture's plane; 1 is the picture's height at the target."""
    height = 2.0 * orbit.distance * math.tan(orbit.vertical_fov / 2.0)
    rotation = orbit.camera(2, 2).camera_from_world[:3, :3].double().numpy()
    moved = np.asarray(orbit.target) + height * (right * rotation[0] - up * rotation[1])
    return replace(orbit, target=(float(moved[0]), float(moved[1]), float(moved[2])))


def zoomed(orbit: OrbitCamera, factor: float) -> OrbitCamera:
    """Nearer for a factor below 1, farther above."""
    return replace(orbit, distance=min(MAX_DISTANCE, max(MIN_DISTANCE, orbit.distance * factor)))


def framing(
    lowest: Float[np.ndarray, "3"],
    highest: Float[np.ndarray, "3"],
    *,
    orbit: OrbitCamera,
    aspect: float,
    margin: float = 1.1,
) -> OrbitCamera:
    """`orbit` moved along its line of sight so that a box just fills the picture; `aspect` is width over height."""
    low, high = np.asarray(lowest, np.float64), np.asarray(highest, np.float64)
    center = (low + high) / 2.0
    corners = np.stack(np.meshgrid(*zip(low - center, high - center, strict=True)), axis=-1).reshape(-1, 3)
    x, y, z = orbit.camera(2, 2).camera_from_world[:3, :3].double().numpy() @ corners.T
    tangent = math.tan(orbit.vertical_fov / 2.0)
    # a corner lies at depth `distance + z` and must be seen within the tangents of half the field of view
    distance = float((np.maximum(np.abs(x) / aspect, np.abs(y)) * margin / tangent - z).max())
    target = (float(center[0]), float(center[1]), float(center[2]))
    return replace(orbit, target=target, distance=min(MAX_DISTANCE, max(MIN_DISTANCE, distance)))
