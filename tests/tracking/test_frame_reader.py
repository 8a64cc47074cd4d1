"""The newest picture wins, every trouble is told once and can be retried, and nothing ever waits for the camera."""

from __future__ import annotations

import itertools
import time

import pytest
from fake_camera import camera as camera
from fake_camera import plugged as plugged
from nlfgs_studio.core.tracking import frame_reader, frame_source
from nlfgs_studio.core.tracking.camera_source import CameraSource
from nlfgs_studio.core.tracking.frame_reader import (
    FrameReader,
    SourceEnded,
    SourceOpened,
    SourceRecovered,
    SourceTrouble,
)
from nlfgs_studio.core.tracking.sources import open_source
from sources import film, level_of, photo


@pytest.fixture
def readers(monkeypatch):
    """Makes readers that are closed at the end; what takes seconds takes tenths here."""
    monkeypatch.setattr(frame_reader, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(frame_reader, "FIRST_SECONDS", 0.8)
    monkeypatch.setattr(frame_reader, "DARK_SECONDS", 0.2)
    monkeypatch.setattr(frame_reader, "STILL_SECONDS", 0.02)
    made = []

    def make(opened, **options) -> FrameReader:
        made.append(FrameReader(opened, **options))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


def open_camera() -> CameraSource:
    return CameraSource(0)


def wait_for(reader: FrameReader, kind: type, seconds: float = 5.0):
    """The first event of a kind, and those before it."""
    before, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        for event in reader.drain():
            before.append(event)
            if isinstance(event, kind):
                return event, before[:-1]
        time.sleep(0.005)
    raise AssertionError(f"no {kind.__name__}, but {before}")


def trouble_of(reader: FrameReader):
    return wait_for(reader, SourceTrouble)[0].error


def test_the_newest_picture_wins_and_its_age_is_known(readers, camera):
    reader = readers(open_camera)
    opened, _ = wait_for(reader, SourceOpened)
    assert (opened.width, opened.height, opened.live) == (64, 48, True)
    first = reader.next(5.0)
    time.sleep(0.2)
    second = reader.next(5.0)
    assert second.index >= first.index + 4
    assert 0.0 <= reader.age(second) < 0.1
    assert reader.next() is None


def test_a_film_plays_at_its_own_rate_then_ends(readers, tmp_path):
    reader, frames = readers(lambda: open_source(str(film(tmp_path / "a.mp4", count=13)))), []
    while not any(isinstance(event, SourceEnded) for event in reader.drain()):
        frame = reader.next(0.01)
        frames += [] if frame is None else [frame]
    assert frames[-1].index == 12
    assert frames[-1].seconds - frames[0].seconds == pytest.approx(12 / 25.0, abs=0.2)


def test_a_slow_film_does_not_stall(readers, tmp_path):
    reader = readers(lambda: open_source(str(film(tmp_path / "a.mp4", count=3, fps=2.0))))
    _, before = wait_for(reader, SourceEnded)
    assert not [event for event in before if isinstance(event, SourceTrouble)]


def test_a_looped_film_begins_anew_and_time_goes_on(readers, tmp_path):
    reader, frames = readers(lambda: open_source(str(film(tmp_path / "a.mp4", count=4))), loop=True), []
    while len(frames) < 10:
        frames.append(reader.next(5.0))
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
    assert max(frame.index for frame in frames) > 4
    assert all(b.seconds > a.seconds for a, b in itertools.pairwise(frames))
    assert not [event for event in reader.drain() if isinstance(event, SourceEnded)]


@pytest.mark.parametrize("loop", [True, False])
def test_a_photo_is_shown_on_and_on_and_read_once(readers, tmp_path, loop):
    path = photo(tmp_path / "a.png")
    reader = readers(lambda: open_source(str(path)), loop=loop)
    assert level_of(reader.next(5.0)) == 100.0
    path.unlink()
    assert reader.next(5.0).index > 0


def test_the_mirror_can_be_turned_while_it_runs(readers, camera):
    reader = readers(open_camera, mirror=True)
    wait_for(reader, SourceOpened)
    assert reader.next(5.0) is not None
    reader.mirror = False
    assert reader.next(5.0) is not None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("silent", frame_source.SourceUnpluggedError), ("resized", frame_source.SourceResizedError)],
)
def test_a_camera_that_fails_is_told_once_and_comes_back_by_one_click(readers, camera, fault, kind):
    reader = readers(open_camera)
    assert reader.next(5.0) is not None
    camera.fault = fault
    error = trouble_of(reader)
    assert isinstance(error, kind)
    assert error.hint
    assert camera.released
    time.sleep(0.4)
    assert reader.drain() == []
    reader.next()
    camera.fault = ""
    reader.retry()
    wait_for(reader, SourceOpened)
    assert reader.next(5.0) is not None


def test_a_camera_that_cannot_be_opened_is_told_and_found_once_it_is_plugged_in(readers, camera, plugged):
    (plugged / "video0").unlink()
    reader = readers(open_camera)
    assert isinstance(trouble_of(reader), frame_source.SourceMissingError)
    (plugged / "video0").touch()
    reader.retry()
    assert reader.next(5.0) is not None


def test_black_pictures_are_told_and_taken_back_when_the_shutter_opens(readers, camera):
    camera.fault = "black"
    reader = readers(open_camera)
    error = trouble_of(reader)
    assert isinstance(error, frame_source.SourceDarkError)
    assert "shutter" in error.hint
    camera.fault = ""
    wait_for(reader, SourceRecovered)
    assert reader.drain() == []


def test_a_camera_that_hangs_freezes_nothing_and_goes_on_by_itself(readers, camera):
    reader = readers(open_camera)
    assert reader.next(5.0) is not None
    camera.fault = "hangs"
    assert isinstance(trouble_of(reader), frame_source.SourceStalledError)
    started = time.monotonic()
    assert reader.next() is None or reader.next() is None
    assert time.monotonic() - started < 0.05
    camera.fault = ""
    wait_for(reader, SourceRecovered)


def test_a_camera_that_never_starts_is_told_too(readers, camera):
    camera.fault = "hangs"
    reader = readers(open_camera)
    time.sleep(0.4)
    assert reader.drain() == []
    assert isinstance(trouble_of(reader), frame_source.SourceStalledError)
    camera.fault = ""


def test_a_camera_that_hangs_for_ever_can_be_left(readers, camera, monkeypatch):
    monkeypatch.setattr(frame_reader, "CLOSE_SECONDS", 0.1)
    reader = readers(open_camera)
    wait_for(reader, SourceOpened)
    camera.fault = "hangs"
    time.sleep(0.1)
    started = time.monotonic()
    reader.retry()
    assert time.monotonic() - started < 1.0
    assert not reader.close(), "the camera may be open"
    reader.retry()
    camera.freed.set()
    camera.fault = ""
    assert reader.next(5.0) is not None
    until = time.monotonic() + 5.0
    while not reader.close():
        assert time.monotonic() < until


def test_a_driver_that_raises_is_told_not_fatal(readers, camera):
    reader = readers(open_camera)
    wait_for(reader, SourceOpened)
    camera.fault = "raises"
    assert "the driver is broken" in trouble_of(reader).message


def test_closing_lets_go_of_the_camera_and_says_nothing_more(readers, camera):
    reader = readers(open_camera)
    wait_for(reader, SourceOpened)
    reader.close()
    assert camera.released
    assert reader.drain() == []
