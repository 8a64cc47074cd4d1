"""An avatar is a value: a body's identity and shape, a template, and the parameters of its Gaussians."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float, Int
from torch import Tensor

from ..body.model import BodyIdentity
from ..gaussians import GaussianParameters
from .template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an avatar comes from: what made it, and what that was given, in words."""

    made_by: str
    details: tuple[tuple[str, str], ...] = ()
    """Names and values, in the order in which they should be read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """What an avatar is made of: to which of the named groups each Gaussian belongs."""

    names: tuple[str, ...]
    indices: Int[Tensor, " N"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Avatar:
    """Changed by `dataclasses.replace`: what stays the same object need not be computed again."""

    name: str
    body: BodyIdentity
    betas: Float[Tensor, " S"]
    template: Template
    parameters: GaussianParameters
    provenance: Provenance = field(default_factory=lambda: Provenance(made_by="unknown"))
    groups: Groups | None = None
    """None where nothing is known but the body's own parts."""

    def __post_init__(self) -> None:
        if len(self.parameters) != self.template.num_gaussians:
            raise ValueError(
                f"{len(self.parameters)} Gaussians do not fit a template for {self.template.num_gaussians}"
            )
        if self.groups is not None and len(self.groups.indices) != len(self.parameters):
            raise ValueError(f"{len(self.parameters)} Gaussians, but groups for {len(self.groups.indices)}")
