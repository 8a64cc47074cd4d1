"""What this machine reaches, stage by stage: an avatar that moves all over, and one that stands while the camera turns.

Medians of frames after a warm-up, with the tenth and ninetieth percentile beside them, since other programs run too.
"""

from __future__ import annotations

import itertools
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from .avatar.avatar import Avatar
from .body.joints import JOINT_LIMITS_DEGREES, NUM_JOINTS
from .body.model import BodyModel
from .body.parameters import BodyPose
from .cameras import Camera, OrbitCamera, framing, orbited
from .errors import StudioError
from .gaussians import Gaussians
from .pipeline import Pipeline
from .rendering.registry import make_renderer, renderer_names
from .rendering.renderer import Renderer, RenderSettings

SIZES = (512, 1024)
"""Pixels on each side."""
NUM_WARM_UP = 5
NUM_FRAMES = 90
MAX_SECONDS = 6.0
"""For each measurement; a slow machine measures fewer frames."""
CLIP_FPS = 30.0
ReportProgress = Callable[[float, str], None]
Frame = Callable[[int], dict[str, float]]
"""Draws one frame; milliseconds of its stages."""


def run_benchmark(
    avatar: Avatar,
    body: BodyModel,
    *,
    report: ReportProgress = lambda _fraction, _message: None,
    sizes: tuple[int, ...] = SIZES,
    num_frames: int = NUM_FRAMES,
) -> dict[str, Any]:
    """Measure every renderer that runs here at every size.

    Returns:
        {"machine": {...}, "gaussians": N, "driven": {renderer: {size: {"fps", "ms", "spread_ms", "frames"}}},
        "camera": the same, "unavailable": {renderer: reason}}. `ms` holds the median of each stage and of the whole
        frame ("frame"), `spread_ms` the tenth and ninetieth percentile.
    """
    names = [name for name in renderer_names() if name != "auto"]  # that is a second name for one of the others
    pipeline, clip = Pipeline(body), lively_clip(body, num_frames + NUM_WARM_UP)
    rest = pipeline.gaussians(avatar, avatar.betas, BodyPose.rest(body))
    orbit = _orbit_around(rest)
    result: dict[str, Any] = {"machine": machine(), "gaussians": len(rest)}
    result |= {"driven": {}, "camera": {}, "unavailable": {}}
    for number, name in enumerate(names):
        try:
            renderer = make_renderer(name)
        except StudioError as error:
            result["unavailable"][name] = error.message
            continue
        for step, (kind, size) in enumerate(itertools.product(("driven", "camera"), sizes)):
            report((number + step / (2 * len(sizes))) / len(names), f"{kind}, {name}, {size}x{size}")
            if kind == "driven":
                frame = _driven_frame(pipeline, avatar, clip, renderer, orbit.camera(size, size))
            else:
                frame = _camera_frame(rest, renderer, orbit, size, num_frames)
            result[kind].setdefault(name, {})[str(size)] = _measured(frame, num_frames)
        renderer.close()
    report(1.0, "")
    return result


def lively_clip(body: BodyModel, num_frames: int) -> list[BodyPose]:
    """Poses in which every joint turns about all its axes and every action of the face comes and goes."""
    random = np.random.default_rng(0)
    moments = np.arange(num_frames)[:, None, None] / CLIP_FPS
    lowest, highest = np.deg2rad(JOINT_LIMITS_DEGREES.double().numpy()).transpose(2, 0, 1)
    lowest[0], highest[0] = -0.6, 0.6  # a person who stands, not one who somersaults
    periods, phases = random.uniform(1.0, 3.0, (NUM_JOINTS, 3)), random.uniform(0.0, math.tau, (NUM_JOINTS, 3))
    waves = np.sin(math.tau * moments / periods + phases)
    middle, reach = 0.5 * (highest + lowest), 0.5 * (highest - lowest)
    rotations = 0.5 * (middle + reach * waves)  # half of what is natural, so that limbs seldom meet
    ranges = body.expression_ranges.double().numpy()
    periods, phases = random.uniform(0.5, 2.0, len(ranges)), random.uniform(0.0, math.tau, len(ranges))
    strengths = 0.25 + 0.25 * np.sin(math.tau * moments[:, 0] / periods + phases)
    expressions = ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * strengths
    return [
        BodyPose(
            rotations=torch.from_numpy(rotation).float(),
            expression=torch.from_numpy(expression).float(),
            translation=torch.zeros(3),
        )
        for rotation, expression in zip(rotations, expressions, strict=True)
    ]


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "platform": platform.platform(),
        "processor": _processor_name(),
        "cores": cores,
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "numba", "nlfgs-studio")},
    }


def _processor_name() -> str:
    """As Linux calls it; elsewhere the kind of processor must do."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - a file of the system, read line by line
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _orbit_around(gaussians: Gaussians) -> OrbitCamera:
    lowest, highest = gaussians.means.amin(0).double().numpy(), gaussians.means.amax(0).double().numpy()
    return framing(lowest, highest, orbit=OrbitCamera(), aspect=1.0)


def _drawing(renderer: Renderer, size: int) -> Callable[[Gaussians, Camera], None]:
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


def _driven_frame(
    pipeline: Pipeline, avatar: Avatar, clip: list[BodyPose], renderer: Renderer, camera: Camera
) -> Frame:
    draw = _drawing(renderer, camera.width)

    def frame(index: int) -> dict[str, float]:
        gaussians = pipeline.gaussians(avatar, avatar.betas, clip[index % len(clip)])
        draw(gaussians, camera)
        return {**{stage: pipeline.timings[stage] for stage in pipeline.last_run}, **renderer.timings}

    return frame


def _camera_frame(gaussians: Gaussians, renderer: Renderer, orbit: OrbitCamera, size: int, num_frames: int) -> Frame:
    draw = _drawing(renderer, size)

    def frame(index: int) -> dict[str, float]:
        draw(gaussians, orbited(orbit, yaw=math.tau * index / num_frames, pitch=0.0).camera(size, size))
        return dict(renderer.timings)

    return frame


def _measured(frame: Frame, num_frames: int) -> dict[str, Any]:
    for index in range(NUM_WARM_UP):
        frame(index)
    stages: list[dict[str, float]] = []
    started = time.perf_counter()
    for index in range(NUM_WARM_UP, NUM_WARM_UP + num_frames):
        before = time.perf_counter()
        milliseconds = frame(index)
        now = time.perf_counter()
        stages.append({**milliseconds, "frame": 1e3 * (now - before)})
        if now - started > MAX_SECONDS and len(stages) >= NUM_WARM_UP:
            break
    names = list(dict.fromkeys(name for each in stages for name in each))
    values = {name: [each[name] for each in stages if name in each] for name in names}
    medians = {name: statistics.median(each) for name, each in values.items()}
    return {
        "fps": round(1e3 / medians["frame"], 2),
        "ms": {name: round(median, 3) for name, median in medians.items()},
        "spread_ms": {
            name: [round(float(bound), 3) for bound in np.percentile(each, (10, 90))] for name, each in values.items()
        },
        "frames": len(stages),
    }


def table(result: dict[str, Any]) -> str:
    """The figures of `run_benchmark`, to be read."""
    about = result["machine"]
    gpu = about["gpu"] or "no GPU that torch can use"
    lines = [
        f"{about['processor']}, {about['cores']} cores, {gpu}",
        f"{result['gaussians']:,} Gaussians; milliseconds are medians, [10 % .. 90 %] of the frames beside",
        "",
        f"{'':8} {'renderer':10} {'size':>5} {'fps':>7}  {'frame':>22}  stages",
        *(_row(*row) for row in _rows(result)),
        *(f"{name} does not run here: {reason}" for name, reason in result["unavailable"].items()),
    ]
    return "\n".join(lines)


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for kind in ("driven", "camera"):
        for name, sizes in result[kind].items():
            for size, figures in sizes.items():
                yield kind, name, size, figures


def _row(kind: str, name: str, size: str, figures: dict[str, Any]) -> str:
    low, high = figures["spread_ms"]["frame"]
    frame = f"{figures['ms']['frame']:6.1f} [{low:5.1f} .. {high:5.1f}]"
    stages = "  ".join(f"{stage} {value:.1f}" for stage, value in figures["ms"].items() if stage != "frame")
    return f"{kind:8} {name:10} {size:>5} {figures['fps']:7.1f}  {frame:>22}  {stages}"
