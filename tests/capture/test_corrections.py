"""What is painted on a picture is so, and what hangs together with it in the same colours follows; no more."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.capture.said import ALSO_NOT_PERSON, NOT_PERSON, NOTHING, PERSON, painted
from nlfgs_studio.core.capture.segmentation import followed, refined_mask

HEIGHT, WIDTH = 240, 320
SKIN, WALL, FLAG = (200, 150, 120), (150, 160, 150), (190, 30, 40)


@pytest.fixture
def image():
    """A person before a wall, a flag at their side, with a camera's noise."""
    image = np.full((HEIGHT, WIDTH, 3), WALL, np.float32)
    image[person()] = SKIN
    image[flag()] = FLAG
    return (image + np.random.default_rng(0).normal(0.0, 4.0, image.shape)).clip(0, 255).astype(np.uint8)


def person():
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot((rows - 130) / 1.5, columns - 120) < 60


def flag():
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[60:190, 180:230] = True
    return where & ~person()


def stroke(*points, label, radius=4.0):
    return painted(np.zeros((HEIGHT, WIDTH), np.uint8), points, radius=radius, label=label)


def corrected(image, found, said, *, body_alpha=None):
    told = followed(image, found, said, body_alpha=body_alpha)
    return refined_mask(image, found, body_alpha=body_alpha, said=told)


def share(mask, where):
    return float((mask > 0.5)[where].mean())


@pytest.fixture
def fooled():
    """As found where the flag is taken for the person, with certainty."""
    return (person() | flag()).astype(np.float32)


def test_with_nothing_said_the_mask_is_exactly_as_before(image, fooled):
    nothing = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert not followed(image, fooled, nothing).any()
    assert np.array_equal(refined_mask(image, fooled, said=nothing), refined_mask(image, fooled))


def test_a_stroke_over_a_flag_takes_the_whole_flag(image, fooled):
    assert share(refined_mask(image, fooled), flag()) > 0.98
    said = stroke((195.0, 80.0), (215.0, 110.0), label=NOT_PERSON)
    mask = corrected(image, fooled, said)
    assert share(mask, flag()) < 0.02
    assert share(mask, person()) > 0.98


def test_a_stroke_over_what_was_missed_gives_it_all(image):
    found, hat = person().astype(np.float32), np.zeros((HEIGHT, WIDTH), bool)
    hat[10:44, 90:150] = True
    image = np.where((hat & ~person())[..., None], np.uint8(FLAG), image)
    said = stroke((95.0, 20.0), (120.0, 24.0), label=PERSON)
    assert share(refined_mask(image, found), hat) < 0.1
    mask = corrected(image, found, said)
    assert share(mask, hat) > 0.95
    assert share(mask, ~hat & ~person()) < 0.02


@pytest.mark.parametrize("label", [PERSON, NOT_PERSON])
@pytest.mark.parametrize("body", [False, True])
def test_painted_pixels_are_always_obeyed(image, fooled, label, body):
    """Wherever they are, whatever was found there."""
    random = np.random.default_rng(label)
    points = [(5.0, 5.0), *zip(random.uniform(0, WIDTH, 5), random.uniform(0, HEIGHT, 5), strict=True)]
    said = stroke(*points, label=label, radius=3.0)
    alpha = person().astype(np.float32) if body else None
    mask = corrected(image, fooled, said, body_alpha=alpha)
    assert (mask[said > 0] == float(label == PERSON)).all()
    tiny = corrected(image[:8, :8], fooled[:8, :8], said[:8, :8])
    assert (tiny[said[:8, :8] > 0] == float(label == PERSON)).all()


def test_a_stroke_that_says_what_was_found_takes_nothing_along(image):
    found = person().astype(np.float32)
    said = np.maximum(
        stroke((110.0, 120.0), (130.0, 140.0), label=PERSON), stroke((280.0, 40.0), (290.0, 90.0), label=NOT_PERSON)
    )
    plain, mask = refined_mask(image, found), corrected(image, found, said)
    assert ((plain > 0.5) == (mask > 0.5)).mean() > 0.999


def test_a_stroke_that_slips_over_the_edge_does_not_take_the_rest(image):
    found = person().astype(np.float32)
    edge = 120.0 - 60.0
    for label, (start, end) in {PERSON: (edge + 40.0, edge - 5.0), NOT_PERSON: (edge - 40.0, edge + 5.0)}.items():
        said = stroke((start, 130.0), (end, 130.0), label=label)
        mask, unsaid = corrected(image, found, said), said == 0
        assert ((mask > 0.5) == person())[unsaid].mean() > 0.99


def test_no_stroke_gives_a_whole_wall_to_the_person(image):
    found = person().astype(np.float32)
    said = stroke((280.0, 40.0), (290.0, 90.0), label=PERSON)
    mask = corrected(image, found, said)
    assert (mask[said == PERSON] == 1.0).all()
    assert share(mask, (said == 0) & ~person()) < 0.02


def test_a_second_stroke_gives_back_what_the_first_took_too_much(image, fooled):
    """A person and a flag of one colour hang together until somebody says who is who."""
    image = image.copy()
    image[flag()] = SKIN
    first = stroke((190.0, 100.0), (220.0, 180.0), label=NOT_PERSON)
    second = painted(first, [(110.0, 100.0), (110.0, 180.0)], radius=4.0, label=PERSON)
    mask = corrected(image, fooled, second)
    assert share(mask, person()) > 0.95


def test_what_follows_is_so_in_a_part_of_the_picture_without_the_stroke(image, fooled):
    """Its labels are enough: nothing else of the picture is asked again."""
    said = stroke((190.0, 150.0), (220.0, 180.0), label=NOT_PERSON)
    told, upper = followed(image, fooled, said), slice(0, 140)
    assert not said[upper].any()
    alone = corrected(image[upper], fooled[upper], said[upper])
    assert share(alone, flag()[upper]) > 0.98
    mask = refined_mask(image[upper], fooled[upper], said=told[upper])
    assert share(mask, flag()[upper]) < 0.02
    assert share(mask, person()[upper]) > 0.98


def test_what_was_painted_stays_as_it_was_painted_beside_what_follows(image, fooled):
    said = stroke((190.0, 150.0), (220.0, 180.0), label=NOT_PERSON)
    told = followed(image, fooled, said)
    assert np.array_equal(told[said > 0], said[said > 0])
    assert set(told[said == 0]) == {NOTHING, ALSO_NOT_PERSON}
