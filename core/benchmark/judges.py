"""How our fast code compares with the plain code that judges it: the package `smplx`, and `torch_reference`."""

from __future__ import annotations

import time
from typing import Any

from jaxtyping import Float
from torch import Tensor

from ..body.builtin import builtin_body_path
from ..body.fast_forward import FastPoser
from ..body.model import BodyModel, shape_body
from ..body.parameters import BodyPose
from ..body.smplx_judge import smplx_forward
from ..cameras import OrbitCamera
from ..errors import StudioError
from ..gaussians import Gaussians
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import Renderer, RenderSettings
from ..rendering.torch_reference import TorchReference
from .scenes import as_many
from .timing import Frame, measured

REFERENCE_GAUSSIANS, REFERENCE_SIZE = 3_000, 64
"""The judge evaluates every Gaussian at every pixel, so it gets a small picture of few."""
NUM_FRAMES = 30


def body_to_smplx(body: BodyModel, betas: Float[Tensor, " S"], clip: list[BodyPose]) -> dict[str, Any] | None:
    """Posing the built-in body, against the package; None for other bodies and where the package cannot load it."""
    if body.identity.source != "builtin":
        return None
    try:
        judge = smplx_forward(builtin_body_path(), num_betas=body.num_betas, num_expression=body.num_expression)
    except StudioError:
        return None
    shaped, poser = shape_body(body, betas), FastPoser(body)

    def ours(index: int) -> dict[str, float]:
        poser.pose(shaped, clip[index % len(clip)])
        return {}

    def theirs(index: int) -> dict[str, float]:
        judge(betas, clip[index % len(clip)])
        return {}

    return _compared(ours, theirs)


def raster_to_reference(gaussians: Gaussians, orbit: OrbitCamera) -> dict[str, Any]:
    """Drawing a small picture of few Gaussians, sorted and projected already in both cases or in neither."""
    scene, camera = as_many(gaussians, REFERENCE_GAUSSIANS), orbit.camera(REFERENCE_SIZE, REFERENCE_SIZE)

    def frame_of(renderer: Renderer) -> Frame:
        def frame(_index: int) -> dict[str, float]:
            renderer.render(scene, camera, RenderSettings())
            return {}

        return frame

    return _compared(frame_of(CpuRenderer()), frame_of(TorchReference()))


def _compared(ours: Frame, theirs: Frame) -> dict[str, Any]:
    """Both in turn, so that what else the machine does meets both; a ratio above 1 says that ours is faster."""
    started = time.perf_counter()
    rounds = [(measured(ours, NUM_FRAMES, max_seconds=0.5), measured(theirs, NUM_FRAMES, max_seconds=1.0))]
    while len(rounds) < 3 and time.perf_counter() - started < 6.0:
        rounds.append((measured(ours, NUM_FRAMES, max_seconds=0.5), measured(theirs, NUM_FRAMES, max_seconds=1.0)))
    ratios = sorted(their["ms"]["frame"] / our["ms"]["frame"] for our, their in rounds)
    return {
        "ours_ms": min(our["ms"]["frame"] for our, _ in rounds),
        "theirs_ms": min(their["ms"]["frame"] for _, their in rounds),
        "ratio": round(ratios[len(ratios) // 2], 2),
    }
