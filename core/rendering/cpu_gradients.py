"""Pictures with gradients, on the processor.

The kernels give each pixel's sums and what light is left; background, clamping and the division of the depth are plain
torch on top, which differentiates them itself. Everything is summed in an order that does not depend on the number of
threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..cameras import Camera
from ..gaussians import Gaussians
from ..kernels import num_threads, run_split
from .backward_kernels import NUM_SUMS, draw_recorded, gather_splats, go_back
from .backward_projection_kernels import NUM_CAMERA, project_back
from .renderer import Footprint, RenderedImage, RenderSettings
from .work_memory import MAX_ENTRIES, TILE_PARTS, Region, WorkMemory, num_used_coefficients, numpy_of, view_of

CHUNKS = 64
"""Whose sums of the camera's gradient are added up one after the other, for any number of threads."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Recorded:
    """What a picture leaves for the way back."""

    memory: WorkMemory
    lists: list[tuple[Region, np.ndarray, np.ndarray]]
    """Regions, where their tiles' lists start, the lists."""
    transmittances: Float[np.ndarray, "H W"]
    lasts: np.ndarray
    """int32 (H, W): the last splat of each pixel, counted from the start of its tile's list."""


def draw_differentiable(
    gaussians: Gaussians,
    camera: Camera,
    settings: RenderSettings,
    background: Float[Tensor, "3"] | None = None,
) -> RenderedImage:
    """The picture of the cpu renderer, its tensors with gradients.

    Raises:
        ValueError: for rings, which have no gradients.
    """
    if settings.footprint is not Footprint.SPLAT:
        raise ValueError("only splats have gradients")
    rotations = gaussians.sh_rotations_wxyz
    colors, transmittances, depth_sums = _Draw.apply(
        _on_processor(gaussians.means),
        _on_processor(gaussians.covariances),
        _on_processor(gaussians.opacities),
        _on_processor(gaussians.sh),
        None if rotations is None else _on_processor(rotations),
        camera.camera_from_world,
        camera,
        settings,
    )
    behind = torch.tensor(settings.background) if background is None else background.to(colors)
    alpha = 1.0 - transmittances
    covered = alpha > 0.0
    return RenderedImage(
        rgb=(colors + transmittances.unsqueeze(-1) * behind).clamp_max(1.0),
        alpha=alpha,
        depth=torch.where(covered, depth_sums / torch.where(covered, alpha, 1.0), 0.0),
    )


def _on_processor(tensor: Tensor) -> Tensor:
    return tensor.to("cpu", torch.float32).contiguous()


class _Draw(torch.autograd.Function):
    """Colour sums, light left and depth sums of a picture."""

    @staticmethod
    def forward(
        ctx: Any,
        means: Tensor,
        covariances: Tensor,
        opacities: Tensor,
        sh: Tensor,
        rotations: Tensor | None,
        camera_from_world: Tensor,
        camera: Camera,
        settings: RenderSettings,
    ) -> tuple[Tensor, Tensor, Tensor]:
        gaussians = Gaussians(
            means=means, covariances=covariances, opacities=opacities, sh=sh, sh_rotations_wxyz=rotations
        )
        size = (camera.height, camera.width)
        colors, depth_sums = np.empty((*size, 3), np.float32), np.empty(size, np.float32)
        transmittances, lasts = np.empty(size, np.float32), np.empty(size, np.int32)
        memory = WorkMemory()
        num_entries = memory.project(gaussians, camera, settings)
        lists: list[tuple[Region, np.ndarray, np.ndarray]] = []
        for region in memory.regions(camera, num_entries):
            tile_starts, entries = memory.bin(region)
            if num_entries > MAX_ENTRIES:  # the next region will use the memory of these
                tile_starts, entries = tile_starts.copy(), entries.copy()
            lists.append((region, tile_starts, entries))
            written = colors, transmittances, depth_sums, lasts
            _over_tiles(draw_recorded, region, tile_starts, entries, memory.splats, *written)
        ctx.save_for_backward(means, covariances, opacities, sh, rotations, camera_from_world)
        ctx.camera, ctx.settings = camera, settings
        ctx.recorded = _Recorded(memory=memory, lists=lists, transmittances=transmittances.copy(), lasts=lasts)
        return torch.from_numpy(colors), torch.from_numpy(transmittances), torch.from_numpy(depth_sums)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator hides its parameters
        ctx: Any, *by_picture: Tensor
    ) -> tuple[Tensor | None, ...]:
        means, covariances, opacities, sh, rotations, camera_from_world = ctx.saved_tensors
        by_splats = _by_splats(ctx.recorded, *(numpy_of(gradient) for gradient in by_picture))
        gaussians = Gaussians(
            means=means, covariances=covariances, opacities=opacities, sh=sh, sh_rotations_wxyz=rotations
        )
        by_gaussians, by_camera = _by_gaussians(ctx.recorded.memory, gaussians, ctx.camera, ctx.settings, by_splats)
        return (
            by_gaussians.means,
            by_gaussians.covariances,
            by_gaussians.opacities,
            by_gaussians.sh,
            by_gaussians.sh_rotations_wxyz,
            by_camera.to(camera_from_world),
            None,
            None,
        )


def _over_tiles(function: Any, region: Region, tile_starts: np.ndarray, *arguments: Any) -> None:
    run_split(function, len(tile_starts) - 1, region, tile_starts, *arguments, parts=TILE_PARTS * num_threads())


def _by_splats(
    recorded: _Recorded,
    by_colors: Float[np.ndarray, "H W 3"],
    by_transmittances: Float[np.ndarray, "H W"],
    by_depth_sums: Float[np.ndarray, "H W"],
) -> Float[np.ndarray, "N sums"]:
    """The sums of `backward_kernels` of each slot."""
    splats = recorded.memory.splats
    by_splats = np.zeros((len(splats), NUM_SUMS), np.float32)
    for region, tile_starts, entries in recorded.lists:
        tile_ends = np.empty(len(tile_starts) - 1, np.int64)
        pairs = np.empty((len(entries), NUM_SUMS), np.float32)
        given = recorded.transmittances, recorded.lasts, by_colors, by_transmittances, by_depth_sums
        _over_tiles(go_back, region, tile_starts, entries, splats, *given, tile_ends, pairs)
        run_split(gather_splats, len(splats), tile_starts, tile_ends, entries, pairs, by_splats)
    return by_splats


def _by_gaussians(
    memory: WorkMemory,
    gaussians: Gaussians,
    camera: Camera,
    settings: RenderSettings,
    by_splats: Float[np.ndarray, "N sums"],
) -> tuple[Gaussians, Float[Tensor, "4 4"]]:
    """The gradients of everything in `gaussians` and of `camera_from_world`."""
    rotations = gaussians.sh_rotations_wxyz
    turned = np.zeros((0, 4), np.float32) if rotations is None else numpy_of(rotations)
    inputs = [numpy_of(value) for value in (gaussians.means, gaussians.covariances, gaussians.opacities, gaussians.sh)]
    outputs = [np.zeros(value.shape, np.float32) for value in (*inputs, turned)]
    by_camera = np.zeros((CHUNKS, NUM_CAMERA), np.float64)
    run_split(
        project_back,
        CHUNKS,
        CHUNKS,
        *inputs,
        num_used_coefficients(gaussians, settings),
        turned,
        rotations is not None,
        view_of(camera, settings),
        memory.slots,
        memory.splats,
        by_splats,
        *outputs,
        by_camera,
        parts=TILE_PARTS * num_threads(),
    )
    means, covariances, opacities, sh, rotations_wxyz = (torch.from_numpy(output) for output in outputs)
    sums = torch.from_numpy(by_camera.sum(axis=0))
    matrix = torch.cat([torch.cat([sums[:9].reshape(3, 3), sums[9:].unsqueeze(-1)], dim=1), sums.new_zeros(1, 4)])
    by_gaussians = Gaussians(
        means=means,
        covariances=covariances,
        opacities=opacities,
        sh=sh,
        sh_rotations_wxyz=None if rotations is None else rotations_wxyz,
    )
    return by_gaussians, matrix
