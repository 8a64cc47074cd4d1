"""Scenes to draw: made at random from a seed, and one that looks like a body to a renderer."""

from __future__ import annotations

import math

import numpy as np
import torch
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.gaussians import Gaussians

# Capsules that make up a figure in a T-pose: ends and radius, metres.
CAPSULES = (
    ((0.0, 0.35, 0.0), (0.0, 0.42, 0.02), 0.11),
    ((0.0, -0.35, 0.0), (0.0, 0.10, 0.0), 0.15),
    ((0.15, 0.12, 0.0), (0.75, 0.12, 0.0), 0.045),
    ((-0.15, 0.12, 0.0), (-0.75, 0.12, 0.0), 0.045),
    ((0.10, -0.40, 0.0), (0.12, -1.20, 0.0), 0.075),
    ((-0.10, -0.40, 0.0), (-0.12, -1.20, 0.0), 0.075),
)


def _quaternion_matrices(quaternions: np.ndarray) -> np.ndarray:
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def _gaussians(
    means: np.ndarray,
    factors: np.ndarray,
    opacities: np.ndarray,
    sh: np.ndarray,
    rotations: np.ndarray | None = None,
) -> Gaussians:
    """From covariances' square roots (N 3 3)."""
    covariances = (factors @ factors.transpose(0, 2, 1))[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    return Gaussians(
        means=torch.tensor(means, dtype=torch.float32),
        covariances=torch.tensor(covariances, dtype=torch.float32),
        opacities=torch.tensor(opacities, dtype=torch.float32),
        sh=torch.tensor(sh, dtype=torch.float32),
        sh_rotations_wxyz=None if rotations is None else torch.tensor(rotations, dtype=torch.float32),
    )


def random_scene(
    seed: int = 0,
    *,
    count: int = 400,
    size: tuple[int, int] = (70, 50),
    log_scale: tuple[float, float] = (-4.0, -1.0),
    degree: int = 3,
    spread: float = 1.2,
    rotated: bool = True,
) -> tuple[Gaussians, Camera]:
    """Gaussians of all shapes and opacities around, before and behind a camera that stands at their rim."""
    random = np.random.default_rng(seed)
    scales = np.exp(random.uniform(*log_scale, (count, 3)))
    factors = _quaternion_matrices(random.normal(size=(count, 4))) * scales[:, None, :]
    rotations = random.normal(size=(count, 4))
    sh = random.normal(size=(count, (degree + 1) ** 2, 3)) * 0.4
    gaussians = _gaussians(
        random.normal(size=(count, 3)) * spread,
        factors,
        random.uniform(0.0, 1.0, count),
        sh,
        rotations / np.linalg.norm(rotations, axis=-1, keepdims=True) if rotated else None,
    )
    width, height = size
    camera = look_at((0.9, 0.7, 2.3), (0.1, -0.1, 0.0), fx=1.1 * width, fy=1.3 * width, width=width, height=height)
    return gaussians, camera


def body_like(count: int = 110_000) -> Gaussians:
    """Flat, nearly opaque Gaussians on the surface of a union of capsules, as an avatar has them."""
    random = np.random.default_rng(5)
    starts, ends, radii = (np.array(column) for column in zip(*CAPSULES, strict=True))
    lengths = np.linalg.norm(ends - starts, axis=-1)
    areas = 2 * math.pi * radii * lengths + 4 * math.pi * radii**2
    which = random.choice(len(CAPSULES), count, p=areas / areas.sum())
    normals = random.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    axes = (ends - starts)[which] / lengths[which][:, None]
    along = np.einsum("ni,ni->n", normals, axes)
    on_side = random.uniform(size=count) < lengths[which] / (lengths[which] + 2 * radii[which])
    sides = normals - along[:, None] * axes
    normals = np.where(on_side[:, None], sides / np.linalg.norm(sides, axis=-1, keepdims=True), normals)
    at_end = np.where(along > 0.0, 1.0, 0.0)
    position = np.where(on_side, random.uniform(size=count), at_end)[:, None]
    means = starts[which] + position * (ends - starts)[which] + radii[which][:, None] * normals

    tangents = np.cross(normals, random.normal(size=(count, 3)))
    tangents /= np.linalg.norm(tangents, axis=-1, keepdims=True)
    axes = np.stack([tangents, np.cross(normals, tangents), normals], axis=-1)
    spacing = math.sqrt(areas.sum() / count)
    scales = spacing * np.stack(
        [random.uniform(0.5, 0.9, count), random.uniform(0.5, 0.9, count), np.full(count, 0.1)], axis=-1
    )
    sh = (0.15 * normals + random.normal(size=(count, 3)) * 0.1 + np.array([0.2, 0.0, -0.1]))[:, None] / 0.2821
    return _gaussians(means, axes * scales[:, None, :], np.full(count, 0.99), sh)


def body_camera(width: int, height: int) -> Camera:
    """A camera that frames the whole figure."""
    focal = 1.55 * height
    return look_at((0.3, -0.2, 3.1), (0.0, -0.4, 0.0), fx=focal, fy=focal, width=width, height=height)


def single(
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    deviation: float = 0.05,
    opacity: float = 0.9,
    color: tuple[float, float, float] = (0.9, 0.5, 0.2),
) -> Gaussians:
    """One round Gaussian of one colour."""
    sh = (np.array(color) - 0.5) / 0.28209479177387814
    return _gaussians(np.array([mean]), deviation * np.eye(3)[None], np.array([opacity]), sh[None, None])
