"""Splat files as others read them, and pictures of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import plyfile
import torch
from nlfgs_studio.core.cameras import Camera, OrbitCamera
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.geometry.covariances import from_rotation_scale
from nlfgs_studio.core.geometry.rotations import quaternion_to_matrix
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.storage.gaussian_ply import UP_TURNS_WXYZ

NAMES = (
    ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    + [f"f_rest_{i}" for i in range(45)]
    + ["opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
)


def camera_on(gaussians: Gaussians) -> Camera:
    x, y, z = gaussians.means.mean(0).tolist()
    return OrbitCamera(target=(x, y, z), yaw=0.7, pitch=0.3, distance=4.0).camera(160, 160)


def turned(camera: Camera, up: str) -> Camera:
    """The same view of a world that was turned."""
    turn = torch.eye(4)
    turn[:3, :3] = quaternion_to_matrix(torch.tensor(UP_TURNS_WXYZ[up]))
    return dataclasses.replace(camera, camera_from_world=camera.camera_from_world @ turn.T)


def by_the_papers_layout(path) -> Gaussians:
    """What a viewer makes of a file: plyfile and the definition of the properties, nothing of ours."""
    vertex = plyfile.PlyData.read(str(path))["vertex"]

    def columns(*names):
        return torch.from_numpy(np.stack([np.asarray(vertex[name]) for name in names], 1))

    rest = columns(*(f"f_rest_{i}" for i in range(45))).reshape(-1, 3, 15)
    return Gaussians(
        means=columns("x", "y", "z"),
        covariances=from_rotation_scale(
            columns("rot_0", "rot_1", "rot_2", "rot_3"), torch.exp(columns("scale_0", "scale_1", "scale_2"))
        ),
        opacities=1.0 / (1.0 + torch.exp(-columns("opacity")[:, 0])),
        sh=torch.cat([columns("f_dc_0", "f_dc_1", "f_dc_2")[:, None], rest.transpose(1, 2)], 1),
    )


def assert_same_picture(ours: Gaussians, theirs: Gaussians, camera: Camera, their_camera: Camera) -> None:
    renderer, settings = CpuRenderer(), RenderSettings()
    try:
        first, second = renderer.render(ours, camera, settings), renderer.render(theirs, their_camera, settings)
    finally:
        renderer.close()
    covered = (first.alpha > 0) | (second.alpha > 0)
    assert covered.float().mean() > 0.05
    difference = (first.rgb - second.rgb).abs().amax(-1)[covered]
    assert (difference <= 1 / 255).float().mean() >= 0.99
