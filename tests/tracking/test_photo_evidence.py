"""From one picture to the person meant, a body that lies over them, and the crop that the network is given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from nlfgs_studio.core.cameras import projected
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.synthetic.evidence import canonical_points
from nlfgs_studio.core.tracking import photo_evidence
from nlfgs_studio.core.tracking.photo_evidence import PhotoWitness
from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting
from PIL import Image

CROP = 256
NOBODY = np.random.default_rng(0).integers(60, 200, (240, 320, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def witness(body):
    with PhotoWitness(body, CROP) as witness:
        with pytest.raises(StudioError):
            witness.see(NOBODY)  # its threads begin here, not in a test
        yield witness


def test_where_a_part_cannot_be_had_the_others_are_closed(body, monkeypatch):
    closed = []

    def made(name: str) -> SimpleNamespace:
        return SimpleNamespace(close=lambda: closed.append(name))

    def fails(*_: object) -> None:
        raise StudioError("no segmenter")

    monkeypatch.setattr(photo_evidence, "Detectors", lambda *_, **__: made("detectors"))
    monkeypatch.setattr(photo_evidence, "FaceFinder", lambda **_: made("finder"))
    monkeypatch.setattr(photo_evidence, "PersonCropper", fails)
    with pytest.raises(StudioError, match="no segmenter"):
        PhotoWitness(body, CROP)
    assert closed == ["finder", "detectors"]


@pytest.fixture(scope="module")
def portraits(portrait_studio):
    random, body = np.random.default_rng(5), portrait_studio.body
    return [
        portrait_studio.portrait(drawn_sitting(body, random, sitter, turn=0.3, liveliness=0.0))
        for sitter in drawn_sitters(body, random, 2)
    ]


def test_the_evidence_lies_over_the_person(body, witness, portraits):
    portrait = portraits[0]
    seen = witness.see(portrait.image)
    crop = seen.crop
    assert seen.num_people == 1
    assert crop.image.shape == (CROP, CROP, 3)
    eyes = portrait.project(portrait.body.joints[23:25].double().numpy())
    found = projected(crop.evidence.vertices, crop.camera)
    eyeballs = body.skin_weights[:, 23] > 0.99, body.skin_weights[:, 24] > 0.99
    where = np.stack([crop.box.in_picture(found[each].mean(0), CROP).numpy() for each in eyeballs])
    apart = np.linalg.norm(eyes[0] - eyes[1])
    assert np.abs(where - eyes).max() < 0.2 * apart
    # The map shows the head where the mask shows a person, in the body's own coordinates.
    picture = crop.evidence.picture
    column, row = (crop.box.in_crop(found.new_tensor(eyes.mean(0)), CROP) / CROP * picture.shape[-1]).long().tolist()
    head = canonical_points(body)[body.template_vertices[:, 1].argmax()]
    assert picture[3, row, column] == 1.0
    assert picture[4, row, column] > 0.9
    assert (picture[:3, row, column] - head).norm() < 0.15
    assert picture[3:, 0, 0].tolist() == [0.0, pytest.approx(0.0, abs=0.1)]


def test_the_crops_camera_is_the_pictures(witness, portraits):
    seen = witness.see(portraits[1].image, field_of_view=40.0)
    height, width = portraits[1].image.shape[:2]
    assert seen.camera.fx == pytest.approx(max(height, width) / 2.0 / np.tan(np.radians(20.0)))
    box, small = seen.crop.box, seen.crop.camera
    points = seen.crop.evidence.vertices
    there = box.in_picture(projected(points, small), CROP)
    assert (there - projected(points, seen.camera)).abs().max() < 1e-2


def test_of_two_people_the_larger_is_meant_alone(witness, portraits):
    large, small = portraits[0].image, np.array(Image.fromarray(portraits[1].image).resize((320, 240)))
    padded = np.full((large.shape[0], small.shape[1], 3), 130, np.uint8)
    padded[: small.shape[0]] = small
    for picture, left in ((np.hstack([large, padded]), 0), (np.hstack([padded, large]), padded.shape[1])):
        seen = witness.see(picture)
        assert seen.num_people == 2
        middle = seen.crop.box.left + seen.crop.box.side / 2.0
        assert left < middle < left + large.shape[1]


@pytest.mark.parametrize(
    ("picture", "advice"),
    [
        (NOBODY, "seen from the front"),
        (np.full((240, 320, 3), 3, np.uint8), "dark"),
        (np.full((1, 1, 3), 200, np.uint8), "1x1"),
        (np.full((4, 3000, 3), 200, np.uint8), "3000x4"),
    ],
    ids=["noise", "dark", "one pixel", "a line"],
)
def test_nobody_is_said_with_what_may_help(witness, picture, advice):
    with pytest.raises(StudioError, match=r"nobody is seen in me\.jpg") as caught:
        witness.see(picture, "me.jpg")
    assert advice in caught.value.hint
