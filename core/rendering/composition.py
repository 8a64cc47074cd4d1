"""The whole picture: Gaussians in the chosen mode, mesh, ground and what is behind, put together by depth.

Layers are kept over black, their colours multiplied by their coverage. From front to back: the mesh where it is over,
then Gaussians and ground by their depth at each pixel, the mesh where it is under, the backdrop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..cameras import Camera
from . import recoloring
from .cpu_renderer import CpuRenderer
from .display import PLAIN, Backdrop, Display, MeshLayer, MeshStyle, Mode, Subject
from .floor import Ground, ground_under, render_floor
from .layers import empty, on_backdrop, over
from .mesh_renderer import render_mesh
from .renderer import Footprint, RenderedImage, Renderer, RenderSettings

BLACK = (0.0, 0.0, 0.0)
GROUND_MARGIN = 0.06
"""Metres that the ground must be nearer than the subject to hide it: soles reach a little into it."""
CHECKERBOARD = ((0.36, 0.37, 0.39), (0.27, 0.28, 0.30))
CHECKER_SIDE = 12
"""Pixels."""

T = TypeVar("T")


class Composer:
    """Remembers by identity what does not depend on the camera; belongs to one thread."""

    def __init__(self) -> None:
        self._remembered: dict[str, tuple[tuple[Any, ...], Any]] = {}
        self._rings = CpuRenderer()
        self.timings: dict[str, float] = {}
        """Milliseconds of the last picture's stages."""

    def render(
        self,
        renderer: Renderer,
        subject: Subject,
        camera: Camera,
        settings: RenderSettings,
        display: Display = PLAIN,
        backdrop: Backdrop | None = None,
    ) -> RenderedImage:
        """The picture over its backdrop; `alpha` is what the backdrop does not show through.

        With `display.transparent` the backdrop is the plain background, so that `without_background` can take it off.
        """
        if display.is_plain:
            image = renderer.render(subject.gaussians, camera, settings)
            self.timings = dict(renderer.timings)
            return image
        front = self.foreground(renderer, subject, camera, settings, display)
        behind = self.backdrop(display, backdrop, settings.background, camera.width, camera.height)
        return replace(front, rgb=(front.rgb + (1.0 - front.alpha)[..., None] * behind).clamp_max(1.0))

    def render_rgba8(
        self,
        renderer: Renderer,
        subject: Subject,
        camera: Camera,
        settings: RenderSettings,
        out: UInt8[np.ndarray, "H W 4"],
        display: Display = PLAIN,
        backdrop: Backdrop | None = None,
        *,
        checkered: bool = True,
    ) -> None:
        """The picture as a window shows it, opaque: what is transparent stands over a checkerboard, or the colour."""
        straight_to_bytes = getattr(renderer, "render_rgba8", None)
        if display.is_plain and straight_to_bytes is not None:
            straight_to_bytes(subject.gaussians, camera, settings, out)
            self.timings = dict(renderer.timings)
            return
        front = self.foreground(renderer, subject, camera, settings, display)
        if display.transparent and checkered:
            behind = self._once("checkerboard", checkerboard, camera.width, camera.height)
        else:
            behind = self.backdrop(display, backdrop, settings.background, camera.width, camera.height)
        on_backdrop(front, behind, out)

    def backdrop(
        self,
        display: Display,
        backdrop: Backdrop | None,
        background: tuple[float, float, float],
        width: int,
        height: int,
    ) -> Float[Tensor, "H W 3"]:
        """What is behind: the picture where there is one, else the colour."""
        if backdrop is None or display.picture is None or display.transparent:
            return torch.tensor(background).expand(height, width, 3)
        return self._once("backdrop", fitted, backdrop, width, height)

    def foreground(
        self,
        renderer: Renderer,
        subject: Subject,
        camera: Camera,
        settings: RenderSettings,
        display: Display,
        *,
        whole: Camera | None = None,
        samples: int = 1,
    ) -> RenderedImage:
        """Everything but the backdrop, over black: `rgb` is multiplied by `alpha`.

        `whole` is the camera of the whole picture where `camera` sees a part of it; `samples` how many of the camera's
        pixels along a side will be one.
        """
        timings: dict[str, float] = {}
        front = self._gaussians(renderer, subject, camera, settings, display, whole or camera, samples, timings)
        if display.shows_mesh and subject.mesh is not None:
            started = time.perf_counter()
            colors = self._once("part colors", recoloring.face_part_colors, subject) if _shows_parts(display) else None
            mesh = render_mesh(subject.mesh, camera, display.mesh_style, colors)
            is_over = display.mode is Mode.MESH or display.mesh is MeshLayer.OVER
            front = over(mesh, front) if is_over else over(front, mesh)
            timings["mesh"] = 1e3 * (time.perf_counter() - started)
        if display.floor or display.grid:
            started = time.perf_counter()
            ground: Ground = self._once("ground", _ground, subject, display.floor)
            seen = render_floor(ground, camera, floor=display.floor, grid=display.grid)
            front = over(front, seen, margin=GROUND_MARGIN)
            timings["floor"] = 1e3 * (time.perf_counter() - started)
        self.timings = timings
        return front

    def close(self) -> None:
        self._rings.close()
        self._remembered.clear()

    def _gaussians(
        self,
        renderer: Renderer,
        subject: Subject,
        camera: Camera,
        settings: RenderSettings,
        display: Display,
        whole: Camera,
        samples: int,
        timings: dict[str, float],
    ) -> RenderedImage:
        """The Gaussians in the mode that is chosen, over black."""
        gaussians, settings = subject.gaussians, replace(settings, background=BLACK)
        if display.mode is Mode.MESH:
            return empty(camera)
        if display.mode in (Mode.POINTS, Mode.RINGS) and subject.mesh is not None:
            gaussians = recoloring.facing(gaussians, self._normals(subject), camera)
        if display.mode is Mode.POINTS:
            gaussians = recoloring.as_points(gaussians, camera, samples * settings.splat_scale)
            settings = replace(settings, splat_scale=1.0, antialiased=False)
        elif display.mode is Mode.RINGS:
            renderer, settings = self._rings, replace(settings, footprint=Footprint.RING)
        elif display.mode is Mode.NORMALS:
            colors = recoloring.normal_colors(subject, self._normals(subject), camera)
            gaussians = recoloring.colored(gaussians, colors)
        elif display.mode is Mode.PARTS:
            gaussians = self._once("parts", _with_part_colors, subject)
        image = renderer.render(gaussians, camera, settings)
        timings.update(renderer.timings)
        if display.mode is Mode.DEPTH:
            image = recoloring.colored_by_depth(image, *recoloring.depth_range(gaussians, whole))
        return image

    def _normals(self, subject: Subject) -> Float[Tensor, "N 3"]:
        return self._once("normals", recoloring.normals_of, subject)

    def _once(self, name: str, compute: Callable[..., T], *inputs: Any) -> T:
        """What `compute` gave for these inputs (the same objects, or equal numbers), or gives now."""
        remembered = self._remembered.get(name)
        if remembered is not None and len(remembered[0]) == len(inputs) and all(map(_same, remembered[0], inputs)):
            return remembered[1]
        result = compute(*inputs)
        self._remembered[name] = (inputs, result)
        return result


def _same(old: object, new: object) -> bool:
    return old is new or (isinstance(old, int) and old == new)


def _shows_parts(display: Display) -> bool:
    return display.mode is Mode.PARTS and display.mesh_style is not MeshStyle.WIREFRAME


def _ground(subject: Subject, has_shadow: bool) -> Ground:
    return ground_under(subject.gaussians.means, subject.floor_height, shadow=has_shadow)


def _with_part_colors(subject: Subject) -> Any:
    return recoloring.colored(subject.gaussians, recoloring.part_colors(subject))


def fitted(backdrop: Backdrop, width: int, height: int, rows: tuple[int, int] | None = None) -> Float[Tensor, "R W 3"]:
    """The picture so large that it fills the view, its middle in the middle, the rest cut off; or some rows of that."""
    num_rows, num_columns, _ = backdrop.rgb.shape
    scale = max(width / num_columns, height / num_rows)
    kept_rows, kept_columns = max(1, round(height / scale)), max(1, round(width / scale))
    top, left = (num_rows - kept_rows) // 2, (num_columns - kept_columns) // 2
    cut = backdrop.rgb[top : top + kept_rows, left : left + kept_columns].permute(2, 0, 1)[None]
    reduced = (min(height, kept_rows), min(width, kept_columns))
    cut = torch.nn.functional.interpolate(cut, reduced, mode="bilinear", antialias=True)
    first, last = rows or (0, height)
    y, x = (torch.arange(first, last) + 0.5) / height, (torch.arange(width) + 0.5) / width
    places = torch.stack(torch.meshgrid(2.0 * x - 1.0, 2.0 * y - 1.0, indexing="xy"), dim=-1)[None]
    sampled = torch.nn.functional.grid_sample(cut, places, padding_mode="border", align_corners=False)
    return sampled[0].permute(1, 2, 0).clamp(0.0, 1.0).contiguous()


def checkerboard(width: int, height: int) -> Float[Tensor, "H W 3"]:
    """What stands for nothing in a window."""
    rows, columns = torch.arange(height) // CHECKER_SIDE, torch.arange(width) // CHECKER_SIDE
    return torch.tensor(CHECKERBOARD)[(rows[:, None] + columns) % 2]
