"""How long one picture of a body takes; run with `pytest tests/benchmarks --benchmark-only`."""

import dataclasses

import numpy as np
import pytest
import torch
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from scenes import body_camera, body_like

SETTINGS = RenderSettings()


@pytest.fixture(scope="module", params=[0, 3], ids=["degree 0", "degree 3"])
def gaussians(request):
    """As many as the built-in body carries, whole in the picture."""
    body = body_like(110_000)
    sh = torch.zeros(len(body), (request.param + 1) ** 2, 3)
    sh[:, :1] = body.sh
    unturned = torch.tensor([1.0, 0.0, 0.0, 0.0]).expand(len(body), 4).contiguous()
    return dataclasses.replace(body, sh=sh, sh_rotations_wxyz=unturned)


@pytest.mark.parametrize("size", [512, 1024])
def test_bytes_for_the_window(benchmark, gaussians, size):
    renderer, camera, out = CpuRenderer(), body_camera(size, size), np.empty((size, size, 4), np.uint8)
    benchmark.pedantic(renderer.render_rgba8, (gaussians, camera, SETTINGS, out), rounds=30, warmup_rounds=3)
    benchmark.extra_info["milliseconds"] = renderer.timings


@pytest.mark.parametrize("size", [512, 1024])
def test_float_images(benchmark, gaussians, size):
    renderer, camera = CpuRenderer(), body_camera(size, size)
    benchmark.pedantic(renderer.render, (gaussians, camera, SETTINGS), rounds=30, warmup_rounds=3)
    benchmark.extra_info["milliseconds"] = renderer.timings
