"""What is known beside the photo: where a given fit puts the body, to be corrected by what the photo shows."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """A fitted body in front of the crop's camera."""

    picture: Float[Tensor, "E s s"]
    """`config.EVIDENCE_CHANNELS` over the crop."""
    vertices: Float[Tensor, "V 3"]
    """Metres, in the camera's OpenCV axes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Where fits put the points that are asked for."""

    pixels: Float[Tensor, "B N 2"]
    """Of the crop."""
    points: Float[Tensor, "B N 3"]
    """Metres, in the camera's OpenCV axes."""
    known: Bool[Tensor, " B"]
    """For which pictures there is a fit."""
