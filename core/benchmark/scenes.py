"""What is measured on: a clip in which everything moves, views of the avatar, as many Gaussians as asked for."""

from __future__ import annotations

import math

import numpy as np
import torch

from ..body.joints import JOINT_LIMITS_DEGREES, NUM_JOINTS
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import OrbitCamera, framing
from ..gaussians import Gaussians, select
from ..geometry.covariances import matrix_from_symmetric6

CLIP_FPS = 30.0


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


def orbit_around(gaussians: Gaussians) -> OrbitCamera:
    """The view from the front that frames them all in a square."""
    lowest, highest = gaussians.means.amin(0).double().numpy(), gaussians.means.amax(0).double().numpy()
    return framing(lowest, highest, orbit=OrbitCamera(), aspect=1.0)


def as_many(gaussians: Gaussians, count: int) -> Gaussians:
    """The same surface carried by `count` Gaussians.

    Fewer are larger, so that they still cover it. More are smaller ones drawn at random from the larger ones: N(m, C)
    is N(m + x, C / n) with x from N(0, C - C / n).
    """
    chosen = select(gaussians, torch.arange(count) * len(gaussians) // count)
    share = len(gaussians) / count
    means = chosen.means
    if share < 1.0:
        values, vectors = torch.linalg.eigh(matrix_from_symmetric6(chosen.covariances))
        deviations = ((1.0 - share) * values.clamp_min(0.0)).sqrt()
        random = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
        means = means + (vectors @ (deviations * random)[..., None]).squeeze(-1)
    return Gaussians(
        means=means,
        covariances=share * chosen.covariances,
        opacities=chosen.opacities.contiguous(),
        sh=chosen.sh.contiguous(),
        sh_rotations_wxyz=chosen.sh_rotations_wxyz,
    )
