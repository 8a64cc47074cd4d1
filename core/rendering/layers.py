"""Pictures over black, their colours multiplied by their coverage: what a whole picture is put together from."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..cameras import Camera
from ..kernels import num_threads, run_split
from .composition_kernels import put_on, put_over
from .renderer import RenderedImage

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Colour (H, W, 3), coverage and depth (H, W), float32: what the kernels write to."""


def blank_layer(camera: Camera) -> Planes:
    """Room for a layer of the camera's size, not initialised."""
    return _blank(camera.height, camera.width)


def _blank(height: int, width: int) -> Planes:
    size = (height, width)
    return np.empty((*size, 3), np.float32), np.empty(size, np.float32), np.empty(size, np.float32)


def layer(planes: Planes) -> RenderedImage:
    rgb, alpha, depth = planes
    return RenderedImage(rgb=torch.from_numpy(rgb), alpha=torch.from_numpy(alpha), depth=torch.from_numpy(depth))


def empty(camera: Camera) -> RenderedImage:
    """Nothing, of the camera's size."""
    rgb, alpha, depth = planes = blank_layer(camera)
    for plane in planes:
        plane.fill(0.0)
    return layer((rgb, alpha, depth))


def over(front: RenderedImage, back: RenderedImage, *, margin: float = math.inf) -> RenderedImage:
    """One layer before the other, but behind it where that is nearer by more than `margin` metres."""
    height, width = front.alpha.shape
    planes = _blank(height, width)
    run_split(put_over, height, *_planes(front), *_planes(back), float(margin), *planes, parts=2 * num_threads())
    return layer(planes)


def on_backdrop(front: RenderedImage, backdrop: Float[Tensor, "H W 3"], out: UInt8[np.ndarray, "H W 4"]) -> None:
    """Write the layer over an opaque backdrop as bytes."""
    rgb, alpha, _ = _planes(front)
    height = alpha.shape[0]
    run_split(put_on, height, rgb, alpha, backdrop.contiguous().numpy(), out, parts=2 * num_threads())


def _planes(image: RenderedImage) -> Planes:
    planes = (image.rgb, image.alpha, image.depth)
    rgb, alpha, depth = (plane.detach().cpu().float().contiguous().numpy() for plane in planes)
    return rgb, alpha, depth
