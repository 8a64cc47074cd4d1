"""The renderer whose pictures have gradients, on each device."""

from __future__ import annotations

import logging

import torch

from ..errors import StudioError
from .cpu_renderer import CpuRenderer
from .gsplat_renderer import GsplatRenderer
from .renderer import DifferentiableRenderer

logger = logging.getLogger(__name__)


def differentiable_renderer(device: torch.device) -> DifferentiableRenderer:
    """The processor's where the device has none of its own."""
    if device.type == "cuda":
        try:
            return GsplatRenderer(device)
        except StudioError as error:
            logger.warning("pictures are drawn by the processor: %s", error.message)
    return CpuRenderer()
