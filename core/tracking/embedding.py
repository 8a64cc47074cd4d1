"""Where each of MediaPipe's 478 face points lies on a body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..body.model import BodyModel
from .embedding_fit import face_surface, fit_places
from .sightings import Sighting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LandmarkEmbedding:
    """A point is a mix of the corners of one of the body's faces."""

    triangles: Int[np.ndarray, "478"]
    barycentrics: Float[np.ndarray, "478 3"]
    reliability: Float[np.ndarray, "478"]
    """0..1."""

    def points(self, vertices: Float[np.ndarray, "V 3"], faces: Int[np.ndarray, "F 3"]) -> Float[np.ndarray, "478 3"]:
        """The landmarks of a posed mesh."""
        return np.einsum("nk,nkd->nd", self.barycentrics, vertices[faces[self.triangles]])


def fit_embedding(body: BodyModel, seen: Sequence[Sighting]) -> LandmarkEmbedding:
    """The places that explain these sightings best."""
    surface = face_surface(body)
    places, reliability = fit_places(surface, seen)
    return LandmarkEmbedding(
        triangles=surface.triangles[places.faces], barycentrics=places.barycentrics, reliability=reliability
    )
