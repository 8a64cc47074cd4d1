"""The virtual camera: pictures reach it in its own size, whatever it does the window goes on, and lacks are said."""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from nlfgs_studio.app import virtual_camera
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.virtual_camera import SIZE, filled


class FakeCamera:
    """As `pyvirtualcam.Camera`; keeps what it is sent."""

    device = "/dev/video9"
    sent: list[np.ndarray]
    error: Exception | None = None
    hangs = threading.Event()

    def __init__(self, *, width: int, height: int, fps: int) -> None:
        if FakeCamera.error is not None:
            raise FakeCamera.error
        assert (width, height) == SIZE
        assert fps == 30

    def __enter__(self) -> FakeCamera:
        return self

    def __exit__(self, *_: object) -> None:
        FakeCamera.sent.append(np.zeros(0))  # closed

    def send(self, rgb: np.ndarray) -> None:
        FakeCamera.sent.append(rgb)

    def sleep_until_next_frame(self) -> None:
        time.sleep(0.005)
        FakeCamera.hangs.wait(5.0)


@pytest.fixture
def installed(monkeypatch) -> type[FakeCamera]:
    """The package `pyvirtualcam`, and a device."""
    module = ModuleType("pyvirtualcam")
    module.Camera = FakeCamera
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    monkeypatch.setattr(FakeCamera, "sent", [], raising=False)
    monkeypatch.setattr(FakeCamera, "error", None)
    hangs = threading.Event()
    hangs.set()
    monkeypatch.setattr(FakeCamera, "hangs", hangs)
    return FakeCamera


def ticked(services, until, seconds=20.0):
    end = time.monotonic() + seconds
    while not until():
        services.tick(time.monotonic())
        assert time.monotonic() < end
        time.sleep(0.002)


def test_the_picture_fills_the_camera_and_keeps_its_proportions():
    picture = np.zeros((400, 400, 4), np.uint8)
    picture[150:250, 150:250, 0] = 255
    rgb = filled(picture, SIZE)
    assert rgb.shape == (SIZE[1], SIZE[0], 3)
    lit = np.argwhere(rgb[..., 0] > 127)
    height, width = np.ptp(lit, axis=0) + 1
    assert width == pytest.approx(height, rel=0.02)
    assert width == pytest.approx(100 * SIZE[0] / 400, rel=0.02)
    assert lit.mean(axis=0) == pytest.approx([SIZE[1] / 2, SIZE[0] / 2], abs=2.0)


def test_what_is_shown_reaches_the_camera_until_it_is_stopped(services, installed):
    run(services, "set_virtual_camera", on=True)
    ticked(services, lambda: services.store.state.driving.output == "/dev/video9")
    picture = np.full((90, 160, 4), 200, np.uint8)
    services.virtual_camera.show(picture)
    picture[:] = 0  # the window draws on into the same memory
    ticked(services, lambda: installed.sent and installed.sent[-1].mean() == 200.0)
    run(services, "set_virtual_camera", on=False)
    ticked(services, lambda: services.store.state.driving.output_phase == "off")
    assert installed.sent[-1].size == 0, "closed"
    assert not services.virtual_camera.is_on


def test_off_and_on_again_at_once_is_on(services, installed):
    run(services, "set_virtual_camera", on=True)
    ticked(services, lambda: services.store.state.driving.output_phase == "on")
    run(services, "set_virtual_camera", on=False)
    run(services, "set_virtual_camera", on=True)
    assert services.store.state.driving.output == "", "no device while it opens"
    ticked(services, lambda: services.store.state.driving.output_phase == "on")
    assert any(sent.size == 0 for sent in installed.sent), "the first one was closed"
    assert services.store.state.driving.output == "/dev/video9"


def test_a_camera_that_hangs_keeps_nobody_waiting(services, installed):
    run(services, "set_virtual_camera", on=True)
    ticked(services, lambda: bool(installed.sent))
    installed.hangs.clear()
    began = time.monotonic()
    for _ in range(100):
        services.virtual_camera.show(np.zeros((90, 160, 4), np.uint8))
        services.tick(time.monotonic())
    assert time.monotonic() - began < 1.0
    installed.hangs.set()


@pytest.mark.parametrize(("platform", "named"), [("linux", "v4l2loopback"), ("win32", "OBS"), ("darwin", "OBS")])
def test_a_system_without_a_device_says_what_to_install(services, installed, monkeypatch, platform, named):
    monkeypatch.setattr(installed, "error", RuntimeError("no camera"))
    monkeypatch.setattr(virtual_camera, "sys", SimpleNamespace(platform=platform))
    run(services, "set_virtual_camera", on=True)
    ticked(services, lambda: not services.virtual_camera.is_on)
    status = services.store.state.status
    assert status.kind == "error"
    assert named in status.hint
    assert services.store.state.driving.output == ""


def test_without_the_package_its_name_is_said(services, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    run(services, "set_virtual_camera", on=True)
    ticked(services, lambda: not services.virtual_camera.is_on)
    assert "pip install pyvirtualcam" in services.store.state.status.hint


def test_closing_ends_it(services, installed):
    run(services, "set_virtual_camera", on=True)
    ticked(services, lambda: bool(installed.sent))
    services.close()
    assert installed.sent[-1].size == 0
