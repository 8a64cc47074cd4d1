"""Dropouts are held, then ease to rest, and coming back makes no jump."""

from __future__ import annotations

import itertools

import numpy as np
from nlfgs_studio.core.tracking.bridging import EASING_SECONDS, HELD_SECONDS, Bridge
from nlfgs_studio.core.tracking.turns import ROTATIONS, VECTORS, matrices, vectors

FPS = 30.0
SEEN = matrices(np.array([[1.2, 0.0, 0.0]]))
REST = matrices(np.array([[0.0, 0.3, 0.0]]))


def _angles(answers: list[np.ndarray], goal: np.ndarray) -> np.ndarray:
    """Radians from each answer to the goal."""
    return np.linalg.norm(vectors(np.stack(answers)[:, 0].swapaxes(1, 2) @ goal[0]), axis=1)


def _run(evidence: list[int], seen: np.ndarray = SEEN) -> list[np.ndarray]:
    bridge = Bridge(ROTATIONS)
    return [bridge.bridged(seen if kind else REST, np.array([kind]), 1.0 / FPS) for kind in evidence]


def test_what_is_seen_passes_as_it_is():
    turns = matrices(np.random.default_rng(0).normal(size=(20, 5, 3)))
    bridge = Bridge(ROTATIONS)
    for turn in turns:
        np.testing.assert_allclose(bridge.bridged(turn, np.ones(5, int), 1.0 / FPS), turn, atol=1e-9)


def test_a_short_dropout_is_held():
    answers = _run([1] * 5 + [0] * int(0.6 * HELD_SECONDS * FPS) + [1] * 10)
    assert _angles(answers, SEEN).max() < 1e-6


def test_a_long_dropout_eases_to_rest():
    answers = _run([1] * 5 + [0] * int((HELD_SECONDS + EASING_SECONDS) * FPS + 2))
    to_rest = _angles(answers, REST)
    assert to_rest[-1] < 1e-6
    assert (np.diff(to_rest) < 1e-9).all()


def test_coming_back_makes_no_jump_and_arrives():
    answers = _run([1] * 5 + [0] * 60 + [1] * 40)
    steps = [float(np.linalg.norm(ROTATIONS.step(a, b))) for a, b in itertools.pairwise(answers)]
    whole_way = float(np.linalg.norm(ROTATIONS.step(REST, SEEN)))
    assert max(steps) < 0.25 * whole_way
    assert _angles(answers, SEEN)[-1] < 0.01 * whole_way


def test_a_flash_is_not_believed():
    answers = _run([0] * 20 + [1] * 2 + [0] * 20)
    assert _angles(answers, REST).max() < 1e-6


def test_a_leap_is_not_believed_until_it_lasts():
    """One wrong picture leaves no trace; a change that stays comes through, without a jump."""
    bridge = Bridge(ROTATIONS, largest_speed=10.0)
    wrong = matrices(np.array([[-1.2, 0.0, 0.0]]))
    values = [SEEN] * 5 + [wrong] + [SEEN] * 10 + [wrong] * 30
    answers = [bridge.bridged(value, np.array([1]), 1.0 / FPS) for value in values]
    assert _angles(answers[:16], SEEN).max() < 1e-6
    assert _angles(answers, wrong)[-1] < 0.01
    steps = [float(np.linalg.norm(ROTATIONS.step(a, b))) for a, b in itertools.pairwise(answers)]
    assert max(steps) < 0.25 * 2.4


def test_other_evidence_for_the_same_row_makes_no_jump():
    bridge = Bridge(VECTORS)
    face, body = np.zeros((1, 3)), np.full((1, 3), 0.1)
    answers = [bridge.bridged(face, np.array([2]), 1.0 / FPS)]
    answers += [bridge.bridged(body, np.array([1]), 1.0 / FPS) for _ in range(40)]
    np.testing.assert_array_equal(answers[1], face)
    np.testing.assert_allclose(answers[-1], body, atol=1e-4)


def test_what_was_never_seen_rests():
    np.testing.assert_allclose(_run([0] * 10)[-1], REST, atol=1e-12)
