"""The live tracker follows at once, learns whose face it is beside, and does what its settings say."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking import acquaintance
from nlfgs_studio.core.tracking import tracker as tracker_module
from nlfgs_studio.core.tracking.face_rig import HEAD
from nlfgs_studio.core.tracking.identity import Identity
from nlfgs_studio.core.tracking.smoothing import Smoothing
from nlfgs_studio.core.tracking.tracker import Tracker
from nlfgs_studio.core.tracking.tracker_settings import Gains, TrackerSettings
from seen_people import FPS, PLACE, Person, Pictures

RAW = TrackerSettings(smoothing=Smoothing(head=0.0, face=0.0, body=0.0, hands=0.0))


@pytest.fixture
def person(body, monkeypatch) -> Person:
    made = Person(body)
    made.stand_in(monkeypatch, tracker_module)
    return made


@pytest.fixture
def learned(person, monkeypatch) -> list[int]:
    """From how many faces each shape was learned, which takes no time here."""
    faces: list[int] = []

    def estimate(_body, _embedding, seen, _camera) -> Identity:
        faces.append(len(seen))
        return person.identity

    monkeypatch.setattr(acquaintance, "estimate_identity", estimate)
    return faces


@pytest.fixture
def tracker(body, person, learned):
    made = Tracker(body, torch.zeros(body.num_betas), width=640, height=480, settings=RAW)
    yield made
    made.close()


def head_of(pose: BodyPose, body) -> np.ndarray:
    """Rotation and place of the head in the world."""
    return pose_body(body, shape_body(body, torch.zeros(1)), pose).joint_transforms[HEAD].numpy()


def nod_of(pose: BodyPose, body) -> float:
    matrix = head_of(pose, body)
    return float(np.arctan2(matrix[2, 1], matrix[2, 2]))


def tracked(tracker: Tracker, count: int, source: Pictures | None = None):
    source = source or Pictures(10_000)
    return [tracker.track(source.read()) for _ in range(count)]


def test_the_avatar_follows_the_head_and_every_stage_is_timed(body, person, tracker):
    frames = tracked(tracker, 5)
    assert [nod_of(frame.pose, body) for frame in frames] == pytest.approx([person.nod(i) for i in range(5)], abs=0.01)
    assert np.abs(head_of(frames[-1].pose, body)[:3, 3] - PLACE).max() < 0.03
    assert {"solve face", "solve body", "steady"} <= set(frames[-1].milliseconds)
    assert frames[-1].confidence.face > 0.5


def test_gains_turn_the_head_more_and_still_it_stays_in_its_place(body, person, tracker):
    tracker.settings = dataclasses.replace(RAW, gains=Gains(head=2.0))
    last = tracked(tracker, 8)[-1]
    assert nod_of(last.pose, body) == pytest.approx(2.0 * person.nod(7), abs=0.02)
    assert np.abs(head_of(last.pose, body)[:3, 3] - PLACE).max() < 0.03


def test_a_gain_of_the_body_leaves_the_head_alone(body, person, tracker):
    tracker.settings = dataclasses.replace(RAW, gains=Gains(body=0.3))
    last = tracked(tracker, 8)[-1]
    assert nod_of(last.pose, body) == pytest.approx(person.nod(7), abs=0.01)
    assert np.abs(head_of(last.pose, body)[:3, 3] - PLACE).max() < 0.03


def test_after_calibration_the_resting_head_is_upright_until_that_is_forgotten(body, person, tracker, monkeypatch):
    monkeypatch.setattr(person, "nod", lambda _: 0.2)
    source = Pictures(10_000)
    assert nod_of(tracked(tracker, 3, source)[-1].pose, body) == pytest.approx(0.2, abs=0.01)
    tracker.calibrate()
    assert nod_of(tracked(tracker, round(2 * FPS), source)[-1].pose, body) == pytest.approx(0.0, abs=0.01)
    tracker.forget_calibration()
    assert nod_of(tracked(tracker, round(2 * FPS), source)[-1].pose, body) == pytest.approx(0.2, abs=0.01)


def test_a_calibration_says_how_it_went_and_gives_up_without_a_face(person, tracker):
    source, second = Pictures(10_000), round(FPS)
    assert tracker.calibration == "none"
    tracked(tracker, 1, source)
    person.absent = set(range(1 + second // 2, 10_000))
    tracker.calibrate()
    tracked(tracker, 2 * second, source)
    assert tracker.calibration == "measuring"
    tracked(tracker, 2 * second, source)
    assert tracker.calibration == "failed"
    person.absent = set()
    tracker.calibrate()
    tracked(tracker, 2 * second, source)
    assert tracker.calibration == "done"
    tracker.forget_calibration()
    assert tracker.calibration == "none"


def test_a_calibration_takes_nothing_from_before_an_absence(body, person, tracker, monkeypatch):
    monkeypatch.setattr(person, "nod", lambda index: 0.5 if index < 24 else 0.2)
    source, second = Pictures(10_000), round(FPS)
    person.absent = set(range(24, 24 + second))
    tracker.calibrate()
    last = tracked(tracker, 24 + 3 * second, source)[-1]
    assert tracker.calibration == "done"
    assert nod_of(last.pose, body) == pytest.approx(0.0, abs=0.01)


def test_a_person_who_leaves_is_waited_for_at_rest_and_followed_again(body, person, tracker):
    person.absent = set(range(10, 110))
    source = Pictures(10_000)
    tracked(tracker, 10, source)
    away = tracked(tracker, 100, source)
    assert away[-1].confidence.face == 0.0
    assert all(frame.pose.rotations.isfinite().all() for frame in away)
    assert abs(nod_of(away[-1].pose, body)) < 0.05
    back = tracked(tracker, 30, source)
    assert nod_of(back[-1].pose, body) == pytest.approx(person.nod(139), abs=0.03)


def test_the_persons_shape_is_learned_beside_the_tracking_and_anew_for_the_next_person(person, tracker, learned):
    met, meet = [], tracker._solver.meet
    tracker._solver.meet = lambda someone: (met.append(someone), meet(someone))
    person.absent = set(range(60, 200))
    source = Pictures(10_000)
    tracked(tracker, 60, source)
    assert learned == [12]
    assert len(met) == 1
    tracked(tracker, 140 + 60, source)
    assert learned == [12, 12]
    assert len(met) == 2


def test_other_parts_want_other_detectors(body, person, tracker, monkeypatch):
    made = []
    monkeypatch.setattr(tracker_module, "Detectors", lambda parts, **_: (made.append(parts), person)[1])
    source = Pictures(10_000)
    tracked(tracker, 2, source)
    tracker.settings = dataclasses.replace(RAW, parts="whole")
    tracked(tracker, 2, source)
    tracker.settings = dataclasses.replace(RAW, parts="upper")
    tracked(tracker, 2, source)
    assert made == [("face", "body", "hands")]


def test_without_the_networks_weights_the_landmarks_are_followed_and_that_is_said(tracker, monkeypatch, caplog):
    def missing():
        raise StudioError("the network's weights are not here", hint="install the program again")

    monkeypatch.setattr(tracker_module, "shipped_weights", missing)
    tracker.settings = dataclasses.replace(RAW, method="nlf", parts="whole")
    source = Pictures(10_000)
    end = time.monotonic() + 10.0
    while not caplog.messages and time.monotonic() < end:
        assert tracked(tracker, 1, source)[0].confidence.face > 0.5
    tracked(tracker, 3, source)
    (message,) = caplog.messages
    assert "the landmarks are followed alone: the network's weights are not here" in message


def test_whatever_is_wrong_with_the_network_is_said_once_and_the_landmarks_go_on(
    body, person, tracker, monkeypatch, caplog
):
    def broken() -> None:
        raise RuntimeError("no room for the network")

    monkeypatch.setattr(tracker_module, "shipped_weights", broken)
    tracker.settings = dataclasses.replace(RAW, parts="whole", method="nlf")
    pictures = Pictures(10_000)
    end = time.monotonic() + 20.0
    while not caplog.records:
        assert time.monotonic() < end
        tracked(tracker, 1, pictures)
    frame = tracked(tracker, 3, pictures)[-1]
    assert frame.confidence.face > 0.5
    assert [record.message for record in caplog.records] == [
        "the landmarks are followed alone: no room for the network"
    ]
