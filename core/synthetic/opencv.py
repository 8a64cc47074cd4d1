"""OpenCV, with which made-up photos are drawn; it comes with MediaPipe, which not every machine has."""

from ..errors import StudioError

try:
    import cv2
except ImportError as error:
    raise StudioError(
        "made-up photos need OpenCV, which is not installed here", hint="pip install opencv-contrib-python"
    ) from error

__all__ = ["cv2"]
