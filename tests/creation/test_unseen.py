"""Lids, hands, legs and teeth that no picture shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from jaxtyping import Bool
from nlfgs_studio.core.body.parts import without_side
from nlfgs_studio.core.creation.painting import Painted
from nlfgs_studio.core.creation.unseen import with_lids, with_unseen_parts
from nlfgs_studio.core.nlf.template import network_template
from torch import Tensor

SKIN, SUIT, TIE = torch.tensor([0.8, 0.6, 0.5]), torch.tensor([0.1, 0.1, 0.3]), torch.tensor([0.8, 0.1, 0.1])
Parts = Callable[..., Bool[Tensor, " N"]]


@pytest.fixture(scope="module")
def template(body):
    return network_template(body, k=1)


@pytest.fixture(scope="module")
def parts(body, template) -> Parts:
    names = [body.part_names[part] for part in body.face_parts[template.face_indices].tolist()]
    return lambda *wanted: torch.tensor([name in wanted or without_side(name) in wanted for name in names])


@pytest.fixture
def portrait(template, parts: Parts) -> Painted:
    """Of face, eyes and a suit's front with a tie on it."""
    colours, seen = TIE.repeat(template.num_gaussians, 1), torch.zeros(template.num_gaussians)
    shown = {"face": SKIN, "sclera": torch.full((3,), 0.7), "chest": SUIT}
    for name, colour in shown.items():
        colours[parts(name)], seen[parts(name)] = colour, 1.0
    tie = parts("chest").nonzero()[:20, 0]
    colours[tie] = TIE
    return Painted(colours=colours, seen=seen)


def test_hands_are_of_the_faces_skin_and_trousers_of_the_suit(body, template, parts: Parts, portrait: Painted):
    answer = with_unseen_parts(body, template, portrait.colours, portrait)
    assert torch.equal(answer[parts("hand")], SKIN.expand_as(answer[parts("hand")]))
    legs = answer[parts("thigh", "shin")]
    assert torch.allclose(legs / legs.sum(1, keepdim=True), (SUIT / SUIT.sum()).expand_as(legs))
    assert answer[parts("foot")].mean() < legs.mean() < SUIT.mean()
    others = ~parts("hand", "fingernails", "hips", "thigh", "shin", "foot", "toenails", "teeth_upper", "teeth_lower")
    assert torch.equal(answer[others], portrait.colours[others])


def test_what_is_seen_of_a_hand_or_a_leg_decides_about_the_rest(body, template, parts: Parts, portrait: Painted):
    seen = portrait.seen.clone()
    for name in ("hand_left", "shin_left"):
        seen[parts(name).nonzero()[::3, 0]] = 1.0
    answer = with_unseen_parts(body, template, portrait.colours, replace(portrait, seen=seen))
    kept = parts("hand_left") | parts("shin", "foot")
    assert torch.equal(answer[kept], portrait.colours[kept])
    assert torch.equal(answer[parts("hand_right")], SKIN.expand_as(answer[parts("hand_right")]))


def test_teeth_are_bright_in_bright_light_and_like_those_that_are_seen(body, template, parts: Parts, portrait: Painted):
    teeth = parts("teeth_upper", "teeth_lower")
    dim = portrait.colours.clone()
    dim[parts("sclera")] = 0.55
    bright, dimmer = (
        with_unseen_parts(body, template, portrait.colours, replace(portrait, colours=colours))[teeth]
        for colours in (portrait.colours, dim)
    )
    assert bright.min() > 0.6
    assert (dimmer < bright).all()
    colours, seen = portrait.colours.clone(), portrait.seen.clone()
    front = teeth.nonzero()[::10, 0]
    colours[front], seen[front] = torch.tensor([0.6, 0.5, 0.4]), 1.0
    answer = with_unseen_parts(body, template, portrait.colours, Painted(colours=colours, seen=seen))
    assert torch.allclose(answer[teeth], torch.tensor([0.6, 0.5, 0.4]).expand_as(answer[teeth]))


def test_lids_of_open_eyes_are_of_the_skin_around_them(body, template, parts: Parts, portrait: Painted):
    lids, dark = parts("eyelid"), torch.tensor([0.2, 0.1, 0.1])
    colours, seen = portrait.colours.clone(), portrait.seen.clone()
    colours[lids] = dark
    edge = lids.nonzero()[::20, 0]
    seen[edge] = 0.1
    answer = with_lids(body, template, Painted(colours=colours, seen=seen))
    assert (answer.seen[lids] == 1.0).all()
    inside = lids & (seen == 0.0)
    assert torch.allclose(answer.colours[inside], SKIN.expand_as(answer.colours[inside]), atol=1e-4)
    assert (answer.colours[edge] - SKIN).abs().max() < 0.2 * (dark - SKIN).abs().max()
    assert torch.equal(answer.colours[~lids], colours[~lids])


def test_each_lid_is_of_its_own_sides_skin(body, template, parts: Parts, portrait: Painted):
    is_left = template.surface_points(body.template_vertices)[:, 0] > 0.0
    colours = portrait.colours.clone()
    colours[parts("face") & is_left] = 0.5 * SKIN
    answer = with_lids(body, template, replace(portrait, colours=colours)).colours
    shade, light = answer[parts("eyelid_left")], answer[parts("eyelid_right")]
    assert torch.allclose(shade, (0.5 * SKIN).expand_as(shade), atol=0.03)
    assert torch.allclose(light, SKIN.expand_as(light), atol=0.03)


def test_lids_of_shut_eyes_stay_as_they_are_seen(body, template, parts: Parts, portrait: Painted):
    lids, painted = parts("eyelid"), torch.tensor([0.3, 0.5, 0.7])
    colours, seen = portrait.colours.clone(), portrait.seen.clone()
    colours[lids], seen[lids] = painted, 1.0
    answer = with_lids(body, template, Painted(colours=colours, seen=seen))
    assert torch.allclose(answer.colours, colours)


def test_the_far_eye_of_a_profile_is_left_to_the_other_side(body, template, parts: Parts, portrait: Painted):
    is_left = template.surface_points(body.template_vertices)[:, 0] > 0.0
    profile = replace(portrait, seen=portrait.seen * is_left)
    answer, far = with_lids(body, template, profile), parts("eyelid_right")
    assert torch.equal(answer.colours[far], profile.colours[far])
    assert not answer.seen[far].any()
    assert (answer.seen[parts("eyelid_left")] == 1.0).all()


def test_nothing_is_made_up_from_nothing(body, template, parts: Parts, portrait: Painted):
    nothing = replace(portrait, seen=torch.zeros_like(portrait.seen))
    answer = with_unseen_parts(body, template, portrait.colours, nothing)
    teeth = parts("teeth_upper", "teeth_lower")
    assert torch.equal(answer[~teeth], portrait.colours[~teeth])
    assert torch.equal(with_lids(body, template, nothing).colours, nothing.colours)
    blank = replace(body, face_parts=None)
    assert with_lids(blank, template, portrait) is portrait
    assert with_unseen_parts(blank, template, portrait.colours, portrait) is portrait.colours
