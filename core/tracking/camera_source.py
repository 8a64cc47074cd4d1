"""Cameras by OpenCV: which there are, and why one gives no pictures."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .detection import Frame
from .frame_source import (
    SourceBusyError,
    SourceForbiddenError,
    SourceMissingError,
    SourceUnpluggedError,
    resized_error,
)

DEVICES = Path("/dev")
DEVICE_CLASS = Path("/sys/class/video4linux")
"""Where Linux lists cameras and says their names."""
FAILED_READS = 5
"""In a row; a single one happens with good cameras too."""
LISTING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDevice:
    """A camera that the system knows of."""

    number: int
    """As in `camera:0`."""
    name: str


def list_cameras() -> tuple[CameraDevice, ...]:
    """The cameras that the system lists, without switching any on; empty too where it cannot be asked."""
    if sys.platform == "linux":
        return tuple(sorted(_linux_cameras(), key=lambda device: device.number))
    try:
        if sys.platform == "darwin":
            names = _macos_names(_answer("system_profiler", "SPCameraDataType", "-json"))
        else:
            query = "Get-CimInstance Win32_PnPEntity -Filter \"PNPClass='Camera'\" | ForEach-Object Name"
            names = _answer("powershell", "-NoProfile", "-Command", query).splitlines()
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()
    return tuple(CameraDevice(number=number, name=name) for number, name in enumerate(names))


def _linux_cameras() -> Iterator[CameraDevice]:
    for folder in DEVICE_CLASS.glob("video*"):
        with contextlib.suppress(OSError, ValueError):  # it was unplugged this moment
            # A camera's further nodes carry no pictures, only what belongs to them.
            if (folder / "index").read_text().strip() == "0":
                number = int(folder.name.removeprefix("video"))
                yield CameraDevice(number=number, name=(folder / "name").read_text().strip())


def _answer(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=LISTING_SECONDS, check=True).stdout


def _macos_names(answer: str) -> list[str]:
    return [str(camera.get("_name", "camera")) for camera in json.loads(answer).get("SPCameraDataType", [])]


def _open_capture(number: int) -> Any:
    """A `cv2.VideoCapture`."""
    import cv2

    cv2.setLogLevel(0)  # it would print what is said here in words
    backend = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}
    return cv2.VideoCapture(number, backend.get(sys.platform, cv2.CAP_ANY))


class CameraSource:
    """A camera, switched on from the first line to `close`; pictures carry the moment at which they arrived."""

    live = True
    num_frames = None

    def __init__(self, number: int, *, size: tuple[int, int] | None = None) -> None:
        """`size` is width and height to ask for; the camera gives the nearest that it has.

        Raises:
            SourceError: why this camera gives no pictures.
        """
        self._number = number
        self._check_present()
        name = next((device.name for device in list_cameras() if device.number == number), "")
        self.description = f"camera {number} ({name})" if name else f"camera {number}"
        self._capture = _open_capture(number)
        if not self._capture.isOpened():
            self._capture.release()
            raise self._closed_error()
        self._set_up(size)
        # The first picture tells the true size, and whether another program holds the camera.
        self._first = self._grab()
        if self._first is None:
            self._capture.release()
            raise SourceBusyError(
                f"{self.description} gives no picture",
                hint="close other programs that use the camera, then try again",
            )
        self.height, self.width = self._first.shape[:2]
        rate = self._capture.get(_CAP_PROP_FPS)
        self.fps = rate if 1.0 <= rate <= 240.0 else None
        self._began = time.monotonic()
        self._index = 0

    def _set_up(self, size: tuple[int, int] | None) -> None:
        if size is not None:
            # Beyond 640x480 most cameras reach their rate only with compressed pictures.
            self._capture.set(_CAP_PROP_FOURCC, _MJPG)
            self._capture.set(_CAP_PROP_FRAME_WIDTH, size[0])
            self._capture.set(_CAP_PROP_FRAME_HEIGHT, size[1])
        self._capture.set(_CAP_PROP_BUFFERSIZE, 1)  # old pictures in a queue would be delay

    def _grab(self) -> np.ndarray | None:
        for _ in range(FAILED_READS):
            delivered, image = self._capture.read()
            if delivered and image is not None and image.size:
                return image
            if self._is_gone():
                break
        return None

    def _is_gone(self) -> bool:
        return sys.platform == "linux" and not (DEVICES / f"video{self._number}").exists()

    def read(self) -> Frame:
        """The next picture; waits for it."""
        image, self._first = self._first, None
        if image is None:
            image = self._grab()
        if image is None:
            raise SourceUnpluggedError(
                f"camera {self._number} gives no more pictures", hint="plug it in again, then try again"
            )
        seconds = time.monotonic() - self._began
        if image.shape[:2] != (self.height, self.width):
            size = (image.shape[1], image.shape[0])
            raise resized_error(f"the pictures of camera {self._number}", (self.width, self.height), size)
        frame = Frame(image=_rgb(image), seconds=seconds, index=self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        self._capture.release()

    def _check_present(self) -> None:
        if sys.platform != "linux":
            return  # elsewhere only opening it tells
        node = DEVICES / f"video{self._number}"
        if not node.exists():
            raise self._missing_error()
        if not os.access(node, os.R_OK | os.W_OK):
            raise SourceForbiddenError(
                f"you may not use camera {self._number} ({node})",
                hint="sudo usermod -aG video $USER, then log out and in again",
            )

    def _missing_error(self) -> SourceMissingError:
        found = ", ".join(f"camera:{device.number} ({device.name})" for device in list_cameras())
        message = f"there is no camera {self._number}" if found else "no camera is connected"
        return SourceMissingError(message, hint=f"choose {found}" if found else "connect one, or choose a video file")

    def _closed_error(self) -> SourceBusyError | SourceForbiddenError | SourceMissingError:
        message, close = f"camera {self._number} cannot be opened", "close other programs that use it"
        if sys.platform == "linux":
            return SourceBusyError(message, hint=f"{close}, then try again")
        cameras = list_cameras()
        if cameras and all(device.number != self._number for device in cameras):
            return self._missing_error()
        place = "Privacy & Security > Camera" if sys.platform == "darwin" else "Privacy > Camera"
        return SourceForbiddenError(message, hint=f"allow it in the system's settings ({place}), or {close}")


def _rgb(image: np.ndarray) -> np.ndarray:
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image[..., 2::-1])


# OpenCV's numbers, so that cameras can be described without loading it.
_CAP_PROP_FRAME_WIDTH, _CAP_PROP_FRAME_HEIGHT, _CAP_PROP_FPS, _CAP_PROP_FOURCC, _CAP_PROP_BUFFERSIZE = 3, 4, 5, 6, 38
_MJPG = float(int.from_bytes(b"MJPG", "little"))

CAMERA = re.compile(r"camera:(\d{1,3})(?:@(\d{2,4})x(\d{2,4}))?", re.IGNORECASE)
"""`camera:0`, or with the size to ask for `camera:0@1280x720`."""


def is_camera(source: str) -> bool:
    """Whether the source is meant to be a camera rather than a file, well named or not."""
    return source.lower().startswith("camera:")
