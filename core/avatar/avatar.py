"""An avatar is a value: a body's identity and shape, a template, and the parameters of its Gaussians."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
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
class Avatar:
    """Changed by `dataclasses.replace`: what stays the same object need not be computed again."""

    name: str
    body: BodyIdentity
    betas: Float[Tensor, " S"]
    template: Template
    parameters: GaussianParameters
    provenance: Provenance = field(default_factory=lambda: Provenance(made_by="unknown"))

    def __post_init__(self) -> None:
        if len(self.parameters) != self.template.num_gaussians:
            raise ValueError(
                f"{len(self.parameters)} Gaussians do not fit a template for {self.template.num_gaussians}"
            )
