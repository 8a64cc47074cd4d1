"""Which of MediaPipe's 478 face points lie where, and what is measured between them; left is the person's own."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

RIGHT_EYE_CORNERS = (33, 133)
"""Outer, inner."""
LEFT_EYE_CORNERS = (263, 362)
RIGHT_UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
"""Lids run from the outer corner to the inner; upper and lower points face each other."""
RIGHT_LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
LEFT_UPPER_LID = (466, 388, 387, 386, 385, 384, 398)
LEFT_LOWER_LID = (249, 390, 373, 374, 380, 381, 382)
LIDS = (*RIGHT_UPPER_LID, *RIGHT_LOWER_LID, *LEFT_UPPER_LID, *LEFT_LOWER_LID)
RIGHT_EYE_RIM = (RIGHT_EYE_CORNERS[0], *RIGHT_UPPER_LID, RIGHT_EYE_CORNERS[1], *RIGHT_LOWER_LID[::-1])
"""Once around, from the outer corner."""
LEFT_EYE_RIM = (LEFT_EYE_CORNERS[0], *LEFT_UPPER_LID, LEFT_EYE_CORNERS[1], *LEFT_LOWER_LID[::-1])
EYES = (*RIGHT_EYE_CORNERS, *LEFT_EYE_CORNERS, *LIDS)

RIGHT_IRIS = (468, 469, 470, 471, 472)
"""The middle, then four points of the rim."""
LEFT_IRIS = (473, 474, 475, 476, 477)
IRISES = (*RIGHT_IRIS, *LEFT_IRIS)

RIGHT_BROW = (46, 52, 53, 55, 63, 65, 66, 70, 105, 107)
LEFT_BROW = (276, 282, 283, 285, 293, 295, 296, 300, 334, 336)
BROWS = (*RIGHT_BROW, *LEFT_BROW)

MOUTH_CORNERS = (78, 308)
"""Of the inner rim: right, left."""
INNER_UPPER_LIP = (191, 80, 81, 82, 13, 312, 311, 310, 415)
"""From the right corner to the left; upper and lower points face each other."""
INNER_LOWER_LIP = (95, 88, 178, 87, 14, 317, 402, 318, 324)
INNER_LIPS = (*MOUTH_CORNERS, *INNER_UPPER_LIP, *INNER_LOWER_LIP)
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIPS = (*INNER_LIPS, *OUTER_LIPS)

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline: it slides over the skin when the head turns."""


def eye_distance(points: Float[np.ndarray, "*T 478 C"]) -> Float[np.ndarray, "*T"] | np.float64:
    """Between the outer corners of the eyes."""
    return _gaps(points, (RIGHT_EYE_CORNERS[0],), (LEFT_EYE_CORNERS[0],))[..., 0]


def mouth_openness(points: Float[np.ndarray, "*T 478 C"]) -> Float[np.ndarray, "*T"] | np.float64:
    """Gap between the inner rims of the lips, in parts of the eye distance."""
    return _gaps(points, INNER_UPPER_LIP[3:6], INNER_LOWER_LIP[3:6]).mean(axis=-1) / eye_distance(points)


def eye_openness(points: Float[np.ndarray, "*T 478 C"]) -> Float[np.ndarray, "*T 2"]:
    """Gap between the lids over the width of the eye: left, right."""
    gaps = _gaps(points, (*LEFT_UPPER_LID[2:5], *RIGHT_UPPER_LID[2:5]), (*LEFT_LOWER_LID[2:5], *RIGHT_LOWER_LID[2:5]))
    outer, inner = zip(LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, strict=True)
    return gaps.reshape(*gaps.shape[:-1], 2, 3).mean(axis=-1) / _gaps(points, outer, inner)


def _gaps(
    points: Float[np.ndarray, "*T 478 C"], first: tuple[int, ...], second: tuple[int, ...]
) -> Float[np.ndarray, "*T N"]:
    return np.linalg.norm(points[..., first, :] - points[..., second, :], axis=-1)
