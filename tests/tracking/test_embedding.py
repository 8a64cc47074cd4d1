"""The face points lie on the body where the detector sees them, on people that calibration never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.npz import ArraySpecification
from nlfgs_studio.core.tracking import face_points
from nlfgs_studio.core.tracking.embedding_fit import face_surface, fit_places
from nlfgs_studio.core.tracking.keeping import kept_arrays
from nlfgs_studio.core.tracking.learned_face import learn_face

LIPS_AND_EYES = [*face_points.LIPS, *face_points.EYES, *face_points.IRISES]


def errors(body, embedding, sightings) -> np.ndarray:
    """Of every landmark in every portrait, in per cent of the eye distance."""
    faces, away = body.faces.numpy(), []
    for sighting in sightings:
        portrait = sighting.portrait
        places = portrait.project(embedding.points(portrait.body.vertices.double().numpy(), faces))
        away.append(100.0 * np.linalg.norm(places - sighting.points[:, :2], axis=1) / sighting.unit)
    return np.array(away)


def test_every_point_lies_in_its_triangle(body, embedding):
    assert embedding.triangles.min() >= 0
    assert embedding.triangles.max() < len(body.faces)
    assert embedding.barycentrics.min() >= 0.0
    assert embedding.barycentrics.sum(1) == pytest.approx(1.0)
    assert embedding.reliability.min() >= 0.0
    assert embedding.reliability.max() <= 1.0


def test_the_points_are_where_strangers_show_them(body, embedding, unseen):
    away = errors(body, embedding, unseen)
    assert len(away) >= 18
    assert np.median(away) < 2.5
    assert np.median(away[:, LIPS_AND_EYES]) < 1.5


def test_reliable_points_stray_less(body, embedding, unseen):
    away = np.median(errors(body, embedding, unseen), axis=0)
    order = embedding.reliability.argsort()
    assert np.median(away[order[-100:]]) < 0.5 * np.median(away[order[:100]])


def test_lips_lids_and_irises_lie_on_what_moves_them(body, embedding):
    names = np.array(body.part_names)[body.face_parts.numpy()][embedding.triangles]
    assert set(names[list(face_points.INNER_UPPER_LIP)]) == {"lip_upper"}
    assert set(names[list(face_points.INNER_LOWER_LIP)]) == {"lip_lower"}
    for side, lids in (
        ("left", (*face_points.LEFT_UPPER_LID, *face_points.LEFT_LOWER_LID)),
        ("right", (*face_points.RIGHT_UPPER_LID, *face_points.RIGHT_LOWER_LID)),
    ):
        assert set(names[list(lids)]) == {f"eyelid_{side}"}
    weights = body.skin_weights.numpy()[body.faces.numpy()[embedding.triangles]]
    for joint, iris in ((23, face_points.LEFT_IRIS), (24, face_points.RIGHT_IRIS)):
        assert weights[list(iris)][..., joint].min() > 0.5


def test_left_and_right_are_alike(body, embedding):
    points = embedding.points(body.template_vertices.double().numpy(), body.faces.numpy())
    right, left = (
        points[[*upper, *lower]]
        for upper, lower in (
            (face_points.RIGHT_UPPER_LID, face_points.RIGHT_LOWER_LID),
            (face_points.LEFT_UPPER_LID, face_points.LEFT_LOWER_LID),
        )
    )
    away = np.linalg.norm(right * (-1.0, 1.0, 1.0) - left, axis=1)
    assert np.median(away) < 0.002


def test_places_that_detections_never_leave_are_found(body, unseen):
    """Landmarks drawn on visible skin, and where they really are in each portrait: every tenth is a gross mistake."""
    surface, random = face_surface(body), np.random.default_rng(3)
    height, depth = surface.rest.mean(1)[:, 1], surface.rest.mean(1)[:, 2]
    eyes = body.joint_regressor[23].double() @ body.template_vertices.double()
    front = np.flatnonzero((depth > float(eyes[2])) & (np.abs(height - float(eyes[1])) < 0.08) & ~surface.is_eyeball)
    faces, mixes = random.choice(front, 478), random.dirichlet((1.0, 1.0, 1.0), 478)
    truth = np.einsum("nk,nkd->nd", mixes, surface.rest[faces])
    made_up = []
    for sighting in unseen:
        corners = sighting.portrait.body.vertices.double().numpy()[surface.faces[faces]]
        pixels = sighting.portrait.project(np.einsum("nk,nkd->nd", mixes, corners))
        pixels[random.uniform(size=478) < 0.1] += 40.0
        made_up.append(replace(sighting, points=np.column_stack([pixels, np.zeros(478)])))
    places, _ = fit_places(surface, made_up)
    found = np.einsum("nk,nkd->nd", places.barycentrics, surface.rest[places.faces])
    away = np.linalg.norm(found - truth, axis=1)[: face_points.IRISES[0]]
    assert np.median(away) < 0.001


def test_a_body_whose_head_is_no_face_is_refused_with_advice(plain_body):
    with pytest.raises(StudioError, match="no face is found") as raised:
        learn_face(plain_body)
    assert "head" in raised.value.hint


def test_what_was_made_is_kept_and_made_again_when_damaged(home, plain_body):
    specification = {"values": ArraySpecification(shapes=((4,),), max_bytes=1 << 10, dtype="float64")}
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"values": np.arange(4.0)}

    first = kept_arrays("things-v1", plain_body, specification, make)
    again = kept_arrays("things-v1", plain_body, specification, make)
    assert np.array_equal(first["values"], again["values"])
    assert len(made) == 1
    (path,) = home.rglob("things-v1-*.npz")
    path.write_bytes(path.read_bytes()[:40])
    assert np.array_equal(kept_arrays("things-v1", plain_body, specification, make)["values"], np.arange(4.0))
    assert len(made) == 2
    kept_arrays("things-v1", plain_body, specification, make)
    assert len(made) == 2
