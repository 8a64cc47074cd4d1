"""What is said of a picture agrees with how it was made."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.capture.shot_observer import ShotObserver
from nlfgs_studio.core.opencv import cv2
from nlfgs_studio.core.tracking.detection import Frame


@pytest.fixture(scope="module")
def photographed(portrait_studio, observer, sittings):
    """Looks at a portrait that is made as asked."""

    def shot(person: int, **made):
        return observer.observe(frame(portrait_studio.portrait(sittings(person, **made)).image))

    return shot


def frame(image: np.ndarray, seconds: float = 0.0) -> Frame:
    return Frame(image=image, seconds=seconds, index=0)


def kinds(shot) -> list[str]:
    return [trouble.kind for trouble in shot.troubles]


@pytest.mark.parametrize("person", [0, 1])
def test_the_heads_angles_are_those_of_the_head(photographed, person):
    for made in ({"yaw": 30.0}, {"yaw": -30.0}, {"roll": 15.0}, {"roll": -15.0}, {"yaw": -50.0}, {}):
        face = photographed(person, **made).face
        assert face.yaw == pytest.approx(made.get("yaw", 0.0), abs=8.0, rel=0.3)  # the far side's points are guessed
        assert face.pitch == pytest.approx(0.0, abs=10.0)
        assert face.roll == pytest.approx(made.get("roll", 0.0), abs=5.0)


@pytest.mark.parametrize("person", [0, 1])
def test_a_nod_is_known_beside_the_level_head(photographed, person):
    down, level, up = (photographed(person, pitch=pitch).face.pitch for pitch in (-20.0, 0.0, 20.0))
    assert 10.0 < up - level < 30.0
    assert 10.0 < level - down < 30.0
    assert level == pytest.approx(0.0, abs=10.0)


@pytest.mark.parametrize("person", [0, 1])
def test_what_the_face_does_is_told_apart(photographed, person):
    smiles = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4}
    shut = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    made = ({}, smiles, {"jawOpen": 0.8}, shut, {"eyeBlinkLeft": 1.0})
    rest, smile, mouth, closed, wink = (photographed(person, **each).face for each in made)
    assert smile.smile > rest.smile + 0.4
    assert mouth.smile < smile.smile - 0.3
    assert mouth.mouth_open > 0.5
    assert max(rest.mouth_open, smile.mouth_open) < 0.2
    assert closed.blink > 0.8
    assert max(rest.blink, wink.blink) < 0.5


def test_a_good_portrait_has_no_troubles(photographed):
    shot = photographed(0)
    assert not shot.troubles
    assert shot.num_faces == 1
    left, top, right, bottom = shot.face.box
    assert 0.0 < left < 192.0 < right < 384.0
    assert shot.face.share == pytest.approx((bottom - top) / 384.0)


def test_the_same_face_in_twice_the_pixels_is_the_same(portrait_studio, observer, sittings):
    sitting = sittings(0, yaw=20.0, mouthSmileLeft=0.5, mouthSmileRight=0.5)
    small, large = (observer.observe(frame(portrait_studio.portrait(sitting, side=side).image)) for side in (384, 768))
    for name, tolerance in {"yaw": 3.0, "pitch": 3.0, "smile": 0.2, "share": 0.03, "sharpness": 0.2}.items():
        assert getattr(large.face, name) == pytest.approx(getattr(small.face, name), abs=tolerance)
    assert np.asarray(large.face.box) == pytest.approx(2.0 * np.asarray(small.face.box), abs=16.0)


def test_a_head_that_is_cut_is_noticed(portrait_studio, observer, sittings):
    image = portrait_studio.portrait(sittings(0)).image
    face = observer.observe(frame(image)).face
    top = round(face.box[1])
    assert "cut head" not in kinds(observer.observe(frame(image[max(0, top - 80) :])))
    assert "cut head" in kinds(observer.observe(frame(image[top:])))
    assert "cut head" in kinds(observer.observe(frame(image[:, round(0.7 * face.box[0] + 0.3 * face.box[2]) :])))


def test_two_people_are_noticed_and_a_passer_by_is_not(portrait_studio, observer, sittings):
    first, second = (portrait_studio.portrait(sittings(person)).image for person in (0, 1))
    assert "several people" in kinds(observer.observe(frame(np.hstack([first, second]))))
    far_away = np.full_like(first, 128)
    far_away[:96, :96] = cv2.resize(second, (96, 96), interpolation=cv2.INTER_AREA)
    assert "several people" not in kinds(observer.observe(frame(np.hstack([first, far_away]))))


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (np.zeros((480, 640, 3), np.uint8), "black"),
        (np.full((1, 1, 3), 120, np.uint8), "nobody"),
        (np.full((15, 4000, 3), 120, np.uint8), "nobody"),
        (np.full((480, 640, 3), 255, np.uint8), "nobody"),
        (np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8), "nobody"),
    ],
    ids=["black", "one pixel", "a line", "white", "noise"],
)
def test_pictures_of_nobody_are_refused(observer, image, kind):
    shot = observer.observe(frame(image))
    assert kinds(shot) == [kind]
    assert shot.face is None
    assert (shot.height, shot.width) == image.shape[:2]


def test_one_pixel_of_a_film_changes_nothing_for_the_next_picture(body, portrait_studio, sittings):
    portrait = portrait_studio.portrait(sittings(0)).image
    with ShotObserver(body) as observer:
        before = observer.observe(frame(portrait))
        observer.observe(frame(portrait[:1, :1], 0.04))
        after = observer.observe(frame(portrait, 0.08))
    assert not before.troubles
    assert after.face.yaw == pytest.approx(before.face.yaw, abs=1.0)


def test_a_whole_person_is_seen_from_head_to_feet(body):
    import torch
    from nlfgs_studio.core.avatar.look import Look
    from nlfgs_studio.core.avatar.wardrobe import dressed_avatar
    from nlfgs_studio.core.body.parameters import BodyPose
    from nlfgs_studio.core.cameras import look_at
    from nlfgs_studio.core.pipeline import Pipeline
    from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
    from nlfgs_studio.core.rendering.renderer import RenderSettings

    gaussians = Pipeline(body).gaussians(
        dressed_avatar(body, Look(), 1), torch.zeros(body.num_betas), BodyPose.rest(body)
    )

    def picture(yaw: float, lowest: float) -> np.ndarray:
        """Of somebody who turned by `yaw` degrees to their left, from `lowest` metres up."""
        angle, distance = np.radians(-yaw), 4.5
        eye, target = (distance * np.sin(angle), 0.0, distance * np.cos(angle)), (0.0, lowest + 1.05, 0.0)
        camera = look_at(eye, target, fx=760.0, fy=760.0, width=480, height=480)
        rgb = CpuRenderer().render(gaussians, camera, RenderSettings(background=(0.6, 0.65, 0.7))).rgb
        return (255.0 * rgb.clamp(0.0, 1.0)).byte().numpy()

    with ShotObserver(body, "body", still=True) as observer:
        for yaw in (0.0, 60.0, -60.0):
            shot = observer.observe(frame(picture(yaw, -1.4)))
            assert shot.body is not None
            assert shot.body.yaw == pytest.approx(yaw, abs=25.0)
        assert "cut body" not in kinds(observer.observe(frame(picture(0.0, -1.4))))
        assert "cut body" in kinds(observer.observe(frame(picture(0.0, -0.8))))
        assert kinds(observer.observe(frame(np.full((480, 480, 3), 128, np.uint8)))) == ["nobody"]
