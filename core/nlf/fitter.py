"""From localized points to the body: Procrustes on every part finds the pose, Gauss-Newton on everything ends it.

Like the fit of the neural localizer field (Sárándi and Pons-Moll 2024), for any body of our format. Joints that nothing
was seen of keep to a prior: adding κ R to a Procrustes moment is the posterior under a von Mises-Fisher prior about R,
so no case has to be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..body.joints import FACE_JOINTS, LEFT_HAND, NUM_JOINTS, PARENTS, RIGHT_HAND
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from .linear_body import LinearBody, turned_along

_SIGMA_POWER = -1.5
"""Of the weight of a point (NLF)."""
_SMALLEST_SIGMA = 0.002
"""Metres; nothing is surer."""
_CHILDREN = 0.25
"""How much of a part's direction is where its children are, beside its own points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """How much is believed without being seen, in parts of the points' own mean squared sigma."""

    rounds: int = 3
    """Of Procrustes: they converge slowly where parts blend, but from anywhere."""
    steps: int = 5
    """Of Gauss-Newton on joints, betas and place together."""
    joint_prior: float = 0.03
    """For each squared radian that a joint is bent."""
    beta_prior: float = 0.003
    """For each squared beta."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyFit:
    """The body that explains the points."""

    pose: BodyPose
    betas: Float[Tensor, " S"]
    residuals: Float[Tensor, " M"]
    """Metres; distance of each point from the fitted surface point."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Body:
    """What is solved for: global rotations, shape, place."""

    rotations: Float[Tensor, "55 3 3"]
    betas: Float[Tensor, " S"]
    translation: Float[Tensor, "3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Evidence:
    points: Float[Tensor, "M 3"]
    weights: Float[Tensor, " M"]
    """Their sum is one."""
    variance: float
    """Square metres; the scale of the priors."""


class BodyFitter:
    """Fits one body, seen at some of its vertices; what depends on neither points nor pose is worked out once."""

    def __init__(self, body: BodyModel, vertices: Int[Tensor, " M"], settings: FitSettings | None = None) -> None:
        self.settings = settings or FitSettings()
        self._body = body
        self._linear = LinearBody(body, vertices)
        self._stiffness = self.settings.joint_prior * _stiffness()

    def fit(
        self, points: Float[Tensor, "M 3"], sigma: Float[Tensor, " M"], *, betas: Float[Tensor, " S"] | None = None
    ) -> BodyFit:
        """Points in metres, in any world; with `betas` given only the pose is solved for.

        Raises:
            ValueError: a point or a sigma is not finite.
        """
        points, sigma = points.detach().double(), sigma.detach().double().clamp_min(_SMALLEST_SIGMA)
        if not (torch.isfinite(points).all() and torch.isfinite(sigma).all()):
            raise ValueError("points and sigmas must be finite")
        weights = sigma**_SIGMA_POWER / (sigma**_SIGMA_POWER).sum()
        seen = _Evidence(points=points, weights=weights, variance=float(weights @ sigma.square()))
        body = _Body(
            rotations=torch.eye(3, dtype=torch.float64).expand(NUM_JOINTS, 3, 3),
            betas=torch.zeros(self._linear.num_betas, dtype=torch.float64) if betas is None else betas.double(),
            translation=torch.zeros(3, dtype=torch.float64),
        )
        for _ in range(self.settings.rounds):
            body = replace(body, rotations=self._turned(seen, body))
            body = self._stepped(seen, body, turns=False, shapes=betas is None)
        for _ in range(self.settings.steps):
            body = self._stepped(seen, body, turns=True, shapes=betas is None)
        return self._answer(seen, body)

    def _turned(self, seen: _Evidence, body: _Body) -> Float[Tensor, "55 3 3"]:
        """Every part turned from where the body is now to where its points are, parents first."""
        posed, _ = self._linear.posed(body.rotations, body.betas)
        shares = self._linear.skin_weights * seen.weights[:, None]
        masses = shares.sum(0).clamp_min(1e-12)
        here, there = shares.T @ posed / masses[:, None], shares.T @ seen.points / masses[:, None]
        moments = torch.einsum("mj,ma,mb->jab", shares, seen.points, posed)
        moments = moments - masses[:, None, None] * there[:, :, None] * here[:, None, :]
        moments = (moments + _towards_children(here, there, masses)) @ body.rotations
        priors = seen.variance * self._stiffness
        turned = [_nearest_rotation(moments[0])]
        for joint in range(1, NUM_JOINTS):
            turned.append(_nearest_rotation(moments[joint] + priors[joint] * turned[PARENTS[joint]]))
        return torch.stack(turned)

    def _stepped(self, seen: _Evidence, body: _Body, *, turns: bool, shapes: bool) -> _Body:
        """One Gauss-Newton step; without `turns` it is the ridge regression of shape and place, which is exact."""
        posed, by_betas = self._linear.posed(body.rotations, body.betas)
        count, num_points = self._linear.num_betas, len(posed)
        by_place = torch.eye(3, dtype=torch.float64)[:, None, :].expand(3, num_points, 3)
        rows = [by_place]
        priors, targets = [torch.zeros(3, dtype=torch.float64)], [torch.zeros(3, dtype=torch.float64)]
        if shapes:
            rows.append(by_betas)
            priors.append(torch.full((count,), seen.variance * self.settings.beta_prior, dtype=torch.float64))
            targets.append(-body.betas)
        if turns:
            rows.append(self._linear.turning(body.rotations, body.betas).flatten(0, 1))
            priors.append((seen.variance * self._stiffness).repeat_interleave(3))
            targets.append(-_bends(body.rotations).flatten())
        jacobian, prior = torch.cat(rows).flatten(1), torch.cat(priors)
        weighted = jacobian * seen.weights.repeat_interleave(3)
        gram = weighted @ jacobian.T + torch.diag(prior + 1e-12)
        residual = (seen.points - posed - body.translation).flatten()
        step = torch.linalg.solve(gram, weighted @ residual + prior * torch.cat(targets))
        translation = body.translation + step[:3]
        betas = body.betas + step[3 : 3 + count] if shapes else body.betas
        if not turns:
            return replace(body, betas=betas, translation=translation)
        omega = axis_angle_to_matrix(step[-3 * NUM_JOINTS :].reshape(NUM_JOINTS, 3))
        return _Body(rotations=turned_along(omega, body.rotations), betas=betas, translation=translation)

    def _answer(self, seen: _Evidence, body: _Body) -> BodyFit:
        posed, _ = self._linear.posed(body.rotations, body.betas)
        dtype = self._body.dtype
        local = torch.cat([body.rotations[:1], _parents_of(body.rotations)[1:].mT @ body.rotations[1:]])
        return BodyFit(
            pose=BodyPose(
                rotations=matrix_to_axis_angle(local).to(dtype),
                expression=torch.zeros(self._body.num_expression, dtype=dtype),
                translation=body.translation.to(dtype),
            ),
            betas=body.betas.to(dtype),
            residuals=(posed + body.translation - seen.points).norm(dim=-1).to(dtype),
        )


def _stiffness() -> Float[Tensor, " 55"]:
    """Of each joint, relative: jaw, eyes and fingers are small parts, which would not move under much."""
    stiffness = torch.ones(NUM_JOINTS, dtype=torch.float64)
    stiffness[0] = 0.0
    for small in (FACE_JOINTS, LEFT_HAND, RIGHT_HAND):
        stiffness[small] = 0.02
    return stiffness


def _parents_of(rotations: Float[Tensor, "55 3 3"]) -> Float[Tensor, "55 3 3"]:
    """The root is its own."""
    return rotations[[0, *PARENTS[1:]]]


def _bends(rotations: Float[Tensor, "55 3 3"]) -> Float[Tensor, "55 3"]:
    """How far every joint is bent, axis-angle in the world's axes."""
    parents = _parents_of(rotations)
    return torch.einsum("jab,jb->ja", parents, matrix_to_axis_angle(parents.mT @ rotations))


def _towards_children(
    here: Float[Tensor, "55 3"], there: Float[Tensor, "55 3"], masses: Float[Tensor, " 55"]
) -> Float[Tensor, "55 3 3"]:
    """A part also points at its children: their middles swing it where its own points say little."""
    parents = torch.tensor(PARENTS[1:])
    now, seen = here[1:] - here[parents], there[1:] - there[parents]
    pull = torch.minimum(masses[1:], masses[parents])[:, None, None] * seen[:, :, None] * now[:, None, :]
    return _CHILDREN * torch.zeros(NUM_JOINTS, 3, 3, dtype=torch.float64).index_add(0, parents, pull)


def _nearest_rotation(moment: Float[Tensor, "3 3"]) -> Float[Tensor, "3 3"]:
    """The R that maximises tr(Rᵀ M) (Kabsch)."""
    left, _, right = torch.linalg.svd(moment)
    signs = torch.ones(3, dtype=moment.dtype)
    signs[2] = torch.linalg.det(left @ right).sign()
    return left @ torch.diag(signs) @ right
