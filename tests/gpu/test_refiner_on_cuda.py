"""Refining on the device is refining: the same first loss as on the processor, and it learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.training.densify import DensifySettings
from nlfgs_studio.core.training.observation import Observation
from nlfgs_studio.core.training.refiner import Refiner
from nlfgs_studio.core.training.settings import RefineSettings

SIDE = 96


@pytest.fixture(scope="module")
def observation(plain_body):
    camera = look_at((0.0, 0.1, 2.4), (0.0, 0.1, 0.0), fx=1.2 * SIDE, fy=1.2 * SIDE, width=SIDE, height=SIDE)
    image = np.full((SIDE, SIDE, 3), (200, 90, 40), np.uint8)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[10:, 30:66] = 1.0
    return Observation(
        picture=0,
        name="a board",
        image=image,
        mask=mask,
        weights=np.ones_like(mask),
        camera=camera,
        pose=BodyPose.rest(plain_body),
    )


def test_it_learns_what_the_processor_learns(cuda, renderer, plain_body, observation):
    settings = RefineSettings(
        smallest_side=48,
        corrections_from=3,
        sh_steps=(4, 8, 12),
        densify_from=10,
        densify_until=20,
        densify=DensifySettings(every=5, share=0.1),
    )
    avatar = random_avatar(plain_body)
    avatar = replace(avatar, parameters=replace(avatar.parameters, sh=avatar.parameters.sh[:, :1]))
    losses = {}
    observations = [observation, replace(observation, picture=1)]  # a single one has no corrections
    for device in ("cpu", cuda):
        refiner = Refiner(plain_body, avatar, observations, settings=settings, held_out=[observation], device=device)
        losses[str(device)] = [refiner.step().loss for _ in range(40)]
        assert refiner.judge() > 10.0
        made = refiner.avatar()
        assert made.parameters.sh.device.type == made.template.faces.device.type == "cpu"
        assert len(made.parameters) > len(avatar.parameters)
    host, device = losses.values()
    assert device[0] == pytest.approx(host[0], rel=0.02)
    assert device[-1] == pytest.approx(host[-1], rel=0.2)
    assert np.mean(device[-8:]) < np.mean(device[:8])
    assert torch.cuda.memory_allocated() > 0
