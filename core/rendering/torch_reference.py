"""The judge: the picture model of `renderer`, as plainly as it can be written, in float64, differentiable and slow."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..cameras import Camera
from ..gaussians import Gaussians
from ..geometry import spherical_harmonics
from ..geometry.rotations import quaternion_to_matrix
from .renderer import (
    CLAMP_MARGIN,
    DILATION,
    MAX_ALPHA,
    MAX_PIXELS,
    MIN_ALPHA,
    MIN_DEPTH,
    MIN_TRANSMITTANCE,
    RING_WIDTH,
    Footprint,
    RenderedImage,
    RenderSettings,
)

PAIRS_AT_ONCE = 2_000_000
"""Pixels times Gaussians held in memory at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Splats:
    """Gaussians on the picture's plane, front to back."""

    centers: Float[Tensor, "M 2"]
    conics: Float[Tensor, "M 3"]
    """S⁻¹: xx, xy, yy."""
    opacities: Float[Tensor, " M"]
    depths: Float[Tensor, " M"]
    colors: Float[Tensor, "M 3"]


class TorchReference:
    """Draws by evaluating every Gaussian at every pixel."""

    name = "torch_reference"

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}

    def render(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> RenderedImage:
        started = time.perf_counter()
        splats = project(gaussians, camera, settings)
        projected = time.perf_counter()
        image = blend(splats, camera, settings)
        self.timings = {
            "project": 1e3 * (projected - started),
            "raster": 1e3 * (time.perf_counter() - projected),
        }
        return image

    def close(self) -> None:
        """Nothing is held."""


def project(gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> Splats:
    """Steps 1 to 4 of the model and the order of step 6."""
    drawn = _finite(gaussians, settings)
    means, covariances = gaussians.means[drawn].double(), gaussians.covariances[drawn].double()
    opacities, sh = gaussians.opacities[drawn].double(), gaussians.sh[drawn].double()
    camera_from_world = camera.camera_from_world.to(means)
    rotation, translation = camera_from_world[:3, :3], camera_from_world[:3, 3]

    positions = means @ rotation.T + translation
    in_front = positions[:, 2] > max(camera.near, MIN_DEPTH)
    x, y, z = torch.where(in_front.unsqueeze(-1), positions, 1.0).unbind(-1)
    centers = torch.stack([camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy], dim=-1)
    variances = _image_covariances(covariances, rotation, x, y, z, camera, settings.splat_scale)
    xx, xy, yy = variances.unbind(-1)
    determinants = xx * yy - xy * xy
    opacities = opacities.clamp_max(1.0)
    if settings.antialiased:
        opacities = opacities * _compensation(variances)
    colors = _colors(gaussians, drawn, sh, means - camera.center.to(means), settings)

    kept = in_front & (opacities >= MIN_ALPHA) & (determinants > 0.0) & (xx > 0.0) & (yy > 0.0)
    kept &= (centers.abs() <= MAX_PIXELS).all(dim=-1) & (torch.maximum(xx, yy) <= MAX_PIXELS**2)
    kept &= torch.isfinite(determinants) & torch.isfinite(z.float()) & torch.isfinite(colors.float()).all(dim=-1)
    order = torch.nonzero(kept).squeeze(-1)
    order = order[torch.argsort(z[order].float(), stable=True)]
    conics = torch.stack([yy, -xy, xx], dim=-1)[order] / determinants[order].unsqueeze(-1)
    return Splats(
        centers=centers[order],
        conics=conics,
        opacities=opacities[order],
        depths=z[order],
        colors=colors[order],
    )


def _finite(gaussians: Gaussians, settings: RenderSettings) -> Bool[Tensor, " N"]:
    used = _used_coefficients(gaussians, settings)
    values = [gaussians.means, gaussians.covariances, gaussians.opacities.unsqueeze(-1), used.flatten(1)]
    if gaussians.sh_rotations_wxyz is not None and used.shape[1] > 1:
        values.append(gaussians.sh_rotations_wxyz)
    return torch.stack([torch.isfinite(value).all(dim=-1) for value in values]).all(dim=0)


def _used_coefficients(gaussians: Gaussians, settings: RenderSettings) -> Float[Tensor, "N K 3"]:
    degree = max(0, min(gaussians.sh_degree, settings.max_sh_degree, spherical_harmonics.MAX_DEGREE))
    return gaussians.sh[:, : (degree + 1) ** 2]


def _image_covariances(
    covariances: Float[Tensor, "M 6"],
    rotation: Float[Tensor, "3 3"],
    x: Float[Tensor, " M"],
    y: Float[Tensor, " M"],
    z: Float[Tensor, " M"],
    camera: Camera,
    splat_scale: float,
) -> Float[Tensor, "M 3"]:
    """Step 3: xx, xy, yy in square pixels."""
    margin_x, margin_y = CLAMP_MARGIN * camera.width / (2 * camera.fx), CLAMP_MARGIN * camera.height / (2 * camera.fy)
    u = (x / z).clamp(-camera.cx / camera.fx - margin_x, (camera.width - camera.cx) / camera.fx + margin_x)
    v = (y / z).clamp(-camera.cy / camera.fy - margin_y, (camera.height - camera.cy) / camera.fy + margin_y)
    zero = torch.zeros_like(z)
    jacobian = torch.stack(
        [
            torch.stack([camera.fx / z, zero, -camera.fx * u / z], dim=-1),
            torch.stack([zero, camera.fy / z, -camera.fy * v / z], dim=-1),
        ],
        dim=-2,
    )
    matrices = covariances[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    image_from_world = splat_scale * jacobian @ rotation
    image = image_from_world @ matrices @ image_from_world.transpose(-1, -2)
    return torch.stack([image[:, 0, 0] + DILATION, image[:, 0, 1], image[:, 1, 1] + DILATION], dim=-1)


def _compensation(variances: Float[Tensor, "M 3"]) -> Float[Tensor, " M"]:
    """What a Gaussian's opacity must lose for the dilation not to add to what it covers."""
    xx, xy, yy = variances.unbind(-1)
    squared = ((xx - DILATION) * (yy - DILATION) - xy * xy) / (xx * yy - xy * xy)
    positive = squared > 0.0
    return torch.where(positive, squared, 1.0).sqrt() * positive


def _colors(
    gaussians: Gaussians,
    drawn: Bool[Tensor, " N"],
    sh: Float[Tensor, "M K 3"],
    offsets: Float[Tensor, "M 3"],
    settings: RenderSettings,
) -> Float[Tensor, "M 3"]:
    directions = offsets / torch.linalg.vector_norm(offsets, dim=-1, keepdim=True).clamp_min(1e-300)
    num_coefficients = _used_coefficients(gaussians, settings).shape[1]
    if gaussians.sh_rotations_wxyz is not None and num_coefficients > 1:
        rotations = quaternion_to_matrix(gaussians.sh_rotations_wxyz[drawn].double())
        directions = (rotations.transpose(-1, -2) @ directions.unsqueeze(-1)).squeeze(-1)
    return spherical_harmonics.evaluate(sh[:, :num_coefficients], directions)


def blend(splats: Splats, camera: Camera, settings: RenderSettings) -> RenderedImage:
    """Steps 5 to 7 of the model."""
    columns, rows = torch.meshgrid(torch.arange(camera.width), torch.arange(camera.height), indexing="xy")
    pixels = torch.stack([columns, rows], dim=-1).reshape(-1, 2).to(splats.centers) + 0.5
    num_pixels = max(1, PAIRS_AT_ONCE // max(1, splats.depths.shape[0]))
    parts = [_blend_pixels(splats, chunk, settings.footprint) for chunk in pixels.split(num_pixels)]
    color, alpha, depth = (torch.cat(part) for part in zip(*parts, strict=True))
    rgb = (color + (1.0 - alpha).unsqueeze(-1) * color.new_tensor(settings.background)).clamp_max(1.0)
    size = (camera.height, camera.width)
    return RenderedImage(rgb=rgb.reshape(*size, 3), alpha=alpha.reshape(size), depth=depth.reshape(size))


def _blend_pixels(
    splats: Splats, pixels: Float[Tensor, "P 2"], footprint: Footprint
) -> tuple[Float[Tensor, "P 3"], Float[Tensor, " P"], Float[Tensor, " P"]]:
    x, y = (pixels.unsqueeze(1) - splats.centers).unbind(-1)
    xx, xy, yy = splats.conics.unbind(-1)
    power = -0.5 * (xx * x * x + 2.0 * xy * x * y + yy * y * y)
    alphas = splats.opacities * torch.exp(power.clamp_max(0.0))
    alphas = torch.where(alphas >= MIN_ALPHA, alphas.clamp_max(MAX_ALPHA), 0.0)
    if footprint is Footprint.RING:
        gradients = torch.hypot(2.0 * (xx * x + xy * y), 2.0 * (xy * x + yy * y))
        distances = (-2.0 * power - 1.0).abs() / gradients.clamp_min(1e-12)
        lines = splats.opacities.clamp_max(MAX_ALPHA) * (0.5 * RING_WIDTH + 0.5 - distances).clamp(0.0, 1.0)
        alphas = torch.where((alphas > 0.0) & (lines >= MIN_ALPHA), lines, 0.0)
    after = torch.cumprod(1.0 - alphas, dim=1)
    before = torch.cat([torch.ones_like(after[:, :1]), after[:, :-1]], dim=1)[:, : after.shape[1]]
    weights = torch.where(before >= MIN_TRANSMITTANCE, before * alphas, 0.0)
    alpha = weights.sum(dim=1)
    depth = (weights @ splats.depths) / torch.where(alpha > 0.0, alpha, 1.0)
    return weights @ splats.colors, alpha, depth
