"""One step's work: a batch through the network to a loss. A module, so that processes can share its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..avatar.template import Template, face_frames
from ..body.model import BodyModel
from ..gaussians import GaussianParameters
from ..nlf.encoders import FeatureMaps
from ..nlf.evidence import Given
from ..nlf.localizer import Localization
from ..nlf.network import NlfGs, Queries
from ..nlf.queries import interpolated, vertex_queries
from ..nlf.template import base_parameters
from .objectives import Misses, attribute_terms, localization_terms, misses, regularisers
from .photos import PhotoBatch, WholePhoto
from .pictures import Pictures
from .schedule import Stage
from .settings import TrainingSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canon:
    """What is asked of every photo, once for a body: its Gaussians before any photo was seen."""

    body: BodyModel
    template: Template
    queries: Queries
    base: GaussianParameters
    sizes: Float[Tensor, " N"]
    """Of the faces that carry them, metres."""

    def to(self, device: torch.device) -> Canon:
        """The numbers on a device; body and template stay."""
        return replace(self, queries=self.queries.to(device), base=self.base.to(device), sizes=self.sizes.to(device))


def canon(body: BodyModel, template: Template, num_eigenfunctions: int) -> Canon:
    """
    Raises:
        StudioError: the body is too coarse.
    """
    _, sizes = face_frames(template.faces, body.template_vertices)
    return Canon(
        body=body,
        template=template,
        queries=interpolated(vertex_queries(body, num_eigenfunctions), template),
        base=base_parameters(body, template),
        sizes=sizes[template.face_indices],
    )


class Learner(nn.Module):
    """Owns nothing but the network; all else is given."""

    def __init__(self, network: NlfGs, asked: Canon, settings: TrainingSettings) -> None:
        super().__init__()
        self.network = network
        self.asked = asked
        self.settings = settings
        self._pictures = Pictures(asked.body, asked.template, side=settings.picture_side, device=asked.sizes.device)

    def forward(self, batch: PhotoBatch, stage: Stage) -> tuple[Tensor, Mapping[str, Tensor], Misses]:
        """The loss with gradients, its terms and what was missed without."""
        network, weights = self.network, self.settings.weights
        features = self._features(batch)
        encodings = network.encoded(self.asked.queries[batch.which])
        found = network.localized(features, encodings, _given(batch))
        terms = localization_terms(found, batch, network.config, absolute=stage.absolute)
        made = _joined(self._decoded(features, encodings, found, batch, stage))
        seen = (batch.visible & batch.inside).flatten()
        sizes = self.asked.sizes[batch.which].flatten()
        terms |= attribute_terms(made, batch.truth, seen, sizes, hidden=weights.hidden, offsets=stage.offsets)
        terms |= regularisers(made, sizes, offsets=stage.offsets)
        if stage.pictures and batch.whole is not None:
            terms |= self._pictures.terms(self._made_everywhere(batch.whole, stage), batch.whole, weights)
        loss = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
        kept = {name: value.detach() for name, value in terms.items()}
        return loss, {"loss": loss.detach(), **kept}, misses(found, made, batch)

    def _made_everywhere(self, whole: WholePhoto, stage: Stage) -> GaussianParameters:
        """Gaussians to be drawn; finding so many is left to the other photos."""
        batch = whole.batch
        features = self._features(batch)
        encodings = self.network.encoded(self.asked.queries[batch.which])
        with torch.no_grad():
            found = self.network.localized(features, encodings, _given(batch))
        return self._decoded(features, encodings, found, batch, stage)[0]

    def _decoded(
        self, features: FeatureMaps, encodings: Tensor, found: Localization, batch: PhotoBatch, stage: Stage
    ) -> list[GaussianParameters]:
        """Where Gaussians were found in some photos, about where they are in the others."""
        own = (batch.dice < stage.own_places)[:, None, None]
        places = torch.where(own, found.pixels.detach(), batch.places)
        sigma, bases = found.sigma.detach(), self._bases(batch.which)
        return self.network.decoded(features, places, sigma, batch.visibility, encodings, bases)

    def _features(self, batch: PhotoBatch) -> FeatureMaps:
        """In half precision on CUDA; what follows finds places to a part of a pixel, and stays in single."""
        images = batch.images.permute(0, 3, 1, 2).float() / 255.0
        half = self.settings.mixed_precision and images.device.type == "cuda"
        with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
            features = self.network.features(images, batch.evidence)
        return FeatureMaps(**{each.name: getattr(features, each.name).float() for each in fields(features)})

    def _bases(self, which: Tensor) -> list[GaussianParameters]:
        base = self.asked.base
        return [
            GaussianParameters(**{each.name: getattr(base, each.name)[indices] for each in fields(base)})
            for indices in which
        ]


def _given(batch: PhotoBatch) -> Given:
    return Given(pixels=batch.fit_pixels, points=batch.fit_points, known=batch.informed)


def _joined(parts: list[GaussianParameters]) -> GaussianParameters:
    return GaussianParameters(
        **{each.name: torch.cat([getattr(part, each.name) for part in parts]) for each in fields(GaussianParameters)}
    )
