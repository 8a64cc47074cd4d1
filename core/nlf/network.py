"""NLF-GS whole: photo → features → every Gaussian localized → every Gaussian decoded."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..gaussians import GaussianParameters
from .config import NetworkConfig
from .encoders import FeatureMaps, make_encoder
from .encoding import PositionalEncoding
from .estimator import GaussianEstimator, sampled
from .localizer import Localization, LocalizerField


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Queries:
    """Points of a body to be found: canonical places and signatures (`queries.body_queries`)."""

    points: Float[Tensor, "N 3"]
    """Normalised by the box of the canonical body."""
    signatures: Float[Tensor, "N signature"]

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, which: Tensor | slice) -> Queries:
        return Queries(points=self.points[which], signatures=self.signatures[which])


class NlfGs(nn.Module):
    """Stages are methods, since training, evaluating and the program each need them by themselves."""

    def __init__(self, config: NetworkConfig, *, download: bool = False) -> None:
        """Raises StudioError where the config's encoder cannot be had."""
        super().__init__()
        self.config = config
        self.encoder = make_encoder(config, download=download)
        self.encoding = PositionalEncoding(config)
        self.field = LocalizerField(config)
        self.estimator = GaussianEstimator(config)

    def features(
        self, images: Float[Tensor, "B 3 S S"], evidence: Float[Tensor, "B E S S"] | None = None
    ) -> FeatureMaps:
        """F_img of crops in [0, 1]."""
        return self.encoder(images, evidence)

    def encoded(self, queries: Queries) -> Float[Tensor, "N code"]:
        """e(x)."""
        return self.encoding(queries.points, queries.signatures)

    def localized(self, features: FeatureMaps, encodings: Float[Tensor, "N code"]) -> Localization:
        """Where the points are, in every picture."""
        return self.field(features.coarse, self.field.codes(encodings))

    def decoded(
        self,
        features: FeatureMaps,
        pixels: Float[Tensor, "B N 2"],
        confidences: Float[Tensor, "B N"],
        encodings: Float[Tensor, "N code"],
        base: GaussianParameters,
    ) -> list[GaussianParameters]:
        """The Gaussians of each picture, sampled where `pixels` say they are."""
        size = self.config.image_size
        samples = torch.cat([sampled(features.coarse, pixels, size), sampled(features.detail, pixels, size)], dim=-1)
        return [
            self.estimator(sample, encodings, confidence, base)
            for sample, confidence in zip(samples, confidences, strict=True)
        ]
