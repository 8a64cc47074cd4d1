"""Splitting keeps what is drawn and where it hangs; leaving out takes only what nobody sees; the number is limited."""

from dataclasses import replace

import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core.avatar.avatar import Avatar, Groups
from nlfgs_studio.core.avatar.rig import place
from nlfgs_studio.core.body.model import shape_body
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.geometry.covariances import matrix_from_symmetric6
from nlfgs_studio.core.training.densify import DensifySettings, grown
from nlfgs_studio.core.training.sightings import Sightings


@pytest.fixture(scope="module")
def avatar(plain_body):
    return random_avatar(plain_body)


@pytest.fixture(scope="module")
def rest(plain_body, avatar):
    return shape_body(plain_body, avatar.betas).vertices


def _grow(avatar, rest, scores, **settings):
    return grown(avatar.template, avatar.parameters, avatar.groups, rest, scores, DensifySettings(**settings))


def _placed(template, parameters, rest):
    placed = place(template, parameters, rest)
    return template.surface_points(rest) + placed.offsets_world, matrix_from_symmetric6(placed.covariances)


def test_two_halves_have_the_mean_and_the_covariance_of_the_whole(avatar, rest):
    growth = _grow(avatar, rest, torch.ones(len(avatar.parameters)), share=1.0, least_opacity=0.0)
    assert bool(growth.is_new.all())
    assert torch.equal(growth.sources, torch.arange(len(avatar.parameters)).repeat_interleave(2))
    means, covariances = _placed(avatar.template, avatar.parameters, rest)
    halves, narrow = _placed(growth.template, growth.parameters, rest)
    halves, narrow = halves.unflatten(0, (-1, 2)), narrow.unflatten(0, (-1, 2))
    assert torch.allclose(halves.mean(1), means, atol=1e-5)
    apart = halves - means[:, None]
    together = (narrow + apart[..., None] * apart[..., None, :]).mean(1)
    sizes = covariances.diagonal(dim1=-1, dim2=-2).sum(-1)
    assert float(((together - covariances).abs().amax((-1, -2)) / sizes).max()) < 1e-3


def test_halves_stay_on_the_face_of_the_whole_and_inside_it(avatar, rest):
    growth = _grow(avatar, rest, torch.ones(len(avatar.parameters)), share=1.0)
    assert torch.equal(growth.template.face_indices, avatar.template.face_indices[growth.sources])
    assert torch.equal(growth.template.faces, avatar.template.faces)
    barycentrics = growth.template.barycentrics
    assert float(barycentrics.min()) >= 0.0
    assert torch.allclose(barycentrics.sum(-1), torch.ones(len(barycentrics)), atol=1e-5)
    assert not torch.equal(barycentrics, avatar.template.barycentrics[growth.sources])


def test_a_half_that_fits_on_the_face_needs_no_offset(plain_body, avatar, rest):
    """Flat on the surface and small: it moves by its barycentric point alone."""
    count = avatar.template.num_gaussians
    flat = GaussianParameters(
        offsets=torch.zeros(count, 3),
        rotations_wxyz=torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(count, 1),
        log_scales=torch.tensor([0.02, 0.05, 0.001]).log().repeat(count, 1),
        opacity_logits=torch.ones(count),
        sh=torch.zeros(count, 1, 3),
    )
    growth = _grow(replace(avatar, parameters=flat), rest, torch.ones(count), share=1.0)
    inside = growth.template.barycentrics.amin(-1) > 0.01
    assert float(inside.float().mean()) > 0.5
    assert float(growth.parameters.offsets[inside].abs().max()) < 1e-6


def test_the_highest_scores_split_and_everything_grows_together(avatar, rest):
    count = avatar.template.num_gaussians
    groups = Groups(names=("skin", "hair"), indices=torch.arange(count) % 2)
    avatar, scores = replace(avatar, groups=groups), torch.arange(count, dtype=torch.float32)
    growth = _grow(avatar, rest, scores, share=0.1, least_opacity=0.0)
    split = growth.sources[growth.is_new].unique()
    assert torch.equal(split, torch.arange(count)[-round(0.1 * count) :])
    assert growth.groups is not None
    assert torch.equal(growth.groups.indices, groups.indices[growth.sources])
    assert torch.equal(growth.parameters.sh, avatar.parameters.sh[growth.sources])
    Avatar(  # which refuses numbers that do not fit
        name="", body=avatar.body, betas=avatar.betas, template=growth.template, parameters=growth.parameters,
        groups=growth.groups,
    )  # fmt: skip
    whole = ~growth.is_new
    for steps in (growth.offset_steps, growth.log_scale_steps):
        assert float(steps[whole].abs().max()) == 0.0
        assert float(steps[growth.is_new].abs().amax(-1).min()) > 0.0


def test_what_is_transparent_goes_and_the_number_is_limited(avatar, rest):
    count = avatar.template.num_gaussians
    logits = torch.full((count,), 2.0)
    logits[::5] = -6.0
    avatar = replace(avatar, parameters=replace(avatar.parameters, opacity_logits=logits))
    left = int((logits > 0).sum())
    growth = _grow(avatar, rest, torch.ones(count), share=1.0, most=left + 7)
    assert len(growth.sources) == left + 7
    assert float(growth.parameters.opacity_logits.min()) == 2.0
    pruned = _grow(avatar, rest, torch.ones(count), most=0)
    assert len(pruned.sources) == left
    assert not bool(pruned.is_new.any())


def test_nothing_changes_without_a_reason(avatar, rest):
    assert _grow(avatar, rest, torch.zeros(len(avatar.parameters)), least_opacity=0.0) is None


def test_what_is_seen_is_what_painted_and_survives_a_split(avatar, rest):
    count = avatar.template.num_gaussians
    sightings = Sightings(count)
    by_colours, by_offsets = torch.zeros(count, 3), torch.zeros(count, 3)
    by_colours[0], by_colours[1] = 1e-3, 1e-6
    by_offsets[0, 1] = 2.0
    for _ in range(20):  # light that leaks through again and again is still not seen
        sightings.add(by_offsets, by_colours, num_pixels=10_000)
    assert float(sightings.seen[0]) > 0.95
    assert float(sightings.seen[1:].max()) < 0.1
    assert sightings.unseen.tolist() == [False] + [True] * (count - 1)
    scores = sightings.scores(avatar.parameters.log_scales)
    assert int(scores.argmax()) == 0
    growth = _grow(avatar, rest, scores, share=1.0, least_opacity=0.0)
    assert torch.equal(growth.sources[growth.is_new], torch.tensor([0, 0]))
    before = sightings.seen
    sightings.follow(growth)
    assert torch.equal(sightings.seen, before[growth.sources])
    assert float(sightings.scores(growth.parameters.log_scales).max()) == 0.0
