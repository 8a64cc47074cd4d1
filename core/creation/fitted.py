"""Pictures of a person of which is known how they stand before which camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from ..body.parameters import BodyPose
from ..cameras import Camera
from ..capture.shot import Shot
from ..nlf.reader import Reading
from ..tracking.person_crop import PersonCrop
from ..training.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPicture:
    """A picture of which is known how the person stands before which camera."""

    number: int
    """Its own among those of its creation; its observations have the same."""
    name: str
    image: UInt8[np.ndarray, "H W 3"]
    camera: Camera
    """Of the whole picture, in the tracker's world."""
    pose: BodyPose
    """For the betas of the creation's avatar."""
    num_people: int
    """Whose faces are in the picture, about as large as the largest, who is meant."""
    shot: Shot
    """What is seen in it, and what is wrong with it."""
    film: str | None
    """Which film it is of."""
    observations: tuple[Observation, ...]
    """The person, then the head by itself where that shows more."""
    is_stranger: bool = False
    """Whether it, or its film, shows a face that hardly can be the person's."""

    @property
    def source(self) -> str:
        """The film, or the photo itself."""
        return self.film or self.name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPicture:
    """What the network found in a picture."""

    picture: FittedPicture
    crop: PersonCrop
    reading: Reading
