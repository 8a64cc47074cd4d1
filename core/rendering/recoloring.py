"""Gaussians changed so that their picture shows something else than their colour: middles, normals, parts, depth."""

from __future__ import annotations

import colorsys
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..cameras import Camera, in_camera, in_frame, projected
from ..gaussians import Gaussians
from ..geometry.spherical_harmonics import SH_C0
from ..kernels import run_split
from .display import Subject
from .mesh_renderer import face_normals
from .recoloring_kernels import color_depth, flattest_directions
from .renderer import MIN_DEPTH, RenderedImage

POINT_DEVIATION = 0.55
"""Pixels, of a point at size 1, beside what every splat is widened by."""
GOLDEN_RATIO = 0.6180339887498949
DEPTH_COLORS = ((0.13, 0.10, 0.30), (0.36, 0.15, 0.51), (0.70, 0.22, 0.46), (0.94, 0.44, 0.30), (0.99, 0.86, 0.53))
"""Far to near, of growing lightness."""
DEPTH_TRIM = 0.005
"""Of the Gaussians at each end that do not count for the range of depths."""


def colored(gaussians: Gaussians, colors: Float[Tensor, "N 3"]) -> Gaussians:
    """The same from all sides."""
    return replace(gaussians, sh=((colors - 0.5) / SH_C0)[:, None, :].to(gaussians.sh), sh_rotations_wxyz=None)


def as_points(gaussians: Gaussians, camera: Camera, size: float) -> Gaussians:
    """Opaque and equally large in the picture, wherever they are; `size` 1 is about two pixels."""
    depths = in_camera(gaussians.means, camera)[:, 2].clamp_min(MIN_DEPTH)
    variances = (POINT_DEVIATION * size * depths / camera.fy).square()
    covariances = torch.zeros_like(gaussians.covariances)
    covariances[:, [0, 3, 5]] = variances[:, None]
    return replace(gaussians, covariances=covariances, opacities=(gaussians.opacities > 0.05).to(gaussians.opacities))


def facing(gaussians: Gaussians, normals: Float[Tensor, "N 3"], camera: Camera) -> Gaussians:
    """Without those whose surface is seen from behind."""
    away = ((gaussians.means - camera.center.to(gaussians.means)) * normals).sum(dim=-1) > 0.0
    return replace(gaussians, opacities=torch.where(away, 0.0, gaussians.opacities))


def normals_of(subject: Subject) -> Float[Tensor, "N 3"]:
    """Of the face that carries each Gaussian; without a mesh its flattest direction, of unknown sign. World axes."""
    if subject.mesh is not None and subject.carriers is not None:
        return torch.nn.functional.normalize(face_normals(subject.mesh), dim=-1)[subject.carriers]
    covariances = subject.gaussians.covariances.detach().cpu().contiguous().numpy()
    directions = np.empty((len(covariances), 3), np.float32)
    run_split(flattest_directions, len(covariances), covariances, directions)
    return torch.from_numpy(directions)


def normal_colors(subject: Subject, normals: Float[Tensor, "N 3"], camera: Camera) -> Float[Tensor, "N 3"]:
    """Red to the right, green up, blue towards the camera."""
    if subject.mesh is None:
        towards = camera.center.to(normals) - subject.gaussians.means
        normals = torch.where((normals * towards).sum(dim=-1, keepdim=True) < 0.0, -normals, normals)
    seen = normals @ camera.camera_from_world[:3, :3].to(normals).T
    return 0.5 + 0.5 * seen * seen.new_tensor([1.0, -1.0, -1.0])


def part_colors(subject: Subject) -> Float[Tensor, "N 3"]:
    """By the label of the face that carries each Gaussian; one colour without a mesh."""
    if subject.mesh is None or subject.carriers is None:
        return palette(1).expand(len(subject.gaussians), 3)
    return face_part_colors(subject)[subject.carriers]


def face_part_colors(subject: Subject) -> Float[Tensor, "F 3"]:
    assert subject.mesh is not None
    labels = subject.mesh.labels
    return palette(int(labels.max().item()) + 1 if len(labels) else 1)[labels]


@cache
def palette(count: int) -> Float[Tensor, "C 3"]:
    """Colours that neighbours in the list differ by: hues in steps of the golden ratio, in three lightnesses."""
    lightness, saturation = (0.56, 0.70, 0.42), (0.62, 0.70, 0.55)
    return torch.tensor(
        [
            colorsys.hls_to_rgb((0.05 + index * GOLDEN_RATIO) % 1.0, lightness[index % 3], saturation[index % 3])
            for index in range(count)
        ]
    )


def depth_range(gaussians: Gaussians, camera: Camera) -> tuple[float, float]:
    """The nearest and the farthest Gaussian in the picture, metres; a few strays do not count."""
    seen = in_camera(gaussians.means.detach().cpu(), camera)
    inside = in_frame(projected(seen, camera), seen, camera) & seen.isfinite().all(-1)
    visible = seen[inside, 2].numpy()
    if len(visible) == 0:
        return 0.0, 1.0
    stray = round(DEPTH_TRIM * (len(visible) - 1))
    ordered = np.partition(visible, (stray, len(visible) - 1 - stray))
    return float(ordered[stray]), float(ordered[len(ordered) - 1 - stray])


def colored_by_depth(image: RenderedImage, nearest: float, farthest: float) -> RenderedImage:
    """`DEPTH_COLORS` between the farthest depth and the nearest, multiplied by the coverage."""
    depth, alpha = image.depth.cpu().contiguous().numpy(), image.alpha.cpu().contiguous().numpy()
    rgb, table = np.empty((*depth.shape, 3), np.float32), np.array(DEPTH_COLORS)
    run_split(color_depth, len(depth), depth, alpha, float(nearest), float(farthest), table, rgb)
    return replace(image, rgb=torch.from_numpy(rgb))
