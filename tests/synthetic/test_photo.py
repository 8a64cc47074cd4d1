"""The studio: the same photo for ever, of the person that the truth tells of."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.fast_rig import FastRig
from nlfgs_studio.core.avatar.rig import place
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.synthetic.photo import PHOTOS_AT_ONCE, MadeUpPhoto, PhotoStudio


def _told(photo: MadeUpPhoto) -> list[torch.Tensor]:
    truth = photo.truth
    return [
        photo.image, photo.mask, photo.which, photo.pixels, photo.points, photo.visible, photo.inside, truth.offsets,
        truth.rotations_wxyz, truth.log_scales, truth.opacity_logits, truth.sh, photo.evidence, photo.evidence_pixels,
    ]  # fmt: skip


def test_a_photo_is_a_function_of_seed_and_number(body, network_body_template, studio, photos):
    other = PhotoStudio(body, network_body_template, seed=7, labels=400)
    for number in (9, 0):  # in another order, by another studio
        again = other.photo(number)
        first = studio.photo(number)
        assert all(torch.equal(a, b) for a, b in zip(_told(first), _told(again), strict=True))


def test_photos_differ_and_so_do_seeds(body, network_body_template, photos):
    other = PhotoStudio(body, network_body_template, seed=8, labels=400).photo(0)
    assert not torch.equal(photos[0].image, other.image)
    assert not torch.equal(photos[0].betas, other.betas)
    assert not torch.equal(photos[0].image, photos[2].image)


def test_threads_get_the_same_photos(studio, photos):
    with ThreadPoolExecutor(3) as threads:
        again = list(threads.map(studio.photo, [photo.number for photo in photos]))
    for first, second in zip(photos, again, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(_told(first), _told(second), strict=True))


def test_people_change_with_the_window(studio):
    first = {studio.person_of(number) for number in range(PHOTOS_AT_ONCE)}
    second = {studio.person_of(number) for number in range(PHOTOS_AT_ONCE, 2 * PHOTOS_AT_ONCE)}
    assert len(first) == len(second) == 8
    assert not first & second


def test_framing_and_person_are_known_before_the_photo_is_taken(studio, photos):
    for photo in photos:
        assert studio.framing_of(photo.number) is photo.framing
        assert studio.person_of(photo.number) == photo.person


def test_whole_tells_of_every_gaussian_and_as_the_few_do(studio, network_body_template, photos):
    few, whole = photos[0], studio.photo(0, whole=True)
    assert len(whole.which) == network_body_template.num_gaussians
    assert torch.equal(whole.image, few.image)
    assert torch.equal(whole.visible[few.which], few.visible)
    assert torch.allclose(whole.truth.sh[few.which], few.truth.sh, atol=1e-5)


def test_photos_travel_between_processes(photos):
    again = pickle.loads(pickle.dumps(photos[0]))
    assert all(torch.equal(a, b) for a, b in zip(_told(photos[0]), _told(again), strict=True))


def test_the_truth_drawn_looks_like_the_person(body, studio, network_body_template):
    for number in (0, 1):
        photo = studio.photo(number, whole=True)
        settings = RenderSettings(background=(0.5, 0.5, 0.5))
        person = CpuRenderer().render(studio.lit_person(photo), photo.camera, settings)
        shaped = shape_body(body, photo.betas)
        rig, posed = FastRig(network_body_template, shaped.vertices), pose_body(body, shaped, photo.pose).vertices

        def drawn(truth, rig=rig, shaped=shaped, posed=posed, photo=photo, settings=settings):
            gaussians = rig.rig(place(network_body_template, truth, shaped.vertices), posed)
            return CpuRenderer().render(replace(gaussians, sh_rotations_wxyz=None), photo.camera, settings)

        inside = person.alpha > 0.5
        error = (drawn(photo.truth).rgb - person.rgb)[inside].square().mean()
        bare = replace(photo.truth, offsets=torch.zeros_like(photo.truth.offsets))
        assert error < 10.0**-2.2
        assert error < (drawn(bare).rgb - person.rgb)[inside].square().mean()


def test_the_mask_is_the_person(studio, photos):
    for photo in photos:
        drawn = CpuRenderer().render(studio.lit_person(photo), photo.camera, RenderSettings())
        assert (photo.mask.float() / 255.0 - drawn.alpha).abs().max() < 0.02


def test_negative_numbers_are_refused(studio):
    with pytest.raises(ValueError, match="0 or more"):
        studio.photo(-1)


def test_a_body_without_parts_is_photographed_too(plain_body):
    from nlfgs_studio.core.avatar.template import make_template

    photo = PhotoStudio(plain_body, make_template(plain_body, 1), seed=1, labels=50).photo(0)
    assert photo.image.shape == (256, 256, 3)
    assert len(photo.which) == 50
