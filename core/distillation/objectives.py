"""What a network is trained to do with a batch: where each Gaussian is, how surely, and what it looks like.

Localization follows NLF (Sárándi and Pons-Moll 2024), with a cross-entropy of the heatmap beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from ..cameras import rays_through
from ..gaussians import GaussianParameters
from ..geometry.rotations import normalized_quaternion, quaternion_to_matrix
from ..geometry.spherical_harmonics import SH_C0
from ..losses import indecision, oversize
from ..nlf.absolute import absolute_translation
from ..nlf.config import NetworkConfig
from ..nlf.localizer import Localization
from .photos import PhotoBatch

ABSOLUTE_SIGMA = 4.0
"""How much less surely a point is known from the camera than about the body's middle (NLF)."""

SURE = 0.3
"""Metres: points of a larger sigma do not say where the body is (NLF)."""

DEPARTURE = 1e-3
"""Metres: Gaussians nearer to the skin than this have hardly left it."""


def uncertain(errors: Float[Tensor, "B N d"], sigma: Float[Tensor, "B N"]) -> Float[Tensor, "B N"]:
    """NLF's loss of points: ‖e/σ‖/d + log σ/√d, times σ as a constant; least where σ is ‖e‖/√d."""
    dimensions = errors.shape[-1]
    lengths = (errors.square().sum(-1) + 1e-12).sqrt()
    return sigma.detach() * (lengths / sigma / dimensions + sigma.log() / dimensions**0.5)


def heat_cross_entropy(
    logits: Float[Tensor, "B N h w"], pixels: Float[Tensor, "B N 2"], stride: float
) -> Float[Tensor, "B N"]:
    """Against the four cells around the true pixel, weighted so that their mean is that pixel."""
    height, width = logits.shape[-2:]
    largest = pixels.new_tensor([width - 1.0, height - 1.0])
    places = torch.minimum((pixels / stride - 0.5).clamp_min(0.0), largest)
    low = places.floor()
    part = places - low
    flat = logits.flatten(2)
    expected = torch.zeros_like(flat[..., 0])
    for right in (0, 1):
        for below in (0, 1):
            weight = torch.where(torch.tensor(bool(right)), part[..., 0], 1.0 - part[..., 0])
            weight = weight * torch.where(torch.tensor(bool(below)), part[..., 1], 1.0 - part[..., 1])
            column = (low[..., 0] + right).clamp_max(width - 1.0)
            row = (low[..., 1] + below).clamp_max(height - 1.0)
            cells = (row * width + column).long()
            expected = expected + weight * flat.gather(-1, cells[..., None]).squeeze(-1)
    return flat.logsumexp(-1) - expected


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Misses:
    """By how much a batch was missed, for the log; no gradients."""

    pixels: Float[Tensor, "B N"]
    fit_pixels: Float[Tensor, "B N"]
    """Of the fit that was given as evidence."""
    points: Float[Tensor, "B N"]
    """Metres, about the middle."""
    colors: Float[Tensor, "B N"]
    """Root mean square of the channels."""
    seen: Bool[Tensor, "B N"]
    informed: Bool[Tensor, " B"]


def localization_terms(
    found: Localization, batch: PhotoBatch, config: NetworkConfig, *, absolute: bool
) -> dict[str, Float[Tensor, ""]]:
    """By their names in `LossWeights`. Means over all the points of a photo, so that photos count alike."""
    inside = batch.inside.float()
    errors = _centered(found.relative) - _centered(batch.points)
    metres = (found.pixels - batch.pixels) * (config.metres / config.crop_size)
    assert found.heat_logits is not None
    cell = config.crop_size / config.cells
    terms = {
        "relative": uncertain(errors, found.sigma).mean(),
        "pixels": (inside * uncertain(metres, found.sigma)).mean(),
        "heat": (inside * heat_cross_entropy(found.heat_logits, batch.pixels, cell)).mean(),
    }
    if absolute:
        errors = absolute_points(found, batch) - batch.points
        terms["absolute"] = uncertain(errors, ABSOLUTE_SIGMA * found.sigma).mean()
    return terms


def absolute_points(found: Localization, batch: PhotoBatch) -> Float[Tensor, "B N 3"]:
    """The relative points moved to where they project to the pixels that were found."""
    rays = rays_through(found.pixels.float(), batch.intrinsics)
    # The ends of the photo pull in what lies outside it.
    sure = batch.inside & (found.sigma < SURE)
    weights = torch.where(sure, 1.0, 1e-4) / found.sigma.detach().square()
    return found.relative + absolute_translation(rays, found.relative.float(), weights)[:, None]


def _centered(points: Float[Tensor, "B N 3"]) -> Float[Tensor, "B N 3"]:
    return points - points.mean(1, keepdim=True)


def attribute_terms(
    made: GaussianParameters,
    truth: GaussianParameters,
    seen: Bool[Tensor, " N"],
    sizes: Float[Tensor, " N"],
    *,
    hidden: float,
    offsets: bool,
) -> dict[str, Float[Tensor, ""]]:
    """By their names in `LossWeights`; `sizes` are those of the faces, metres; `hidden` is what the unseen counts."""
    weight = torch.where(seen, 1.0, hidden)
    terms = {
        "colors": (weight * (colors(made) - colors(truth)).abs().mean(-1)).mean(),
        "kernels": (weight * _kernel_distance(made, truth)).mean(),
        "opacities": (weight * (made.opacity_logits.sigmoid() - truth.opacity_logits.sigmoid()).abs()).mean(),
    }
    if offsets:
        metres = (made.offsets - truth.offsets) * sizes[:, None]
        terms["offsets"] = (
            weight * functional.smooth_l1_loss(metres, torch.zeros_like(metres), reduction="none", beta=0.01).sum(-1)
        ).mean()
    return terms


def regularisers(
    made: GaussianParameters, sizes: Float[Tensor, " N"], *, offsets: bool
) -> dict[str, Float[Tensor, ""]]:
    """By their names in `LossWeights`: what is sane whatever the photo; `sizes` are those of the faces, metres."""
    terms = {"oversizes": oversize(made.log_scales).mean(), "indecision": indecision(made.opacity_logits).mean()}
    if offsets:
        # Lengths, not their squares: few Gaussians leave the skin, and those go as far as they must.
        metres = made.offsets * sizes[:, None]
        terms["departures"] = (metres.square().sum(-1) + DEPARTURE**2).sqrt().sub(DEPARTURE).mean()
    return terms


def colors(parameters: GaussianParameters) -> Float[Tensor, "N 3"]:
    """As they are whatever the direction."""
    return 0.5 + SH_C0 * parameters.sh[:, 0]


def _kernel_distance(made: GaussianParameters, truth: GaussianParameters) -> Float[Tensor, " N"]:
    """Between the square roots of the covariances, by the size of the true one.

    Rotation and scales together: a kernel that is round about an axis has no rotation about it to be wrong in.
    """
    first, second = _root(made), _root(truth)
    return (first - second).square().sum((-1, -2)).add(1e-12).sqrt() / second.square().sum((-1, -2)).sqrt()


def _root(parameters: GaussianParameters) -> Float[Tensor, "N 3 3"]:
    rotations = quaternion_to_matrix(normalized_quaternion(parameters.rotations_wxyz))
    return (rotations * parameters.log_scales.exp()[:, None]) @ rotations.mT


@torch.no_grad()
def misses(found: Localization, made: GaussianParameters, batch: PhotoBatch) -> Misses:
    """For the log."""
    return Misses(
        pixels=(found.pixels - batch.pixels).norm(dim=-1),
        fit_pixels=(batch.fit_pixels - batch.pixels).norm(dim=-1),
        points=(_centered(found.relative) - _centered(batch.points)).norm(dim=-1),
        colors=(colors(made) - colors(batch.truth)).square().mean(-1).sqrt().reshape(batch.visible.shape),
        seen=batch.visible & batch.inside,
        informed=batch.informed,
    )
