"""What a person names becomes pictures: some to learn from, some to judge by, and never one for both."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.capture.said import write_said
from nlfgs_studio.core.capture.shot import Shot
from nlfgs_studio.core.creation import taken
from nlfgs_studio.core.creation.taken import read_inputs, spread
from nlfgs_studio.core.errors import StudioError
from sources import film, photo


def names(pictures) -> list[str]:
    return [picture.name for picture in pictures]


def test_photos_keep_their_order_and_a_damaged_one_stops_nothing(tmp_path):
    paths = [photo(tmp_path / name) for name in ("b.png", "a.png")]
    (tmp_path / "c.png").write_bytes(paths[0].read_bytes()[:40])
    (tmp_path / "n.txt").write_text("no picture")
    read = read_inputs([*paths, tmp_path / "c.png", tmp_path / "n.txt"])
    assert names(read.pictures) == ["b.png", "a.png"]
    assert [(each.name, each.name in each.reason) for each in read.refused] == [("n.txt", True), ("c.png", True)]
    assert read.held_out == ()
    assert read.pictures[0].film is None


def test_a_folder_stands_for_what_is_in_it(tmp_path):
    for name in ("10.png", "9.png"):
        photo(tmp_path / name)
    film(tmp_path / "walk.mp4", count=3)
    read = read_inputs([tmp_path])
    assert names(read.pictures) == ["walk.mp4 1", "walk.mp4 2", "walk.mp4 3", "9.png", "10.png"]
    assert [picture.film for picture in read.pictures] == 3 * ["walk.mp4"] + 2 * [None]
    seconds = [picture.seconds for picture in read.pictures[:3]]
    assert seconds == sorted(set(seconds))


def test_what_was_painted_comes_with_its_picture_and_is_none_itself(tmp_path):
    first, second = (photo(tmp_path / name) for name in ("1.png", "2.png"))
    height, width = read_inputs([first]).pictures[0].image.shape[:2]
    labels = np.zeros((height, width), np.uint8)
    labels[: height // 2] = 2
    write_said(second, labels)
    read = read_inputs([tmp_path])
    assert names(read.pictures) == ["1.png", "2.png"]
    assert read.pictures[0].said is None
    assert np.array_equal(read.pictures[1].said, labels)
    assert read.refused == ()


def test_no_two_pictures_share_a_name(tmp_path):
    """Poses of what was held out are found by the picture's name, and masks are written under it."""
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        photo(tmp_path / folder / "1.png")
    for name in ("a/talk.mp4", "b/talk.mp4", "b/talk.mkv"):
        film(tmp_path / name, count=2)
    read = read_inputs([tmp_path / folder for folder in ("a", "b", "c")])
    assert len(read.pictures) == len(set(names(read.pictures))) == 9
    assert {"1.png", "1.png (2)", "1.png (3)", "talk.mp4 (2) 1", "talk.mkv 2"} <= set(names(read.pictures))
    assert {picture.film for picture in read.pictures} == {None, "talk.mp4", "talk.mp4 (2)", "talk.mkv"}


def test_of_many_as_many_as_are_wanted_are_taken_all_over(tmp_path):
    paths = [photo(tmp_path / f"{number}.png") for number in range(30)]
    read = read_inputs(paths, most=10)
    assert len(read.pictures) == 10
    assert {"0.png", "29.png"} <= set(names(read.pictures))
    long = film(tmp_path / "long.mp4", count=50)
    of_film = names(read_inputs([long], most=10).pictures)
    assert len(of_film) == 10
    numbers = [int(name.split()[1]) for name in of_film]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    assert numbers[-1] > 40


@pytest.mark.parametrize("count", [30, 8])
def test_the_end_of_a_film_is_for_judging_alone(tmp_path, monkeypatch, count):
    monkeypatch.setattr(taken, "_FIRST_FRAMES", 12)
    monkeypatch.setattr(taken, "_MOST_FRAMES", 5)
    read = read_inputs([film(tmp_path / "talk.mp4", count=count)], holdout=6)
    assert names(read.held_out) == [f"talk.mp4 {number}" for number in range(count - 5, count + 1)]
    used = {int(name.split()[1]) for name in names(read.pictures)}
    assert 0 < len(used) <= 5
    assert max(used) <= min(12, count - 6)


def test_without_a_film_the_last_photos_are(tmp_path):
    paths = [photo(tmp_path / f"{number}.png", level=40 * number) for number in range(5)]
    read = read_inputs(paths, most=2, holdout=2)
    assert names(read.pictures) == ["0.png", "2.png"]
    assert names(read.held_out) == ["3.png", "4.png"]
    with pytest.raises(StudioError, match="held out"):
        read_inputs(paths, holdout=5)


def test_the_best_of_very_many_are_picked(body, tmp_path, monkeypatch):
    """By what is seen in them, which is made up here."""
    paths = [photo(tmp_path / f"{number}.png", level=10 * number) for number in range(12)]
    (tmp_path / "4.png").write_bytes(b"no picture")

    class Observer:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> Observer:
            return self

        def __exit__(self, *_: object) -> None: ...
        def observe(self, frame):
            height, width = frame.image.shape[:2]
            level = float(int(frame.image[-1].mean()) // 10)
            return Shot(mode="body", width=width, height=height, seconds=0.0, brightness=level, num_faces=0)

    def best(shots, most):
        levels = [shot.brightness for shot in shots]
        return [levels.index(level) for level in (3, 7, 11)][:most]

    monkeypatch.setattr(taken, "ShotObserver", Observer)
    monkeypatch.setattr(taken, "chosen", best)
    read = read_inputs(paths, most=3, body=body)
    assert names(read.pictures) == ["3.png", "7.png", "11.png"]
    assert [each.name for each in read.refused] == ["4.png"]
    monkeypatch.setattr(taken, "chosen", lambda *_: [])
    assert names(read_inputs(paths, most=2, body=body).pictures) == ["0.png", "11.png"]


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(StudioError, match="no pictures"):
        read_inputs([])
    with pytest.raises(StudioError, match="holds no pictures"):
        read_inputs([tmp_path])
    (tmp_path / "walk.mp4").write_bytes(b"no film")
    with pytest.raises(StudioError, match=r"walk\.mp4"):
        read_inputs([tmp_path / "walk.mp4"])
    with pytest.raises(StudioError, match=r"lost\.png"):
        read_inputs([tmp_path / "lost.png"])


def test_spread_keeps_the_ends_and_the_order():
    assert spread("abc", 5) == ["a", "b", "c"]
    assert spread(range(11), 3) == [0, 5, 10]
