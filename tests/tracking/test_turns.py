"""The logarithm undoes the exponential everywhere, half turns included."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.tracking.turns import ROTATIONS, matrices, vectors
from scipy.spatial.transform import Rotation


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.5, 2.0, 3.0, np.pi - 1e-3, np.pi - 1e-6])
def test_logarithm_undoes_exponential(angle):
    axes = np.random.default_rng(0).normal(size=(64, 3))
    turns = angle * axes / np.linalg.norm(axes, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors(matrices(turns)), turns, atol=1e-8)


def test_agrees_with_scipy():
    turns = np.random.default_rng(1).normal(size=(4, 16, 3))
    expected = Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix().reshape(4, 16, 3, 3)
    np.testing.assert_allclose(matrices(turns), expected, atol=1e-12)


def test_half_turns_come_back_as_the_same_matrix():
    axes = np.concatenate([np.eye(3), -np.eye(3), np.random.default_rng(2).normal(size=(32, 3))])
    half_turns = Rotation.from_rotvec(np.pi * axes / np.linalg.norm(axes, axis=1, keepdims=True)).as_matrix()
    np.testing.assert_allclose(matrices(vectors(half_turns)), half_turns, atol=1e-7)


def test_a_whole_step_leads_to_the_end():
    random = np.random.default_rng(3)
    start, end = matrices(random.normal(size=(8, 3))), matrices(random.normal(size=(8, 3)))
    np.testing.assert_allclose(ROTATIONS.moved(start, ROTATIONS.step(start, end)), end, atol=1e-9)
