"""The sizes that a network is made of: a value that travels beside its weights."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import StudioError

EVIDENCE_CHANNELS = 5
"""What detectors know beside the photo: canonical coordinates of a fitted body (3), its mask, the person's mask."""

MAX_SH_DEGREE = 3

NORM_GROUPS = 8
"""Of channels, normalised together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Of `NlfGs`; weights fit one config only."""

    encoder: str = "convnextv2-atto"
    crop_size: int = 256
    """Pixels along a side of the crop; every pixel that is spoken of elsewhere is one of these."""
    image_size: int = 128
    """Along a side of the picture that the encoder sees: the crop, reduced."""
    stride: int = 8
    """Pixels of that picture to a cell of the map in which points are localized."""
    channels: int = 192
    """C of the map in which points are localized."""
    detail_channels: int = 64
    """Of the finer map that the estimator samples beside it."""
    takes_evidence: bool = True
    num_frequencies: int = 256
    frequency_deviation: float = 12.0
    """Standard deviation of the initial Fourier frequencies, on coordinates normalised by the box of the body."""
    num_eigenfunctions: int = 64
    width: int = 192
    """Of the code h that a point's filters are affine in."""
    num_depths: int = 8
    metres: float = 2.2
    """Side of the box in which points are localized in 3D (NLF)."""
    estimator_width: int = 128
    num_parts: int = 32
    """Softly drawn parts of the body, within which what is hidden learns what is seen."""
    sh_degree: int = 0
    """Of what is answered; the weights are made for `MAX_SH_DEGREE`, so that this may grow."""
    predicts_offsets: bool = False
    """Likewise."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if type(value) in {int, float} and name != "sh_degree" and not 0 < value < math.inf:
                raise ValueError(f"{name} must be above 0, not {value}")
        if self.channels % NORM_GROUPS or self.detail_channels % NORM_GROUPS:
            raise ValueError(f"channels come in groups of equal size: let {NORM_GROUPS} divide them")
        if self.image_size % self.stride or self.crop_size % self.image_size:
            sizes = f"{self.crop_size}, {self.image_size} and {self.stride}"
            raise ValueError(f"crop, picture and cell must divide each other, not {sizes} pixels")
        if not 0 <= self.sh_degree <= MAX_SH_DEGREE:
            raise ValueError(f"spherical harmonics of degree {self.sh_degree} are not known")

    @property
    def cells(self) -> int:
        """Cells along a side of the map."""
        return self.image_size // self.stride

    @property
    def cell_size(self) -> int:
        """Pixels of the crop along a side of a cell."""
        return self.crop_size // self.cells

    @property
    def code_width(self) -> int:
        """Of the positional encoding e(x)."""
        return 2 * self.num_frequencies + self.num_eigenfunctions

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @staticmethod
    def from_json(text: str) -> NetworkConfig:
        """The inverse of `to_json`.

        Raises:
            StudioError: the text is no such config, or comes from a newer version.
        """
        hint = "the weights and the program come from different versions"
        try:
            values: Any = json.loads(text)
        except ValueError as error:
            raise StudioError("the network's config is no JSON", hint=hint) from error
        if not isinstance(values, Mapping):
            raise StudioError("the network's config holds no names and values", hint=hint)
        defaults = NetworkConfig()
        known = {field.name: type(getattr(defaults, field.name)) for field in fields(NetworkConfig)}
        for name, value in values.items():
            if name not in known:
                raise StudioError(f"the network's config has an unknown entry {name!r}", hint=hint)
            if type(value) is not known[name] and not (known[name] is float and type(value) is int):
                raise StudioError(f"the network's config has {value!r} for {name!r}", hint=hint)
        try:
            return NetworkConfig(**values)
        except ValueError as error:
            raise StudioError(f"the network's config does not hold together: {error}", hint=hint) from error
