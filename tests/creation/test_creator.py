"""Pictures become an avatar that files keep and renderers draw; the pictures themselves are in none of it."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.app.localized import BORDER, NUM_POINTS, localized_photo, overlay
from nlfgs_studio.core.body.joints import FACE_JOINTS
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.cameras import in_camera, projected
from nlfgs_studio.core.capture.picture_files import read_photo
from nlfgs_studio.core.creation import observing
from nlfgs_studio.core.creation.close_up import with_close_up
from nlfgs_studio.core.creation.creator import MADE_BY, MADE_BY_PROJECTION, AvatarCreator, Creation
from nlfgs_studio.core.creation.fitted import FittedPicture
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.nlf import reader
from nlfgs_studio.core.nlf.config import NetworkConfig
from nlfgs_studio.core.nlf.network import NlfGs
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.storage.avatar_npz import read_avatar, write_avatar
from nlfgs_studio.core.tracking.portraits import PortraitStudio
from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting
from nlfgs_studio.core.tracking.skeleton import HEAD
from PIL import Image

SMALL = NetworkConfig(
    channels=16, detail_channels=16, num_frequencies=16, num_eigenfunctions=8, width=16, estimator_width=16
)
NOBODY = np.full((300, 400, 3), 120, np.uint8)


def taken(image: np.ndarray, name: str = "me.holiday.png") -> TakenPicture:
    return TakenPicture(name=name, image=image)


@pytest.fixture(scope="module")
def portraits(body) -> list[np.ndarray]:
    """Of one person, turned to one side and to the other."""
    random, studio = np.random.default_rng(5), PortraitStudio(body, num_looks=1)
    sitter = next(iter(drawn_sitters(body, random, 1)))
    return [
        studio.portrait(drawn_sitting(body, random, sitter, turn=turn, liveliness=0.0)).image for turn in (0.3, -0.3)
    ]


@pytest.fixture(scope="module")
def creator(body, portraits):
    """With a small network, and a Gaussian on each face."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "network_template", functools.partial(network_template, k=1))
        creator = AvatarCreator(body, NlfGs(SMALL))
    with creator:
        creator.create([taken(portraits[0])], "me")  # its threads begin here, not in a test
        yield creator


@pytest.fixture(scope="module")
def made(creator, portraits) -> Creation:
    return creator.create([taken(portraits[0]), taken(NOBODY, "tree.jpg"), taken(portraits[1], "aside.png")], "me.png")


def head_of(body, made: Creation, picture: FittedPicture) -> np.ndarray:
    """Where the fit puts it, in pixels of the picture."""
    posed = pose_body(body, shape_body(body, made.avatar.betas), picture.pose)
    return projected(in_camera(posed.joints[[HEAD, 23, 24]], picture.camera), picture.camera).numpy()


def test_the_avatar_is_the_bodys_and_keeps_in_a_file(body, made, tmp_path):
    avatar = made.avatar
    assert (avatar.name, avatar.body) == ("me", body.identity)
    assert avatar.betas.shape == (body.num_betas,)
    write_avatar(tmp_path / "a.npz", avatar)
    again = read_avatar(tmp_path / "a.npz")
    assert torch.equal(again.parameters.sh, avatar.parameters.sh)
    assert again.provenance == avatar.provenance
    assert again.provenance.made_by == MADE_BY == "nlf-gs"
    assert dict(again.provenance.details)["photos"] == "2"


def test_pictures_without_anybody_are_left_out_with_a_reason(creator, made):
    assert [each.name for each in made.pictures] == ["me.holiday.png", "aside.png"]
    assert [each.number for each in made.pictures] == [0, 1]
    assert [(each.name, each.reason) for each in made.refused] == [("tree.jpg", "nobody is seen in tree.jpg")]
    with pytest.raises(StudioError, match=r"nobody is seen in tree\.jpg"):
        creator.create([taken(NOBODY, "tree.jpg")], "me")


def test_the_avatar_looks_like_the_pictures_where_it_is_seen(body, made):
    pipeline, renderer = Pipeline(body), CpuRenderer()
    for observation in made.observations:
        gaussians = pipeline.gaussians(made.avatar, made.avatar.betas, observation.pose)
        drawn = renderer.render(gaussians, observation.camera, RenderSettings())
        both = (observation.mask > 0.9) & (drawn.alpha.numpy() > 0.9)
        assert both.mean() > 0.1
        off = np.abs(255.0 * drawn.rgb.numpy() - observation.image)[both]
        plain = np.abs(observation.image - observation.image[both].mean(axis=0))[both]
        assert np.median(off) < 0.5 * np.median(plain)


def test_observations_see_what_the_pictures_saw(body, made):
    for picture in made.pictures:
        for observation in picture.observations:
            assert observation.picture == picture.number
            assert observation.mask.shape == observation.weights.shape == observation.image.shape[:2]
            assert max(observation.image.shape) <= 512
            assert 0.0 <= observation.weights.min() <= observation.weights.max() <= 1.0
            here = head_of(body, made, replace(picture, camera=observation.camera))
            there = head_of(body, made, picture)
            # One similarity takes the picture's pixels to the observation's.
            scale = observation.camera.fx / picture.camera.fx
            shift = np.array([observation.camera.cx - scale * picture.camera.cx])
            np.testing.assert_allclose(here[:, 0], scale * there[:, 0] + shift, atol=1e-3)
            column, row = here[1:].mean(axis=0).astype(int)
            assert observation.mask[row, column] > 0.5


def test_more_pictures_of_a_known_person_are_only_posed(body, creator, made, portraits):
    told = []
    pictures = [taken(NOBODY, "tree.jpg"), taken(portraits[0], "again.png")]
    more = creator.fit_more(made, pictures, first=7, report=lambda fraction, _: told.append(fraction))
    assert [(each.name, each.number, each.is_stranger) for each in more] == [("again.png", 7, False)]
    assert {observation.picture for observation in more[0].observations} == {7}
    assert told == sorted(told)
    assert told[-1] == 1.0
    np.testing.assert_allclose(head_of(body, made, more[0]), head_of(body, made, made.pictures[0]), atol=0.5)
    assert creator.fit_more(made, [taken(NOBODY)], first=7) == ()


def test_outlines_of_a_film_know_those_a_moment_before(creator, made, portraits, monkeypatch):
    known: list[bool] = []

    def mask_of(_: object, image, *, body_alpha, previous=None, said=None) -> np.ndarray:
        assert previous is None or previous.shape == image.shape[:2]
        known.append(previous is not None)
        return body_alpha

    monkeypatch.setattr(observing, "person_mask", mask_of)
    places = [("a", 0.0), ("a", 0.1), ("a", 1.0), ("b", 1.1), ("b", 1.2), (None, 0.0)]
    film = [
        TakenPicture(name=f"{number}", image=portraits[0], seconds=seconds, film=name)
        for number, (name, seconds) in enumerate(places)
    ]
    more = creator.fit_more(made, film, first=2)
    expected = [False, True, False, False, True, False]
    assert known == [each for each, picture in zip(expected, more, strict=True) for _ in picture.observations]


def test_a_known_avatar_stays_as_it_is(creator, made, portraits):
    again = creator.fit(made.avatar, [taken(portraits[1])])
    assert again.avatar is made.avatar
    assert len(again.observations) >= 1
    with pytest.raises(StudioError, match="another body"):
        creator.fit(replace(made.avatar, body=replace(made.avatar.body, fingerprint="0" * 16)), [taken(portraits[1])])


def test_the_same_pictures_give_the_same_avatar_and_progress_rises(creator, portraits):
    told = []
    first = creator.create([taken(portraits[0])], "one").avatar
    again = creator.create([taken(portraits[0])], "two", report=lambda fraction, _: told.append(fraction)).avatar
    assert torch.equal(again.betas, first.betas)
    assert torch.equal(again.parameters.log_scales, first.parameters.log_scales)
    assert torch.equal(again.parameters.sh, first.parameters.sh)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_report_may_stop_it(creator, portraits):
    def stop(fraction: float, _: str) -> None:
        if fraction > 0.0:
            raise Cancelled("create")

    with pytest.raises(Cancelled):
        creator.create([taken(portraits[0])], "me", report=stop)


def test_without_a_network_what_no_picture_shows_looks_like_its_part(body, portraits):
    with AvatarCreator(body, None) as creator:
        made = creator.create([taken(portraits[0])], "plain")
    assert made.localized is None
    assert made.avatar.provenance.made_by == MADE_BY_PROJECTION
    assert not made.avatar.parameters.offsets.any()
    soles = body.skin_weights[:, 10].argmax()  # nobody shows these in a portrait
    there = made.avatar.template.corners.eq(int(soles)).any(dim=1)
    colours = made.avatar.parameters.sh[there, 0]
    assert len(colours) > 1
    assert (colours - colours[0]).abs().max() < 1e-5


def test_a_small_head_is_read_from_nearby_and_the_rest_as_it_was(creator, portraits):
    portrait = portraits[0]
    small = np.full((3 * portrait.shape[0], 3 * portrait.shape[1], 3), 120, np.uint8)
    small[: portrait.shape[0], portrait.shape[1] : 2 * portrait.shape[1]] = portrait
    made = creator.create([taken(small)], "far")
    picture, body = made.pictures[0], creator.reader.body
    assert len(picture.observations) == 2
    assert made.localized is not None
    crop, cropper = made.localized.crop, creator.cropper
    vertices = pose_body(body, shape_body(body, made.avatar.betas), picture.pose).vertices
    head = cropper.crop(small, picture.camera, vertices, head_alone=True)
    assert head.box.side < 0.7 * crop.box.side
    reading = creator.reader.read(crop.image, crop.camera, crop.evidence)
    closer = with_close_up(creator.reader, reading, crop, head)
    weights = body.skin_weights[:, [HEAD, *range(FACE_JOINTS.start, FACE_JOINTS.stop)]].sum(1)
    below = reading.template.interpolated(weights[:, None])[:, 0] == 0.0
    changed = (closer.parameters.sh != reading.parameters.sh).any(dim=(1, 2))
    assert not changed[below].any()
    assert changed[~below].any()
    # Another crop, but the same picture: a place in it stays one.
    eyes = weights * (body.skin_weights[:, 23] > 0.99) > 0.99
    apart = (closer.vertices.pixels[eyes] - reading.vertices.pixels[eyes]).norm(dim=1)
    assert 0.0 < apart.max() < 12.0


def test_the_overlay_shows_points_on_the_person_alone(made, portraits):
    assert made.localized is not None
    photo = localized_photo(made.localized, made.body)
    box = made.localized.crop.box
    assert 100 < len(photo.pixels) <= NUM_POINTS
    assert (photo.pixels > box.left + 0.9 * BORDER * box.side).all()
    plain = overlay(photo, "none")
    assert np.array_equal(plain, portraits[0])
    drawn = {colouring: overlay(photo, colouring) for colouring in ("place", "sigma")}
    assert not np.array_equal(drawn["place"], drawn["sigma"])
    for picture in drawn.values():
        changed = (picture != plain).any(axis=2)
        places = np.argwhere(changed)[:, ::-1]
        assert 0.0 < changed.mean() < 0.5
        assert (places >= photo.pixels.min(axis=0) - 2).all()
        assert (places <= photo.pixels.max(axis=0) + 2).all()
    assert overlay(photo, "place", (64, 48)).shape == (48, 64, 3)


def rotated(image: Image.Image, path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


WAYS_TO_STORE = {
    "turned.png": rotated,
    "cmyk.jpg": lambda image, path: image.convert("CMYK").save(path, quality=95),
}
"""`tests/test_images.py` knows more."""


@pytest.mark.parametrize("name", WAYS_TO_STORE)
def test_however_it_is_stored_the_same_person_is_found(body, creator, made, portraits, tmp_path, name):
    WAYS_TO_STORE[name](Image.fromarray(portraits[0]), tmp_path / name)
    (picture,) = creator.fit_more(made, [taken(read_photo(tmp_path / name))], first=2)
    width = portraits[0].shape[1]
    np.testing.assert_allclose(head_of(body, made, picture), head_of(body, made, made.pictures[0]), atol=0.01 * width)
