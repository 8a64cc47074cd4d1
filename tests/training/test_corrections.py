"""Corrections: nothing at first, nothing on average, and a turn about the middle of what is seen."""

from __future__ import annotations

import torch
from avatars import bent_pose
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.training.corrections import Corrections, corrected, exposure
from nlfgs_studio.core.training.settings import LearningRates


def _made(num_pictures: int, pull: float = 0.0) -> Corrections:
    corrections = Corrections(4, LearningRates(), pull, torch.device("cpu"))
    for picture in range(num_pictures):
        corrections.add(7 * picture)
    return corrections


def test_they_begin_at_nothing(plain_body):
    corrections = _made(2)
    assert torch.equal(exposure(corrections.of_light(7)), torch.tensor([[1.0, 0.0]] * 3))
    pose, shaped = bent_pose(plain_body), shape_body(plain_body, torch.zeros(plain_body.num_betas))
    none = torch.zeros(15 + plain_body.num_expression)
    same = corrected(pose, none, shaped.joints[0], torch.tensor([0.1, 0.2, 0.3]))
    torch.testing.assert_close(
        pose_body(plain_body, shaped, same).vertices, pose_body(plain_body, shaped, pose).vertices
    )


def test_their_mean_stays_zero_and_the_pictures_part():
    corrections = _made(3)
    for step in range(9):
        picture = 7 * (step % 3)
        gradient = torch.full((19,), 1.0 if picture else -1.0)
        corrections.learn(picture, gradient, gradient[:6], 1.0)
    poses = torch.stack([corrections.of_pose(7 * picture).detach() for picture in range(3)])
    lights = torch.stack([corrections.of_light(7 * picture).detach() for picture in range(3)])
    for each in (poses, lights):
        torch.testing.assert_close(each.mean(0), torch.zeros(each.shape[1]), rtol=0.0, atol=1e-7)
        assert bool((each[0] > each[1]).all())
        assert bool((each[0] > each[2]).all())


def test_a_picture_that_joins_later_changes_no_other():
    corrections = _made(2)
    corrections.learn(0, torch.ones(19), torch.ones(6), 1.0)
    before = corrections.of_pose(0).detach()
    corrections.add(100)
    corrections.add(100)
    assert torch.equal(corrections.of_pose(0).detach(), before)
    assert not corrections.of_pose(100).detach().any()


def test_a_turn_is_rigid_and_about_the_middle(plain_body):
    pose, shaped = bent_pose(plain_body), shape_body(plain_body, torch.zeros(plain_body.num_betas))
    middle = torch.tensor([0.1, 0.3, -0.2])
    correction = torch.zeros(15 + plain_body.num_expression)
    correction[:3] = torch.tensor([0.2, -0.1, 0.3])
    before = pose_body(plain_body, shaped, pose).vertices - middle
    changed = corrected(pose, correction, shaped.joints[0], middle)
    after = pose_body(plain_body, shaped, changed).vertices - middle
    torch.testing.assert_close(after.norm(dim=-1), before.norm(dim=-1), rtol=1e-4, atol=1e-5)
    assert float((after - before).norm(dim=-1).max()) > 0.05
