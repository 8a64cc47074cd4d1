"""Pictures on the disk are found by their names, and read no larger than is of use."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.capture.picture_files import LONGEST_SIDE, Thinned, picture_files, read_photo
from PIL import Image
from sources import film, photo


def test_a_folder_stands_for_the_photos_and_films_in_it(tmp_path):
    paths = [photo(tmp_path / name) for name in ("9.png", "10.png")]
    walk = film(tmp_path / "walk.MP4", count=1)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.mp4").mkdir()
    found = picture_files([tmp_path])
    assert (found.photos, found.films, found.passed_over) == (tuple(paths), (walk,), ())


def test_what_is_neither_is_passed_over_and_what_is_absent_is_left_to_the_reading(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    lost = tmp_path / "lost"
    found = picture_files([tmp_path / "notes.txt", tmp_path / "empty", lost])
    assert found.photos == (lost,)
    assert [name for name, _ in found.passed_over] == ["notes.txt", "empty"]
    assert all(error.hint for _, error in found.passed_over)


@pytest.mark.parametrize(("size", "limit"), [((3500, 2800), LONGEST_SIDE), ((900, 1500), 1280), ((1700, 400), 800)])
def test_a_large_photo_is_read_as_large_as_is_of_use(tmp_path, size, limit):
    random = np.random.default_rng(0)
    small = Image.fromarray(random.integers(0, 255, (8, 10, 3)).astype(np.uint8))
    small.resize(size).save(tmp_path / "large.jpg", quality=90)
    height, width = read_photo(tmp_path / "large.jpg", longest_side=limit).shape[:2]
    assert max(height, width) == limit
    assert abs(width / height - size[0] / size[1]) <= 0.02 * size[0] / size[1]


def test_a_small_photo_stays_as_it_is(tmp_path):
    assert read_photo(photo(tmp_path / "small.png")).shape == (24, 32, 3)


@pytest.mark.parametrize("length", [0, 3, 10, 11, 21, 100, 1000])
@pytest.mark.parametrize("claim", [None, 100, 1000])
def test_of_a_long_row_some_stay_evenly(length, claim):
    row = Thinned[int](5)
    row.expect(claim)
    for index in range(length):
        if row.wants(index):
            row.add(index)
    assert len(row.items) <= 10
    assert len(row.items) >= min(length, 5) or (claim or 0) > length
    assert len(set(np.diff(row.items))) <= 1
    assert row.items[:1] == [0][:length]
