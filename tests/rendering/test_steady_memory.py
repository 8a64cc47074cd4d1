"""An evening of animation: 10,000 frames of body, rig and picture. `pytest -m slow -s` shows the figures."""

import pytest
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.benchmark.run import driven_frame
from nlfgs_studio.core.benchmark.scenes import lively_clip, orbit_around
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.machine import memory_mib
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer

NUM_FRAMES, WARM_UP, SIZE = 10_000, 100, 256
MOST_MIB = 8.0
"""One frame's Gaussians are 13 MiB, so that not one set of them may stay behind."""


@pytest.mark.slow
@pytest.mark.skipif(memory_mib() is None, reason="this system does not tell how much memory a process holds")
def test_memory_is_steady_over_ten_thousand_driven_frames(body):
    avatar, pipeline, renderer = default_avatar(body), Pipeline(body), CpuRenderer()
    orbit = orbit_around(pipeline.gaussians(avatar, avatar.betas, BodyPose.rest(body)))
    frame = driven_frame(pipeline, avatar, lively_clip(body, 300), renderer, orbit.camera(SIZE, SIZE))
    held = []
    for index in range(NUM_FRAMES + 1):
        frame(index)
        if index % 1000 == 0 or index == WARM_UP:
            held.append(memory_mib())
    print("MiB after 1, 100, 1000, 2000 ... frames:", *held)
    assert held[-1] - held[1] < MOST_MIB
