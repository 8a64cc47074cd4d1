"""The fit: it finds the body that made the points, and does not invent what was not seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_GROUPS
from nlfgs_studio.core.body.model import BodyModel, PosedBody, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.nlf.fitter import BodyFit, BodyFitter
from nlfgs_studio.core.nlf.linear_body import LinearBody
from torch import Tensor


@pytest.fixture(scope="module")
def chosen(body: BodyModel) -> Tensor:
    used = torch.unique(body.faces)
    return used[torch.randperm(len(used), generator=torch.Generator().manual_seed(0))[:1500]]


@pytest.fixture(scope="module")
def fitter(body: BodyModel, chosen: Tensor) -> BodyFitter:
    return BodyFitter(body, chosen)


def _truth(body: BodyModel, seed: int) -> tuple[BodyPose, Tensor, PosedBody]:
    generator = torch.Generator().manual_seed(seed)
    pose = replace(
        BodyPose.rest(body),
        rotations=0.25 * torch.randn(55, 3, generator=generator),
        translation=torch.tensor([0.3, -0.2, -3.0]),
    )
    pose.rotations[0, 1] += 2.0 * (seed % 2)  # seen from behind too
    betas = torch.randn(body.num_betas, generator=generator)
    return pose, betas, pose_body(body, shape_body(body, betas), pose)


def _fitted(body: BodyModel, fit: BodyFit) -> PosedBody:
    return pose_body(body, shape_body(body, fit.betas), fit.pose)


@pytest.mark.parametrize("seed", [0, 1])
def test_exact_points_give_the_body_back(body: BodyModel, fitter: BodyFitter, chosen: Tensor, seed: int) -> None:
    _, _, truth = _truth(body, seed)
    fit = fitter.fit(truth.vertices[chosen], torch.full((len(chosen),), 0.005))
    found = _fitted(body, fit)
    assert (found.vertices[chosen] - truth.vertices[chosen]).norm(dim=-1).mean() < 0.002
    assert (found.joints - truth.joints).norm(dim=-1)[:22].mean() < 0.003
    assert fit.residuals.mean() < 0.002


def test_noise_is_averaged(body: BodyModel, fitter: BodyFitter, chosen: Tensor) -> None:
    _, _, truth = _truth(body, 2)
    noise = 0.03 * torch.randn(len(chosen), 3, generator=torch.Generator().manual_seed(5))
    fit = fitter.fit(truth.vertices[chosen] + noise, torch.full((len(chosen),), 0.03))
    error = (_fitted(body, fit).vertices[chosen] - truth.vertices[chosen]).norm(dim=-1).mean()
    assert error < 0.4 * noise.norm(dim=-1).mean()


def test_points_that_are_unsure_are_hardly_heard(body: BodyModel, fitter: BodyFitter, chosen: Tensor) -> None:
    _, _, truth = _truth(body, 4)
    points, sigma = truth.vertices[chosen].clone(), torch.full((len(chosen),), 0.01)
    points[::5] += torch.tensor([0.4, 0.3, -0.2])
    sigma[::5] = 1.0
    error = (_fitted(body, fitter.fit(points, sigma)).vertices[chosen] - truth.vertices[chosen]).norm(dim=-1)
    assert error.median() < 0.01


def test_unseen_arms_rest(body: BodyModel, fitter: BodyFitter, chosen: Tensor) -> None:
    """Points that say nothing leave a joint where it rests."""
    pose, _, truth = _truth(body, 6)
    arm = list(JOINT_GROUPS["left arm"])
    unseen = body.skin_weights[chosen][:, [*arm, *JOINT_GROUPS["left hand"]]].sum(1) > 0.02
    sigma = torch.where(unseen, 30.0, 0.01)
    points = torch.where(unseen[:, None], torch.zeros(3), truth.vertices[chosen])
    fit = fitter.fit(points, sigma)
    elbow, wrist = arm[2], arm[3]
    assert fit.pose.rotations[[elbow, wrist]].norm(dim=-1).max() < 0.1
    other = list(JOINT_GROUPS["right arm"])[2]
    assert (fit.pose.rotations[other] - pose.rotations[other]).norm() < 0.15


def test_known_betas_are_kept(body: BodyModel, fitter: BodyFitter, chosen: Tensor) -> None:
    _, betas, truth = _truth(body, 8)
    fit = fitter.fit(truth.vertices[chosen], torch.full((len(chosen),), 0.005), betas=betas)
    assert torch.equal(fit.betas, betas)
    assert fit.residuals.mean() < 0.001


def test_what_is_not_finite_is_refused(fitter: BodyFitter, chosen: Tensor) -> None:
    with pytest.raises(ValueError, match="finite"):
        fitter.fit(torch.full((len(chosen), 3), torch.nan), torch.ones(len(chosen)))


def test_turning_is_the_derivative(plain_body: BodyModel) -> None:
    """Against finite differences through the body's own forward pass, without its correctives."""
    plain = replace(plain_body, pose_directions=None)
    vertices = torch.arange(0, plain.num_vertices, 7)
    linear = LinearBody(plain, vertices)
    betas = 0.5 * torch.ones(plain.num_betas, dtype=torch.float64)
    rotations = torch.eye(3, dtype=torch.float64).expand(55, 3, 3)
    turning = linear.turning(rotations, betas)
    shaped = shape_body(plain, betas.to(plain.dtype))
    at_rest = pose_body(plain, shaped, BodyPose.rest(plain)).vertices[vertices].double()
    torch.testing.assert_close(linear.posed(rotations, betas)[0], at_rest, rtol=1e-4, atol=1e-5)
    for joint, axis in ((0, 0), (1, 2), (9, 1), (16, 2), (22, 0), (30, 1)):
        pose = BodyPose.rest(plain)
        pose.rotations[joint, axis] = 1e-3
        moved = pose_body(plain, shaped, pose).vertices[vertices].double()
        torch.testing.assert_close((moved - at_rest) / 1e-3, turning[joint, axis], rtol=0.02, atol=2e-3)
