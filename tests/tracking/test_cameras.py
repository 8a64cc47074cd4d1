"""A camera gives pictures with the moment of their arrival, or says which of its faults it has."""

from __future__ import annotations

import itertools
import os
import subprocess
from contextlib import closing

import pytest
from fake_camera import camera as camera
from fake_camera import plugged as plugged
from nlfgs_studio.core.tracking import camera_source, frame_source
from nlfgs_studio.core.tracking.camera_source import CameraDevice, CameraSource, list_cameras
from nlfgs_studio.core.tracking.sources import open_source


def test_cameras_are_listed_by_name_and_their_side_nodes_left_out(plugged):
    assert list_cameras() == (CameraDevice(number=0, name="Front"), CameraDevice(number=2, name="Back"))


def test_a_camera_gives_rgb_pictures_and_the_moments_of_their_arrival(camera):
    with closing(CameraSource(0)) as source:
        assert (source.width, source.height, source.fps, source.live) == (64, 48, 60.0, True)
        assert source.description == "camera 0 (Front)"
        frames = [source.read() for _ in range(4)]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert all(0.01 < b.seconds - a.seconds < 0.5 for a, b in itertools.pairwise(frames[1:]))
    assert tuple(frames[0].image[0, 10]) == (200, 100, 10)
    assert camera.released


def test_grey_cameras_are_seen_in_grey(camera):
    camera.fault = "grey"
    with closing(CameraSource(0)) as source:
        assert source.read().image.shape == (48, 64, 3)


def test_the_size_can_be_asked_for(camera):
    open_source("camera:0@1280x720").close()
    assert (camera.wanted[3], camera.wanted[4]) == (1280, 720)


def test_a_camera_that_is_not_there_names_those_that_are(plugged):
    with pytest.raises(frame_source.SourceMissingError, match="camera 7") as caught:
        CameraSource(7)
    assert "camera:0 (Front), camera:2 (Back)" in caught.value.hint


def test_without_any_camera_a_film_is_advised(plugged, monkeypatch, tmp_path):
    monkeypatch.setattr(camera_source, "DEVICE_CLASS", tmp_path / "none")
    (plugged / "video0").unlink()
    with pytest.raises(frame_source.SourceMissingError, match="no camera is connected") as caught:
        CameraSource(0)
    assert "video file" in caught.value.hint


def test_a_camera_that_may_not_be_used_names_the_group(plugged, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(frame_source.SourceForbiddenError, match="may not use camera 0") as caught:
        CameraSource(0)
    assert "usermod -aG video" in caught.value.hint


@pytest.mark.parametrize("fault", ["shut", "silent"])
def test_a_camera_that_another_program_holds_is_let_go(camera, fault):
    camera.fault = fault
    with pytest.raises(frame_source.SourceBusyError, match="camera 0") as caught:
        CameraSource(0)
    assert "close other programs" in caught.value.hint
    assert camera.released


def test_a_camera_unplugged_on_the_way_is_told_at_once(camera, plugged):
    with closing(CameraSource(0)) as source:
        source.read()
        camera.fault = "silent"
        (plugged / "video0").unlink()
        with pytest.raises(frame_source.SourceUnpluggedError, match="no more pictures") as caught:
            source.read()
    assert "plug it in again" in caught.value.hint


def test_single_failed_reads_are_passed_over(camera):
    camera.fault = "stumbles"
    with closing(CameraSource(0)) as source:
        assert [source.read().index for _ in range(4)] == [0, 1, 2, 3]


def test_another_size_on_the_way_is_told(camera):
    with closing(CameraSource(0)) as source:
        source.read()
        camera.fault = "resized"
        with pytest.raises(frame_source.SourceResizedError, match="64x48 to 128x48") as caught:
            source.read()
    assert caught.value.hint


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_the_system_is_asked_for_names_and_settings_are_named(camera, monkeypatch, platform):
    camera.fault = "shut"
    answers = {"darwin": '{"SPCameraDataType": [{"_name": "FaceTime"}]}', "win32": "FaceTime\n"}
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(camera_source, "_answer", lambda *_: answers[platform])
    assert list_cameras() == (CameraDevice(number=0, name="FaceTime"),)
    with pytest.raises(frame_source.SourceForbiddenError, match="camera 0") as caught:
        CameraSource(0)
    assert "Privacy" in caught.value.hint
    with pytest.raises(frame_source.SourceMissingError, match="camera 3"):
        CameraSource(3)


def test_a_system_that_does_not_answer_lists_nothing(monkeypatch):
    def failing(*_):
        raise subprocess.TimeoutExpired("system_profiler", 10.0)

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(camera_source, "_answer", failing)
    assert list_cameras() == ()
