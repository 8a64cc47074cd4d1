"""One side stands for the other, as a mirror shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.rig import place
from nlfgs_studio.core.creation.symmetry import completed, other_side
from nlfgs_studio.core.nlf.template import base_parameters, network_template

MIRROR = torch.tensor([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def template(body):
    return network_template(body, k=1)


@pytest.fixture(scope="module")
def others(body, template):
    return other_side(body, template)


def test_the_other_side_lies_where_a_mirror_shows_it(body, template, others):
    points = template.surface_points(body.template_vertices)
    apart = (points[others] - points * MIRROR).norm(dim=1)
    assert apart.median() < 1e-4
    assert (
        torch.equal(others[others], torch.arange(len(others)))
        or (others[others] == torch.arange(len(others))).float().mean() > 0.95
    )


def test_what_one_side_shows_appears_on_the_other(body, template, others):
    random = torch.Generator().manual_seed(0)
    base = base_parameters(body, template)
    parameters = replace(
        base,
        offsets=torch.randn(base.offsets.shape, generator=random),
        sh=torch.randn(base.sh.shape, generator=random),
    )
    rest = body.template_vertices
    points = template.surface_points(rest)
    seen = (points[:, 0] > 0.0).float()
    answer = completed(template, parameters, seen, others, rest)
    shown = seen == 1.0
    assert torch.equal(answer.offsets[shown], parameters.offsets[shown])
    assert torch.equal(answer.sh[shown], parameters.sh[shown])
    filled = (~shown) & shown[others]
    assert filled.float().mean() > 0.4
    assert torch.equal(answer.sh[filled], parameters.sh[others][filled])
    before = place(template, parameters, rest).offsets_world
    after = place(template, answer, rest).offsets_world
    assert (after[filled] - before[others][filled] * MIRROR).abs().max() < 1e-5


def test_what_neither_side_shows_stays(body, template, others):
    base = base_parameters(body, template)
    answer = completed(template, base, torch.zeros(len(base)), others, body.template_vertices)
    assert torch.equal(answer.sh, base.sh)
    assert torch.equal(answer.offsets, base.offsets)
