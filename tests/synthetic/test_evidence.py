"""Evidence shows a body as the network asks for it; the given fit errs as fits do."""

from __future__ import annotations

import numpy as np
import torch
from nlfgs_studio.core.body.fast_forward import FastPoser
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.cameras import in_camera, projected
from nlfgs_studio.core.synthetic.evidence import canonical_points, evidence_map, perturbed_fit
from nlfgs_studio.core.synthetic.found_mask import perturbed_mask
from nlfgs_studio.core.synthetic.labels import labels_of


def test_cells_show_the_canonical_place_of_what_is_seen_there(body, network_body_template, photos):
    photo = photos[0]
    vertices = pose_body(body, shape_body(body, photo.betas), photo.pose).vertices
    shown = evidence_map(body, vertices, photo.camera, None)
    labels = labels_of(network_body_template, photo.which, vertices, photo.camera)
    canonical = network_body_template.interpolated(canonical_points(body))[photo.which]
    column, row = (labels.pixels[labels.visible] / 4.0).long().unbind(-1)
    there = torch.from_numpy(shown[:4])[:, row, column]
    met = there[3] > 0.5
    assert met.float().mean() > 0.9
    away = (there[:3].T - canonical[labels.visible]).norm(dim=-1)[met]
    # A cell is four pixels wide.
    metres = float(photo.points[:, 2].median()) / photo.camera.fx * 4.0
    assert away.median() * np.ptp(body.template_vertices.numpy(), axis=0).max() < metres
    assert not shown[4].any()


def test_a_mask_is_shown_where_it_is(body, photos):
    mask = np.zeros((256, 256), np.float32)
    mask[:128, :64] = 1.0
    shown = evidence_map(body, body.template_vertices, photos[0].camera, mask)
    assert shown[4, :32, :16].min() == 1.0
    assert shown[4].sum() == 32 * 16


def test_nothing_before_the_camera_gives_an_empty_map(body, photos):
    behind = body.template_vertices + 100.0 * photos[0].camera.camera_from_world[2, :3] * -1.0
    assert not evidence_map(body, behind, photos[0].camera, None)[:4].any()


def test_the_given_fit_errs_but_not_too_much(body, photos):
    errors = []
    for photo in photos:
        error = (photo.evidence_pixels - photo.pixels).norm(dim=-1)[photo.visible]
        errors.append(float(error.median()))
    assert 1.0 < np.median(errors) < 20.0


def test_a_fit_is_a_function_of_its_dice(body, photos):
    photo, poser = photos[0], FastPoser(body)
    mean, shaped = shape_body(body, torch.zeros(0)), shape_body(body, photo.betas)
    posed = pose_body(body, shaped, photo.pose)
    fits = [
        perturbed_fit(np.random.default_rng(seed), poser, mean, photo.pose, shaped, posed, photo.camera)
        for seed in (3, 3, 4)
    ]
    assert torch.equal(fits[0], fits[1])
    assert not torch.equal(fits[0], fits[2])
    away = projected(in_camera(fits[0], photo.camera), photo.camera)
    assert torch.isfinite(away).all()


def test_a_found_mask_is_nearly_the_true_one():
    coverage = np.zeros((256, 256), np.float32)
    coverage[60:220, 90:170] = 1.0
    overlaps = []
    for seed in range(20):
        found = perturbed_mask(np.random.default_rng(seed), coverage, None) > 0.5
        true = coverage[2::4, 2::4] > 0.5
        overlaps.append((found & true).sum() / (found | true).sum())
    assert 0.8 < np.median(overlaps) < 0.99
    again = perturbed_mask(np.random.default_rng(0), coverage, None)
    assert np.array_equal(again, perturbed_mask(np.random.default_rng(0), coverage, None))


def test_what_is_before_the_person_may_be_missing_in_the_mask():
    coverage, before = np.zeros((256, 256), np.float32), np.zeros((256, 256), np.float32)
    coverage[60:220, 90:170], before[100:160, 90:170] = 1.0, 1.0
    hidden = [perturbed_mask(np.random.default_rng(seed), coverage, before)[28:36, 26:38].mean() for seed in range(30)]
    assert min(hidden) < 0.2
    assert max(hidden) > 0.8
