"""A face is learned as it is seen, whatever comes between, and a learning that fails stops nothing."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from made_up_faces import CAMERA, random_embedding
from nlfgs_studio.core.tracking import acquaintance as module
from nlfgs_studio.core.tracking.acquaintance import Acquaintance
from nlfgs_studio.core.tracking.detection import FaceDetection
from nlfgs_studio.core.tracking.identity import Identity

FACE = FaceDetection(points=np.zeros((478, 3)), confidence=1.0)


class Learning:
    """Stands in for the estimate: waits until it may, and fails where it shall."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.fails = False
        self.may = threading.Event()
        self.may.set()

    def __call__(self, _body, _embedding, faces, _camera) -> Identity:
        self.counts.append(len(faces))
        self.may.wait(5.0)
        if self.fails:
            raise ValueError("no such face")
        return Identity(betas=np.full(3, float(len(self.counts))), offsets=np.zeros((478, 3)), residual=0.0)


@pytest.fixture
def learning(monkeypatch) -> Learning:
    made = Learning()
    monkeypatch.setattr(module, "estimate_identity", made)
    return made


@pytest.fixture
def acquaintance(body, learning):
    made = Acquaintance(body, random_embedding(body), CAMERA)
    yield made
    learning.may.set()
    made.close()


def see(acquaintance: Acquaintance, count: int, begin: float = 0.0) -> float:
    """That many faces far enough apart; the moment after the last."""
    for index in range(count):
        acquaintance.saw(FACE, begin + 0.2 * index)
    return begin + 0.2 * count


def learned(acquaintance: Acquaintance, seconds: float) -> bool:
    """Whether a learning ends with somebody known."""
    until = time.monotonic() + 5.0
    while acquaintance._learning is not None and time.monotonic() < until:
        if acquaintance.saw(None, seconds):
            return True
        time.sleep(0.002)
    return False


def test_what_falls_due_during_a_learning_is_learned_after_it(acquaintance, learning):
    learning.may.clear()
    now = see(acquaintance, 50)
    learning.may.set()
    assert learned(acquaintance, now)
    assert learned(acquaintance, now)
    assert learning.counts == [12, 50]


def test_a_learning_begun_before_an_absence_is_forgotten(acquaintance, learning):
    learning.may.clear()
    now = see(acquaintance, 12)
    see(acquaintance, 12, now + 10.0)
    learning.may.set()
    assert learned(acquaintance, now + 20.0)
    assert learning.counts == [12, 12]
    assert acquaintance.person.betas[0] == 2.0


def test_a_learning_that_fails_is_logged_and_tried_again_with_more(acquaintance, learning, caplog):
    learning.fails = True
    now = see(acquaintance, 12)
    assert not learned(acquaintance, now)
    assert acquaintance.person is None
    assert "could not be learned" in caplog.text
    learning.fails = False
    now = see(acquaintance, 28, now)
    assert learned(acquaintance, now)
