"""Of what lies on the disk the best pictures come in, each with what is seen in it; the rest is said."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
from made_up_shots import body_shot, empty_shot, face_shot
from nlfgs_studio.core.capture import importing
from nlfgs_studio.core.capture.importing import check_readable, import_pictures, told
from nlfgs_studio.core.capture.picture_files import Thinned
from nlfgs_studio.core.errors import StudioError
from sources import film, level_of, photo


class Observer:
    """Sees somebody who turns as the pictures grow brighter, and nobody in those that are darker than 30."""

    def __init__(self) -> None:
        self.num_looks = 0

    def observe(self, frame):
        self.num_looks += 1
        level = level_of(frame)
        return body_shot(yaw=level, fingerprint=round(level) << 20) if level > 30.0 else empty_shot()

    def close(self) -> None: ...


@pytest.fixture
def observer() -> Observer:
    return Observer()


@pytest.fixture
def kept() -> list:
    return []


def keep_in(kept: list):
    return lambda image, shot, name: kept.append((float(image[-4:].mean()), shot, name))


def test_photos_and_films_of_a_folder_come_in_with_what_they_show(tmp_path, observer, kept):
    photo(tmp_path / "10.png", level=200)
    photo(tmp_path / "9.png", level=90)
    film(tmp_path / "walk.mp4", count=12)
    assert len(import_pictures([tmp_path], observer, keep_in(kept))) == len(kept)
    assert [name for _, _, name in kept[:3]] == ["9.png", "10.png", "walk.mp4"]
    assert {name for _, _, name in kept[2:]} == {"walk.mp4"}
    # pictures of a film are as they were looked at, and in their order
    assert all(level == pytest.approx(shot.body.yaw) for level, shot, _ in kept)
    assert np.diff([level for level, _, _ in kept[2:]]).min() > 0.0
    assert kept[2][0] > 30.0, "nobody is seen in the film's first pictures"


@pytest.mark.parametrize("is_length_known", [True, False])
def test_a_long_film_is_looked_at_all_over(tmp_path, observer, kept, monkeypatch, is_length_known):
    monkeypatch.setattr(importing, "LOOKS_AT_A_FILM", 4)
    if not is_length_known:
        monkeypatch.setattr(Thinned, "expect", lambda *_: None)
    import_pictures([film(tmp_path / "long.mp4", count=17)], observer, keep_in(kept))
    assert 4 <= observer.num_looks <= (8 if is_length_known else 13)
    levels = [level for level, _, _ in kept]
    assert len(levels) <= 8
    assert levels[-1] - levels[0] > 100.0


def test_of_very_many_the_most_different_come_in(tmp_path, observer, kept, monkeypatch):
    monkeypatch.setattr(importing, "MOST", 3)
    paths = [photo(tmp_path / f"{level}.png", level=level) for level in (40, 42, 44, 120, 240)]
    assert len(import_pictures(paths, observer, keep_in(kept))) == 3
    assert [name for _, _, name in kept[1:]] == ["120.png", "240.png"]


def test_a_face_that_fills_a_picture_is_no_bad_picture_of_a_body(tmp_path, observer, kept, monkeypatch):
    seen = replace(face_shot(), mode="body", body=body_shot(is_whole=False).body)
    monkeypatch.setattr(observer, "observe", lambda _: seen)
    import_pictures([photo(tmp_path / "near.png")], observer, keep_in(kept))
    assert kept[0][1].mode == "face"
    assert kept[0][1].troubles == ()
    far = replace(seen, face=replace(seen.face, share=0.1))
    monkeypatch.setattr(observer, "observe", lambda _: far)
    import_pictures([photo(tmp_path / "far.png")], observer, keep_in(kept))
    assert kept[1][1] is far


def test_what_cannot_be_read_is_passed_over_with_a_warning(tmp_path, observer, kept, caplog):
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    (tmp_path / "empty").mkdir()
    bad = [tmp_path / name for name in ("notes.txt", "empty", "bad.png", "bad.mp4", "lost.jpg")]
    with caplog.at_level(logging.WARNING):
        assert len(import_pictures([*bad, photo(tmp_path / "good.png")], observer, keep_in(kept))) == 1
    assert all(any(path.name in message for message in caplog.messages) for path in bad)
    with pytest.raises(StudioError, match=r"notes\.txt is neither a photo nor a film") as refused:
        import_pictures(bad, observer, keep_in(kept))
    assert refused.value.hint
    assert len(kept) == 1


def test_a_picture_of_nobody_comes_in_alone_but_not_beside_better_ones(tmp_path, observer, kept):
    with pytest.raises(StudioError, match="nobody"):
        import_pictures([film(tmp_path / "dark.mp4", count=1)], observer, keep_in(kept))
    assert kept == []


def test_what_came_in_is_told_with_what_is_of_no_use_and_why():
    good, nobody, black = face_shot(), empty_shot(), empty_shot(brightness=0.0)
    assert told([("a.jpg", good), ("walk.mp4", good)]) == ("2 pictures came in", "")
    said, hint = told([("wall.jpg", nobody)])
    assert said == "1 picture came in, of no use"
    assert "nobody is seen: wall.jpg" in hint
    said, hint = told([("a.jpg", good), ("wall.jpg", nobody), ("night.jpg", black)])
    assert said == "3 pictures came in, 2 of them of no use"
    assert "wall.jpg" in hint
    assert "black: night.jpg" in hint
    assert "a.jpg" not in hint


def test_of_several_people_it_is_told_who_is_taken():
    said, hint = told([("a.jpg", face_shot()), ("two.jpg", face_shot(num_faces=2))])
    assert said == "2 pictures came in; several people are in two.jpg"
    assert "the largest" in hint


def test_files_are_looked_into_before_anything_is_loaded_for_them(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudioError, match=r"text\.jpg"):
        check_readable([tmp_path / "text.jpg", tmp_path / "text.jpg"])
    with pytest.raises(StudioError, match="empty"):
        check_readable([tmp_path / "empty"])
    check_readable([tmp_path / "text.jpg", photo(tmp_path / "good.png")])
    check_readable([film(tmp_path / "walk.mp4", count=2)])
