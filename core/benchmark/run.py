"""Every renderer that runs here, driven and standing, and what else a renderer owes: gradients, no popping, no leak."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..avatar.avatar import Avatar
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import Camera, OrbitCamera, orbited
from ..errors import StudioError
from ..gaussians import Gaussians
from ..machine import machine, memory_mib, peak_memory_mib
from ..pipeline import Pipeline
from ..rendering.registry import make_renderer, renderer_names
from ..rendering.renderer import DifferentiableRenderer, Renderer, RenderSettings
from .judges import body_to_smplx, raster_to_reference
from .on_cuda import cuda_figures
from .refining import refining_figures
from .scenes import as_many, lively_clip, orbit_around
from .timing import NUM_WARM_UP, Frame, measured

SIZES = (512, 1024)
"""Pixels on each side."""
NUM_FRAMES = 90
TRAINING_SIZE = 384
GROWTH_COUNTS = (10_000, 30_000, 110_000, 300_000, 1_000_000)
GROWTH_SIZES = (256, 512, 1024)
GROWTH_SECONDS = 1.0
"""For each of the many measurements."""
POPPING_DEGREES = 0.5
"""Between the frames of the slow orbit."""
POPPING_FRAMES = 60
STEADY_WARM_UP, STEADY_FRAMES = 20, 300
"""Over which the process must not grow."""
BLOCK = 16
"""Pixels along the side of the squares in which a part of the picture that pops would show."""
ReportProgress = Callable[[float, str], None]
Measurement = Callable[[], dict[str, Any]]


def run_benchmark(
    avatar: Avatar,
    body: BodyModel,
    *,
    report: ReportProgress = lambda _fraction, _message: None,
    sizes: tuple[int, ...] = SIZES,
    num_frames: int = NUM_FRAMES,
    growth: bool = False,
) -> dict[str, Any]:
    """Measure every renderer that runs here at every size; with `growth` also how the cost grows with the Gaussians.

    Returns:
        {"machine": {...}, "gaussians": N, "driven": {renderer: {size: {"fps", "ms", "spread_ms", "frames"}}},
        "camera": the same, "training": the same, "growth": {renderer: {size: {count: the same}}},
        "popping": {renderer: {"largest_pixel", "largest_block"}}, "ratios": {name: {"ours_ms", "theirs_ms", "ratio"}},
        "memory": {renderer: {"growth_mib", "frames"}}, what `refining_figures` gives, "cuda": what `cuda_figures`
        gives, "peak_memory_mib", "unavailable": {renderer: reason}}. `ms` holds the median of each stage and of the
        whole frame ("frame"), `spread_ms` the tenth and ninetieth percentile.
    """
    result: dict[str, Any] = {"machine": machine()}
    pipeline, clip = Pipeline(body), lively_clip(body, num_frames + NUM_WARM_UP)
    rest = pipeline.gaussians(avatar, avatar.betas, BodyPose.rest(body))
    orbit = orbit_around(rest)
    result |= {"gaussians": len(rest), "driven": {}, "camera": {}, "training": {}, "growth": {}, "popping": {}}
    result |= {"ratios": {}, "memory": {}, "unavailable": {}}
    # "auto" is a second name for one of the others
    names = [name for name in renderer_names() if name != "auto"]
    for number, name in enumerate(names):
        try:
            renderer = make_renderer(name)
        except StudioError as error:
            result["unavailable"][name] = error.message
            continue
        todo: list[tuple[tuple[str, ...], Measurement]] = []
        for size in sizes:
            driven = driven_frame(pipeline, avatar, clip, renderer, orbit.camera(size, size))
            todo.append((("driven", name, str(size)), _timed(driven, num_frames)))
        for size in sizes:
            turned = camera_frame(rest, renderer, orbit, size, num_frames)
            todo.append((("camera", name, str(size)), _timed(turned, num_frames)))
        if isinstance(renderer, DifferentiableRenderer):
            trained = training_frame(rest, renderer, orbit.camera(TRAINING_SIZE, TRAINING_SIZE))
            todo.append((("training", name, str(TRAINING_SIZE)), _timed(trained, num_frames)))
        if not getattr(renderer, "is_software", False):  # an OpenGL without a GPU takes a minute for what tells nothing
            todo += _thorough(name, rest, renderer, orbit, sizes[0], num_frames, growth=growth)
        for step, (place, measure) in enumerate(todo):
            report((number + step / len(todo)) / len(names), ", ".join(place))
            _put(result, place, measure())
        renderer.close()
    report(0.99, "refining")
    result |= refining_figures(avatar, body, rest, orbit)
    result["peak_memory_mib"] = peak_memory_mib()
    result["ratios"] = {"raster to torch_reference": raster_to_reference(rest, orbit)}
    against_smplx = body_to_smplx(body, avatar.betas, clip)
    if against_smplx is not None:
        result["ratios"]["body to smplx"] = against_smplx
    result["cuda"] = cuda_figures(avatar, body, clip, orbit)
    report(1.0, "")
    return result


def _put(result: dict[str, Any], place: tuple[str, ...], figures: dict[str, Any]) -> None:
    for key in place[:-1]:
        result = result.setdefault(key, {})
    result[place[-1]] = figures


def _timed(frame: Frame, num_frames: int) -> Measurement:
    return lambda: measured(frame, num_frames)


def drawing(renderer: Renderer, size: int) -> Callable[[Gaussians, Camera], None]:
    """Drawing as the window does it: into bytes, where the renderer can."""
    settings = RenderSettings()
    into_bytes = getattr(renderer, "render_rgba8", None)
    out = np.zeros((size, size, 4), np.uint8)

    def draw(gaussians: Gaussians, camera: Camera) -> None:
        if into_bytes is None:
            renderer.render(gaussians, camera, settings)
        else:
            into_bytes(gaussians, camera, settings, out)

    return draw


def driven_frame(pipeline: Pipeline, avatar: Avatar, clip: list[BodyPose], renderer: Renderer, camera: Camera) -> Frame:
    """Everything moves: body, rig and picture."""
    draw = drawing(renderer, camera.width)

    def frame(index: int) -> dict[str, float]:
        gaussians = pipeline.gaussians(avatar, avatar.betas, clip[index % len(clip)])
        draw(gaussians, camera)
        return {**{stage: pipeline.timings[stage] for stage in pipeline.last_run}, **renderer.timings}

    return frame


def camera_frame(gaussians: Gaussians, renderer: Renderer, orbit: OrbitCamera, size: int, num_frames: int) -> Frame:
    """The avatar stands and the camera goes once around it."""
    draw = drawing(renderer, size)

    def frame(index: int) -> dict[str, float]:
        draw(gaussians, orbited(orbit, yaw=math.tau * index / num_frames, pitch=0.0).camera(size, size))
        return dict(renderer.timings)

    return frame


def training_frame(gaussians: Gaussians, renderer: DifferentiableRenderer, camera: Camera) -> Frame:
    """A picture, the loss of all its numbers, and the gradients of everything that Gaussians are made of."""
    settings = RenderSettings()
    given = (gaussians.means, gaussians.covariances, gaussians.opacities, gaussians.sh)
    leaves = [tensor.detach().clone().requires_grad_() for tensor in given]
    means, covariances, opacities, sh = leaves
    trained = Gaussians(
        means=means,
        covariances=covariances,
        opacities=opacities,
        sh=sh,
        sh_rotations_wxyz=gaussians.sh_rotations_wxyz,
    )

    def frame(_index: int) -> dict[str, float]:
        started = time.perf_counter()
        image = renderer.render_differentiable(trained, camera, settings)
        loss = image.rgb.square().mean() + image.alpha.mean() + image.depth.mean()
        drawn = time.perf_counter()
        torch.autograd.grad(loss, leaves)
        return {"forward": 1e3 * (drawn - started), "backward": 1e3 * (time.perf_counter() - drawn)}

    return frame


def _thorough(
    name: str,
    gaussians: Gaussians,
    renderer: Renderer,
    orbit: OrbitCamera,
    size: int,
    num_frames: int,
    *,
    growth: bool,
) -> list[tuple[tuple[str, ...], Measurement]]:
    """Popping and memory of one size, and with `growth` the cost of all sizes and counts."""
    steady = _steadiness(camera_frame(gaussians, renderer, orbit, size, num_frames))
    grown = _growth(name, gaussians, renderer, orbit, num_frames) if growth else []
    return [(("popping", name), _popping(gaussians, renderer, orbit, size)), (("memory", name), steady), *grown]


def _growth(
    name: str, gaussians: Gaussians, renderer: Renderer, orbit: OrbitCamera, num_frames: int
) -> list[tuple[tuple[str, ...], Measurement]]:
    def measurement(count: int, size: int) -> Measurement:
        def measure() -> dict[str, Any]:
            frame = camera_frame(as_many(gaussians, count), renderer, orbit, size, num_frames)
            figures = measured(frame, num_frames, max_seconds=GROWTH_SECONDS)
            return {**figures, "ns_per_gaussian": round(1e6 * figures["ms"]["frame"] / count, 2)}

        return measure

    return [
        (("growth", name, str(size), str(count)), measurement(count, size))
        for size in GROWTH_SIZES
        for count in GROWTH_COUNTS
    ]


def _steadiness(frame: Frame) -> Measurement:
    """How much more memory the process holds after many frames than after a few."""

    def measure() -> dict[str, Any]:
        for index in range(STEADY_WARM_UP):
            frame(index)
        before = memory_mib()
        for index in range(STEADY_FRAMES):
            frame(index)
        after = memory_mib()
        grown = None if before is None or after is None else round(after - before, 1)
        return {"growth_mib": grown, "frames": STEADY_FRAMES}

    return measure


def _popping(gaussians: Gaussians, renderer: Renderer, orbit: OrbitCamera, size: int) -> Measurement:
    """How much changes at once in a slow orbit, in steps of a byte: in a pixel, and averaged in blocks."""

    def measure() -> dict[str, Any]:
        last, settings = None, RenderSettings()
        largest_pixel = largest_block = 0.0
        for index in range(POPPING_FRAMES):
            camera = orbited(orbit, yaw=math.radians(POPPING_DEGREES * index), pitch=0.0).camera(size, size)
            rgb = renderer.render(gaussians, camera, settings).rgb.float().cpu()
            if last is not None:
                change = 255.0 * (rgb - last).abs().mean(-1)
                blocks = torch.nn.functional.avg_pool2d(change[None], min(BLOCK, size))
                largest_pixel = max(largest_pixel, float(change.max()))
                largest_block = max(largest_block, float(blocks.max()))
            last = rgb
        return {"largest_pixel": round(largest_pixel, 2), "largest_block": round(largest_block, 2)}

    return measure
