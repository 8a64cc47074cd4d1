"""Refined masks are nearer to the truth than MediaPipe's, with edges as the picture has them."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.capture.segmentation import person_mask, refined_mask
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.opencv import cv2
from nlfgs_studio.core.synthetic.depths import depth_picture
from nlfgs_studio.core.synthetic.photo import PhotoStudio
from nlfgs_studio.core.tracking.mediapipe_graphs import PersonSegmenter

NUM_PHOTOS = 8


@pytest.fixture(scope="module")
def photos(body) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Made-up photos, the true masks, and the silhouettes of a roughly fitted body."""
    studio = PhotoStudio(body, network_template(body, 1), seed=911, labels=16)
    made = [studio.photo(8 * (number // 2) + number % 2) for number in range(NUM_PHOTOS)]  # of two people: quicker
    return [
        (
            photo.image.numpy(),
            photo.mask.numpy() / np.float32(255.0),
            np.isfinite(depth_picture(photo.evidence_vertices, body.faces, photo.camera)).astype(np.float32),
        )
        for photo in made
    ]


@pytest.fixture(scope="module")
def segmenter():
    made = PersonSegmenter()
    yield made
    made.close()


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union."""
    seen, true = mask > 0.5, truth > 0.5
    return float((seen & true).sum() / max((seen | true).sum(), 1))


def edge_error(mask: np.ndarray, truth: np.ndarray) -> float:
    """Mean difference within eight pixels of the true edge."""
    edge = cv2.morphologyEx((truth > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    band = cv2.dilate(edge, np.ones((17, 17), np.uint8)) > 0
    return float(np.abs(mask - truth)[band].mean())


def test_refined_masks_are_nearer_to_the_truth(photos, segmenter):
    coarse = [segmenter.read(image) for image, _, _ in photos]
    refined = [refined_mask(image, found) for (image, _, _), found in zip(photos, coarse, strict=True)]
    fitted = [person_mask(segmenter, image, body_alpha=alpha) for image, _, alpha in photos]
    truths = [truth for _, truth, _ in photos]
    for measure, sign in ((overlap, 1.0), (edge_error, -1.0)):
        found, better, best = (
            sign * np.array([measure(mask, truth) for mask, truth in zip(masks, truths, strict=True)])
            for masks in (coarse, refined, fitted)
        )
        assert np.median(better) > np.median(found)
        assert np.median(best) > np.median(found)
        assert (better > found).mean() >= 0.6
    medians = [
        np.median([edge_error(*pair) for pair in zip(masks, truths, strict=True)]) for masks in (coarse, refined)
    ]
    assert medians[1] < 0.85 * medians[0]


def person_before(background: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A checked disc with a soft rim before a background, and its alpha."""
    height, width = background.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    alpha = np.clip(0.3 * height - np.hypot(rows - 0.55 * height, columns - 0.5 * width), -1.0, 1.0) / 2.0 + 0.5
    person = np.where((rows // 12 + columns // 12)[..., None] % 2 > 0, (190.0, 60.0, 50.0), (60.0, 40.0, 120.0))
    image = alpha[..., None] * person + (1.0 - alpha[..., None]) * background
    return image.astype(np.uint8), alpha.astype(np.float32)


def room(height: int = 240, width: int = 320) -> np.ndarray:
    columns = np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :, None]
    return np.broadcast_to((150.0, 160.0, 140.0) + 60.0 * columns, (height, width, 3)).astype(np.float32)


def found_of(alpha: np.ndarray) -> np.ndarray:
    """Nearly right, as MediaPipe would find it: swollen and frayed."""
    random = np.random.default_rng(0)
    wavering = cv2.resize(
        random.normal(size=(12, 16)).astype(np.float32), alpha.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    return np.clip(2.0 * (cv2.GaussianBlur(alpha, (0, 0), 4.0) - 0.35 + 0.15 * wavering) + 0.5, 0.0, 1.0)


def test_a_halo_is_taken_away():
    image, alpha = person_before(room())
    coarse = found_of(alpha)
    refined = refined_mask(image, coarse)
    assert refined.dtype == np.float32
    assert edge_error(refined, alpha) < 0.4 * edge_error(coarse, alpha)
    assert overlap(refined, alpha) > 0.98


def test_a_mask_twice_the_size_is_the_same_mask():
    image, alpha = person_before(room())
    coarse = found_of(alpha)
    size = (2 * alpha.shape[1], 2 * alpha.shape[0])
    large = refined_mask(cv2.resize(image, size), cv2.resize(coarse, size))
    small = cv2.resize(large, alpha.shape[::-1], interpolation=cv2.INTER_AREA)
    assert overlap(small, refined_mask(image, coarse)) > 0.97


def test_a_flag_beside_the_body_goes_and_hair_stays():
    image, alpha = person_before(room())
    image, coarse = image.copy(), found_of(alpha)
    image[60:200, 280:312] = (200, 30, 40)
    coarse[60:200, 280:312] = 0.8
    head = cv2.erode(alpha, np.ones((15, 15), np.uint8))  # the body ends before the hair does
    refined = refined_mask(image, coarse, body_alpha=head)
    assert refined[70:190, 284:308].max() < 0.1
    assert overlap(refined, alpha) > 0.97


def test_a_lectern_before_the_person_is_cut_off():
    image, alpha = person_before(room())
    image, coarse = image.copy(), found_of(alpha)
    image[170:, 60:260] = (70, 50, 40)
    coarse[172:225, 60:260] = 0.65
    coarse[172:225, 140:180] = 1.0
    refined = refined_mask(image, coarse)
    assert refined[176:].max() < 0.1
    assert overlap(refined[:166], alpha[:166]) > 0.97


def test_a_person_to_the_lower_rim_is_no_lectern():
    image, alpha = person_before(room())
    coarse = found_of(alpha)
    image, alpha, coarse = image[:180], alpha[:180], coarse[:180]
    assert overlap(refined_mask(image, coarse), alpha) > 0.97


def test_the_picture_before_steadies_a_film():
    random, masks, steady = np.random.default_rng(3), [], []
    image, alpha = person_before(room())
    for _ in range(6):
        noisy = np.clip(image + random.normal(0.0, 6.0, image.shape), 0.0, 255.0).astype(np.uint8)
        wavering = random.normal(size=(12, 16)).astype(np.float32)
        coarse = cv2.GaussianBlur(alpha, (0, 0), 4.0) - 0.5
        coarse += 0.35 * cv2.resize(wavering, alpha.shape[::-1], interpolation=cv2.INTER_CUBIC)
        coarse = np.clip(2.0 * coarse + 0.5, 0.0, 1.0)
        masks.append(refined_mask(noisy, coarse))
        steady.append(refined_mask(noisy, coarse, previous=steady[-1] if steady else None))
    flicker, steadier = (np.abs(np.diff(each, axis=0)).mean() for each in (masks, steady))
    assert steadier < 0.9 * flicker
    assert overlap(steady[-1], alpha) >= overlap(masks[-1], alpha) - 0.005


def test_a_film_follows_a_person_who_moves():
    image, alpha = person_before(room())
    moved, moved_alpha = (np.roll(each, 20, axis=1) for each in (image, alpha))
    refined = refined_mask(moved, found_of(moved_alpha), previous=refined_mask(image, found_of(alpha)))
    assert overlap(refined, moved_alpha) > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (64, 64), (16, 16), (241, 37)])
@pytest.mark.parametrize("level", [0.0, 1.0, 0.5])
def test_any_size_and_any_mask_gives_a_mask(shape, level):
    random = np.random.default_rng(1)
    image = random.integers(0, 255, (*shape, 3), np.uint8)
    coarse = np.full(shape, level, np.float32)
    for body in (None, np.zeros(shape, np.float32), np.ones(shape, np.float32)):
        mask = refined_mask(image, coarse, body_alpha=body)
        assert mask.shape == shape
        assert mask.dtype == np.float32
        assert np.isfinite(mask).all()
        assert mask.min() >= 0.0
        assert mask.max() <= 1.0


def test_nobody_gives_an_empty_mask_and_black_pictures_do_not_fail(segmenter):
    black = np.zeros((96, 128, 3), np.uint8)
    assert refined_mask(black, np.zeros((96, 128), np.float32)).max() < 0.1
    assert person_mask(segmenter, black, body_alpha=np.zeros((96, 128), np.float32)).shape == (96, 128)


def test_the_same_picture_gives_the_same_mask():
    image, alpha = person_before(room())
    coarse = found_of(alpha)
    kept = image.copy(), coarse.copy()
    assert (refined_mask(image, coarse) == refined_mask(image, coarse)).all()
    assert (image == kept[0]).all()
    assert (coarse == kept[1]).all()
