"""What holds Gaussians back where pictures do not: limits of size and place, and the avatar that was there at first.

No term of the loss, but relaxations of their own beside the optimiser, as AdamW decays weights (Loshchilov and Hutter
2019): Adam would blow up the smallest pull on a Gaussian that no picture moves. Each is in closed form, so that several
steps are caught up with at once. What no picture shows stays where the first avatar put it, or follows the change of
its neighbours on the surface (pivotal tuning: Roich et al. 2022).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..avatar.avatar import Avatar
from ..avatar.template import Template, face_frames
from ..body.model import BodyModel, shape_body
from ..body.parts import HEAD_PARTS, without_side
from ..gaussians import GaussianParameters
from .densify import Growth

_REACHES: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("teeth_upper", "teeth_lower", "tongue", "mouth_inside", "sclera", "iris", "pupil"), 0.001),
        **dict.fromkeys(("face", "lip_upper", "lip_lower", "eyelid", "lashes", "hand", "fingernails"), 0.004),
        **dict.fromkeys(("eye_socket", "brow", "forehead", "ear"), 0.01),
        "scalp": 0.12,
    }
)
"""Metres that Gaussians may leave the surface of these parts; hair and clothes lie further off than skin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulariserSettings:
    """How strongly; rates are shares of what is too much that go in one step."""

    prior: float = 0.01
    """Towards the first avatar, for what no picture shows."""
    neighbours: float = 0.2
    """Towards the change of the neighbours, for what no picture shows."""
    offset: float = 0.01
    """Of the length beyond the reach of a part."""
    reaches: Mapping[str, float] = field(default_factory=lambda: _REACHES)
    """Metres, by part, those of both sides together; the first avatar's own length where that is more."""
    other_reach: float = 0.06
    """Metres, of parts not named: clothes."""
    widest: float = 0.7
    """Standard deviation in face sizes; the first avatar's own where that is more."""
    widest_head: float = 0.5
    longest: float = 6.0
    """The longest axis over the middle one: beyond lie needles; the first avatar's own ratio where that is more.

    These are stricter than what the prior is held to (`losses.oversize`): nothing else stops a needle here.
    """
    smallest: float = 0.01
    """Standard deviation in face sizes."""


class Regularisers:
    """Of one avatar, on one device.

    Opacities of what is seen are free: no term that made them decide has been shown to help; thin hair is half there.
    """

    def __init__(
        self,
        body: BodyModel,
        avatar: Avatar,
        settings: RegulariserSettings,
        device: torch.device | str = "cpu",
    ) -> None:
        self._settings = settings
        self._prior = avatar.parameters.to(device)
        template, rest = avatar.template, shape_body(body, avatar.betas).vertices
        self._num_vertices = len(rest)
        sizes = face_frames(template.faces, rest)[1]
        reaches, widest = _by_parts(body, template, settings)
        self._faces, self._sizes = template.faces.to(device), sizes.to(device)
        self._reaches = (reaches / sizes.clamp_min(1e-9)).to(device)
        self._log_widest = widest.log().to(device)
        self._groups = None if avatar.groups is None else avatar.groups.indices.to(device)
        self._num_corners = self._num_vertices * (1 if avatar.groups is None else len(avatar.groups.names))
        self._bind(template)

    def _bind(self, template: Template) -> None:
        """What depends on where the Gaussians sit, and on the first avatar."""
        which = template.face_indices.to(self._sizes.device)
        self._gaussian_sizes = self._sizes[which]
        self._weights = template.barycentrics.to(self._gaussian_sizes)
        self._corners = self._faces[which]
        if self._groups is not None:  # those of other groups are no neighbours
            self._corners = self._corners + self._num_vertices * self._groups[:, None]
        own_length, own_width = self._prior.offsets.norm(dim=-1), self._prior.log_scales.amax(-1)
        self._reach = torch.maximum(self._reaches[which], own_length)
        self._widest = torch.maximum(self._log_widest[which], own_width)
        own_stretch = own_width - self._prior.log_scales.median(-1).values
        self._stretch = own_stretch.clamp_min(math.log(self._settings.longest))

    @torch.no_grad()
    def relax(self, parameters: GaussianParameters, seen: Float[Tensor, " N"], num_steps: int) -> None:
        """Change the parameters in place by what `num_steps` steps do; `seen` is 0 to 1, as `Sightings` tells it."""
        self._agree(parameters, seen, num_steps)
        self._pull(parameters, seen, num_steps)
        self._shorten(parameters.offsets, num_steps)
        self._limit(parameters.log_scales)

    def _pull(self, parameters: GaussianParameters, seen: Tensor, num_steps: int) -> None:
        shares = 1.0 - (1.0 - self._settings.prior * (1.0 - seen)) ** num_steps
        prior = self._prior
        if (missing := parameters.sh.shape[1] - prior.sh.shape[1]) > 0:
            prior = self._prior = replace(prior, sh=functional.pad(prior.sh, (0, 0, 0, missing)))
        parameters.offsets.lerp_(prior.offsets, shares[:, None])
        parameters.rotations_wxyz.lerp_(prior.rotations_wxyz, shares[:, None])
        parameters.log_scales.lerp_(prior.log_scales, shares[:, None])
        parameters.opacity_logits.lerp_(prior.opacity_logits, shares)
        parameters.sh.lerp_(prior.sh, shares[:, None, None])

    def _agree(self, parameters: GaussianParameters, seen: Tensor, num_steps: int) -> None:
        """Height over the surface and colour of what is not seen change as they do around it."""
        shares = 1.0 - (1.0 - self._settings.neighbours * (1.0 - seen)) ** num_steps
        heights = (parameters.offsets[:, 2:] - self._prior.offsets[:, 2:]) * self._gaussian_sizes[:, None]
        changes = torch.cat([heights, parameters.sh[:, 0] - self._prior.sh[:, 0]], dim=-1)
        steps = (self._around(changes, seen) - changes) * shares[:, None]
        # A face without area has no height to give.
        parameters.offsets[:, 2] += (steps[:, 0] / self._gaussian_sizes).where(self._gaussian_sizes > 0.0, 0.0)
        parameters.sh[:, 0] += steps[:, 1:]

    def _around(self, changes: Float[Tensor, "N C"], seen: Tensor) -> Float[Tensor, "N C"]:
        """The mean at each corner of a face, what is seen counting most, brought back to the Gaussians."""
        weights = self._weights * (seen + 1e-3)[:, None]
        weighted = torch.cat([changes, torch.ones_like(changes[:, :1])], -1)[:, None] * weights[..., None]
        corners = self._corners.reshape(-1)
        sums = weighted.new_zeros(self._num_corners, weighted.shape[-1]).index_add_(0, corners, weighted.flatten(0, 1))
        means = sums[:, :-1] / sums[:, -1:].clamp_min(1e-12)
        return (means[self._corners] * self._weights[..., None]).sum(1)

    def _shorten(self, offsets: Tensor, num_steps: int) -> None:
        lengths = offsets.norm(dim=-1)
        kept = (1.0 - self._settings.offset) ** num_steps
        wanted = torch.where(lengths > self._reach, self._reach + kept * (lengths - self._reach), lengths)
        offsets.mul_((wanted / lengths.clamp_min(1e-12)).where(lengths > self._reach, 1.0)[:, None])

    def _limit(self, log_scales: Tensor) -> None:
        """Neither giants nor needles nor dust; flat ones are welcome."""
        middle = log_scales.median(-1).values
        highest = torch.minimum(middle + self._stretch, self._widest)
        torch.minimum(log_scales, highest[:, None], out=log_scales)
        log_scales.clamp_(min=math.log(self._settings.smallest))

    @torch.no_grad()
    def follow(self, growth: Growth) -> None:
        """Halves keep the change from the first avatar that the whole had: that one is split with them."""
        prior, sources = self._prior, growth.sources
        self._prior = GaussianParameters(
            offsets=prior.offsets[sources] + growth.offset_steps,
            rotations_wxyz=prior.rotations_wxyz[sources],
            log_scales=prior.log_scales[sources] + growth.log_scale_steps,
            opacity_logits=prior.opacity_logits[sources],
            sh=prior.sh[sources],
        )
        if self._groups is not None:
            self._groups = self._groups[sources]
        self._bind(growth.template)


def _by_parts(
    body: BodyModel, template: Template, settings: RegulariserSettings
) -> tuple[Float[Tensor, " F"], Float[Tensor, " F"]]:
    """The reach in metres and the widest standard deviation of each face; shells belong to no part."""
    reaches = torch.full((len(template.faces),), settings.other_reach)
    widest = torch.full((len(template.faces),), settings.widest)
    if body.face_parts is not None:
        for index, name in enumerate(body.part_names):
            plain = without_side(name)
            members = (body.face_parts == index).nonzero().squeeze(-1)
            reaches[members] = settings.reaches.get(plain, settings.other_reach)
            if plain in HEAD_PARTS:
                widest[members] = settings.widest_head
    return reaches, widest
