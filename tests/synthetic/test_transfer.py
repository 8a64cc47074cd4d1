"""What is worn is carried over to the template: where it is, and what it shows."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.avatar.covering import covering_kernels
from nlfgs_studio.core.avatar.template import face_frames, make_template
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.geometry.covariances import from_rotation_scale, transformed
from nlfgs_studio.core.synthetic.transfer import LARGEST_OFFSET, Dressed, transferred


def _hull(body, away):
    """A closed layer of Gaussians `away` metres over the skin."""
    template, rest = make_template(body, 1), body.template_vertices
    frames, _ = face_frames(template.faces, rest)
    frames = frames[template.face_indices]
    rotations, widths = covering_kernels(template, rest)
    return Dressed(
        points=template.surface_points(rest) + away * frames[:, :, 2],
        covariances=transformed(from_rotation_scale(rotations, widths), frames),
        normals=frames[:, :, 2].contiguous(),
        opacities=torch.full((template.num_gaussians,), 0.95),
    )


def _trunk(body, template):
    """Gaussians where the skin is smooth and nothing else is near."""
    joints = [JOINT_NAMES.index(name) for name in ("spine1", "spine2", "spine3")]
    smooth = body.skin_weights[:, joints].sum(1) > 0.95
    return smooth[template.faces].all(1)[template.face_indices]


@pytest.mark.parametrize("away", [0.0, 0.02])
def test_offsets_lead_to_the_layer_that_is_seen(body, network_body_template, away):
    template, rest = network_body_template, body.template_vertices
    transfer = transferred(body, template, rest, _hull(body, away))
    _, sizes = face_frames(template.faces, rest)
    metres = transfer.parameters.offsets[:, 2] * sizes[template.face_indices]
    on_trunk = metres[_trunk(body, template)]
    assert len(on_trunk) > 1000
    assert (on_trunk - away).abs().median() < 0.001
    # The normals of the smallest faces, on the nipples, fan out so far that this layer has holes there.
    assert torch.quantile((on_trunk - away).abs(), 0.93) < 0.006


def test_a_bare_body_shows_its_own_skin(body, network_body_template):
    hull = _hull(body, 0.0)
    transfer = transferred(body, network_body_template, body.template_vertices, hull)
    shown = (hull.points[transfer.sources] * transfer.shares[..., None]).sum(1)
    skin = network_body_template.surface_points(body.template_vertices)
    assert (shown - skin).norm(dim=-1)[_trunk(body, network_body_template)].median() < 0.01


def test_what_is_told_is_within_its_limits(body, network_body_template):
    transfer = transferred(body, network_body_template, body.template_vertices, _hull(body, 0.02))
    parameters = transfer.parameters
    assert torch.allclose(transfer.shares.sum(1), torch.ones(len(parameters)), atol=1e-4)
    assert parameters.offsets.norm(dim=-1).max() <= LARGEST_OFFSET + 0.01
    for value in (parameters.offsets, parameters.rotations_wxyz, parameters.log_scales, parameters.opacity_logits):
        assert torch.isfinite(value).all()
    assert torch.allclose(parameters.rotations_wxyz.norm(dim=-1), torch.ones(len(parameters)), atol=1e-4)


def test_a_layer_over_the_skin_has_wider_kernels(body, network_body_template):
    near, far = (
        transferred(body, network_body_template, body.template_vertices, _hull(body, away)).parameters.log_scales
        for away in (0.0, 0.03)
    )
    mine = _trunk(body, network_body_template)
    wider = (far - near)[mine, :2].mean()
    assert 0.02 < wider < 0.6
