"""Hands, legs and teeth that no picture shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from jaxtyping import Bool
from nlfgs_studio.core.body.parts import without_side
from nlfgs_studio.core.creation.painting import Painted
from nlfgs_studio.core.creation.unseen import with_unseen_parts
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


def test_nothing_is_made_up_from_nothing(body, template, parts: Parts, portrait: Painted):
    nothing = replace(portrait, seen=torch.zeros_like(portrait.seen))
    answer = with_unseen_parts(body, template, portrait.colours, nothing)
    teeth = parts("teeth_upper", "teeth_lower")
    assert torch.equal(answer[~teeth], portrait.colours[~teeth])
    blank = replace(body, face_parts=None)
    assert with_unseen_parts(blank, template, portrait.colours, portrait) is portrait.colours
