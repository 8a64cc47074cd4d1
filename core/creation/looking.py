"""What the detectors see in each of many pictures of one person, and which pictures are of no use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cameras import Camera
from ..capture.shot import Shot
from ..capture.shot_reader import ShotReader
from ..errors import StudioError
from ..tracking.detection import FaceDetection, Frame
from ..tracking.photo_evidence import PhotoLook, PhotoLooker
from ..tracking.scaling import reduced_camera
from .taken import Refused, TakenPicture


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """At one of the pictures."""

    taken: TakenPicture
    seen: PhotoLook
    shot: Shot

    def face_in(self, camera: Camera) -> FaceDetection | None:
        """The face as another camera in the same place would see it."""
        face, own = self.seen.detection.face, reduced_camera(self.seen.camera)
        if face is None:
            return None
        scale = camera.fx / own.fx
        middle, other = np.array([own.cx, own.cy, 0.0]), np.array([camera.cx, camera.cy, 0.0])
        return replace(face, points=(face.points - middle) * scale + other)


def looks_at(
    looker: PhotoLooker,
    reader: ShotReader,
    pictures: Sequence[TakenPicture],
    field_of_view: float | None,
    report: Callable[[float, str], None],
) -> tuple[list[Look], list[Refused]]:
    """Pictures in which somebody is seen, and the others.

    Those of a film are seen like photos: so those that are held out are seen like those that are learned from,
    whatever was between them.

    Raises:
        StudioError: nobody is seen in any of them.
    """
    looks: list[Look] = []
    refused: list[Refused] = []
    trouble: StudioError | None = None
    for number, taken in enumerate(pictures):
        report(number / len(pictures), f"looking for the person in {taken.name}")
        try:
            seen = looker.look(taken.image, taken.name, field_of_view=field_of_view)
        except StudioError as error:
            trouble = trouble or error
            refused.append(Refused(name=taken.name, reason=error.message))
            continue
        frame = Frame(image=taken.image, seconds=taken.seconds or 0.0, index=number)
        shot = reader.shot_of(frame, seen.detection, seen.num_people, "body")
        looks.append(Look(taken=taken, seen=seen, shot=shot.of_what_it_shows()))
    if not looks:
        raise trouble or StudioError("no pictures are given", hint="name photos, folders or films")
    return looks, refused
