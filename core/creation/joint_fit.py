"""One person in many pictures: a shape for all of them, a pose and an expression for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float

from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import Camera
from ..tracking.detection import FaceDetection
from ..tracking.face_rig import FaceRig
from ..tracking.face_solver import FaceSolver, FaceSolverSettings
from ..tracking.identity import Identity, estimate_identity
from ..tracking.learned_face import LearnedFace
from ..tracking.motion_solver import MotionSolver
from ..tracking.offline import OFFLINE_SMOOTHING
from ..tracking.scaling import reduced_camera
from ..tracking.still import solved_still
from ..tracking.tracker_settings import TrackerSettings
from .body_shape import body_betas, standing
from .looking import Look
from .taken import spread

_ALIKE, _ALIKE_TO_FEW, _SEVERAL = 0.0145, 0.018, 3
"""Residuals, in eye distances, of a face in the shape of its own person, known from several pictures or from fewer: at
most 0.013 and 0.017 in films of two people, whose faces in each other's shape have 0.0125 to 0.0176; photos of four
others have 0.016 to 0.021."""
_STEPS, _MOST_OF_A_FILM = 8, 6


def known_person(body: BodyModel, face: LearnedFace, looks: Sequence[Look]) -> Identity | None:
    """Whose face is seen in all of the pictures; None where none shows a face."""
    camera = reduced_camera(looks[0].seen.camera)
    faces = [seen for look in looks if (seen := look.face_in(camera)) is not None]
    if not faces:
        return None
    person = estimate_identity(body, face.embedding, faces, camera)
    upright = standing(body, face, person, looks)
    if not upright:
        return person
    held = body_betas(body, person.betas, upright)
    return estimate_identity(body, face.embedding, faces, camera, held=held)


def strangers(
    body: BodyModel, face: LearnedFace, looks: Sequence[Look], person: Identity | None = None
) -> frozenset[str]:
    """Photos and films whose faces do not fit the person, or without one whom most of the pictures show."""
    camera = reduced_camera(looks[0].seen.camera)
    sources: dict[str, list[FaceDetection]] = {}
    for look in looks:
        if (found := look.face_in(camera)) is not None:
            sources.setdefault(look.taken.source, []).append(found)
    sources = {source: spread(faces, _MOST_OF_A_FILM) for source, faces in sources.items()}
    if person is None:
        if len(sources) < 2:
            return frozenset()
        person = _most_shown(body, face, sources, camera)
    limit = _ALIKE if person.num_faces >= _SEVERAL else _ALIKE_TO_FEW
    residuals = _residuals(body, face, person, sources, camera)
    return frozenset(source for source, residual in residuals.items() if residual > limit)


def _most_shown(
    body: BodyModel, face: LearnedFace, sources: Mapping[str, Sequence[FaceDetection]], camera: Camera
) -> Identity:
    everybody = [found for faces in sources.values() for found in faces]
    about = estimate_identity(body, face.embedding, everybody, camera)
    first = _residuals(body, face, about, sources, camera)
    # Those that fit worst are left out of what all are compared with: a stranger may be among them.
    kept: list[FaceDetection] = []
    for source in sorted(sources, key=lambda source: first[source]):
        if len(kept) < len(everybody) / 2.0:
            kept += sources[source]
    return estimate_identity(body, face.embedding, kept, camera)


def _residuals(
    body: BodyModel,
    face: LearnedFace,
    person: Identity,
    sources: Mapping[str, Sequence[FaceDetection]],
    camera: Camera,
) -> dict[str, float]:
    """How far the faces of each are from what the person could show."""
    rig = FaceRig(body, face.embedding).of_person(person.betas, person.offsets)
    solver = FaceSolver(rig, camera, FaceSolverSettings(num_first_steps=_STEPS))
    return {
        source: float(np.median([solver.solve(each).residual for each in faces])) for source, faces in sources.items()
    }


def betas_of(body: BodyModel, person: Identity | None) -> Float[torch.Tensor, " S"]:
    return torch.zeros(body.num_betas) if person is None else torch.from_numpy(person.betas).float()


def solved_poses(
    body: BodyModel,
    betas: Float[torch.Tensor, " S"],
    face: LearnedFace,
    person: Identity | None,
    looks: Sequence[Look],
    report: Callable[[float, str], None] = lambda *_: None,
) -> list[BodyPose]:
    """Of each picture, in the tracker's world; pictures of one film follow each other, photos stand alone."""
    poses: list[BodyPose] = []
    for film, group in groupby(looks, key=lambda look: (look.taken.film, look.taken.image.shape[:2])):
        together = list(group)
        for run in [together] if film[0] is not None else [[look] for look in together]:
            camera = reduced_camera(run[0].seen.camera)
            settings = TrackerSettings(parts="whole", smoothing=OFFLINE_SMOOTHING)
            solver = MotionSolver(body, betas, camera, face=face, person=person, settings=settings)
            for index, look in enumerate(run):
                report(len(poses) / len(looks), f"posing the body of {look.taken.name}")
                if len(run) == 1:
                    frame = solved_still(solver, look.seen.detection)
                else:
                    frame = solver.solve(look.seen.detection, index=index, seconds=look.taken.seconds or 0.0)
                poses.append(frame.pose)
    return poses
