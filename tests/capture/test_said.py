"""What is painted on a picture comes back from the disk as it was, and damage costs no more than the corrections."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from nlfgs_studio.core.capture.said import (
    NOT_PERSON,
    NOTHING,
    PERSON,
    labels_resized,
    painted,
    read_said,
    said_file,
    write_said,
)
from PIL import Image

HEIGHT, WIDTH = 40, 60
DAMAGES = ("no picture", "cut", "other labels", "colours", "another shape", "too large", "jpeg")


@pytest.fixture
def picture(tmp_path):
    return tmp_path / "picture-1.jpg"


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(0, 3, (HEIGHT, WIDTH), np.uint8)


def test_what_is_kept_comes_back(picture, labels):
    assert read_said(picture, HEIGHT, WIDTH) is None
    write_said(picture, labels)
    assert np.array_equal(read_said(picture, HEIGHT, WIDTH), labels)
    write_said(picture, np.zeros_like(labels))
    assert not list(picture.parent.iterdir()), "nothing said, no file"


def test_pictures_that_differ_by_their_endings_alone_have_labels_of_their_own(picture, labels):
    write_said(picture, labels)
    assert read_said(picture.with_suffix(".png"), HEIGHT, WIDTH) is None


@pytest.mark.parametrize("size", [(63, 94), (41, 61), (160, 240)])
def test_enlarged_and_reduced_again_labels_are_the_same(labels, size):
    assert np.array_equal(labels_resized(labels_resized(labels, *size), HEIGHT, WIDTH), labels)


def test_a_larger_copy_of_the_picture_has_the_same_labels(picture, labels):
    write_said(picture, labels)
    assert np.array_equal(read_said(picture, 2 * HEIGHT, 2 * WIDTH), labels.repeat(2, axis=0).repeat(2, axis=1))
    assert read_said(picture, 3 * HEIGHT // 2 + 1, 3 * WIDTH // 2).shape == (61, 90)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_told_and_says_nothing(picture, labels, damage, caplog):
    write_said(picture, labels)
    file = said_file(picture)
    if damage == "no picture":
        file.write_bytes(b"hello")
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:80])
    elif damage == "too large":
        file.write_bytes(file.read_bytes() + b"\0" * (1 << 20))
    else:
        other = {
            "other labels": labels + 1,
            "colours": np.stack([labels] * 3, axis=2),
            "another shape": labels[:, :20],
            "jpeg": np.zeros_like(labels),
        }[damage]
        Image.fromarray(other).save(file, format="JPEG" if damage == "jpeg" else "PNG")
    with caplog.at_level(logging.WARNING):
        assert read_said(picture, HEIGHT, WIDTH) is None
    assert "picture-1.jpg" in caplog.text


def test_a_stroke_paints_what_lies_within_its_radius_and_nothing_else(labels):
    before = labels.copy()
    start, end, radius = np.array([10.0, 12.0]), np.array([44.0, 30.0]), 5.0
    after = painted(labels, [tuple(start), tuple(end)], radius=radius, label=PERSON)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    steps = np.linspace(0.0, 1.0, 2000)[:, None] * (end - start) + start
    away = np.min([np.hypot(columns - x, rows - y) for x, y in steps[::4]], axis=0)
    assert (after[away < radius - 0.1] == PERSON).all()
    assert np.array_equal(after[away > radius + 0.1], before[away > radius + 0.1])
    assert np.array_equal(labels, before)


def test_the_smallest_brush_paints_the_pixel_that_it_is_on():
    after = painted(np.zeros((9, 9), np.uint8), [(4.2, 6.7)], radius=0.01, label=NOT_PERSON)
    assert after[6, 4] == NOT_PERSON


def test_a_stroke_beyond_the_picture_harms_nothing(labels):
    for points in ([(-50.0, -50.0)], [(500.0, 10.0), (600.0, 900.0)]):
        assert np.array_equal(painted(labels, points, radius=8.0, label=PERSON), labels)
    across = painted(labels, [(-100.0, 20.0), (200.0, 20.0)], radius=100.0, label=NOTHING)
    assert not across.any()
