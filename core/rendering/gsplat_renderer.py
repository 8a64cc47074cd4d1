"""Draws by CUDA with gsplat's rasteriser (Ye et al., "gsplat", 2024); gives gradients; copies nothing to the host.

Covariances and colours are ours: gsplat would compose the first from rotations and scales, which sheared Gaussians do
not have, and knows directions of harmonics in the world only. Its one wait for the device is inside `rasterization`,
which has to know how many pairs of Gaussian and tile to make room for.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..cameras import Camera
from ..errors import StudioError
from ..gaussians import Gaussians
from ..geometry import spherical_harmonics
from .gsplat_build import cuda_device, is_built
from .renderer import DILATION, MIN_DEPTH, Footprint, RenderedImage, RenderSettings, picture_bytes

FAR = 1e10
"""Metres: gsplat's far plane lies where nothing is."""


class GsplatRenderer:
    """Takes Gaussians of any device; those that lie on `device` already are drawn without a copy."""

    name = "gsplat"

    def __init__(self, device: torch.device | str | None = None) -> None:
        """
        Raises:
            StudioError: there is no CUDA device, or gsplat cannot run on it.
        """
        self.timings: dict[str, float] = {}
        self.device = torch.device(device) if device is not None else cuda_device()
        self._gsplat = _import_gsplat()
        self._moved: tuple[Gaussians | None, Gaussians | None] = (None, None)
        self._bytes = torch.empty((0, 0, 4), dtype=torch.uint8, device=self.device)

    @torch.no_grad()
    def render(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> RenderedImage:
        started = time.perf_counter()
        image = self._draw(gaussians, camera, settings, None)
        # The host waits here, since the picture is wanted in its memory.
        image = RenderedImage(rgb=image.rgb.cpu(), alpha=image.alpha.cpu(), depth=image.depth.cpu())
        self.timings = {"raster": 1e3 * (time.perf_counter() - started)}
        return image

    def render_differentiable(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        background: Float[Tensor, "3"] | None = None,
    ) -> RenderedImage:
        """The same picture on the device, with gradients also for `camera.camera_from_world` and `background`.

        Raises:
            ValueError: for rings, which have no gradients.
        """
        return self._draw(gaussians, camera, settings, background)

    @torch.no_grad()
    def render_rgba8_on_device(
        self, gaussians: Gaussians, camera: Camera, settings: RenderSettings
    ) -> UInt8[Tensor, "H W 4"]:
        """Opaque bytes on the device, valid until the next picture; the host waits for nothing of ours."""
        started = time.perf_counter()
        size = (camera.height, camera.width)
        if self._bytes.shape[:2] != size:
            self._bytes = torch.full((*size, 4), 255, dtype=torch.uint8, device=self.device)
        if 0 not in size:
            colors, _, _ = self._rasterize(gaussians, camera, settings, depth=False, behind=settings.background)
            # Half a step more and cut off is rounding to the nearest.
            self._bytes[..., :3] = colors[0].clamp(0.0, 1.0).mul_(255.0).add_(0.5)
        self.timings = {"raster": 1e3 * (time.perf_counter() - started)}
        return self._bytes

    def render_rgba8(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        out: UInt8[np.ndarray, "H W 4"] | UInt8[Tensor, "H W 4"],
    ) -> None:
        """Draw into bytes in the host's memory, opaque over the background.

        Raises:
            ValueError: `out` is not of the camera's size.
        """
        pixels = torch.from_numpy(picture_bytes(out, camera))
        started = time.perf_counter()
        # The host waits here for the copy.
        pixels.copy_(self.render_rgba8_on_device(gaussians, camera, settings))
        self.timings = {"raster": 1e3 * (time.perf_counter() - started)}

    @torch.no_grad()
    def rasterize_bare(self, arguments: dict[str, Any]) -> None:
        """gsplat's rasteriser alone, on what `rasterization_arguments` has made: what the bench compares with."""
        self._gsplat.rasterization(**arguments)

    def close(self) -> None:
        self._moved = (None, None)
        self._bytes = self._bytes.new_empty((0, 0, 4))

    def _draw(
        self, gaussians: Gaussians, camera: Camera, settings: RenderSettings, background: Tensor | None
    ) -> RenderedImage:
        if 0 in (camera.height, camera.width):
            empty = torch.zeros(camera.height, camera.width, device=self.device)
            return RenderedImage(rgb=empty.unsqueeze(-1).expand(-1, -1, 3), alpha=empty, depth=empty)
        colors, alphas, _ = self._rasterize(gaussians, camera, settings, depth=True, behind=None)
        alpha = alphas[0, ..., 0]
        if background is None:
            behind = _on_device(settings.background, self.device)
        else:
            behind = background.to(self.device, torch.float32)
        rgb = colors[0, ..., :3] + (1.0 - alpha).unsqueeze(-1) * behind
        depth = torch.where(alpha > 0.0, colors[0, ..., 3], 0.0)
        return RenderedImage(rgb=rgb.clamp_max(1.0), alpha=alpha, depth=depth)

    def _rasterize(
        self,
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        *,
        depth: bool,
        behind: tuple[float, float, float] | None,
    ) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """gsplat's colours (1 H W 3, or 4 with the expected depth), alphas (1 H W 1) and what it notes besides."""
        arguments = rasterization_arguments(
            self._on_device(gaussians), camera, settings, device=self.device, depth=depth, behind=behind
        )
        return self._gsplat.rasterization(**arguments)

    def _on_device(self, gaussians: Gaussians) -> Gaussians:
        """The same Gaussians where they can be drawn; the last ones are remembered by identity."""
        if gaussians.means.device == self.device:
            return gaussians
        if self._moved[0] is gaussians and self._moved[1] is not None and not gaussians.means.requires_grad:
            return self._moved[1]
        rotations = gaussians.sh_rotations_wxyz
        moved = Gaussians(
            means=gaussians.means.to(self.device),
            covariances=gaussians.covariances.to(self.device),
            opacities=gaussians.opacities.to(self.device),
            sh=gaussians.sh.to(self.device),
            sh_rotations_wxyz=None if rotations is None else rotations.to(self.device),
        )
        self._moved = (gaussians, moved)
        return moved


def rasterization_arguments(
    gaussians: Gaussians,
    camera: Camera,
    settings: RenderSettings,
    *,
    device: torch.device,
    depth: bool,
    behind: tuple[float, float, float] | None,
) -> dict[str, Any]:
    """What `gsplat.rasterization` is to be called with, so that it draws the picture model of `renderer`.

    Raises:
        ValueError: for rings, which it cannot draw.
    """
    if settings.footprint is not Footprint.SPLAT:
        raise ValueError("gsplat draws splats only")
    camera_from_world = _matrix_on_device(camera.camera_from_world, device)
    covariances = gaussians.covariances
    if settings.splat_scale != 1.0:
        covariances = covariances * settings.splat_scale**2
    values = _harmonic_sums(gaussians, camera_from_world, settings.max_sh_degree)
    return {
        "means": gaussians.means.contiguous(),
        "quats": None,
        "scales": None,
        "covars": covariances[:, _index((0, 1, 2, 1, 3, 4, 2, 4, 5), device)].unflatten(-1, (3, 3)),
        "opacities": _usable_opacities(gaussians, values),
        "colors": values.clamp_min(0.0),
        "viewmats": camera_from_world.unsqueeze(0),
        "Ks": _intrinsics(camera, device).unsqueeze(0),
        "width": camera.width,
        "height": camera.height,
        "near_plane": max(float(camera.near), MIN_DEPTH),
        "far_plane": FAR,
        "eps2d": DILATION,
        "sh_degree": None,
        # Packed, the projection would have to tell the host how much it kept; one camera sees most of an avatar.
        "packed": False,
        "render_mode": "RGB+ED" if depth else "RGB",
        "rasterize_mode": "antialiased" if settings.antialiased else "classic",
        "backgrounds": None if behind is None else _on_device(behind, device).unsqueeze(0),
    }


def _harmonic_sums(
    gaussians: Gaussians, camera_from_world: Float[Tensor, "4 4"], max_sh_degree: int
) -> Float[Tensor, "N 3"]:
    """Step 4 of the picture model but for the clamp, which would hide what is not finite."""
    degree = max(0, min(gaussians.sh_degree, max_sh_degree, spherical_harmonics.MAX_DEGREE))
    if degree == 0:
        return 0.5 + spherical_harmonics.SH_C0 * gaussians.sh[:, 0]
    rotation, translation = camera_from_world[:3, :3], camera_from_world[:3, 3]
    directions = torch.nn.functional.normalize(gaussians.means + rotation.T @ translation, dim=-1, eps=1e-30)
    if gaussians.sh_rotations_wxyz is not None:
        directions = _turned_back(directions, gaussians.sh_rotations_wxyz)
    values = spherical_harmonics.basis(directions, degree)
    return 0.5 + (values.unsqueeze(-1) * gaussians.sh[:, : (degree + 1) ** 2]).sum(dim=1)


def _turned_back(directions: Float[Tensor, "N 3"], rotations_wxyz: Float[Tensor, "N 4"]) -> Float[Tensor, "N 3"]:
    """By the conjugates; a quaternion of length zero turns nothing."""
    squared = rotations_wxyz.square().sum(-1, keepdim=True)
    real, axis = rotations_wxyz[:, :1], rotations_wxyz[:, 1:]
    turn = torch.linalg.cross(axis, directions) * (2.0 / torch.where(squared > 0.0, squared, 1.0))
    return directions - real * turn + torch.linalg.cross(axis, turn)


def _usable_opacities(gaussians: Gaussians, values: Float[Tensor, "N 3"]) -> Float[Tensor, " N"]:
    """Zero, which gsplat leaves out, where any number used is not finite; at most one."""
    used = torch.cat([gaussians.means, gaussians.covariances, values], dim=1).detach()
    usable = torch.isfinite(used).all(dim=1) & torch.isfinite(gaussians.opacities.detach())
    return torch.where(usable, gaussians.opacities, 0.0).clamp(0.0, 1.0)


def _matrix_on_device(matrix: Float[Tensor, "4 4"], device: torch.device) -> Float[Tensor, "4 4"]:
    matrix = matrix.to(torch.float32)
    if device.type != "cuda" or matrix.device == device:
        return matrix.to(device)
    # From pinned memory the copy is queued; from other memory the host would wait for the whole stream.
    return matrix.pin_memory().to(device, non_blocking=True)


@cache
def _index(columns: tuple[int, ...], device: torch.device) -> Tensor:
    return torch.tensor(columns, device=device)


def _on_device(values: tuple[float, ...], device: torch.device) -> Float[Tensor, " _"]:
    return _kept(tuple(float(value) for value in values), device)


@lru_cache(maxsize=64)
def _kept(values: tuple[float, ...], device: torch.device) -> Tensor:
    """A constant on the device; copied there once, for such a copy from the host is a wait."""
    return torch.tensor(values, dtype=torch.float32, device=device)


def _intrinsics(camera: Camera, device: torch.device) -> Float[Tensor, "3 3"]:
    values = (camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0)
    return _on_device(values, device).reshape(3, 3)


@contextlib.contextmanager
def training_stream(device: torch.device) -> Iterator[None]:
    """A stream for training beside the window's: the window's pictures are not queued behind its steps.

    What was queued before the block is waited for by it, and what it made may be used after it, by the device alone.
    """
    if device.type != "cuda":
        yield
        return
    outer = torch.cuda.current_stream(device)
    inner = _stream_of_training(device)
    inner.wait_stream(outer)
    with torch.cuda.stream(inner):
        yield
    outer.wait_stream(inner)


@cache
def _stream_of_training(device: torch.device) -> Any:
    return torch.cuda.Stream(device, priority=0)


def _import_gsplat() -> Any:
    """gsplat, with its programs for the device built.

    Raises:
        StudioError: it is not installed, or not built: that takes minutes, so it is not done unasked.
    """
    try:
        import gsplat
    except (ImportError, OSError) as error:
        raise StudioError(f"gsplat cannot be loaded: {error}", hint="install it: pip install gsplat") from error
    if not is_built():
        raise StudioError(
            "gsplat's CUDA programs are not built on this machine yet",
            hint="build them once, some minutes: python -m nlfgs_studio.core.rendering.gsplat_build",
        )
    return gsplat
