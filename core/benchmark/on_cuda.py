"""Driven frames that never leave the graphics card, beside the bare rasteriser: what of a frame is ours to justify."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from ..avatar.avatar import Avatar
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import OrbitCamera
from ..device_pipeline import DevicePipeline
from ..errors import StudioError
from ..gaussians import Gaussians
from ..rendering.renderer import RenderSettings

SIZES = (512, 1024)
NUM_WARM_UP, NUM_FRAMES, NUM_ROUNDS = 30, 200, 5


def cuda_figures(avatar: Avatar, body: BodyModel, clip: list[BodyPose], orbit: OrbitCamera) -> dict[str, Any]:
    """How fast the avatar moves with everything on the device; {"unavailable": reason} where it cannot.

    Returns:
        {"gaussians", "graph_problem", "pipeline_ms", "sizes": {size: {"driven_ms", "driven_fps", "bare_ms",
        "share_beside_the_rasterizer"}}, "peak_device_mib"}; each `_ms` has "median", "lowest" and "highest" of the
        rounds, per frame, the frames of a round queued without a wait between them.
    """
    from ..rendering.gsplat_renderer import GsplatRenderer, rasterization_arguments

    try:
        renderer = GsplatRenderer()
    except StudioError as error:
        return {"unavailable": error.message}
    pipeline, settings = DevicePipeline(body, renderer.device), RenderSettings()

    def posed(index: int) -> Gaussians:
        return pipeline.gaussians(avatar, avatar.betas, clip[index % len(clip)])

    rest = posed(0)
    result: dict[str, Any] = {
        "gaussians": len(rest),
        "graph_problem": pipeline.graph_problem,
        "pipeline_ms": _milliseconds(posed),
        "sizes": {},
    }
    for size in SIZES:
        camera = orbit.camera(size, size)
        arguments = rasterization_arguments(
            rest, camera, settings, device=renderer.device, depth=False, behind=settings.background
        )
        driven = _milliseconds(
            lambda index, camera=camera: renderer.render_rgba8_on_device(posed(index), camera, settings)
        )
        bare = _milliseconds(lambda _, arguments=arguments: renderer.rasterize_bare(arguments))
        result["sizes"][str(size)] = {
            "driven_ms": driven,
            "driven_fps": round(1e3 / driven["median"], 1),
            "bare_ms": bare,
            "share_beside_the_rasterizer": round(1.0 - bare["median"] / driven["median"], 3),
        }
    result["peak_device_mib"] = round(torch.cuda.max_memory_allocated(renderer.device) / 2**20, 1)
    renderer.close()
    return result


def _milliseconds(frame: Callable[[int], Any]) -> dict[str, float]:
    for index in range(NUM_WARM_UP):
        frame(index)
    rounds = []
    for _ in range(NUM_ROUNDS):
        # The host waits here, around a round, so that all that was queued counts and nothing from before.
        torch.cuda.synchronize()
        started = time.perf_counter()
        for index in range(NUM_FRAMES):
            frame(index)
        torch.cuda.synchronize()
        rounds.append(1e3 * (time.perf_counter() - started) / NUM_FRAMES)
    figures = {"median": statistics.median(rounds), "lowest": min(rounds), "highest": max(rounds)}
    return {name: round(value, 4) for name, value in figures.items()}


def cuda_lines(figures: dict[str, Any]) -> list[str]:
    """The figures, to be read."""
    if "unavailable" in figures:
        return []
    lines = [
        f"on CUDA alone, {size}x{size}: {each['driven_fps']:.0f} driven frames a second"
        f" ({each['driven_ms']['median']:.2f} ms, the bare gsplat.rasterization {each['bare_ms']['median']:.2f} ms,"
        f" {100.0 * each['share_beside_the_rasterizer']:.0f} % beside it)"
        for size, each in figures["sizes"].items()
    ]
    if figures["graph_problem"]:
        lines.append(f"body and rig run without a CUDA graph: {figures['graph_problem']}")
    return lines
