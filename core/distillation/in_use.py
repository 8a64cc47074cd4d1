"""Points found as the program finds them: evidence from its own detectors, in a crop of its own choice."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from ..body.model import BodyModel
from ..cameras import projected
from ..errors import StudioError
from ..nlf.reader import PhotoReader
from ..synthetic.photo import MadeUpPhoto
from ..tracking.photo_evidence import PhotoWitness
from ..tracking.tracker import prepare
from .pointwise import Estimate, PointErrors, between, point_errors, summarized_points

DETECTED, CORRECTED, UNAIDED = "the fit to landmarks", "with that fit as evidence", "without evidence, same crop"


class InUse:
    """Owns the detectors; photos in which they see nobody are counted, and left out."""

    def __init__(self, body: BodyModel, reader: PhotoReader, crop_size: int) -> None:
        """
        Raises:
            StudioError: MediaPipe is not installed.
        """
        prepare(body)
        self._reader, self._witness = reader, PhotoWitness(body, crop_size)
        self._errors: list[PointErrors] = []
        self._photos = 0

    def look(self, photo: MadeUpPhoto) -> None:
        """As at a photo of which nothing is known, its camera neither."""
        self._photos += 1
        try:
            crop = self._witness.see(photo.image.numpy()).crop
        except StudioError:
            return
        size, gaussians = crop.image.shape[0], between(self._reader.template, photo.which)

        def estimate(pixels: Float[Tensor, "A 2"], points: Float[Tensor, "A 3"]) -> Estimate:
            return Estimate(pixels=gaussians(crop.box.in_picture(pixels, size)), points=gaussians(points))

        given = crop.evidence.vertices[gaussians.asked]
        estimates = {DETECTED: estimate(projected(given, crop.camera), given)}
        for name, evidence in ((CORRECTED, crop.evidence), (UNAIDED, None)):
            found = self._reader.find(crop.image, crop.camera, evidence, gaussians.asked)
            estimates[name] = estimate(found.pixels, found.points)
        truth = Estimate(pixels=photo.pixels, points=photo.points)
        self._errors.append(
            point_errors(photo.person, photo.framing.value, photo.visible, photo.inside, truth, estimates)
        )

    def summarized(self) -> dict[str, Any]:
        """
        Returns:
            {"photos", "seen": in how many somebody was seen, "points": see `summarized_points`, None where in none}
        """
        points = summarized_points(self._errors) if self._errors else None
        return {"photos": self._photos, "seen": len(self._errors), "points": points}

    def close(self) -> None:
        self._witness.close()
