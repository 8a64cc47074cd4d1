"""Kernels cover what they should: no holes in a closed surface, in a fold, or in a person."""

from __future__ import annotations

import math

import pytest
import torch
from nlfgs_studio.core.avatar.covering import covering_kernels
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.avatar.template import Template, face_frames
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from rig_meshes import cylinder, fold, strip, template_on
from torch import Tensor


def _covering(template: Template, vertices: Tensor, offset: float = 0.0) -> GaussianParameters:
    rotations, scales = covering_kernels(template, vertices)
    _, sizes = face_frames(template.faces, vertices)
    sizes = sizes[template.face_indices, None]
    count = template.num_gaussians
    return GaussianParameters(
        offsets=torch.cat([torch.zeros(count, 2), offset / sizes], -1),
        rotations_wxyz=rotations,
        log_scales=(scales / sizes).log(),
        opacity_logits=torch.full((count,), math.log(99.0)),
        sh=torch.zeros(count, 1, 3),
    )


def _coverage(template: Template, vertices: Tensor, posed: Tensor, camera: OrbitCamera, offset: float = 0.0) -> Tensor:
    rest = place(template, _covering(template, vertices, offset), vertices)
    picture = CpuRenderer().render(rig(template, rest, vertices, posed), camera.camera(200, 200), RenderSettings())
    return picture.alpha


@pytest.mark.parametrize("k", [1, 3, 4, 7])
def test_one_layer_of_a_flat_surface_lets_little_through(k):
    vertices, faces = strip()
    camera = OrbitCamera(target=(0.0, 0.0, 0.0), distance=0.14)
    alpha = _coverage(template_on(faces, k), vertices, vertices, camera)
    assert float(alpha.mean()) > 0.985
    assert float(alpha.min()) > 0.9


def test_long_faces_are_covered_along_and_across():
    vertices, faces = strip()
    vertices = vertices * torch.tensor([1.0, 8.0, 1.0])
    camera = OrbitCamera(target=(0.0, 0.0, 0.0), distance=0.2)
    alpha = _coverage(template_on(faces, 4), vertices, vertices, camera)
    assert float(alpha.min()) > 0.9


@pytest.mark.parametrize("offset", [0.0, 0.004, -0.004])
def test_a_fold_of_150_degrees_has_no_hole_along_its_crease(offset):
    """Cloth on the inside of the fold, on its faces and on its outside; seen from without and into the mouth."""
    vertices, faces = strip()
    folded = fold(vertices, 150.0)
    for yaw in (105.0, -75.0):  # along the bisector of the flaps
        camera = OrbitCamera(target=(0.0, 0.0, 0.0), yaw=math.radians(yaw), distance=0.35)
        alpha = _coverage(template_on(faces), vertices, folded, camera, offset)[80:120, 85:115]
        assert float(alpha.mean()) > 0.99
        assert float(alpha.min()) > 0.95


def test_a_tube_is_closed():
    vertices, faces = cylinder(rings=20)
    camera = OrbitCamera(target=(0.0, 0.0, 0.0), distance=0.15)
    alpha = _coverage(template_on(faces), vertices, vertices, camera)
    assert float(alpha[80:120].min()) > 0.99
