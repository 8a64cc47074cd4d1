"""Films keep every picture, their rate and their colours; a film that fails leaves nothing."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.storage.video import ENCODERS, VideoWriter, exact_rate

MPEG4_ONLY = tuple(encoder for encoder in ENCODERS if encoder[0] == "mpeg4")


def pictures(count: int, width: int, height: int):
    """A ramp that changes from picture to picture, so that each can be told from its neighbours."""
    y, x = np.mgrid[:height, :width]
    for index in range(count):
        level = 20 + 200 * index // count
        yield np.stack([x * 255 // width, y * 255 // height, np.full_like(x, level)], -1).astype(np.uint8)


def write(path, count: int, width: int, height: int, fps: float, **options) -> None:
    with VideoWriter(path, width, height, fps, **options) as writer:
        for picture in pictures(count, width, height):
            writer.write(picture)


def read(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, stream.average_rate, float(stream.duration * stream.time_base), stream.codec_context.name


@pytest.mark.parametrize("fps", [24.0, 25.0, 29.97, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("encoders", [ENCODERS, MPEG4_ONLY])
def test_every_picture_and_the_rate_are_kept(tmp_path, fps, encoders):
    write(tmp_path / "film.mp4", 37, 64, 48, fps, encoders=encoders)
    frames, rate, seconds, codec = read(tmp_path / "film.mp4")
    assert len(frames) == 37
    assert rate == exact_rate(fps)
    assert seconds == pytest.approx(37 / fps, abs=1e-3)  # MP4 tells lengths in milliseconds
    assert codec == ("h264" if encoders is ENCODERS else "mpeg4")
    for frame, picture in zip(frames, pictures(37, 64, 48), strict=True):
        assert np.abs(frame.astype(int) - picture).mean() < 6


def test_colours_are_those_of_the_pictures(tmp_path):
    """The matrix of the colours is said in the file and used: a wrong one shifts greens by 20 and more."""
    colours = np.array([(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128), (255, 255, 255), (0, 0, 0)])
    picture = np.repeat(np.repeat(colours[None], 64, 0), 32, 1).astype(np.uint8)
    with VideoWriter(tmp_path / "film.mp4", picture.shape[1], 64, 30.0) as writer:
        for _ in range(3):
            writer.write(picture)
    with av.open(str(tmp_path / "film.mp4")) as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace == 1  # BT.709
        read_back = frame.to_ndarray(format="rgb24")
    centres = read_back[32, 16::32].astype(int)
    assert np.abs(centres - colours).max() <= 4


@pytest.mark.parametrize("size", [(63, 47), (64, 47), (63, 48), (1, 1)])
def test_odd_sizes_grow_by_one_pixel_and_lose_nothing(tmp_path, size):
    width, height = size
    write(tmp_path / "film.mp4", 5, width, height, 30.0)
    frames, *_ = read(tmp_path / "film.mp4")
    assert frames[0].shape == (height + height % 2, width + width % 2, 3)
    last = list(pictures(5, width, height))[-1]
    assert np.abs(frames[-1][:height, :width].astype(int) - last).mean() < 8


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(30.0, Fraction(30)), (29.97, Fraction(30000, 1001)), (23.976, Fraction(24000, 1001)), (12.5, Fraction(25, 2))],
)
def test_rates_are_exact_fractions(fps, rate):
    assert exact_rate(fps) == rate


def test_odd_rates_stay_near_and_fit_mpeg4():
    for fps in (0.1, 1 / 3, 7.77, 119.88, 999.99):
        assert float(exact_rate(fps)) == pytest.approx(fps, rel=1e-3)
        assert exact_rate(fps).numerator <= 65535


def interrupted(path, written, error) -> None:
    with VideoWriter(path, 64, 48, 30.0) as writer:
        for picture in pictures(written, 64, 48):
            writer.write(picture)
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, MemoryError])
@pytest.mark.parametrize("written", [0, 20])
def test_an_interrupted_film_leaves_nothing(tmp_path, error, written):
    (tmp_path / "film.mp4").write_bytes(b"older")
    with pytest.raises(error):
        interrupted(tmp_path / "film.mp4", written, error)
    assert (tmp_path / "film.mp4").read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_film_without_pictures_is_a_bad_call(tmp_path):
    with pytest.raises(ValueError, match="at least one"), VideoWriter(tmp_path / "film.mp4", 64, 48, 30.0):
        pass
    assert not list(tmp_path.iterdir())


def test_a_picture_of_another_size_is_a_bad_call(tmp_path):
    with (
        pytest.raises(ValueError, match="64x48, the picture 48x64"),
        VideoWriter(tmp_path / "film.mp4", 64, 48, 30.0) as writer,
    ):
        writer.write(np.zeros((64, 48, 3), np.uint8))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("width", "height", "fps"), [(0, 4, 30.0), (4, -1, 30.0), (4, 4, 0.0), (4, 4, float("nan"))])
def test_impossible_films_are_bad_calls(tmp_path, width, height, fps):
    with pytest.raises(ValueError, match="no film"):
        VideoWriter(tmp_path / "film.mp4", width, height, fps)


def test_other_endings_and_missing_folders_are_said_in_words(tmp_path):
    with pytest.raises(StudioError, match="not the name of a film"):
        VideoWriter(tmp_path / "film.gif", 4, 4, 30.0)
    with pytest.raises(StudioError, match="folder does not exist"):
        write(tmp_path / "absent" / "film.mp4", 1, 4, 4, 30.0)


def test_no_encoder_is_said_in_words(tmp_path):
    with pytest.raises(StudioError, match="no encoder"):
        write(tmp_path / "film.mp4", 1, 4, 4, 30.0, encoders=(("no such encoder", {}),))
    assert not list(tmp_path.iterdir())


def test_a_missing_encoder_is_passed_over(tmp_path):
    write(tmp_path / "film.mp4", 3, 16, 16, 30.0, encoders=(("no such encoder", {}), *MPEG4_ONLY))
    assert len(read(tmp_path / "film.mp4")[0]) == 3
