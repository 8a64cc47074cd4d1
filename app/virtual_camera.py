"""Shows the window's picture to other programs as a camera, by the package `pyvirtualcam`, which is optional.

A thread of its own brings pictures into the camera's size and hands them over; the window never waits for it.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import UInt8

from ..core.channels import EventQueue, LatestSlot
from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobRunner
from .actions import Report, SetDriving
from .driven import OutputPhase
from .store import Store

JOB = "virtual camera"
SIZE, FPS = (1280, 720), 30
"""What every program that takes a camera understands."""
_DEVICE_HINTS = {
    "linux": "sudo apt install v4l2loopback-dkms, then sudo modprobe v4l2loopback exclusive_caps=1",
    "darwin": "install OBS Studio (obsproject.com), start its virtual camera once, then try again",
    "win32": "install OBS Studio (obsproject.com): it brings a virtual camera",
}

Picture = UInt8[np.ndarray, "H W 4"]


class VirtualCamera:
    """Main thread only; `tick` once a frame."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs = JobRunner()
        self._pictures: LatestSlot[Picture] = LatestSlot()
        self._opened: EventQueue[str] = EventQueue()
        self._starts_again = False

    @property
    def is_on(self) -> bool:
        return JOB in self._jobs.running

    def start(self) -> None:
        """Begin to show what is drawn from now on; where that cannot be, the person is told what to install."""
        if not self.is_on:
            self._begin()
        elif self._store.state.driving.output_phase == "closing":
            self._starts_again = True
            self._set_output("opening")

    def stop(self) -> None:
        self._starts_again = False
        if self.is_on:
            self._set_output("closing")
            self._jobs.cancel(JOB)

    def _begin(self) -> None:
        pictures, opened = self._pictures, self._opened
        self._set_output("opening")
        self._jobs.start(JOB, lambda context: _show(context, pictures, opened))

    def show(self, rgba: Picture) -> None:
        """The picture that is on the screen now; it is copied."""
        if self.is_on:
            self._pictures.put(rgba.copy())

    def tick(self) -> None:
        finished = self._jobs.drain()[1]
        for device in self._opened.drain():
            if self._store.state.driving.output_phase != "opening" or self._starts_again:
                continue  # of one that is being closed
            self._set_output("on", device)
            self._store.dispatch(Report.now(f"other programs see the avatar as the camera {device}"))
        for job in finished:
            starts_again, self._starts_again = self._starts_again, False
            if starts_again:
                self._begin()
                continue
            self._set_output("off")
            if isinstance(job.error, StudioError):
                self._store.dispatch(Report.now(job.error.message, hint=job.error.hint, kind="error"))
            elif job.error is not None and not isinstance(job.error, Cancelled):
                failure = f"the virtual camera failed: {job.error}"
                self._store.dispatch(Report.now(failure, hint="start it again", kind="error"))

    def close(self) -> None:
        self._jobs.close()

    def _set_output(self, phase: OutputPhase, device: str = "") -> None:
        driving = replace(self._store.state.driving, output=device, output_phase=phase)
        self._store.dispatch(SetDriving(driving=driving))


def _show(context: JobContext, pictures: LatestSlot[Picture], opened: EventQueue[str]) -> None:
    """Hand pictures over at the camera's rate until the job is cancelled; without a new one the last stays."""
    rgb = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    with _opened_camera() as camera:
        opened.put(str(camera.device))
        while True:
            context.check()
            picture = pictures.take()
            if picture is not None:
                rgb = filled(picture, SIZE)
            camera.send(rgb)
            camera.sleep_until_next_frame()


def _opened_camera() -> Any:
    """
    Raises:
        StudioError: the package or a device is missing, and how to get it.
    """
    try:
        pyvirtualcam = importlib.import_module("pyvirtualcam")
    except ImportError as error:
        raise StudioError(
            "the virtual camera needs the package pyvirtualcam", hint="pip install pyvirtualcam, then try again"
        ) from error
    try:
        return pyvirtualcam.Camera(width=SIZE[0], height=SIZE[1], fps=FPS)
    except RuntimeError as error:
        hint = _DEVICE_HINTS.get(sys.platform, "see github.com/letmaik/pyvirtualcam for this system")
        raise StudioError("this system has no free virtual camera", hint=hint) from error


def filled(rgba: Picture, size: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
    """The middle of the picture, as large as fits, at `size` (width, height)."""
    from PIL import Image

    height, width = rgba.shape[:2]
    share = min(width / size[0], height / size[1])
    left, top = 0.5 * (width - share * size[0]), 0.5 * (height - share * size[1])
    box = (left, top, left + share * size[0], top + share * size[1])
    picture = Image.fromarray(np.ascontiguousarray(rgba[..., :3]))
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=box))
