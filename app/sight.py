"""The small picture of what the tracker saw: the source, with what was found in it drawn on top."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from ..core.tracking.detection import Detection, Frame

LONGEST_SIDE = 480
"""Pixels."""
FACE_COLOUR, BODY_COLOUR, HAND_COLOUR = (116, 225, 170), (110, 160, 255), (255, 190, 96)
DOT = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
"""A point of the face is four pixels."""
SEEN = 0.5
"""Visibility from which a point of the body is drawn."""

# BlazePose's and the hand's points, joined as the limbs are.
_LIMBS = (
    *((11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24)),
    *((23, 25), (25, 27), (24, 26), (26, 28), (27, 31), (28, 32)),
)
_FINGERS = tuple((0 if joint % 4 == 1 else joint - 1, joint) for joint in range(1, 21))


def sight_picture(frame: Frame, detection: Detection | None) -> UInt8[np.ndarray, "H W 4"]:
    """The picture, at most `LONGEST_SIDE` wide or high, with the points of face, body and hands."""
    height, width = frame.image.shape[:2]
    share = min(1.0, LONGEST_SIDE / max(height, width))
    size = (max(1, round(share * width)), max(1, round(share * height)))
    picture = Image.fromarray(frame.image).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
    if detection is not None:
        # The detectors may have seen a smaller picture.
        _draw(ImageDraw.Draw(picture), detection, size[0] / detection.width)
    return np.asarray(picture.convert("RGBA"))


def _draw(draw: ImageDraw.ImageDraw, detection: Detection, share: float) -> None:
    if detection.body is not None:
        visible = detection.body.visibility >= SEEN
        limbs = tuple(limb for limb in _LIMBS if visible[limb[0]] and visible[limb[1]])
        _draw_limbs(draw, share * detection.body.points, limbs, BODY_COLOUR, width=3)
    for hand in (detection.left_hand, detection.right_hand):
        if hand is not None:
            _draw_limbs(draw, share * hand.points, _FINGERS, HAND_COLOUR, width=2)
    if detection.face is not None:
        points = (share * detection.face.points[:, None, :2] + DOT).reshape(-1)
        draw.point(points.tolist(), fill=FACE_COLOUR)


def _draw_limbs(
    draw: ImageDraw.ImageDraw,
    points: Float[np.ndarray, "N 2"],
    limbs: tuple[tuple[int, int], ...],
    colour: tuple[int, int, int],
    *,
    width: int,
) -> None:
    for start, end in limbs:
        draw.line([*points[start].tolist(), *points[end].tolist()], fill=colour, width=width)
