"""Sharpness orders blurs and covered eyes are told from bare ones, whatever the camera."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.capture.face_quality import face_quality, sharpness
from nlfgs_studio.core.images import read_image, to_uint8
from nlfgs_studio.core.opencv import cv2
from nlfgs_studio.core.tracking.detection import Frame
from nlfgs_studio.core.tracking.face_points import OVAL
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors

BLURS = (0.0, 0.006, 0.012, 0.02, 0.03)
"""Parts of the face's height."""


@pytest.fixture(scope="module")
def detectors():
    with Detectors(("face",), static=True) as made:
        yield made


def found(detectors, image: np.ndarray) -> np.ndarray:
    face = detectors.detect(Frame(image=image, seconds=0.0, index=0)).face
    assert face is not None
    return face.points


def blurred(image: np.ndarray, deviation: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), deviation) if deviation > 0.0 else image


@pytest.mark.parametrize("side", [256, 384, 768])
@pytest.mark.parametrize("person", [0, 1])
def test_the_more_blurred_the_less_sharp_at_any_size(portrait_studio, sittings, detectors, side, person):
    image = portrait_studio.portrait(sittings(person), side=side).image
    points = found(detectors, image)
    height = np.ptp(points[list(OVAL), 1])
    seen = [face_quality(blurred(image, part * height), points).sharpness for part in BLURS]
    assert (np.diff(seen) < 0.0).all()
    assert seen[0] > 0.6
    assert seen[3] < 0.4


def test_a_known_blur_has_a_known_sharpness_whatever_the_contrast():
    random = np.random.default_rng(1)
    noise = cv2.resize(
        random.uniform(0.0, 255.0, (16, 16)).astype(np.float32), (256, 256), interpolation=cv2.INTER_NEAREST
    )
    counted = np.ones((256, 256), bool)
    for deviation in (1.0, 2.0, 3.0):
        picture = cv2.GaussianBlur(noise, (0, 0), deviation)
        for contrast in (1.0, 0.3):
            seen = sharpness((contrast * picture + 20.0).clip(0.0, 255.0).astype(np.uint8), counted)
            assert seen == pytest.approx(0.6 / deviation, rel=0.25)


def test_a_hand_that_shakes_is_noticed(portrait_studio, sittings, detectors):
    image = portrait_studio.portrait(sittings(0), side=512).image
    points = found(detectors, image)
    still = face_quality(image, points).sharpness
    for axis in (0, 1):
        smear = np.ones((1, 15) if axis == 0 else (15, 1), np.float32) / 15.0
        assert face_quality(cv2.filter2D(image, -1, smear), points).sharpness < 0.65 * still


def test_flat_and_empty_faces_are_not_sharp(portrait_studio, sittings, detectors):
    image = portrait_studio.portrait(sittings(0)).image
    points = found(detectors, image)
    assert face_quality(np.full_like(image, 90), points).sharpness == 0.0
    assert face_quality(image, points + 1000.0) is None


def test_light_is_measured_on_the_skin(portrait_studio, sittings, detectors):
    image = portrait_studio.portrait(sittings(0)).image
    points = found(detectors, image)
    plain, dark = (face_quality((factor * image).astype(np.uint8), points) for factor in (1.0, 0.2))
    assert dark.brightness == pytest.approx(0.2 * plain.brightness, abs=0.02)
    glaring = face_quality((3.0 * image.astype(np.float32)).clip(0.0, 255.0).astype(np.uint8), points)
    assert plain.clipped < 0.05
    assert glaring.clipped > 0.3


def with_glasses(portrait, colour: tuple[int, int, int], *, thickness: int) -> np.ndarray:
    """Painted over the portrait's eyes; a negative thickness is dark glass."""
    eyes = portrait.project(portrait.body.joints[23:25].double().numpy())
    image = portrait.image.copy()
    apart = float(np.linalg.norm(eyes[0] - eyes[1]))
    for x, y in eyes:
        middle, size = (round(x), round(y + 0.05 * apart)), (round(0.44 * apart), round(0.36 * apart))
        cv2.ellipse(image, middle, size, 0.0, 0.0, 360.0, colour, thickness, cv2.LINE_AA)
    return image


@pytest.mark.parametrize("colour", [(18, 18, 22), (60, 80, 120)], ids=["dark", "blue"])
@pytest.mark.parametrize("person", [0, 1])
@pytest.mark.parametrize("yaw", [0.0, 25.0])
def test_sunglasses_cover_eyes_and_spectacles_do_not(portrait_studio, sittings, detectors, colour, person, yaw):
    portrait = portrait_studio.portrait(sittings(person, yaw=yaw))
    for thickness, is_covered in ((-1, True), (3, False)):
        image = with_glasses(portrait, colour, thickness=thickness)
        assert face_quality(image, found(detectors, image)).has_covered_eyes is is_covered
    assert not face_quality(portrait.image, found(detectors, portrait.image)).has_covered_eyes


def test_shadows_and_grey_pictures_do_not_cover_eyes(portrait_studio, sittings, detectors):
    image = portrait_studio.portrait(sittings(0)).image
    points = found(detectors, image)
    shadow = image.astype(np.float32) * np.linspace(0.3, 1.1, image.shape[1])[None, :, None]
    grey = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    for picture in (shadow.clip(0.0, 255.0).astype(np.uint8), grey, (0.25 * image).astype(np.uint8)):
        assert not face_quality(picture, points).has_covered_eyes


def test_real_eyes_are_not_called_covered(detectors, real_data):
    from skimage.data import astronaut

    photos = [to_uint8(read_image(path)) for path in sorted((real_data / "photos").iterdir())]
    for image in (astronaut(), *photos):
        quality = face_quality(image, found(detectors, image))
        assert not quality.has_covered_eyes
        assert quality.sharpness > 0.7
