"""What somebody painted on a picture is so in the squares that are cut out of it, wherever these lie."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.capture.said import NOT_PERSON, PERSON
from nlfgs_studio.core.creation import observing
from nlfgs_studio.core.creation.observing import Observer
from nlfgs_studio.core.creation.silhouette import silhouette
from nlfgs_studio.core.tracking.mediapipe_graphs import PersonSegmenter
from nlfgs_studio.core.tracking.person_crop import PersonCropper
from nlfgs_studio.core.tracking.solution import tracking_camera
from nlfgs_studio.core.training.observation import Observation

HEIGHT, WIDTH, FOCAL = 300, 400, 360.0
SKIN, WALL, FLAG = (200, 150, 120), (110, 120, 110), (210, 30, 40)


def stood(body, *place: float) -> tuple[BodyPose, torch.Tensor]:
    """Pose and vertices."""
    pose = BodyPose.rest(body)
    pose = BodyPose(rotations=pose.rotations, expression=pose.expression, translation=torch.tensor(place))
    return pose, pose_body(body, shape_body(body, torch.zeros(body.num_betas)), pose).vertices


@pytest.fixture(scope="module")
def observe(body):
    """Somebody who stands at the picture's left, so that the square around them reaches beyond it."""
    pose, vertices = stood(body, -0.9, 0.3, -2.6)
    camera = tracking_camera(FOCAL, WIDTH, HEIGHT)
    image = np.random.default_rng(0).integers(90, 120, (HEIGHT, WIDTH, 3), np.uint8)
    with closing(PersonCropper(body, 64)) as cropper, closing(Observer(body, cropper)) as observer:

        def observed(said: np.ndarray | None) -> tuple[Observation, ...]:
            return observer.observed(0, "me.jpg", image, camera, pose, vertices, said=said)

        yield observed


def in_picture(observation: Observation) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the picture under each of the square's."""
    camera, share = observation.camera, FOCAL / observation.camera.fx
    rows = HEIGHT / 2 + (np.arange(camera.height) + 0.5 - camera.cy) * share
    columns = WIDTH / 2 + (np.arange(camera.width) + 0.5 - camera.cx) * share
    return np.floor(rows).astype(int), np.floor(columns).astype(int)


@pytest.mark.parametrize("label", [PERSON, NOT_PERSON])
def test_every_square_obeys(observe, label):
    said = np.zeros((HEIGHT, WIDTH), np.uint8)
    said[:, ::7] = label
    observations = observe(said)
    assert len(observations) == 2, "the whole person, and the head"
    for observation in observations:
        rows, columns = in_picture(observation)
        inside = np.outer((rows >= 0) & (rows < HEIGHT), (columns >= 0) & (columns < WIDTH))
        assert inside.all() or observation is observations[0]
        painted = inside & (columns % 7 == 0)[None]
        assert painted.any()
        assert (observation.mask[painted] == float(label == PERSON)).all()
        assert (observation.weights[painted] == 1.0).all(), "of that there is no doubt"


def test_with_nothing_said_nothing_is_different(observe):
    for plain, silent in zip(observe(None), observe(np.zeros((HEIGHT, WIDTH), np.uint8)), strict=True):
        assert np.array_equal(plain.mask, silent.mask)


class Fooled(PersonSegmenter):
    """Takes for the person whatever is warm."""

    def __init__(self) -> None: ...

    def read(self, image: np.ndarray) -> np.ndarray:
        return (image[..., 0] > 155).astype(np.float32)

    def close(self) -> None: ...


def test_what_follows_a_stroke_does_so_in_a_square_that_lacks_the_stroke(body, monkeypatch):
    """A flag beside the head and down before the arm, with one stroke over its lower end."""
    monkeypatch.setattr(observing, "PersonSegmenter", Fooled)
    pose, vertices = stood(body, 0.0, 0.1, -1.6)
    camera = tracking_camera(FOCAL, WIDTH, HEIGHT)
    flag, said = np.zeros((2, HEIGHT, WIDTH), np.uint8)
    flag[20:190, 228:248], said[160:180, 236:246] = 1, NOT_PERSON
    person = (silhouette(body, vertices, camera) > 0.0) & (flag == 0)
    image = np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)
    image[person], image[flag > 0] = SKIN, FLAG
    image += np.random.default_rng(0).integers(0, 8, image.shape, np.uint8)
    with closing(PersonCropper(body, 64)) as cropper, closing(Observer(body, cropper)) as observer:
        fooled, corrected = (
            observer.observed(0, "me.jpg", image, camera, pose, vertices, said=each) for each in (None, said)
        )
    assert len(fooled) == len(corrected) == 2
    for before, after in zip(fooled, corrected, strict=True):
        rows, columns = (each.clip(0, size - 1) for each, size in zip(in_picture(after), flag.shape, strict=True))
        flagged, true = flag[np.ix_(rows, columns)] > 0, person[np.ix_(rows, columns)]
        assert flagged.mean() > 0.02
        assert (before.mask[flagged] > 0.5).mean() > 0.95, "found to be the person's before anybody said a word"
        assert (after.mask[flagged] > 0.5).mean() < 0.05
        assert (after.mask[true] > 0.5).mean() > 0.95
    rows, _ = in_picture(corrected[1])
    assert not said[rows].any(), "the stroke lies outside the head's square"
