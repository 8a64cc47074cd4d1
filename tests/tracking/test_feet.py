"""Standing feet stay, stepping feet go, and nothing above the legs moves for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.presets import pose_preset
from nlfgs_studio.core.tracking.feet import LEGS, Feet
from nlfgs_studio.core.tracking.skeleton import Skeleton, place
from nlfgs_studio.core.tracking.turns import matrices, vectors

FPS = 30.0
BOTH = np.array([True, True])
KNEE, HIP = JOINT_NAMES.index("left_knee"), JOINT_NAMES.index("left_hip")


@pytest.fixture(scope="module")
def rest(body) -> np.ndarray:
    return Skeleton.of(body, torch.zeros(1)).rest_joints


def _standing(random: np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rotations and translation, trembling by a tenth of a degree and half a millimetre with a generator."""
    rotations = matrices(np.array(pose_preset("Relaxed")))
    rotations[[4, 5]] = matrices(np.array([0.25, 0.0, 0.0]))
    translation = np.zeros(3)
    if random is not None:
        rotations = rotations @ matrices(np.radians(0.1) * random.normal(size=(55, 3)))
        translation = 0.0005 * random.normal(size=3)
    return rotations, translation


def _ankles(rest: np.ndarray, rotations: np.ndarray, translation: np.ndarray) -> np.ndarray:
    return place(rest, rotations, rest[0] + translation).positions[[leg[2] for leg in LEGS]]


def test_feet_of_a_trembling_person_stand(rest):
    random, feet = np.random.default_rng(0), Feet()
    before, after = [], []
    for _ in range(90):
        rotations, translation = _standing(random)
        held = feet.held(rest, rotations, translation, BOTH, 1.0 / FPS)
        before.append(_ankles(rest, rotations, translation))
        after.append(_ankles(rest, held, translation))
        others = [joint for joint in range(55) if joint not in {joint for leg in LEGS for joint in leg}]
        np.testing.assert_array_equal(held[others], rotations[others])
    sliding = [np.std(np.array(places)[10:], axis=0).max() for places in (before, after)]
    assert sliding[1] < 1e-6 < sliding[0]


def test_a_leaning_body_keeps_its_feet_and_their_turn(rest):
    """The pelvis goes down and to the side by 4 cm; knees and hips make up for it."""
    feet, (rotations, _) = Feet(), _standing()
    start = _ankles(rest, rotations, np.zeros(3))
    for step in range(30):
        translation = np.array([0.04, -0.04, 0.0]) * step / 29.0
        held = feet.held(rest, rotations, translation, BOTH, 1.0 / FPS)
    np.testing.assert_allclose(_ankles(rest, held, translation), start, atol=2e-3)
    assert vectors(held[KNEE])[0] > vectors(rotations[KNEE])[0] + 0.1
    turned = [place(rest, turns).rotations[[leg[2] for leg in LEGS]] for turns in (rotations, held)]
    np.testing.assert_allclose(turned[0], turned[1], atol=1e-9)


def test_a_step_is_not_held_back(rest):
    feet, lags, steps = Feet(), [], []
    last = None
    for frame in range(60):
        rotations, translation = _standing()
        swing = 0.6 * np.clip((frame - 20) / 20.0, 0.0, 1.0)
        rotations[HIP] = rotations[HIP] @ matrices(np.array([-swing, 0.0, 0.0]))
        held = feet.held(rest, rotations, translation, BOTH, 1.0 / FPS)
        wanted, is_at = (_ankles(rest, turns, translation)[0] for turns in (rotations, held))
        lags.append(float(np.linalg.norm(wanted - is_at)))
        steps.append(0.0 if last is None else float(np.linalg.norm(is_at - last)))
        last = is_at
    assert max(lags) < 0.07
    assert lags[38] < 0.03
    assert max(steps) < 0.06


def test_feet_that_are_not_seen_are_left_alone(rest):
    feet = Feet()
    for step in range(20):
        rotations, _ = _standing()
        held = feet.held(rest, rotations, np.array([0.002 * step, 0.0, 0.0]), ~BOTH, 1.0 / FPS)
        np.testing.assert_array_equal(held, rotations)
