"""Large pictures reduced for the detectors, which look at a few hundred pixels only; the camera with them.

Only by whole factors: averaging whole squares takes OpenCV 1 ms of a 1920x1080 picture, any other factor 15.
"""

from __future__ import annotations

from dataclasses import replace

from ..cameras import Camera
from .detection import Frame

_LONG_SIDE = 960
"""Pixels; about what is aimed at. Of real films of 1920x1080 the points are as steady at 960 as at full size."""


def _factor(width: int, height: int) -> int:
    return max(1, round(max(width, height) / _LONG_SIDE))


def reduced(frame: Frame) -> Frame:
    """The same picture, averaged; itself where it is small enough. A remainder at the right and below is cut off."""
    height, width = frame.image.shape[:2]
    factor = _factor(width, height)
    if factor == 1:
        return frame
    import cv2

    size = (width // factor, height // factor)
    image = frame.image[: size[1] * factor, : size[0] * factor]
    return replace(frame, image=cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def reduced_camera(camera: Camera) -> Camera:
    """What films the reduced pictures."""
    factor = _factor(camera.width, camera.height)
    return replace(
        camera,
        fx=camera.fx / factor,
        fy=camera.fy / factor,
        cx=camera.cx / factor,
        cy=camera.cy / factor,
        width=camera.width // factor,
        height=camera.height // factor,
    )
