"""The outline that is shown over a photo lies where the person was found in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from creators import FakeCreator
from nlfgs_studio.app.localized import LocalizedPhoto, localized_photo, overlay
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.nlf.crops import CropBox, cropped_camera

WIDTH, HEIGHT = 90, 60
LEFT, TOP, RIGHT, BOTTOM = 40, 20, 60, 36
"""Of the person, in pixels of the picture."""


@pytest.fixture
def photo(avatar, plain_body) -> LocalizedPhoto:
    """Of a person whom a mask shows in a square of twice as many pixels, part of which lies beyond the picture."""
    taken = TakenPicture(name="me.png", image=np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    read = FakeCreator(avatar, plain_body).create([taken], "me").localized
    assert read is not None
    box = CropBox(left=30.0, top=10.0, side=70.0)
    mask = np.zeros((140, 140), np.float32)
    mask[2 * (TOP - 10) : 2 * (BOTTOM - 10), 2 * (LEFT - 30) : 2 * (RIGHT - 30)] = 1.0
    (observation,) = read.picture.observations
    square = np.zeros((140, 140, 3), np.uint8)
    camera = cropped_camera(read.picture.camera, box, 140)
    observation = replace(observation, image=square, mask=mask, weights=np.ones_like(mask), camera=camera)
    return localized_photo(replace(read, picture=replace(read.picture, observations=(observation,))), plain_body)


def test_the_person_lies_where_the_square_lies_in_the_picture(photo):
    person = np.zeros((HEIGHT, WIDTH), bool)
    person[TOP:BOTTOM, LEFT:RIGHT] = True
    assert np.array_equal(photo.person, person)


@pytest.mark.parametrize("share", [1, 2])
def test_the_outline_runs_around_the_person_and_nowhere_else(photo, share):
    size = (share * WIDTH, share * HEIGHT)
    plain, outlined = overlay(photo, "none", size), overlay(photo, "none", size, outline=True)
    changed = (plain != outlined).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max()) == (share * TOP - 1, share * BOTTOM)
    assert (columns.min(), columns.max()) == (share * LEFT - 1, share * RIGHT)
    assert not changed[share * TOP + 1 : share * BOTTOM - 1, share * LEFT + 1 : share * RIGHT - 1].any()
    assert np.array_equal(overlay(photo, "none", size), plain), "unless it is asked for"
