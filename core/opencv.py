"""OpenCV, with which made-up photos are drawn and masks are refined; it comes with MediaPipe, which not all have."""

from .errors import StudioError

try:
    import cv2
except ImportError as error:
    raise StudioError(
        "this needs OpenCV, which is not installed here", hint="pip install opencv-contrib-python"
    ) from error

__all__ = ["cv2"]
