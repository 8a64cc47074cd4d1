"""How an avatar is refined: every number that somebody may want to change."""

from __future__ import annotations

from dataclasses import dataclass, field

from .densify import DensifySettings
from .picture_loss import PictureWeights
from .regularisers import RegulariserSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRates:
    """Of Adam, in the parameters' own units: lengths in face sizes, colours as spherical harmonics."""

    offsets: float = 0.005
    rotations: float = 0.002
    log_scales: float = 0.004
    opacity_logits: float = 0.02
    sh_base: float = 0.01
    """Of degree 0."""
    sh_rest: float = 0.0005
    """Of what depends on the direction; a tenth, where 3DGS takes a twentieth with many more steps."""

    turn: float = 0.001
    """Of each picture's correction, radians: the whole body about its middle, and neck, head and jaw."""
    shift: float = 0.0005
    """Metres."""
    expression: float = 0.01
    light: float = 0.002
    """Logarithm of the exposure's gain; its bias at half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefineSettings:
    """What is the same for every avatar."""

    seed: int = 0
    rates: LearningRates = field(default_factory=LearningRates)
    warm_up: int = 30
    """Steps in which the rates rise to their full, at least; as many as there are observations, where these are more.
    Until Adam has seen all of them it takes for sure what only the last ones say, and the rest would get worse.
    """
    rate_half_life: int = 2000
    """Steps after which the Gaussians' rates are halved."""
    least_rate: float = 0.1
    """Of the first rates; they do not fall below, for pictures may join later."""
    weights: PictureWeights = field(default_factory=PictureWeights)

    longest_side: int = 512
    """Pixels; larger observations are scaled down, smaller ones up to twice their size."""
    smallest_side: int = 128
    """Pixels; want of memory goes no further down. Small pictures teach kernels that are too narrow for large ones."""

    mouth_weight: float = 6.0
    """Of pixels that show the mouth, beside 1 for skin and clothes; INSTA takes 40."""
    eye_weight: float = 4.0

    sh_steps: tuple[int, ...] = (1000, 2000, 3000)
    """When degree 1, 2 and 3 begin, given 4, 9 and 16 pictures."""
    corrections_from: int = 30
    """The step after which pictures get corrections of pose and light; later is no better."""
    correction_pull: float = 0.01
    """Part of its correction that a picture loses at each of its steps."""

    regularisers: RegulariserSettings = field(default_factory=RegulariserSettings)
    regularise_every: int = 16
    """Steps that are caught up with at once."""
    densify: DensifySettings = field(default_factory=DensifySettings)
    densify_from: int = 600
    densify_until: int = 4000
    """Steps between which the number of Gaussians changes."""
