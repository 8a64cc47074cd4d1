"""What the detectors know of the person in one photo: who is meant, the body roughly fitted, the crop, its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8

from ..body.model import BodyModel, pose_body, shape_body
from ..body.parameters import BodyPose
from ..cameras import Camera
from .detection import Detection, Frame
from .focal import assumed_focal
from .following import Square, num_prominent, without_others
from .identity import estimate_identity
from .learned_face import learned_face
from .mediapipe_detectors import Detectors
from .mediapipe_graphs import FaceFinder
from .motion_solver import MotionSolver
from .person_crop import PersonCrop, PersonCropper
from .scaling import reduced, reduced_camera
from .solution import tracking_camera
from .still import nobody_error, solved_still
from .tracker_settings import TrackerSettings

CLOSER = 0.7
"""How much smaller than the person's crop the head's must be, to show anything more."""
_SMALLEST_SIDE = 16
"""Pixels; nobody is found in less, and some of the models fail."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoEvidence:
    """Of one photo; the world is the tracker's, with the camera at its origin."""

    camera: Camera
    """Of the whole picture."""
    crop: PersonCrop
    head: PersonCrop | None
    """Close up, where the crop of the whole person shows it small."""
    pose: BodyPose
    """The body fitted to the landmarks, which belongs to `betas`."""
    betas: Float[torch.Tensor, " S"]
    num_people: int
    """Whose faces are in the picture, about as large as the largest, who is meant."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoLook:
    """What the detectors see of the most prominent person."""

    camera: Camera
    """Of the whole picture, in the tracker's world."""
    detection: Detection
    """In pixels of the picture as `scaling.reduced` makes it."""
    num_people: int
    """Whose faces are in the picture, about as large as the largest, who is meant."""


class PhotoLooker:
    """Looks at photos, each by itself; belongs to one thread, holds its detectors until it is closed."""

    def __init__(self) -> None:
        """Loads the models, which takes seconds.

        Raises:
            StudioError: MediaPipe is not installed.
        """
        with ExitStack() as parts:
            self._detectors = parts.enter_context(closing(Detectors(("face", "body", "hands"), static=True)))
            self._finder = parts.enter_context(closing(FaceFinder(far=True)))
            self._parts = parts.pop_all()

    def look(
        self, picture: UInt8[np.ndarray, "H W 3"], name: str = "the picture", *, field_of_view: float | None = None
    ) -> PhotoLook:
        """At the most prominent person; `field_of_view` in degrees over the longer side, where the camera is known.

        Raises:
            StudioError: nobody is seen.
        """
        height, width = picture.shape[:2]
        nobody = nobody_error(name, width, height, brightness=float(picture[::8, ::8].mean()))
        if min(height, width) < _SMALLEST_SIDE:
            raise nobody
        focal = assumed_focal(width, height, *(() if field_of_view is None else (field_of_view,)))
        frame = reduced(Frame(image=picture, seconds=0.0, index=0))
        faces = self._finder.find(frame.image)
        detection = self._detectors.detect(_of_one_person(frame, faces))
        if detection.face is None and detection.body is None:
            raise nobody
        camera = tracking_camera(focal, width, height)
        return PhotoLook(camera=camera, detection=detection, num_people=max(1, num_prominent(faces)))

    def close(self) -> None:
        self._parts.close()


class PhotoWitness:
    """Looks at photos, each by itself; belongs to one thread, holds its detectors until it is closed."""

    def __init__(self, body: BodyModel, crop_size: int) -> None:
        """Loads the models, which takes seconds; `tracker.prepare` should have been called for the body.

        Raises:
            StudioError: MediaPipe is not installed.
        """
        self._body = body
        self._face = learned_face(body)
        with ExitStack() as parts:
            self._looker = parts.enter_context(closing(PhotoLooker()))
            self._cropper = parts.enter_context(closing(PersonCropper(body, crop_size)))
            self._parts = parts.pop_all()

    def see(
        self, picture: UInt8[np.ndarray, "H W 3"], name: str = "the picture", *, field_of_view: float | None = None
    ) -> PhotoEvidence:
        """The most prominent person; `field_of_view` in degrees over the longer side, where the camera is known.

        Raises:
            StudioError: nobody is seen.
        """
        look = self._looker.look(picture, name, field_of_view=field_of_view)
        pose, betas = self._fitted(look.detection, reduced_camera(look.camera))
        vertices = pose_body(self._body, shape_body(self._body, betas), pose).vertices
        crop = self._cropper.crop(picture, look.camera, vertices)
        if crop is None:
            raise nobody_error(name, look.camera.width, look.camera.height, brightness=float(picture[::8, ::8].mean()))
        head = self._cropper.crop(picture, look.camera, vertices, head_alone=True)
        if head is not None and head.box.side > CLOSER * crop.box.side:
            head = None
        return PhotoEvidence(
            camera=look.camera, crop=crop, head=head, pose=pose, betas=betas, num_people=look.num_people
        )

    def _fitted(self, detection: Detection, camera: Camera) -> tuple[BodyPose, Float[torch.Tensor, " S"]]:
        person, betas = None, torch.zeros(self._body.num_betas)
        if detection.face is not None:
            person = estimate_identity(self._body, self._face.embedding, [detection.face], camera)
            betas = torch.from_numpy(person.betas).float()
        settings = TrackerSettings(parts="whole")
        solver = MotionSolver(self._body, betas, camera, face=self._face, person=person, settings=settings)
        return solved_still(solver, detection).pose, betas

    def close(self) -> None:
        self._parts.close()

    def __enter__(self) -> PhotoWitness:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _of_one_person(frame: Frame, faces: Sequence[Square]) -> Frame:
    """The picture as far as half the way from the largest face to its neighbours, black beyond."""
    if len(faces) < 2:
        return frame
    largest = max(faces, key=lambda square: square.size)
    room = min(abs(other.x - largest.x) for other in faces if other is not largest) / 2.0
    if room < largest.size / 2.0:  # one stands behind the other
        return frame
    return Frame(image=without_others(frame.image, largest, room), seconds=frame.seconds, index=frame.index)
