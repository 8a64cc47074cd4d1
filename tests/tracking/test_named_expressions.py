"""The sixteen blendshapes do the same on every body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.tracking.named_expressions import BLENDSHAPES, fitted, has_named_actions, named_expressions


@pytest.fixture(scope="module")
def components_body(body) -> BodyModel:
    """The built-in body with its expressions mixed into 60 nameless components, its jaw turned by the joint alone."""
    random = torch.Generator().manual_seed(4)
    mix = torch.linalg.qr(torch.randn(60, body.num_expression, generator=random))[0].T
    return replace(
        body,
        expression_directions=body.expression_directions @ mix,
        expression_names=tuple(f"component {number}" for number in range(60)),
        expression_ranges=torch.tensor([[-3.0, 3.0]]).repeat(60, 1),
        action_joint_rotations=None,
        part_names=(),
        face_parts=None,
    )


@pytest.fixture(scope="module")
def imitation(body, components_body, embedding):
    return fitted(components_body, embedding, body, embedding)


def moved(body: BodyModel, pose: BodyPose) -> torch.Tensor:
    """How far the posed face is from the neutral one."""
    shaped = shape_body(body, torch.zeros(1))
    return pose_body(body, shaped, pose).vertices - shaped.vertices


def test_named_actions_are_used_as_they_are(body):
    named = named_expressions(body)
    for name in ("browDownLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft"):
        pose = named.posed(BodyPose.rest(body), {name: 0.7})
        strengths = dict(zip(body.expression_names, pose.expression.tolist(), strict=True))
        assert strengths.pop(name) == pytest.approx(0.7)
        assert not any(strengths.values())


def test_there_are_sixteen_and_every_side_has_its_counterpart():
    assert len(BLENDSHAPES) == 16
    assert {name.replace("Left", "Right") for name in BLENDSHAPES} == {
        name for name in BLENDSHAPES if not name.endswith("Left")
    }


@pytest.mark.parametrize("name", BLENDSHAPES)
def test_components_and_jaw_imitate_each_action(body, components_body, imitation, embedding, name):
    assert not has_named_actions(components_body)
    wanted = moved(body, named_expressions(body).posed(BodyPose.rest(body), {name: 1.0}))
    got = moved(components_body, imitation.posed(BodyPose.rest(components_body), {name: 1.0}))
    skin = body.faces[torch.from_numpy(embedding.triangles)].unique()
    assert (got - wanted)[skin].norm() < 0.35 * wanted[skin].norm()
    assert np.abs(imitation.expression).max() < 3.0


def test_an_unknown_name_is_refused(body):
    with pytest.raises(ValueError, match="noseWiggle"):
        named_expressions(body).posed(BodyPose.rest(body), {"noseWiggle": 1.0})
