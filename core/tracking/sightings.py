"""What the face detector says of portraits in which the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from ..errors import StudioError
from .detection import Frame
from .face_points import eye_distance
from .mediapipe_detectors import Detectors
from .portraits import Portrait, PortraitStudio
from .sitting import Sitting

_LEAST_SHARE_FOUND = 0.5
_NO_IMAGE = np.zeros((0, 0, 3), np.uint8)
"""Hundreds of pictures would fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """A portrait, its image given up, and the face points that were detected in it."""

    portrait: Portrait
    points: Float[np.ndarray, "478 3"]
    """As in `FaceDetection`."""

    @property
    def unit(self) -> float:
        """Pixels between the outer corners of the eyes, as if seen from the front."""
        return float(eye_distance(self.points))


def sightings(
    studio: PortraitStudio,
    sittings: Sequence[Sitting],
    *,
    progress: Callable[[float], None] | None = None,
) -> list[Sighting]:
    """Takes and reads the portraits; those on which no face is found are left out.

    Raises:
        StudioError: on most of them no face is found: the body's head does not look like one.
    """
    found = []
    with Detectors(("face",), static=True) as detectors:
        for number, sitting in enumerate(sittings):
            portrait = studio.portrait(sitting)
            face = detectors.detect(Frame(image=portrait.image, seconds=float(number), index=number)).face
            if face is not None and _is_the_face(portrait, face.points):
                found.append(Sighting(portrait=replace(portrait, image=_NO_IMAGE), points=face.points))
            if progress is not None:
                progress((number + 1) / len(sittings))
            if number >= 9 and len(found) < _LEAST_SHARE_FOUND * (number + 1):
                raise StudioError(
                    f"no face is found on pictures of the body {studio.body.identity.name}",
                    hint="tracking needs a body whose head looks like a person's: the built-in or a licensed one",
                )
    return found


def _is_the_face(portrait: Portrait, points: np.ndarray) -> bool:
    """Whether the detected irises are near the eyes; something else may look like a face."""
    eyes = portrait.project(portrait.body.joints[23:25].double().numpy())
    found = points[[473, 468], :2]
    return bool(np.linalg.norm(found - eyes, axis=1).max() < 0.35 * eye_distance(points))
