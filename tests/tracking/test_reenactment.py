"""A motion goes over to a body of another shape with its head where it was."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.tracking.reenactment import with_head_kept


def heads(motion: Motion, body: BodyModel, betas: torch.Tensor) -> torch.Tensor:
    """The head joint in every frame as the program shows it."""
    shaped = shape_body(body, betas)
    poses = [motion.pose_at(frame / motion.fps, body, pelvis=shaped.joints[0]) for frame in range(motion.num_frames)]
    return torch.stack([pose_body(body, shaped, pose).joints[JOINT_NAMES.index("head")] for pose in poses])


@pytest.fixture
def motion(plain_body) -> Motion:
    random = torch.Generator().manual_seed(0)
    betas = torch.randn(plain_body.num_betas, generator=random)
    return Motion(
        name="tracked",
        fps=30.0,
        rotations=0.5 * torch.randn(5, 55, 3, generator=random),
        translation=torch.randn(5, 3, generator=random),
        pelvis=shape_body(plain_body, betas).joints[0],
        betas=betas,
    )


def test_the_head_stays_where_it_was_on_a_body_of_any_shape(plain_body, motion):
    assert motion.betas is not None
    expected = heads(motion, plain_body, motion.betas)
    other = -2.0 * motion.betas
    assert (heads(motion, plain_body, other) - expected).abs().max() > 0.01
    kept = with_head_kept(motion, plain_body, other)
    assert torch.allclose(heads(kept, plain_body, other), expected, atol=1e-5)


def test_on_its_own_shape_nothing_changes(plain_body, motion):
    kept = with_head_kept(motion, plain_body, motion.betas)
    assert torch.allclose(kept.translation, motion.translation, atol=1e-6)


def test_a_motion_of_another_kind_of_body_is_left_alone(plain_body, motion):
    for betas in (None, torch.zeros(plain_body.num_betas + 1)):
        foreign = dataclasses.replace(motion, betas=betas)
        assert with_head_kept(foreign, plain_body, torch.ones(1)) is foreign
