"""Pictures for files, of any size: drawn in bands with several samples a pixel, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import UInt8

from ..cameras import Camera
from ..images import to_uint8
from .composition import Composer, fitted
from .display import PLAIN, Backdrop, Display, Subject
from .renderer import RenderedImage, Renderer, RenderSettings

SAMPLES_AT_ONCE = 4_000_000


def render_large(
    composer: Composer,
    renderer: Renderer,
    subject: Subject,
    camera: Camera,
    settings: RenderSettings,
    display: Display = PLAIN,
    backdrop: Backdrop | None = None,
    *,
    samples: int = 1,
    report: Callable[[float], None] = lambda _: None,
) -> UInt8[np.ndarray, "H W 4"]:
    """The picture as bytes with straight alpha: 255 everywhere unless `display.transparent`.

    Each pixel is the mean of `samples` by `samples`; `report` is told the share that is done and may stop the work.
    """
    width, height = camera.width, camera.height
    large = camera.resized(samples * width, samples * height)
    rows_at_once = max(1, SAMPLES_AT_ONCE // (large.width * samples))
    picture = np.empty((height, width, 4), np.uint8)
    for first in range(0, height, rows_at_once):
        last = min(height, first + rows_at_once)
        report(first / height)
        band = replace(large, cy=large.cy - samples * first, height=samples * (last - first))
        seen = composer.foreground(renderer, subject, band, settings, display, whole=large, samples=samples)
        front = averaged(seen, samples)
        alpha = front.alpha[..., None]
        if display.transparent:
            straight = torch.where(alpha > 0.0, front.rgb / alpha.clamp_min(1e-6), 0.0)
            picture[first:last] = to_uint8(torch.cat([straight, alpha], dim=-1))
            continue
        if backdrop is not None and display.picture is not None:
            behind = fitted(backdrop, width, height, (first, last))
        else:
            behind = torch.tensor(settings.background)
        picture[first:last, :, :3] = to_uint8(front.rgb + (1.0 - alpha) * behind)
        picture[first:last, :, 3] = 255
    report(1.0)
    return picture


def averaged(image: RenderedImage, samples: int) -> RenderedImage:
    """Squares of `samples` by `samples` pixels become one; the depth is the nearest of them that is covered."""
    if samples == 1:
        return image

    def grouped(plane: torch.Tensor) -> torch.Tensor:
        return plane.unflatten(0, (-1, samples)).unflatten(2, (-1, samples))

    nearest = torch.where(image.depth > 0.0, image.depth, torch.inf)
    depth = grouped(nearest).amin(dim=(1, 3))
    return RenderedImage(
        rgb=grouped(image.rgb).mean(dim=(1, 3)),
        alpha=grouped(image.alpha).mean(dim=(1, 3)),
        depth=torch.where(torch.isinf(depth), 0.0, depth),
    )
