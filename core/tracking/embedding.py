"""Where each of MediaPipe's 478 face points lies on a body: found once from its own portraits, then kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..body.model import BodyModel
from ..npz import ArraySpecification
from .detection import NUM_FACE_POINTS
from .embedding_fit import face_surface, fit_places
from .keeping import kept_arrays
from .portraits import PortraitStudio
from .sightings import sightings
from .sitting import drawn_sitters, drawn_sitting

_VERSION = 1
"""Of the cached file and of how it is made."""
_NUM_LOOKS, _NUM_SITTERS, _PORTRAITS_OF_EACH = 4, 48, 6
_SEED = 7000
_SPECIFICATION = {
    "triangles": ArraySpecification(shapes=((NUM_FACE_POINTS,),), max_bytes=1 << 16, kinds="i", dtype="int64"),
    "barycentrics": ArraySpecification(shapes=((NUM_FACE_POINTS, 3),), max_bytes=1 << 16, dtype="float64"),
    "reliability": ArraySpecification(shapes=((NUM_FACE_POINTS,),), max_bytes=1 << 16, dtype="float64"),
}


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


def calibrate(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> LandmarkEmbedding:
    """Renders people of this body, detects their faces and finds where the points lie; takes a minute or less.

    Raises:
        StudioError: no face is found on them, or MediaPipe is not installed.
    """

    def report(fraction: float, message: str) -> None:
        if progress is not None:
            progress(fraction, message)

    studio = PortraitStudio(body, num_looks=_NUM_LOOKS, progress=lambda done, text: report(0.2 * done, text))
    random = np.random.default_rng(_SEED)
    sitters = drawn_sitters(body, random, _NUM_SITTERS)
    sittings = [drawn_sitting(body, random, sitter) for sitter in sitters for _ in range(_PORTRAITS_OF_EACH)]
    seen = sightings(studio, sittings, progress=lambda done: report(0.2 + 0.65 * done, "looking at their faces"))
    report(0.85, "finding the face points on the body")
    surface = face_surface(body)
    places, reliability = fit_places(surface, seen)
    return LandmarkEmbedding(
        triangles=surface.triangles[places.faces], barycentrics=places.barycentrics, reliability=reliability
    )


def landmark_embedding(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> LandmarkEmbedding:
    """As `calibrate`, from the cache where it was made before.

    Raises:
        StudioError: see `calibrate`; or the cache cannot be written.
    """
    arrays = kept_arrays(f"landmarks-v{_VERSION}", body, _SPECIFICATION, lambda: _as_arrays(calibrate(body, progress)))
    return LandmarkEmbedding(**arrays)


def _as_arrays(embedding: LandmarkEmbedding) -> dict[str, np.ndarray]:
    return {key: getattr(embedding, key) for key in _SPECIFICATION}
