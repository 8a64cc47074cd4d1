"""What refining costs at its dearest: whole pictures, their poses corrected, colours of degree 3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ..avatar.avatar import Avatar
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import OrbitCamera
from ..gaussians import Gaussians
from ..images import to_uint8
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from ..training.observation import Observation
from ..training.refiner import Refiner
from ..training.settings import RefineSettings
from .timing import measured

SIZE = 512
NUM_STEPS = 60


def refiner_of(avatar: Avatar, body: BodyModel, rest: Gaussians, orbit: OrbitCamera, size: int) -> Refiner:
    """Learns from a picture of the avatar at rest (`rest`), whose colours it has to begin with.

    The picture counts as two: the pose of a single one is never corrected.
    """
    camera = orbit.camera(size, size)
    image = CpuRenderer().render(rest, camera, RenderSettings())
    observation = Observation(
        picture=0,
        name="the avatar",
        image=to_uint8(image.rgb),
        mask=image.alpha.numpy(),
        weights=np.ones((size, size), np.float32),
        camera=camera,
        pose=BodyPose.rest(body),
    )
    sh = avatar.parameters.sh
    parameters = replace(avatar.parameters, sh=functional.pad(sh, (0, 0, 0, 16 - sh.shape[1])))
    avatar, settings = replace(avatar, parameters=parameters), RefineSettings(corrections_from=0)
    return Refiner(body, avatar, (observation, replace(observation, picture=1)), settings=settings, device=_device())


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def refining_figures(avatar: Avatar, body: BodyModel, rest: Gaussians, orbit: OrbitCamera) -> dict[str, Any]:
    """{"refining": {device: {size: what `measured` gives}}, "snapshot_ms": median of a snapshot}."""
    refiner = refiner_of(avatar, body, rest, orbit, SIZE)

    def step(_index: int) -> dict[str, float]:
        refiner.step()
        return dict(refiner.timings)

    def snapshot(_index: int) -> dict[str, float]:
        refiner.avatar()
        return {}

    figures = measured(step, NUM_STEPS)
    return {
        "refining": {_device(): {str(SIZE): figures}},
        "snapshot_ms": measured(snapshot, NUM_STEPS)["ms"]["frame"],
    }
