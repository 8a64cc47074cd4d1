"""One person in many pictures: who it is, how tall, and whether it is one person at all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_up_faces import CAMERA, make_face
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.capture.shot import Shot
from nlfgs_studio.core.creation.body_shape import NUM_BODY_BETAS, Standing, body_betas
from nlfgs_studio.core.creation.joint_fit import known_person, strangers
from nlfgs_studio.core.creation.looking import Look
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.tracking.detection import Detection
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.face_solver import FaceSolver
from nlfgs_studio.core.tracking.identity import estimate_identity
from nlfgs_studio.core.tracking.learned_face import LearnedFace, learned_face
from nlfgs_studio.core.tracking.photo_evidence import PhotoLook
from nlfgs_studio.core.tracking.solution import tracking_camera
from seen_bodies import natural_pose, seen, true_face


@pytest.fixture(scope="module")
def face(body) -> LearnedFace:
    return learned_face(body)


def somebody(body, face: LearnedFace, seed: int) -> FaceSolver:
    betas = np.concatenate([np.zeros(10), np.random.default_rng(seed).normal(0.0, 2.0, 20)])
    return FaceSolver(FaceRig(body, face.embedding, betas), CAMERA)


def look_at(solver: FaceSolver, seed: int, *, film: str | None = None, scale: float = 1.0) -> Look:
    """At a made-up face, in a picture that is `scale` times as large as it was made for."""
    detection = make_face(solver, seed).detection
    points = detection.points * scale
    width, height = round(CAMERA.width * scale), round(CAMERA.height * scale)
    picture = np.zeros((height, width, 3), np.uint8)
    return Look(
        taken=TakenPicture(name=f"{seed}.png", image=picture, film=film),
        seen=PhotoLook(
            camera=tracking_camera(CAMERA.fx * scale, width, height),
            detection=Detection(width=width, height=height, face=type(detection)(points=points, confidence=1.0)),
            num_people=1,
        ),
        shot=Shot(mode="face", width=width, height=height, seconds=0.0, brightness=0.5, num_faces=1),
    )


def test_pictures_of_any_size_tell_of_one_face(body, face):
    solver = somebody(body, face, 1)
    same = known_person(body, face, [look_at(solver, seed) for seed in range(3)])
    mixed = known_person(body, face, [look_at(solver, seed, scale=1.0 + 0.25 * seed) for seed in range(3)])
    assert same is not None
    assert mixed is not None
    np.testing.assert_allclose(mixed.betas, same.betas, atol=0.05)


def test_a_stranger_among_one_persons_pictures_is_told(body, face):
    one, other = somebody(body, face, 1), somebody(body, face, 2)
    alone = [look_at(one, seed) for seed in range(4)]
    assert not strangers(body, face, alone)
    assert not strangers(body, face, alone[:1])
    stranger = look_at(other, 9)
    assert strangers(body, face, [*alone[:2], stranger, *alone[2:]]) == {"9.png"}
    together = [look_at(one, seed, film="talk.mp4") for seed in range(4)]
    assert not strangers(body, face, together)
    assert strangers(body, face, [stranger, *together]) == {"9.png"}


def test_a_stranger_is_told_from_whom_one_knows(body, face):
    """Also where all of the new pictures show them."""
    one, other = somebody(body, face, 1), somebody(body, face, 2)
    person = known_person(body, face, [look_at(one, seed) for seed in range(4)])
    assert not strangers(body, face, [look_at(one, 7), look_at(one, 8)], person)
    film = [look_at(other, seed, film="other.mp4") for seed in range(3)]
    assert strangers(body, face, [*film, look_at(one, 8)], person) == {"other.mp4"}
    assert strangers(body, face, [look_at(other, 9)], person) == {"9.png"}


def test_betas_that_are_known_are_kept(body, face):
    faces = [look_at(somebody(body, face, 1), seed).seen.detection.face for seed in range(2)]
    held = np.linspace(-0.5, 0.5, NUM_BODY_BETAS)
    person = estimate_identity(body, face.embedding, faces, CAMERA, held=held)
    assert np.array_equal(person.betas[:NUM_BODY_BETAS], held)
    assert np.abs(person.betas[NUM_BODY_BETAS:]).max() > 0.3


def test_long_legs_are_found_where_they_are_seen(body):
    camera, random = tracking_camera(900.0, 720, 960), np.random.default_rng(3)

    def leg(betas: np.ndarray) -> float:
        joints = shape_body(body, torch.from_numpy(betas).float()).joints
        return float((joints[1] - joints[7]).norm())

    true = np.zeros(body.num_betas)
    true[0] = 1.5
    if leg(true) < leg(np.zeros(body.num_betas)):
        true[0] = -1.5
    shaped = shape_body(body, torch.from_numpy(true).float())
    pictures = []
    for _ in range(3):
        posed = pose_body(body, shaped, natural_pose(body, random, distance=3.2))
        detection = seen(shaped, posed, camera, random)
        pictures.append(Standing(camera=camera, detection=detection, face=true_face(body, posed)))
    found = np.pad(body_betas(body, true, pictures), (0, body.num_betas - NUM_BODY_BETAS))
    ordinary = leg(np.zeros(body.num_betas))
    assert leg(found) - ordinary == pytest.approx(leg(true) - ordinary, rel=0.4)
