"""Limits hold and leave alone what keeps to them; what no picture shows stays or goes with its neighbours."""

from dataclasses import fields, replace

import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core.avatar.avatar import Groups
from nlfgs_studio.core.avatar.template import face_frames
from nlfgs_studio.core.body.model import shape_body
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.training.densify import DensifySettings, grown
from nlfgs_studio.core.training.regularisers import Regularisers, RegulariserSettings


@pytest.fixture(scope="module")
def avatar(plain_body):
    """With small kernels close to the surface: nothing of it is too much, but for one needle of its own."""
    avatar = random_avatar(plain_body)
    parameters = avatar.parameters
    modest = replace(parameters, offsets=0.1 * parameters.offsets, log_scales=0.3 * parameters.log_scales - 1.5)
    modest.log_scales[-1] = torch.tensor([0.4, 0.05, 0.05]).log()
    return replace(avatar, parameters=modest)


def _copied(parameters):
    return GaussianParameters(**{each.name: getattr(parameters, each.name).clone() for each in fields(parameters)})


def _relaxed(body, avatar, parameters, seen, num_steps=16, **settings):
    parameters = _copied(parameters)
    Regularisers(body, avatar, RegulariserSettings(**settings)).relax(parameters, seen, num_steps)
    return parameters


def test_the_first_avatar_is_left_as_it_is(plain_body, avatar):
    relaxed = _relaxed(plain_body, avatar, avatar.parameters, torch.rand(len(avatar.parameters)))
    for each in fields(relaxed):
        assert torch.allclose(getattr(relaxed, each.name), getattr(avatar.parameters, each.name), atol=1e-5), each.name


def test_what_is_not_seen_goes_back_and_what_is_seen_stays(plain_body, avatar):
    moved = random_avatar(plain_body, seed=1).parameters
    moved = replace(moved, offsets=0.1 * moved.offsets, log_scales=avatar.parameters.log_scales)
    seen = (torch.arange(len(moved)) % 2).float()
    relaxed = _relaxed(plain_body, avatar, moved, seen, num_steps=2000, neighbours=0.0)
    for name in ("offsets", "rotations_wxyz", "opacity_logits", "sh"):
        now, before, first = (getattr(each, name) for each in (relaxed, moved, avatar.parameters))
        assert torch.allclose(now[seen == 0], first[seen == 0], atol=1e-4), name
        assert torch.equal(now[seen == 1], before[seen == 1]), name


def test_many_steps_at_once_are_as_many_single_ones(plain_body, avatar):
    other = random_avatar(plain_body, seed=1).parameters
    moved = replace(other, offsets=avatar.parameters.offsets * 0.5, log_scales=avatar.parameters.log_scales - 0.1)
    seen = torch.rand(len(moved))
    once = _relaxed(plain_body, avatar, moved, seen, num_steps=8, neighbours=0.0)
    slowly = moved
    for _ in range(8):
        slowly = _relaxed(plain_body, avatar, slowly, seen, num_steps=1, neighbours=0.0)
    for each in fields(once):
        assert torch.allclose(getattr(once, each.name), getattr(slowly, each.name), atol=1e-4), each.name


def test_giants_and_needles_are_cut_and_flat_ones_stay(plain_body, avatar):
    parameters = _copied(avatar.parameters)
    parameters.log_scales[0] = torch.tensor([3.0, 2.5, -1.0])
    parameters.log_scales[1] = torch.tensor([0.3, 0.001, 0.001]).log()
    parameters.log_scales[2] = flat = torch.tensor([0.3, 0.3, 0.01]).log()
    seen = torch.ones(len(parameters))
    scales = _relaxed(plain_body, avatar, parameters, seen, widest=0.7, longest=6.0).log_scales.exp()
    assert torch.allclose(scales[0, :2], torch.tensor(0.7))
    assert float(scales[1, 0] / scales[1, 1]) < 6.01
    assert torch.allclose(scales[2], flat.exp())


def test_the_longer_an_offset_the_more_it_is_pulled(plain_body, avatar):
    sizes = face_frames(avatar.template.faces, shape_body(plain_body, avatar.betas).vertices)[1]
    sizes = sizes[avatar.template.face_indices]
    parameters = _copied(avatar.parameters)
    parameters.offsets[0] = torch.tensor([0.0, 0.03, 0.04]) / sizes[0]
    parameters.offsets[1] = torch.tensor([0.3, 0.0, 0.4]) / sizes[1]
    seen = torch.ones(len(parameters))
    relaxed = _relaxed(plain_body, avatar, parameters, seen, num_steps=10_000, other_reach=0.06)
    lengths = relaxed.offsets.norm(dim=-1) * sizes
    assert float(lengths[0]) == pytest.approx(0.05)
    assert float(lengths[1]) == pytest.approx(0.06)


@pytest.mark.parametrize("same_group", [True, False])
def test_neighbours_take_over_the_change_of_what_is_seen(plain_body, avatar, same_group):
    """One half of the Gaussians of every face is seen and turned redder."""
    count = avatar.template.num_gaussians
    seen = (torch.arange(count) % 2).float()
    groups = torch.zeros(count, dtype=torch.int64) if same_group else seen.long()
    avatar = replace(avatar, groups=Groups(names=("skin", "hair"), indices=groups))
    parameters = _copied(avatar.parameters)
    parameters.sh[seen == 1, 0] += torch.tensor([0.5, 0.0, 0.0])
    relaxed = _relaxed(plain_body, avatar, parameters, seen, num_steps=500, prior=0.0, neighbours=0.1)
    change = (relaxed.sh[:, 0] - avatar.parameters.sh[:, 0])[seen == 0]
    assert torch.allclose(change, torch.tensor([0.5 if same_group else 0.0, 0.0, 0.0]), atol=0.01)
    assert torch.equal(relaxed.sh[seen == 1], parameters.sh[seen == 1])


def test_after_a_growth_halves_keep_their_change_from_the_first_avatar(plain_body, avatar):
    changed = _copied(avatar.parameters)
    changed.sh[:, 0] += 0.25
    changed.offsets[:] += 0.01
    rest = shape_body(plain_body, avatar.betas).vertices
    growth = grown(avatar.template, changed, None, rest, torch.ones(len(changed)), DensifySettings(share=0.5))
    regularisers = Regularisers(plain_body, avatar, RegulariserSettings(prior=1.0, neighbours=0.0))
    regularisers.follow(growth)
    relaxed = _copied(growth.parameters)
    regularisers.relax(relaxed, torch.zeros(len(relaxed)), 1)
    assert torch.allclose(growth.parameters.sh[:, 0] - relaxed.sh[:, 0], torch.tensor(0.25), atol=1e-5)
    assert torch.allclose(growth.parameters.offsets - relaxed.offsets, torch.tensor(0.01), atol=1e-4)
    assert torch.allclose(growth.parameters.log_scales, relaxed.log_scales, atol=1e-5)


@pytest.fixture(scope="module")
def relaxed_person(body):
    """By the names of parts: offsets in metres and widths in face sizes after very many steps.

    They began half a metre off the surface and wide, and all were seen.
    """
    avatar = random_avatar(body, k=1)
    parameters = avatar.parameters
    first = replace(
        parameters,
        offsets=torch.zeros_like(parameters.offsets),
        log_scales=torch.full_like(parameters.log_scales, -3.0),
    )
    sizes = face_frames(avatar.template.faces, shape_body(body, avatar.betas).vertices)[1][avatar.template.face_indices]
    changed = replace(
        first,
        offsets=torch.tensor([0.0, 0.0, 0.5]) / sizes[:, None].clamp_min(1e-4),
        log_scales=torch.full_like(parameters.log_scales, 1.0),
    )
    seen = torch.ones(len(changed))
    relaxed = _relaxed(body, replace(avatar, parameters=first), changed, seen, num_steps=10_000)
    on_body = avatar.template.face_indices < len(body.faces)
    labels = body.face_parts[avatar.template.face_indices[on_body]]
    values = {
        "length": relaxed.offsets.norm(dim=-1) * sizes,
        "width": relaxed.log_scales.exp().amax(-1),
    }
    return {
        name: {part: value[on_body][labels == index].median() for index, part in enumerate(body.part_names)}
        for name, value in values.items()
    }


def test_hair_and_clothes_may_leave_the_body_and_the_face_may_not(relaxed_person):
    length = relaxed_person["length"]
    assert length["iris_left"] < length["face"] < length["forehead"] < length["chest"] < length["scalp"] < 0.2


def test_the_head_is_made_of_smaller_gaussians(relaxed_person):
    assert relaxed_person["width"]["face"] < relaxed_person["width"]["chest"]
