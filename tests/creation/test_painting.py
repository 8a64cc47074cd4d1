"""Colours come back from pictures to what was seen there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.creation.painting import painted
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.training.observation import Observation

SIDE, ACROSS = 64, 12
CAMERA = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=120.0, fy=120.0, width=SIDE, height=SIDE)


def wall(colours: torch.Tensor, depth: float = 0.0, width: float = 0.7) -> Gaussians:
    """A square of ACROSS x ACROSS Gaussians that faces the camera; each so wide, in distances of their middles."""
    places = torch.linspace(-0.45, 0.45, ACROSS)
    x, y = torch.meshgrid(places, places, indexing="ij")
    count = ACROSS * ACROSS
    variance = (width * 0.9 / ACROSS) ** 2
    return Gaussians(
        means=torch.stack([x.flatten(), y.flatten(), torch.full((count,), depth)], dim=1),
        covariances=torch.tensor([variance, 0.0, 0.0, variance, 0.0, variance]).repeat(count, 1),
        opacities=torch.full((count,), 0.95),
        sh=((colours - 0.5) / SH_C0)[:, None],
    )


@pytest.fixture
def colours() -> torch.Tensor:
    """Smooth: what a picture of blobs can tell apart."""
    places = torch.linspace(0.0, 1.0, ACROSS)
    x, y = torch.meshgrid(places, places, indexing="ij")
    return torch.stack([x, y, 1.0 - x], dim=-1).reshape(-1, 3) * 0.7 + 0.15


def observed(plain_body, gaussians: Gaussians, gain: float = 1.0, number: int = 0) -> Observation:
    drawn = CpuRenderer().render(gaussians, CAMERA, RenderSettings(background=(0.0, 0.0, 0.0)))
    alpha = drawn.alpha.numpy()
    image = (255.0 * gain * drawn.rgb.numpy()).clip(0.0, 255.0).round().astype(np.uint8)
    return Observation(
        picture=number,
        name=f"{number}",
        image=image,
        mask=alpha,
        weights=np.ones_like(alpha),
        camera=CAMERA,
        pose=BodyPose.rest(plain_body),
    )


def test_the_true_colours_are_found(plain_body, colours):
    true, grey = wall(colours), torch.full_like(colours, 0.5)
    answer = painted(grey, [observed(plain_body, true)], lambda _: wall(grey), CpuRenderer(), rounds=8)
    assert (answer.colours - colours).abs().mean() < 0.1 * (grey - colours).abs().mean()
    assert answer.seen.min() > 0.9


def test_what_is_hidden_keeps_its_colour_and_says_so(plain_body, colours):
    both = torch.cat([colours, torch.full_like(colours, 0.3)])
    front, behind = wall(colours, width=1.5), wall(torch.full_like(colours, 0.3), depth=-0.3)

    def scene(_: Observation) -> Gaussians:
        joined = {
            name: torch.cat([getattr(front, name), getattr(behind, name)])
            for name in ("means", "covariances", "opacities", "sh")
        }
        return Gaussians(**joined)

    grey = torch.cat([torch.full_like(colours, 0.5), torch.full_like(colours, 0.3)])
    answer = painted(grey, [observed(plain_body, scene(None))], scene, CpuRenderer())
    hidden = torch.cat([torch.zeros(len(colours), dtype=torch.bool), (behind.means[:, :2].abs() < 0.3).all(dim=1)])
    assert answer.seen[hidden].max() < 0.05
    assert answer.seen[: len(colours)].median() > 0.9
    assert (answer.seen[:, None] * (answer.colours - both))[hidden].abs().max() < 0.03


def test_a_darker_picture_of_the_same_makes_nothing_darker(plain_body, colours):
    true, grey = wall(colours), torch.full_like(colours, 0.5)
    bright, dark = observed(plain_body, true), observed(plain_body, true, gain=0.7, number=1)

    def off(*observations: Observation) -> torch.Tensor:
        found = painted(grey, observations, lambda _: wall(grey), CpuRenderer(), rounds=6).colours
        return (found / found.mean(0) - colours / colours.mean(0)).abs().mean()

    assert off(bright, dark) < 1.3 * off(bright) + 0.005


def test_what_is_not_surely_the_person_paints_nothing(plain_body, colours):
    grey = torch.full_like(colours, 0.5)
    observation = observed(plain_body, wall(colours))
    nobody = replace(observation, mask=np.zeros_like(observation.mask))
    unknown = replace(observation, weights=np.zeros_like(observation.weights))
    for each in (nobody, unknown):
        answer = painted(grey, [each], lambda _: wall(grey), CpuRenderer())
        assert torch.equal(answer.colours, grey)
        assert not answer.seen.any()
