"""What a face does is read from its points, whoever it is and however the head is turned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.fast_forward import FastPoser
from nlfgs_studio.core.body.model import BodyModel, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.tracking.embedding import LandmarkEmbedding
from nlfgs_studio.core.tracking.expression_map import (
    ExpressionMap,
    fit_map,
    offsets_from_neutral,
    training_pairs,
)
from nlfgs_studio.core.tracking.learned_face import expression_map
from nlfgs_studio.core.tracking.portraits import Portrait
from nlfgs_studio.core.tracking.sightings import Sighting, sightings
from nlfgs_studio.core.tracking.sitting import Sitting, drawn_sitters, drawn_sitting
from nlfgs_studio.core.tracking.solution import tracking_camera
from scipy.spatial.transform import Rotation

DISTANCE, SIDE = 0.8, 384


def perfect_sightings(
    body: BodyModel, embedding: LandmarkEmbedding, seed: int, *, num_sitters: int, each: int
) -> list[Sighting]:
    """What a detector would say that errs by half a pixel, of people whom nobody drew."""
    random, poser, faces = np.random.default_rng(seed), FastPoser(body), body.faces.numpy()
    seen = []
    for sitter in drawn_sitters(body, random, num_sitters):
        shaped = shape_body(body, torch.from_numpy(sitter.betas).float())
        for _ in range(each):
            sitting: Sitting = drawn_sitting(body, random, sitter)
            camera = tracking_camera(sitting.focal * SIDE, SIDE, SIDE)
            rest = BodyPose.rest(body)
            rotations = rest.rotations.clone()
            rotations[0] = torch.from_numpy(sitting.head).float()
            head = shaped.joints[15] - shaped.joints[0]
            turned = Rotation.from_rotvec(sitting.head).apply(head.double().numpy())
            place = np.array([0.0, -0.05, -DISTANCE * sitting.focal]) - turned - shaped.joints[0].double().numpy()
            pose = BodyPose(
                rotations=rotations,
                expression=torch.from_numpy(sitting.expression).float(),
                translation=torch.from_numpy(place).float(),
            )
            posed = poser.pose(shaped, pose)
            portrait = Portrait(
                image=np.zeros((1, 1, 3), np.uint8), camera=camera, sitting=sitting, pose=pose, body=posed
            )
            points = embedding.points(posed.vertices.double().numpy(), faces)
            depths = -points[:, 2:]
            pixels = portrait.project(points) + random.normal(scale=0.5, size=(478, 2))
            z = (depths - depths.mean()) * camera.fx / depths.mean()
            seen.append(Sighting(portrait=portrait, points=np.hstack([pixels, z])))
    return seen


@pytest.fixture(scope="module")
def learned(body, embedding) -> ExpressionMap:
    return fit_map(body, embedding, perfect_sightings(body, embedding, 1, num_sitters=30, each=10))


def read(
    body: BodyModel, embedding: LandmarkEmbedding, learned: ExpressionMap, seen: list[Sighting]
) -> list[dict[str, float]]:
    """The actions that the map sees in each portrait, given who it is."""
    faces, found = body.faces.numpy(), []
    for sighting in seen:
        sitter = sighting.portrait.sitting.sitter
        neutral = shape_body(body, torch.from_numpy(sitter.betas).float()).vertices.double().numpy()
        guess = learned.predict(sighting.points, embedding.points(neutral, faces), sighting.portrait.camera)
        found.append(dict(zip(body.expression_names, guess.expression.tolist(), strict=True)))
    return found


def test_strangers_faces_are_read(body, embedding, learned):
    seen = perfect_sightings(body, embedding, 2, num_sitters=12, each=10)
    found = np.array([list(actions.values()) for actions in read(body, embedding, learned, seen)])
    truth = np.array([sighting.portrait.sitting.expression for sighting in seen])
    correlations = {
        name: np.corrcoef(found[:, number], truth[:, number])[0, 1] for number, name in enumerate(body.expression_names)
    }
    for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight", "mouthFunnel"):
        assert correlations[name] > 0.85, name
    assert np.median(list(correlations.values())) > 0.6


@pytest.mark.slow
def test_detected_faces_of_strangers_are_read_by_what_the_body_teaches(body, embedding, portrait_studio):
    random = np.random.default_rng(17)
    sittings = [drawn_sitting(body, random, sitter) for sitter in drawn_sitters(body, random, 20) for _ in range(8)]
    seen = sightings(portrait_studio, sittings)
    found = np.array([list(actions.values()) for actions in read(body, embedding, expression_map(body), seen)])
    truth = np.array([sighting.portrait.sitting.expression for sighting in seen])
    for name, least in (("jawOpen", 0.8), ("eyeBlinkLeft", 0.8), ("eyeBlinkRight", 0.8), ("mouthSmileLeft", 0.65)):
        number = body.expression_names.index(name)
        assert np.corrcoef(found[:, number], truth[:, number])[0, 1] > least, name


def test_the_guess_stays_within_the_ranges(body, embedding, learned):
    (sighting,) = perfect_sightings(body, embedding, 3, num_sitters=1, each=1)
    wild = sighting.points + np.random.default_rng(0).normal(scale=30.0, size=(478, 3))
    neutral = embedding.points(body.template_vertices.double().numpy(), body.faces.numpy())
    guess = learned.predict(wild, neutral, sighting.portrait.camera)
    low, high = body.expression_ranges.double().numpy().T
    assert (guess.expression >= low).all()
    assert (guess.expression <= high).all()
    assert not guess.face_rotations.any()  # this body's actions turn jaw and eyes


def test_a_neutral_face_has_no_offsets_however_the_head_is_turned(body, embedding):
    neutral = embedding.points(body.template_vertices.double().numpy(), body.faces.numpy())
    camera = tracking_camera(600.0, 640, 480)
    turned = Rotation.from_euler("YXZ", (25.0, -10.0, 8.0), degrees=True).as_matrix()
    placed = (neutral - neutral.mean(0)) @ turned.T * (1.0, -1.0, -1.0) + (0.05, -0.02, 0.7)
    pixels = 600.0 * placed[:, :2] / placed[:, 2:] + (320.0, 240.0)
    points = np.column_stack([pixels, (placed[:, 2] - 0.7) * 600.0 / 0.7])
    offsets = offsets_from_neutral(points, neutral, camera, np.ones(478))
    assert np.abs(offsets).max() < 1e-6


def test_a_map_learned_without_noise_knows_its_errors(body, embedding, learned):
    seen = perfect_sightings(body, embedding, 4, num_sitters=10, each=8)
    offsets, values = training_pairs(body, embedding, seen, learned.stillness)
    strays = np.sqrt(np.square(offsets @ learned.weights.T + learned.bias - values).mean(0))
    named = learned.errors[: body.num_expression] > 0.02
    ratio = strays[: body.num_expression][named] / learned.errors[: body.num_expression][named]
    assert 0.7 < np.median(ratio) < 1.3


def test_sittings_of_a_body_without_named_actions_turn_its_jaw(plain_body):
    random = np.random.default_rng(0)
    (sitter,) = drawn_sitters(plain_body, random, 1)
    drawn = [drawn_sitting(plain_body, random, sitter) for _ in range(20)]
    still = drawn_sitting(plain_body, random, sitter, liveliness=0.0)
    assert max(sitting.face_rotations[0, 0] for sitting in drawn) > 0.1
    assert not still.face_rotations.any()
    assert not still.expression.any()
