"""A camera of OpenCV's kind that fails on command, and the files by which Linux tells of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from nlfgs_studio.core.tracking import camera_source


class FakeCamera:
    """Gives pictures with a moving bar at 60 a second, until told otherwise; `fault` may be set at any time."""

    def __init__(self) -> None:
        self.size = [64, 48]
        self.fault = ""
        """Nothing, or one of: shut, silent, stumbles, black, resized, hangs, raises, grey."""
        self.released = False
        self.freed = threading.Event()
        self.wanted: dict[int, float] = {}
        self._count = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.fault != "shut"

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(1.0 / 60.0)
        while self.fault == "hangs" and not self.freed.is_set():
            time.sleep(0.01)
        if self.fault == "raises":
            raise RuntimeError("the driver is broken")
        self._count += 1
        if self.fault == "silent" or (self.fault == "stumbles" and self._count % 2):
            return False, None
        width, height = (self.size[0] * 2, self.size[1]) if self.fault == "resized" else self.size
        bgr = np.zeros((height, width, 3), np.uint8)
        if self.fault != "black":
            bgr[:] = (10, 100, 200)
            bgr[:, self._count % width] = 255
        return True, bgr[..., 0] if self.fault == "grey" else bgr

    def get(self, property_id: int) -> float:
        return 60.0 if property_id == 5 else 0.0

    def set(self, property_id: int, value: float) -> bool:
        self.wanted[property_id] = value
        return True

    def release(self) -> None:
        self.released = True


@pytest.fixture
def camera(plugged, monkeypatch) -> FakeCamera:
    """What OpenCV opens, whichever camera it is asked for."""
    made = FakeCamera()
    monkeypatch.setattr("cv2.VideoCapture", lambda *_: made)
    return made


@pytest.fixture
def plugged(tmp_path, monkeypatch) -> Path:
    """The folder of device nodes of a Linux with the cameras 0 and 2; a camera is unplugged by removing its node."""
    devices, classes = tmp_path / "dev", tmp_path / "class"
    devices.mkdir()
    for number, index, name in ((0, 0, "Front"), (1, 1, "Front"), (2, 0, "Back")):
        (devices / f"video{number}").touch()
        folder = classes / f"video{number}"
        folder.mkdir(parents=True)
        (folder / "index").write_text(f"{index}\n")
        (folder / "name").write_text(f"{name}\n")
    monkeypatch.setattr(camera_source, "DEVICES", devices)
    monkeypatch.setattr(camera_source, "DEVICE_CLASS", classes)
    monkeypatch.setattr("sys.platform", "linux")
    return devices
