"""Every source gives all its pictures upright and in order, and says in words why it gives none."""

from __future__ import annotations

import contextlib
import os
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking import frame_source
from nlfgs_studio.core.tracking.file_source import FilmSource
from nlfgs_studio.core.tracking.sources import open_source
from sources import film, level_of, photo


def frames_of(source):
    with closing(source):
        return list(iter(source.read, None))


def test_a_film_gives_every_picture_at_its_moment(tmp_path):
    source = open_source(str(film(tmp_path / "a.mp4")))
    assert (source.width, source.height, source.num_frames, source.live) == (32, 24, 12, False)
    assert source.fps == pytest.approx(25.0)
    frames = frames_of(source)
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.seconds for frame in frames] == pytest.approx([index / 25.0 for index in range(12)])
    assert [level_of(frame) for frame in frames] == pytest.approx([10 + 15 * index for index in range(12)], abs=4.0)


def with_rotation(path: Path, degrees: int) -> Path:
    """A film that says that it is to be turned, as telephones write them: in the header of its track."""
    data = bytearray(film(path).read_bytes())
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    place = data.index(b"tkhd") + 4 + 40
    matrix = (cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30)
    data[place : place + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("degrees", "bright_side"), [(90, "right"), (180, "bottom"), (270, "left")])
def test_a_film_that_says_so_is_turned_upright(tmp_path, degrees, bright_side):
    """The matrix of 90 degrees turns clockwise: what was the top row is the right side then."""
    frames = frames_of(open_source(str(with_rotation(tmp_path / "a.mp4", degrees))))
    image = frames[0].image.astype(float)
    sides = {"right": image[:, -3:], "left": image[:, :3], "bottom": image[-3:], "top": image[:3]}
    assert max(sides, key=lambda side: sides[side].mean()) == bright_side
    assert image.shape == ((24, 32, 3) if degrees == 180 else (32, 24, 3))


def test_a_folder_counts_as_people_do(tmp_path):
    for number in (10, 9, 1, 2):
        photo(tmp_path / f"shot{number}.png", level=10 * number)
    (tmp_path / "notes.txt").write_text("not a picture")
    frames = frames_of(open_source(str(tmp_path)))
    assert [level_of(frame) for frame in frames] == pytest.approx([10, 20, 90, 100])
    assert [frame.seconds for frame in frames] == pytest.approx([0.0, 1 / 30, 2 / 30, 3 / 30])


def test_a_photo_is_one_picture(tmp_path):
    source = open_source(str(photo(tmp_path / "a.png")))
    assert (source.num_frames, source.fps) == (1, None)
    assert [level_of(frame) for frame in frames_of(source)] == [100.0]


def test_damaged_photos_are_left_out_and_told_at_the_end(tmp_path):
    for number in (2, 4):
        photo(tmp_path / f"{number}.png", level=10 * number)
    for number in (1, 3):
        garbage(tmp_path / f"{number}.png")
    with closing(open_source(str(tmp_path))) as source:
        frames = [source.read(), source.read()]
        with pytest.raises(frame_source.SourceDamagedError, match=r"1\.png.*1 more of 4 pictures"):
            source.read()
    assert [(frame.index, level_of(frame)) for frame in frames] == [(0, 20.0), (1, 40.0)]


def test_a_mirror_swaps_left_and_right(tmp_path):
    frame = frames_of(open_source(str(photo(tmp_path / "a.png"))))[0]
    frame.image[:, 0] = 7
    image = frame_source.mirrored(frame).image
    assert (image[:, -1] == 7).all()
    assert (image[:, 0] != 7).all()


def test_a_truncated_film_gives_what_is_left_or_says_that_it_is_damaged(tmp_path):
    path = film(tmp_path / "a.mkv", count=60)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    got = 0
    with closing(open_source(str(path))) as source, contextlib.suppress(frame_source.SourceDamagedError):
        while source.read() is not None:
            got += 1
    assert 0 < got < 60


def test_a_film_that_breaks_in_the_middle_says_after_how_many_pictures(tmp_path, monkeypatch):
    source = FilmSource(film(tmp_path / "a.mp4"))
    decoded = source._decoded

    def broken():
        yield next(decoded)
        raise av.error.InvalidDataError(1, "broken")

    source._decoded = broken()
    with closing(source):
        assert source.read() is not None
        assert source.read() is not None
        with pytest.raises(frame_source.SourceDamagedError, match="after 2 pictures"):
            source.read()


def garbage(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(4000))
    return path


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def of_two_sizes(folder: Path) -> Path:
    photo(folder / "1.png")
    photo(folder / "2.png", width=40, height=24)
    return folder


def empty_file(path: Path) -> Path:
    path.touch()
    return path


BAD = {
    "nothing": (lambda _: "", frame_source.SourceMissingError, "empty"),
    "no file": (lambda folder: folder / "gone.mp4", frame_source.SourceMissingError, "gone.mp4"),
    "no folder": (lambda folder: folder / "gone", frame_source.SourceMissingError, "gone"),
    "no camera's name": (lambda _: "camera:front", frame_source.SourceMissingError, "camera:front"),
    "no camera's number": (lambda _: "camera0", frame_source.SourceMissingError, "names no camera"),
    "no film of a camera": (lambda folder: folder / "cameraman.mp4", frame_source.SourceMissingError, "no file"),
    "text": (lambda folder: (folder / "a.txt").write_text("hello") and folder / "a.txt", StudioError, "neither"),
    "a damaged film": (lambda folder: garbage(folder / "a.mp4"), frame_source.SourceDamagedError, "a.mp4"),
    "a damaged photo": (lambda folder: garbage(folder / "a.png"), frame_source.SourceDamagedError, "a.png"),
    "an empty film": (lambda folder: empty_file(folder / "a.mp4"), frame_source.SourceEmptyError, "empty"),
    "an empty photo": (lambda folder: empty_file(folder / "a.png"), StudioError, "empty"),
    "sound": (lambda folder: sound_only(folder / "a.mp4"), frame_source.SourceEmptyError, "only sound"),
    "an empty folder": (lambda folder: folder, frame_source.SourceEmptyError, "no pictures"),
    "two sizes": (of_two_sizes, frame_source.SourceResizedError, "2.png.*32x24 to 40x24"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_sources_say_what_is_wrong_and_what_to_do(name, tmp_path):
    make, kind, message = BAD[name]
    with pytest.raises(kind, match=message) as caught:
        frames_of(open_source(str(make(tmp_path))))
    assert caught.value.hint


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="here everything may be read")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    path = film(tmp_path / "a.mp4")
    path.chmod(0)
    with pytest.raises(frame_source.SourceForbiddenError, match="may not be read"):
        open_source(str(path))


def test_a_playlist_leads_nowhere(tmp_path):
    """A list of other files under the name of a film must not be followed."""
    film(tmp_path / "secret.mp4")
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile secret.mp4\n")
    (tmp_path / "b.mp4").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n")
    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(StudioError):
            frames_of(open_source(str(tmp_path / name)))
