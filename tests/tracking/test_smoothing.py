"""What the One-Euro filter takes from trembling, and what it adds in latency, measured on made-up signals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from nlfgs_studio.core.tracking.smoothing import OneEuro, still_cutoff
from nlfgs_studio.core.tracking.turns import ROTATIONS, VECTORS, matrices, vectors

FPS = 30.0
AXIS = np.array([0.6, 0.0, 0.8])
SPEED_GAIN = 1.5


def _smoothed(signal: np.ndarray, amount: float, space=ROTATIONS) -> np.ndarray:
    """The signal (T N ...) after the filter."""
    low_pass = OneEuro(space, SPEED_GAIN)
    return np.stack([low_pass.filtered(value, 1.0 / FPS, still_cutoff(amount)) for value in signal])


def _about_axis(angles: np.ndarray) -> np.ndarray:
    return matrices(angles[:, None, None] * AXIS)


def _latency(truth: np.ndarray, answer: np.ndarray) -> float:
    """Seconds by which the answer has to be moved forward to fit the truth best."""
    times = np.arange(len(truth)) / FPS
    shifts = np.arange(0.0, 0.4, 0.001)
    inner = (times > 1.0) & (times < times[-1] - 0.5)
    errors = [np.abs(np.interp(times[inner] + shift, times, answer) - truth[inner]).mean() for shift in shifts]
    return float(shifts[int(np.argmin(errors))])


def test_a_still_head_trembles_less_and_a_turning_one_is_not_late(capsys):
    noise = 0.006 * np.random.default_rng(0).normal(size=(300, 1, 3))
    turn = 0.6 * np.sin(2.0 * math.pi * 0.5 * np.arange(300) / FPS)
    rows = []
    for amount in (0.0, 0.25, 0.5, 1.0):
        jitter = math.sqrt(float((vectors(_smoothed(matrices(noise), amount))[30:] ** 2).sum(-1).mean()))
        angle = vectors(_smoothed(_about_axis(turn), amount))[:, 0] @ AXIS
        rows.append((amount, math.degrees(jitter), 1000.0 * _latency(turn, angle)))
    with capsys.disabled():
        for amount, jitter, latency in rows:
            print(f"\n  smoothing {amount:4.2f}: jitter {jitter:5.3f}° RMS, latency {latency:3.0f} ms", end="")
    jitters, latencies = [row[1] for row in rows], [row[2] for row in rows]
    assert latencies[0] == 0.0
    assert jitters == sorted(jitters, reverse=True)
    assert jitters[2] < 0.5 * jitters[0]
    assert latencies[2] < 60.0
    assert latencies[3] < 130.0


def test_smoothing_does_not_depend_on_the_frame_of_reference():
    random = np.random.default_rng(1)
    signal = _about_axis(np.cumsum(0.1 * random.normal(size=60)))
    frame = matrices(random.normal(size=3))
    np.testing.assert_allclose(_smoothed(frame @ signal, 0.6), frame @ _smoothed(signal, 0.6), atol=1e-9)


def test_what_stands_still_arrives():
    signal = np.concatenate([np.zeros((1, 4, 1)), np.ones((120, 4, 1))])
    assert np.abs(_smoothed(signal, 0.8, VECTORS)[-1] - 1.0).max() < 1e-3


@pytest.mark.parametrize("space", [VECTORS, ROTATIONS])
def test_each_row_is_smoothed_for_itself(space):
    random = np.random.default_rng(2)
    turns = np.cumsum(0.2 * random.normal(size=(40, 3, 3)), axis=0)
    signal = matrices(turns) if space is ROTATIONS else turns
    alone = _smoothed(signal[:, 1:2], 0.5, space)
    np.testing.assert_allclose(_smoothed(signal, 0.5, space)[:, 1:2], alone, atol=1e-12)


def test_no_smoothing_passes_everything():
    signal = np.random.default_rng(3).normal(size=(20, 2, 3))
    np.testing.assert_allclose(_smoothed(signal, 0.0, VECTORS), signal, atol=1e-12)
