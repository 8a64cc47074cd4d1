"""Batches of photos: which ones, and what is kept from the network."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.distillation.photos import collated, orders, photo_batches
from nlfgs_studio.core.synthetic.photo import PHOTOS_AT_ONCE
from painted_photos import TINY, PaintedStudio


@pytest.fixture(scope="module")
def studio(plain_body: BodyModel) -> PaintedStudio:
    return PaintedStudio(plain_body)


def test_a_training_alone_sees_all_photos_in_turn() -> None:
    seen = [order.numbers for order in itertools.islice(orders(TINY), 3)]
    assert seen == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]


def test_processes_and_workers_share_photos_without_sharing_people() -> None:
    settings = replace(TINY, workers=2, batch=256)
    windows: dict[tuple[int, int], set[int]] = {}
    numbers: list[int] = []
    for rank in range(2):
        for step, order in enumerate(itertools.islice(orders(settings, rank=rank, processes=2), 24)):
            assert len(order.numbers) == 128
            numbers += order.numbers
            windows.setdefault((rank, step % 2), set()).update(number // PHOTOS_AT_ONCE for number in order.numbers)
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == list(range(len(numbers)))
    for first, second in itertools.combinations(windows.values(), 2):
        assert not first & second


def test_going_on_sees_what_would_have_come() -> None:
    settings = replace(TINY, workers=3)
    whole = list(itertools.islice(orders(settings), 20))
    assert list(itertools.islice(orders(settings, first=7), 13)) == whole[7:]


def test_evidence_is_kept_back_as_often_as_it_is_meant_to_be(studio: PaintedStudio) -> None:
    settings = replace(TINY, evidence_dropped=0.3, part_dropped=0.2)
    photo = studio.photo(0)
    batch = collated([replace(photo, number=number) for number in range(1500)], settings)
    body, mask = (batch.evidence[:, part].flatten(1).any(1) for part in (slice(0, 4), slice(4, 5)))
    assert float(body.float().mean()) == pytest.approx(0.7 * 0.8, abs=0.04)
    assert float((body & mask).float().mean()) == pytest.approx(0.7 * 0.8 * 0.8, abs=0.04)
    assert torch.equal(batch.informed, body)
    assert bool((photo.evidence == 1.0).all())


def test_a_batch_follows_from_its_numbers(studio: PaintedStudio) -> None:
    first, second = ([*itertools.islice(photo_batches(lambda: studio, TINY, first=2), 2)] for _ in range(2))
    for one, same in zip(first, second, strict=True):
        for name in ("numbers", "images", "evidence", "which", "places", "visibility", "dice"):
            assert torch.equal(getattr(one, name), getattr(same, name))
    assert first[0].whole is None
    assert first[1].whole is not None


def test_a_whole_photo_has_one_gaussian_of_every_face(studio: PaintedStudio) -> None:
    (batch,) = itertools.islice(photo_batches(lambda: studio, TINY, first=3), 1)
    assert batch.whole is not None
    faces = studio.template.face_indices[batch.whole.batch.which[0]]
    assert torch.equal(faces, torch.arange(len(studio.template.faces)))
    assert batch.whole.number == int(batch.numbers[0])
    assert len(batch.whole.batch.truth) == len(faces)


def test_what_projects_to_nowhere_is_still_a_number(studio: PaintedStudio) -> None:
    photo = studio.photo(0)
    far = photo.pixels.clone()
    far[0], far[1] = torch.nan, torch.inf
    batch = collated([replace(photo, pixels=far, evidence_pixels=far)], TINY)
    for pixels in (batch.pixels, batch.fit_pixels, batch.places):
        assert bool(torch.isfinite(pixels).all())
