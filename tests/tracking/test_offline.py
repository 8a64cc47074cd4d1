"""A source becomes a motion, frame for frame; what breaks off keeps what it has, and nobody is said in words."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.tracking import offline
from nlfgs_studio.core.tracking.body_solver import BodySolution
from nlfgs_studio.core.tracking.face_rig import HEAD
from nlfgs_studio.core.tracking.focal import assumed_focal
from nlfgs_studio.core.tracking.found_pose import FoundPoints, found_vertices
from nlfgs_studio.core.tracking.frame_source import SourceDamagedError, SourceEmptyError
from nlfgs_studio.core.tracking.identity import estimate_identity
from nlfgs_studio.core.tracking.offline import track_source
from nlfgs_studio.core.tracking.smoothing import Smoothing
from nlfgs_studio.core.tracking.tracker_settings import TrackerSettings
from seen_people import FPS, PLACE, Person, Pictures

RAW = TrackerSettings(parts="face", smoothing=Smoothing(head=0.0, face=0.0, body=0.0, hands=0.0))


@pytest.fixture
def person(body, monkeypatch) -> Person:
    made = Person(body)
    made.stand_in(monkeypatch, offline)
    return made


def head_turns(motion: Motion, body: BodyModel) -> tuple[np.ndarray, np.ndarray]:
    """The head's rotation about x, and its place, in the world."""
    pose = BodyPose(rotations=motion.rotations, expression=motion.expression, translation=motion.translation)
    placed = pose_body(body, shape_body(body, motion.betas), pose).joint_transforms[:, HEAD].numpy()
    return np.arctan2(placed[:, 2, 1], placed[:, 2, 2]), placed[:, :3, 3]


def test_every_picture_is_a_frame_that_shows_what_was_seen(body, person):
    source = Pictures(12)
    result = track_source(source, body, betas=torch.zeros(body.num_betas), settings=RAW)
    motion = result.motion
    assert (motion.num_frames, motion.fps) == (12, FPS)
    assert motion.timestamps.tolist() == pytest.approx([index / FPS for index in range(12)])
    assert (motion.camera.width, motion.camera.height) == (640, 480)
    assert motion.camera.fx == pytest.approx(assumed_focal(640, 480))
    assert motion.expression_names == body.expression_names
    assert (motion.confidence[:, 0] > 0.5).all()
    assert not motion.confidence[:, 1:].any()
    assert result.trouble is None
    turns, places = head_turns(motion, body)
    assert turns == pytest.approx([person.nod(index) for index in range(12)], abs=0.01)
    assert np.abs(places - PLACE).max() < 0.03


def test_large_pictures_are_reduced_and_the_answer_stays_the_same(body, person):
    betas = torch.zeros(body.num_betas)
    small = track_source(Pictures(3), body, betas=betas, settings=RAW).motion
    large = track_source(Pictures(3, size=(2560, 1920)), body, betas=betas, settings=RAW).motion
    assert (large.camera.width, large.camera.fx) == (2560, pytest.approx(4.0 * small.camera.fx))
    assert torch.allclose(small.translation, large.translation, atol=1e-3)


def test_without_betas_the_shape_is_the_persons(body, person, monkeypatch):
    monkeypatch.setattr(offline, "estimate_identity", estimate_identity)
    motion = track_source(Pictures(3), body, settings=RAW).motion
    assert motion.betas.shape == (body.num_betas,)
    assert 0.0 < motion.betas.abs().max() < 1.0  # the made-up person is the mean one, to within the fit's noise


def test_where_nobody_is_seen_the_motion_goes_on_in_peace(body, person):
    person.absent = set(range(20, 60))
    result = track_source(Pictures(80), body, betas=torch.zeros(body.num_betas), settings=RAW)
    confidence = result.motion.confidence[:, 0]
    assert (confidence[:20] > 0.5).all()
    assert not confidence[25:60].any()
    assert result.seen[0] == pytest.approx(0.5, abs=0.02)
    assert result.motion.rotations.isfinite().all()


def test_a_face_in_some_pictures_and_a_body_in_others_is_somebody_in_all(body, person):
    result = track_source(Pictures(4), body, betas=torch.zeros(body.num_betas), settings=RAW)
    confidence = torch.tensor([[1.0, 0, 0, 0], [0, 0.5, 0, 0], [0, 0.5, 0, 0], [0, 0, 0, 0]])
    other = dataclasses.replace(result, motion=dataclasses.replace(result.motion, confidence=confidence))
    assert other.somebody_seen == 0.75


def test_a_source_that_breaks_off_keeps_what_came_before(body, person):
    result = track_source(Pictures(12, breaks_at=7), body, settings=RAW)
    assert result.motion.num_frames == 7
    assert isinstance(result.trouble, SourceDamagedError)
    assert result.is_whole


def test_a_source_that_breaks_off_at_once_is_refused(body, person):
    with pytest.raises(SourceDamagedError):
        track_source(Pictures(12, breaks_at=0), body, settings=RAW)


def test_stopping_keeps_what_was_seen(body, person):
    result = track_source(Pictures(50), body, settings=RAW, stopped=lambda: person.calls >= 5)
    assert result.motion.num_frames == 5
    assert not result.is_whole


def test_stopping_before_anything_was_seen_leaves_nothing(body, person):
    with pytest.raises(Cancelled):
        track_source(Pictures(50), body, settings=RAW, stopped=lambda: True)


def test_a_source_without_pictures_is_refused(body, person):
    with pytest.raises(SourceEmptyError, match="made-up has no pictures"):
        track_source(Pictures(0), body, settings=RAW)


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        (Pictures(4), "seen from the front"),
        (Pictures(4, level=10), "dark"),
        (Pictures(4, size=(80, 60)), "80x60"),
    ],
    ids=["nobody", "dark", "tiny"],
)
def test_nobody_at_all_is_said_with_what_may_help(body, person, source, advice):
    person.absent = set(range(4))
    with pytest.raises(StudioError, match="nobody is seen in made-up") as caught:
        track_source(source, body, settings=RAW)
    assert advice in caught.value.hint


def test_a_photo_is_one_frame(body, person):
    motion = track_source(Pictures(1), body, betas=torch.zeros(body.num_betas), settings=RAW).motion
    assert motion.num_frames == 1
    assert np.abs(head_turns(motion, body)[1] - PLACE).max() < 0.03


def test_progress_rises_to_the_end(body, person):
    told = []
    track_source(Pictures(6), body, settings=RAW, report=lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_mirrored_source_is_looked_at_mirrored(body, person, monkeypatch):
    looked_at = []
    detect = person.detect
    monkeypatch.setattr(person, "detect", lambda frame: (looked_at.append(frame.image), detect(frame))[1])

    class Marked(Pictures):
        def read(self):
            frame = super().read()
            if frame is not None:
                frame.image[:, 0] = 255
            return frame

    track_source(Marked(2), body, settings=RAW, mirror=True)
    assert (looked_at[0][:, -1] == 255).all()
    assert (looked_at[0][:, 0] == 120).all()


class Network:
    """Stands in for the finder: the arms hang as in the rest pose, whatever the landmarks say."""

    def __init__(self, body: BodyModel, betas: torch.Tensor, *_: object) -> None:
        self._rest = shape_body(body, betas).vertices[found_vertices(body)].numpy()
        self.pictures = 0
        self.closed = False

    def find(self, _picture: np.ndarray, seen: BodySolution) -> FoundPoints:
        self.pictures += 1
        points = (self._rest + seen.translation).astype(np.float32)
        return FoundPoints(points=points, sigma=np.full(len(points), 0.02, np.float32))

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("count", [1, 4], ids=["photo", "film"])
def test_the_network_gives_trunk_and_limbs_and_the_face_its_head(body, person, monkeypatch, count):
    networks = []
    monkeypatch.setattr(offline, "shipped_weights", lambda: None)
    monkeypatch.setattr(offline, "read_weights", lambda _: None)
    monkeypatch.setattr(offline, "BodyFinder", lambda *given: networks.append(Network(*given)) or networks[0])
    settings = dataclasses.replace(RAW, parts="whole", method="nlf")
    person.absent = {2}
    motion = track_source(Pictures(count), body, betas=torch.zeros(body.num_betas), settings=settings).motion
    assert networks[0].pictures == count - (count > 2)  # where nobody is seen it is not asked
    assert networks[0].closed
    arms = motion.rotations[0, [JOINT_NAMES.index("left_shoulder"), JOINT_NAMES.index("right_shoulder")]]
    assert arms.norm(dim=1).max() < 0.1  # as found, for the relaxed body's hang down
    turns, places = head_turns(motion, body)
    assert turns[0] == pytest.approx(person.nod(0), abs=0.01)
    assert np.abs(places[0] - PLACE).max() < 0.03


def test_without_its_weights_the_network_is_refused(body, person, monkeypatch):
    def missing():
        raise StudioError("the network's weights are not here")

    monkeypatch.setattr(offline, "shipped_weights", missing)
    with pytest.raises(StudioError, match="weights"):
        track_source(Pictures(2), body, settings=dataclasses.replace(RAW, parts="whole", method="nlf"))
