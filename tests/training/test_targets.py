"""What pictures are compared with: mouth and eyes count more, and bytes keep what counts little."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.training.observation import Observation
from nlfgs_studio.core.training.settings import RefineSettings
from nlfgs_studio.core.training.targets import SpokenParts, Targets

SIDE = 128
SETTINGS = RefineSettings(longest_side=SIDE)


def _face(body) -> tuple[torch.Tensor, tuple[float, float, float]]:
    """Vertices of the body at rest, and where its face is."""
    shaped = shape_body(body, torch.zeros(body.num_betas))
    x, y, z = shaped.joints[15].tolist()
    return pose_body(body, shaped, BodyPose.rest(body)).vertices, (x, y + 0.03, z)


def test_weights_of_bytes_beside_the_mouths_are_right_to_six_percent(body):
    """The mouth counts so much that a byte's step is coarse for what is unsure, and counts a fifth of skin."""
    vertices, (x, y, z) = _face(body)
    camera = look_at((x, y, z + 0.7), (x, y, z), fx=300.0, fy=300.0, width=SIDE, height=SIDE)
    random, spoken = np.random.default_rng(0), SpokenParts(body)
    sure = random.choice([0.2, 0.4, 1.0], (SIDE, SIDE)).astype(np.float16)
    view = Observation(
        picture=0,
        name="me.png",
        image=random.integers(0, 256, (SIDE, SIDE, 3), np.uint8),
        mask=np.ones((SIDE, SIDE), np.float16),
        weights=sure,
        camera=camera,
        pose=BodyPose.rest(body),
    )
    wanted = spoken.weights(vertices, camera, SETTINGS).numpy() * sure
    assert wanted.max() == SETTINGS.mouth_weight
    target, _ = Targets(view, vertices, spoken, SETTINGS, torch.device("cpu")).at(SIDE)
    found = target.weights.numpy() * wanted.mean()
    assert np.abs(found / wanted - 1.0).max() < 0.06
    assert found.mean() == pytest.approx(wanted.mean(), rel=0.01)


def test_the_mouth_counts_more(body):
    vertices, (x, y, z) = _face(body)

    def weights_from(side: float, front: float) -> torch.Tensor:
        camera = look_at((x + side, y, z + front), (x, y, z), fx=300.0, fy=300.0, width=SIDE, height=SIDE)
        return SpokenParts(body).weights(vertices, camera, SETTINGS)

    weights = weights_from(0.0, 0.7)
    assert set(weights.unique().tolist()) == {1.0, SETTINGS.eye_weight, SETTINGS.mouth_weight}
    rows = [(weights == each).nonzero()[:, 0].float().mean() for each in (SETTINGS.eye_weight, SETTINGS.mouth_weight)]
    assert rows[0] < rows[1]
    assert float((weights > 1.0).float().mean()) < 0.2
    assert bool((weights_from(0.0, -0.7) == 1.0).all()), "through the back of the head"
    assert bool((weights_from(0.5, -0.5) == 1.0).all())
    left, right = weights_from(0.5, 0.5), weights_from(-0.5, 0.5)
    assert float((left == SETTINGS.mouth_weight).sum()) == pytest.approx(float((right > 5.0).sum()), rel=0.2)
