"""NLF-GS whole: photo → features → every Gaussian localized → every Gaussian decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..gaussians import GaussianParameters
from .config import NetworkConfig
from .encoders import FeatureMaps, make_encoder
from .encoding import PositionalEncoding
from .estimator import GaussianEstimator
from .evidence import Given
from .localizer import Localization, LocalizerField


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Queries:
    """Points of a body to be found: canonical places and signatures (`queries.vertex_queries`)."""

    points: Float[Tensor, "*N 3"]
    """Normalised by the box of the canonical body."""
    signatures: Float[Tensor, "*N signature"]

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, which: Tensor | slice) -> Queries:
        """Those points; indices "B M" ask for others in every picture."""
        return Queries(points=self.points[which], signatures=self.signatures[which])

    def to(self, device: torch.device | str) -> Queries:
        """The same on a device."""
        return Queries(points=self.points.to(device), signatures=self.signatures.to(device))


class NlfGs(nn.Module):
    """Stages are methods, since training, evaluating and the program each need them by themselves."""

    def __init__(self, config: NetworkConfig, *, download: bool = False, pretrained: bool = True) -> None:
        """As `make_encoder` for the encoder's sake; raises StudioError where it cannot be had."""
        super().__init__()
        self.config = config
        self.encoder = make_encoder(config, download=download, pretrained=pretrained)
        self.encoding = PositionalEncoding(config)
        self.field = LocalizerField(config)
        self.estimator = GaussianEstimator(config)

    def restage(self, *, sh_degree: int, predicts_offsets: bool) -> None:
        """Answer more, or less: training starts without offsets and with one colour; no weight changes."""
        self.config = replace(self.config, sh_degree=sh_degree, predicts_offsets=predicts_offsets)
        self.estimator.config = self.config

    def features(
        self, crops: Float[Tensor, "B 3 S S"], evidence: Float[Tensor, "B E s s"] | None = None
    ) -> FeatureMaps:
        """F_img of crops in [0, 1]; evidence pictures of any side, all zero where there is none."""
        return self.encoder(crops, evidence)

    def encoded(self, queries: Queries) -> Float[Tensor, "*N code"]:
        """e(x)."""
        return self.encoding(queries.points, queries.signatures)

    def localized(
        self, features: FeatureMaps, encodings: Float[Tensor, "*B N code"], given: Given | None = None
    ) -> Localization:
        """Where the points are, in every picture; each may ask for its own."""
        return self.field(features, self.field.codes(encodings), given)

    def decoded(
        self,
        features: FeatureMaps,
        pixels: Float[Tensor, "B N 2"],
        sigma: Float[Tensor, "B N"],
        visibility: Float[Tensor, "B N"],
        encodings: Float[Tensor, "*B N code"],
        bases: list[GaussianParameters],
    ) -> list[GaussianParameters]:
        """The Gaussians of each picture, sampled where `pixels` say they are (`GaussianEstimator.forward`)."""
        return self.estimator(features, pixels, sigma, visibility, self.estimator.asked(encodings), bases)
