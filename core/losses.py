"""How much two pictures differ, and how far from sane Gaussians are, with gradients: what avatars are trained by."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

WINDOW, WINDOW_DEVIATION = 11, 1.5
"""Of the Gaussian window of Wang et al., "Image quality assessment", 2004; pixels."""

LARGEST_WIDTH, LARGEST_STRETCH = 1.0, 8.0
"""A kernel's standard deviation in face sizes, and how often its middle one goes into its largest.

Of made-up people's Gaussians 1 in 100 is larger, or more of a needle (7.1).
"""

SSIM_CONSTANTS = 0.01**2, 0.03**2
"""Of the same article, for colours in [0, 1]."""
_EQUAL_ERROR = 1e-10
"""Mean squared; pictures that are equal have 100 dB."""


def l1(first: Float[Tensor, "H W C"], second: Float[Tensor, "H W C"]) -> Float[Tensor, ""]:
    """The mean absolute difference."""
    return (first - second).abs().mean()


def ssim_map(first: Float[Tensor, "H W C"], second: Float[Tensor, "H W C"]) -> Float[Tensor, "H W"]:
    """Structural similarity around each pixel, the mean of the channels; values are in [0, 1].

    At the border the pictures are mirrored, as scikit-image does it.
    """
    channels = first.shape[-1]
    pictures = torch.stack([first, second, first * first, second * second, first * second]).permute(0, 3, 1, 2)
    c1, c2 = SSIM_CONSTANTS
    means = _blurred(pictures.reshape(1, 5 * channels, *first.shape[:2])).reshape(5, channels, *first.shape[:2])
    mean1, mean2 = means[0], means[1]
    variance1, variance2 = means[2] - mean1 * mean1, means[3] - mean2 * mean2
    covariance = means[4] - mean1 * mean2
    likeness = (2.0 * mean1 * mean2 + c1) * (2.0 * covariance + c2)
    return (likeness / ((mean1.square() + mean2.square() + c1) * (variance1 + variance2 + c2))).mean(0)


def dissimilarity(first: Float[Tensor, "H W C"], second: Float[Tensor, "H W C"]) -> Float[Tensor, ""]:
    """D-SSIM: 0 for the same picture, at most 1."""
    return (1.0 - ssim_map(first, second).mean()) / 2.0


def silhouette(alpha: Float[Tensor, "H W"], mask: Float[Tensor, "H W"]) -> Float[Tensor, ""]:
    """Coverage against true coverage. Nothing is thresholded, so that what is missing is pulled in."""
    return (alpha - mask).abs().mean()


def psnr_inside(picture: Float[Tensor, "H W 3"], truth: Float[Tensor, "H W 3"], mask: Bool[Tensor, "H W"]) -> float:
    """Decibels, of the pixels of `mask` alone; colours in [0, 1]."""
    squared = (picture - truth)[mask].double().square().mean()
    return float(-10.0 * torch.log10(squared.clamp_min(_EQUAL_ERROR)))


def ssim_inside(picture: Float[Tensor, "H W 3"], truth: Float[Tensor, "H W 3"], mask: Bool[Tensor, "H W"]) -> float:
    """Mean over the pixels of `mask`; their windows reach beyond it, so give both pictures the same background."""
    return float(ssim_map(picture, truth)[mask].mean())


def oversize(log_scales: Float[Tensor, "N 3"]) -> Float[Tensor, " N"]:
    """How much of a giant or a needle a kernel is: 0 for nearly all that cover a surface. In face sizes."""
    _, middle, largest = log_scales.sort(-1).values.unbind(-1)
    giant = (largest - math.log(LARGEST_WIDTH)).relu()
    needle = (largest - middle - math.log(LARGEST_STRETCH)).relu()
    return giant.square() + needle.square()


def indecision(opacity_logits: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    """1 for what is half there, 0 for what is there or is not."""
    opacities = opacity_logits.sigmoid()
    return 4.0 * opacities * (1.0 - opacities)


def _blurred(pictures: Float[Tensor, "1 C H W"]) -> Float[Tensor, "1 C H W"]:
    reach = WINDOW // 2
    places = torch.arange(-reach, reach + 1, device=pictures.device, dtype=pictures.dtype)
    window = (-0.5 * (places / WINDOW_DEVIATION).square()).exp()
    window = window / window.sum()
    channels = pictures.shape[1]
    padded = _mirrored(pictures, reach)
    rows = functional.conv2d(padded, window.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return functional.conv2d(rows, window.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)


def _mirrored(pictures: Float[Tensor, "1 C H W"], reach: int) -> Float[Tensor, "1 C H2 W2"]:
    """With the border pixel doubled; small pictures are mirrored as often as it takes."""
    for axis in (2, 3):
        count = pictures.shape[axis]
        places = torch.arange(-reach, count + reach, device=pictures.device) % (2 * count)
        places = torch.where(places < count, places, 2 * count - 1 - places)
        pictures = pictures.index_select(axis, places)
    return pictures
