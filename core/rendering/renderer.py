"""What every renderer takes, gives and means: one model of the picture, written here once.

EWA splatting (Zwicker et al. 2001) as 3D Gaussian Splatting uses it (Kerbl et al. 2023). Per Gaussian with mean m,
covariance Σ, opacity o, spherical harmonics and, where given, the rotation R of the frame they live in:

1.  p = W m + t in the camera's axes (`camera_from_world` = [W | t]). Drawn only when p.z > max(near, `MIN_DEPTH`).
2.  Centre c = (fx p.x / p.z + cx, fy p.y / p.z + cy) in pixels; the pixel in column i, row j has its centre at
    (i + ½, j + ½).
3.  S = splat_scale² J W Σ Wᵀ Jᵀ + `DILATION` · I, with the Jacobian of the projection at the mean

        J = [[fx / p.z, 0, -fx u / p.z], [0, fy / p.z, -fy v / p.z]]

    where u is p.x / p.z clamped to [-cx / fx - margin, (width - cx) / fx + margin], margin = 0.3 · width / (2 fx)
    (so 1.3 times the view's tangent when the axis is in the middle), and v likewise. The linearisation is useless far
    outside the view; the clamp keeps such Gaussians from smearing over the picture.
    With `antialiased`, o (clamped to 1) is multiplied by ρ = √(det(S - `DILATION` · I) / det S), 0 where that is not
    positive: the dilation then widens a Gaussian without making it brighter (Yu et al., "Mip-Splatting", 2024).
4.  Colour = spherical harmonics up to `max_sh_degree` along Rᵀd, d the unit vector from the camera to the mean;
    0.5 + sum, clamped below at 0.
5.  At a pixel with offset x from c: α = min(`MAX_ALPHA`, o · exp(-½ xᵀ S⁻¹ x)); o is clamped to 1. Contributions with
    o · exp(…) < `MIN_ALPHA` are skipped.
    With `Footprint.RING` α is that of a line instead: min(`MAX_ALPHA`, o) times clamp(½ `RING_WIDTH` + ½ - e, 0, 1),
    e = |q - 1| / |∇q| the distance in pixels, to first order, from the ellipse of one standard deviation, where
    q = xᵀ S⁻¹ x; skipped where it is below `MIN_ALPHA`, and where the Gaussian itself would be.
6.  Gaussians are taken front to back by p.z rounded to float32, equal ones by index. With T = 1 at first: a Gaussian
    adds the weight w = T α and leaves T (1 - α); a pixel takes nothing more once T < `MIN_TRANSMITTANCE`.
7.  alpha = Σ w (the coverage), depth = Σ w p.z / Σ w (0 where nothing is), rgb = Σ w colour + (1 - alpha) background,
    clamped above at 1.

Left out altogether: Gaussians that are not finite (in any number used, or once in single precision), whose opacity is
(times ρ) is below `MIN_ALPHA`, whose S is not positive definite, or whose centre or standard deviation exceeds
`MAX_PIXELS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..cameras import Camera
from ..gaussians import Gaussians

DILATION = 0.3
"""Square pixels, added to both variances: no Gaussian falls between pixel centres."""
MIN_ALPHA = 1.0 / 255.0
MAX_ALPHA = 0.999
MIN_TRANSMITTANCE = 1e-4
MIN_DEPTH = 1e-6
"""Metres; below it the projection has no meaning, whatever the camera's near plane is."""
MAX_PIXELS = 1e9
"""Beyond it single precision cannot place a Gaussian in the picture."""
CLAMP_MARGIN = 0.3
"""How far outside the view, in half pictures, the Jacobian still follows the mean."""
RING_WIDTH = 1.0
"""Pixels, of the lines that rings are."""


class Footprint(Enum):
    """What a Gaussian leaves in the picture."""

    SPLAT = "splat"
    RING = "ring"
    """The ellipse of one standard deviation, as a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSettings:
    """How to draw, apart from what and from where."""

    background: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """RGB in [0, 1]."""
    splat_scale: float = 1.0
    """Multiplies the standard deviations; below 1 shows the single Gaussians."""
    max_sh_degree: int = 3
    """0 shows colours as if they did not depend on the direction."""
    antialiased: bool = False
    """Gaussians smaller than a pixel fade as they shrink, instead of being drawn as large and as opaque as a pixel."""
    footprint: Footprint = Footprint.SPLAT

    def __post_init__(self) -> None:
        if not all(0.0 <= channel <= 1.0 for channel in self.background):
            raise ValueError(f"the background must lie in [0, 1], not {self.background}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RenderedImage:
    """One picture; independent of the renderer that made it (no buffer is shared)."""

    rgb: Float[Tensor, "H W 3"]
    """In [0, 1], over the background."""
    alpha: Float[Tensor, "H W"]
    """Coverage: 1 where no background shows."""
    depth: Float[Tensor, "H W"]
    """Metres along the camera's z axis, the mean weighted by alpha; 0 where nothing is."""


@runtime_checkable
class Renderer(Protocol):
    """Draws Gaussians; one line in `registry` makes it known."""

    name: str
    timings: dict[str, float]
    """Milliseconds of the last picture, stage by stage."""

    def render(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> RenderedImage:
        """The picture that this module's docstring defines, within 1/255."""
        ...

    def close(self) -> None:
        """Give back memory and devices; the renderer is not used afterwards."""
        ...


@runtime_checkable
class DifferentiableRenderer(Protocol):
    """Draws so that a loss on the picture has gradients; a renderer may be both this and a `Renderer`."""

    def render_differentiable(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        background: Float[Tensor, "3"] | None = None,
    ) -> RenderedImage:
        """The same picture, its tensors with gradients for every tensor of the Gaussians that wants one.

        So also for `camera.camera_from_world`, all twelve entries of it taken as free, and for `background`, which
        stands in for that of the settings. Visibility and thresholds have no gradient.
        """
        ...


def picture_bytes(out: np.ndarray | Tensor, camera: Camera) -> UInt8[np.ndarray, "H W 4"]:
    """The memory of a picture that a renderer is to fill.

    Raises:
        ValueError: it is not of the camera's size, or not of bytes.
    """
    pixels = out.numpy() if isinstance(out, Tensor) else out
    if pixels.shape != (camera.height, camera.width, 4) or pixels.dtype != np.uint8:
        raise ValueError(f"out must be uint8 ({camera.height}, {camera.width}, 4), not {pixels.dtype} {pixels.shape}")
    return pixels


def without_background(image: RenderedImage, background: tuple[float, float, float]) -> Float[Tensor, "H W 3"]:
    """The colours of what covers each pixel, for files with transparency (straight alpha; 0 where nothing is)."""
    alpha = image.alpha.unsqueeze(-1)
    covered = image.rgb - (1.0 - alpha) * image.rgb.new_tensor(background)
    return torch.where(alpha > 0.0, covered / alpha.clamp_min(1e-6), 0.0).clamp(0.0, 1.0)
