"""What refining is given: pictures of one person, each with the camera and the pose that were found for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from ..body.parameters import BodyPose
from ..cameras import Camera


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """One picture, or a part of one: a whole body and its head close up are two observations of one picture."""

    picture: int
    """Observations of the same number share corrections of pose, camera and exposure."""
    name: str
    image: UInt8[np.ndarray, "H W 3"]
    mask: Float[np.ndarray, "H W"]
    """0..1: what of a pixel is the person, hair and clothes included; half precision will do."""
    weights: Float[np.ndarray, "H W"]
    """What each pixel counts; 0 where something else stands before the person, or nothing is known."""
    camera: Camera
    """Of these pixels, in the world of `pose`."""
    pose: BodyPose
    """As tracking found it, for the avatar's betas."""
