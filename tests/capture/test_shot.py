"""What is wrong with a picture is said, the gravest first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_shots import body_shot, empty_shot, face_shot


def kinds(shot) -> list[str]:
    return [trouble.kind for trouble in shot.troubles]


def test_a_good_picture_has_no_troubles():
    assert not face_shot().troubles
    assert not body_shot().troubles


@pytest.mark.parametrize(
    ("shot", "kind"),
    [
        (face_shot(share=0.1), "too far"),
        (face_shot(box=(10.0, 10.0, 60.0, 70.0)), "too far"),
        (face_shot(share=0.9), "too near"),
        (face_shot(is_cut=True), "cut head"),
        (face_shot(brightness=0.3, num_faces=2), "several people"),
        (face_shot(sharpness=0.2), "blurred"),
        (face_shot(has_covered_eyes=True), "covered eyes"),
        (body_shot(is_whole=False), "cut body"),
        (body_shot(share=0.3), "too far"),
        (body_shot(sharpness=0.1), "blurred"),
    ],
)
def test_each_trouble_is_told_with_a_hint(shot, kind):
    assert kinds(shot) == [kind]
    (trouble,) = shot.troubles
    assert trouble.message
    assert trouble.hint
    assert not trouble.is_fatal


def test_light_is_judged_on_the_skin():
    face = face_shot().face
    for changed, kind in (
        ({"brightness": 0.05}, ["too dark"]),
        ({"brightness": 0.95}, ["too bright"]),
        ({"brightness": 0.7, "clipped": 0.4}, ["too bright"]),
        ({"brightness": 0.15, "clipped": 0.1}, []),
    ):
        assert kinds(replace(face_shot(), face=replace(face, **changed))) == kind


def test_of_black_and_empty_pictures_nothing_can_be_made():
    assert kinds(empty_shot(brightness=0.01)) == ["black"]
    assert kinds(empty_shot()) == ["nobody"]
    assert not any(shot.is_usable for shot in (empty_shot(), empty_shot(brightness=0.0)))
    assert all(shot.is_usable for shot in (face_shot(), face_shot(sharpness=0.1, is_cut=True), body_shot()))


def test_a_body_that_is_not_found_is_asked_to_step_back():
    shot = replace(face_shot(), mode="body")
    assert kinds(shot) == ["cut body"]
    assert "step back" in shot.troubles[0].hint
