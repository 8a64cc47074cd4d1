"""A photo becomes an avatar that files keep and renderers draw; the photo itself is in none of it."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from nlfgs_studio.app.localized import BORDER, NUM_POINTS, localized_photo, overlay
from nlfgs_studio.core.body.joints import FACE_JOINTS
from nlfgs_studio.core.creation.close_up import with_close_up
from nlfgs_studio.core.creation.photo_avatar import LONGEST_SIDE, MADE_BY, PhotoAvatar, PhotoCreator, read_photo
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.nlf import reader
from nlfgs_studio.core.nlf.config import NetworkConfig
from nlfgs_studio.core.nlf.network import NlfGs
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.storage.avatar_npz import read_avatar, write_avatar
from nlfgs_studio.core.synthetic.labels import projected
from nlfgs_studio.core.tracking.photo_evidence import PhotoEvidence
from nlfgs_studio.core.tracking.portraits import PortraitStudio
from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting
from nlfgs_studio.core.tracking.skeleton import HEAD
from PIL import Image


@pytest.fixture(scope="module")
def portrait(body) -> np.ndarray:
    random = np.random.default_rng(5)
    sitter = next(iter(drawn_sitters(body, random, 1)))
    return (
        PortraitStudio(body, num_looks=1).portrait(drawn_sitting(body, random, sitter, turn=0.3, liveliness=0.0)).image
    )


SMALL = NetworkConfig(
    channels=16, detail_channels=16, num_frequencies=16, num_eigenfunctions=8, width=16, estimator_width=16
)


@pytest.fixture(scope="module")
def creator(body, portrait):
    """With a small network, and a Gaussian on each face."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "network_template", functools.partial(network_template, k=1))
        creator = PhotoCreator(body, NlfGs(SMALL))
    with creator:
        creator.witness.see(portrait)  # its threads begin here, not in a test
        yield creator


@pytest.fixture(scope="module")
def made(creator, portrait) -> PhotoAvatar:
    return creator.create(portrait, "me.holiday.png")


def test_the_avatar_is_the_bodys_and_keeps_in_a_file(body, made, tmp_path):
    avatar = made.avatar
    assert (avatar.name, avatar.body) == ("me.holiday", body.identity)
    assert avatar.betas.shape == (body.num_betas,)
    write_avatar(tmp_path / "a.npz", avatar)
    again = read_avatar(tmp_path / "a.npz")
    assert torch.equal(again.parameters.sh, avatar.parameters.sh)
    assert again.provenance == avatar.provenance
    assert again.provenance.made_by == MADE_BY == "nlf-gs"
    assert dict(again.provenance.details)["photos"] == "1"


def test_the_same_photo_gives_the_same_avatar_and_progress_rises(creator, made, portrait):
    told = []
    again = creator.create(portrait, "again.png", report=lambda fraction, _: told.append(fraction)).avatar
    assert torch.equal(again.betas, made.avatar.betas)
    assert torch.equal(again.parameters.log_scales, made.avatar.parameters.log_scales)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_small_head_is_read_from_nearby_and_the_rest_as_it_was(creator, portrait):
    small = np.full((3 * portrait.shape[0], 3 * portrait.shape[1], 3), 120, np.uint8)
    small[: portrait.shape[0], portrait.shape[1] : 2 * portrait.shape[1]] = portrait
    evidence = creator.witness.see(small)
    assert evidence.head is not None
    assert evidence.head.box.side < 0.7 * evidence.crop.box.side
    crop, body = evidence.crop, creator.reader.body
    reading = creator.reader.read(crop.image, crop.camera, crop.evidence)
    closer = with_close_up(creator.reader, reading, crop, evidence.head)
    weights = body.skin_weights[:, [HEAD, *range(FACE_JOINTS.start, FACE_JOINTS.stop)]].sum(1)
    below = reading.template.interpolated(weights[:, None])[:, 0] == 0.0
    changed = (closer.parameters.sh != reading.parameters.sh).any(dim=(1, 2))
    assert not changed[below].any()
    assert changed[~below].any()
    # Another crop, but the same picture: a place in it stays one.
    eyes = weights * (body.skin_weights[:, 23] > 0.99) > 0.99
    apart = (closer.vertices.pixels[eyes] - reading.vertices.pixels[eyes]).norm(dim=1)
    assert 0.0 < apart.max() < 12.0


def test_a_report_may_stop_it(creator, portrait):
    def stop(fraction: float, _: str) -> None:
        if fraction > 0.0:
            raise Cancelled("create")

    with pytest.raises(Cancelled):
        creator.create(portrait, "me.png", report=stop)


def test_the_overlay_shows_points_on_the_person_alone(made, portrait):
    photo = localized_photo(made, "me.png")
    box = made.evidence.crop.box
    assert 100 < len(photo.pixels) <= NUM_POINTS
    assert (photo.pixels > box.left + 0.9 * BORDER * box.side).all()
    plain = overlay(photo, "none")
    assert np.array_equal(plain, portrait)
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


def eyes_of(body, evidence: PhotoEvidence) -> np.ndarray:
    """Where the fit puts them, in parts of the picture's width."""
    crop = evidence.crop
    vertices = crop.evidence.vertices[body.skin_weights[:, 23:25].sum(1) > 0.99]
    return (
        crop.box.in_picture(projected(vertices, crop.camera), crop.camera.width).mean(0).numpy() / evidence.camera.width
    )


@pytest.mark.parametrize("name", WAYS_TO_STORE)
def test_however_it_is_stored_the_same_person_is_found(body, creator, made, portrait, tmp_path, name):
    WAYS_TO_STORE[name](Image.fromarray(portrait), tmp_path / name)
    picture = read_photo(tmp_path / name)
    assert eyes_of(body, creator.witness.see(picture)) == pytest.approx(eyes_of(body, made.evidence), abs=0.01)


def test_a_huge_photo_is_read_as_large_as_is_of_use(portrait, tmp_path):
    Image.fromarray(portrait).resize((5000, 4000)).save(tmp_path / "huge.jpg", quality=90)
    picture = read_photo(tmp_path / "huge.jpg")
    assert LONGEST_SIDE <= picture.shape[1] < 2 * LONGEST_SIDE
    small = np.asarray(Image.fromarray(picture).resize(portrait.shape[1::-1])).astype(int)
    assert np.abs(small - portrait).mean() < 3.0


def test_nobody_in_a_photo_is_said(creator):
    with pytest.raises(StudioError, match=r"nobody is seen in tree\.jpg"):
        creator.create(np.full((300, 400, 3), 120, np.uint8), "tree.jpg")
