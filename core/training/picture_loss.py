"""How far a drawn picture is from the person's: absolute difference, likeness and silhouette in one number.

Picture and target stand before one background, which the target gets where its mask says that the person is not: what
is really behind the person never counts, and never becomes part of the avatar.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..kernels import run_split
from ..losses import SSIM_CONSTANTS, WINDOW, WINDOW_DEVIATION, ssim_map
from .loss_kernels import BAND, compare, compare_back, compose, decompose


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWeights:
    """What each way of being different counts."""

    absolute: float = 0.8
    dissimilarity: float = 0.2
    silhouette: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """What a picture should look like."""

    colors: Float[Tensor, "H W 3"]
    """Of the person, times the mask."""
    mask: Float[Tensor, "H W"]
    weights: Float[Tensor, "H W"]
    """Their mean over the picture is 1."""


def picture_loss(
    colors: Float[Tensor, "H W 3"],
    alphas: Float[Tensor, "H W"],
    exposure: Float[Tensor, "3 2"],
    target: Target,
    behind: Float[Tensor, "3"],
    weights: PictureWeights,
) -> Float[Tensor, ""]:
    """Of a picture drawn over black, its coverage, and the gain and bias of each channel that the camera adds."""
    if colors.device.type == "cpu":
        return _PictureLoss.apply(colors, alphas, exposure, target, behind, weights)
    return plain_picture_loss(colors, alphas, exposure, target, behind, weights)


def plain_picture_loss(
    colors: Float[Tensor, "H W 3"],
    alphas: Float[Tensor, "H W"],
    exposure: Float[Tensor, "3 2"],
    target: Target,
    behind: Float[Tensor, "3"],
    weights: PictureWeights,
) -> Float[Tensor, ""]:
    """`picture_loss` in torch, for any device; at the border it mirrors what the kernels take for black."""
    uncovered = 1.0 - alphas.unsqueeze(-1)
    picture = exposure[:, 0] * colors + exposure[:, 1] * alphas.unsqueeze(-1) + uncovered * behind
    wanted = target.colors + (1.0 - target.mask.unsqueeze(-1)) * behind
    differences = (
        weights.absolute * (picture - wanted).abs().mean(-1)
        + weights.dissimilarity * 0.5 * (1.0 - ssim_map(picture, wanted))
        + weights.silhouette * (alphas - target.mask).abs()
    )
    return (target.weights * differences).mean()


@cache
def _window() -> np.ndarray:
    places = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-0.5 * (places / WINDOW_DEVIATION) ** 2)
    return (window / window.sum()).astype(np.float32)


class _PictureLoss(torch.autograd.Function):
    """The compiled twin: the gradient is worked out at once, in the order of rows and bands."""

    @staticmethod
    def forward(
        ctx: Any,
        colors: Tensor,
        alphas: Tensor,
        exposure: Tensor,
        target: Target,
        behind: Tensor,
        weights: PictureWeights,
    ) -> Tensor:
        height, width = alphas.shape
        num_bands = 3 * -(-height // BAND)
        drawn = colors.contiguous().numpy(), alphas.contiguous().numpy()
        light, back = exposure.contiguous().numpy(), behind.numpy()
        own, mask, pixels = (each.contiguous().numpy() for each in (target.colors, target.mask, target.weights))
        absolute, likeness = (np.float32(each) for each in (weights.absolute / 3.0, weights.dissimilarity / 6.0))
        pictures, targets, gradients = (np.empty((3, height, width), np.float32) for _ in range(3))
        parts = np.empty((3, 3, height, width), np.float32)
        by_colors, by_alphas = np.empty((height, width, 3), np.float32), np.empty((height, width), np.float32)
        by_exposure, outlines = np.empty((height, 3, 2)), np.empty(height)
        unlike, apart = np.empty(num_bands), np.empty(num_bands)

        silhouette = np.float32(weights.silhouette)
        composed = own, mask, pixels, light, back, silhouette, pictures, targets, by_alphas, outlines
        run_split(compose, height, *drawn, *composed)
        window, stability = _window(), tuple(np.float32(each) for each in SSIM_CONSTANTS)
        run_split(compare, num_bands, pictures, targets, pixels, window, *stability, parts, unlike)
        counted = absolute, likeness, gradients, apart
        run_split(compare_back, num_bands, pictures, targets, pixels, window, parts, *counted)
        run_split(decompose, height, gradients, *drawn, light, back, by_colors, by_alphas, by_exposure)
        ctx.gradients = by_colors, by_alphas, by_exposure.sum(0).astype(np.float32)
        ctx.share = 1.0 / (height * width)
        total = absolute * apart.sum() + likeness * unlike.sum() + silhouette * outlines.sum()
        return torch.tensor(float(total) * ctx.share)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator hides its parameters
        ctx: Any, by_loss: Tensor
    ) -> tuple[Tensor | None, ...]:
        factor = ctx.share * by_loss
        return *(torch.from_numpy(each).mul_(factor) for each in ctx.gradients), None, None, None
