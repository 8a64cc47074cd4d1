"""From the crop of a photo to everything: every vertex found, the body fitted, every Gaussian decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from ..avatar.template import Template
from ..body.model import BodyModel, pose_body, shape_body
from ..cameras import Camera, in_world, projected
from ..gaussians import GaussianParameters
from ..synthetic.labels import labels_of
from .absolute import placed, within
from .encoders import FeatureMaps
from .evidence import Evidence, Given
from .fitter import BodyFit, BodyFitter, FitSettings
from .network import NlfGs
from .queries import interpolated, vertex_queries
from .template import base_parameters, network_template

_FITTED_TO = 1500
"""Vertices, spread evenly over their order: more would not change the fit."""

_FIT = FitSettings(joint_prior=0.01, beta_prior=0.03)
"""Points found in one picture are wrong together: with the fitter's own prior, half bodies became giants.

Joints are less straightened: of 32 held-out people 25 came nearer to the truth, by 3 mm a vertex on average.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Points of the body in one crop."""

    pixels: Float[Tensor, "M 2"]
    """Of the crop."""
    points: Float[Tensor, "M 3"]
    """Metres, in the camera's OpenCV axes."""
    sigma: Float[Tensor, " M"]
    """Metres: how far off each is expected to be."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """What one photo says: with `template` and `fit.betas`, `parameters` are an avatar."""

    vertices: Found
    """Every vertex of the body."""
    fit: BodyFit
    """In the camera's world."""
    template: Template
    pixels: Float[Tensor, "N 2"]
    """Where each Gaussian was sampled."""
    visibility: Bool[Tensor, " N"]
    """Which Gaussians the fitted body turns to the camera, in the crop and behind nothing of itself."""
    parameters: GaussianParameters


class PhotoReader:
    """Reads photos of one body with one network, where its weights are; what no photo changes is worked out once.

    What is asked and answered is on the processor.
    """

    @torch.no_grad()
    def __init__(self, network: NlfGs, body: BodyModel) -> None:
        """Raises StudioError if the body is too coarse for the network."""
        self.body = body
        self.template = network_template(body)
        self._network = network.eval()
        self._device = next(network.parameters()).device
        self._base = base_parameters(body, self.template).to(self._device)
        vertices = vertex_queries(body, network.config.num_eigenfunctions)
        self._codes = network.field.codes(network.encoded(vertices.to(self._device)))
        gaussians = interpolated(vertices, self.template)
        parts = torch.arange(len(gaussians)).split(1 << 14)  # the codes of all together would fill memory
        asked = [network.estimator.asked(network.encoded(gaussians[part].to(self._device))) for part in parts]
        self._asked = torch.cat(asked)
        used = torch.unique(body.faces)
        self._fitted_to = used[torch.linspace(0, len(used) - 1, min(_FITTED_TO, len(used))).long()]
        self._fitter = BodyFitter(body, self._fitted_to, _FIT)

    @torch.no_grad()
    def find(
        self,
        crop: UInt8[np.ndarray, "S S 3"],
        camera: Camera,
        evidence: Evidence | None = None,
        vertices: Int[Tensor, " M"] | None = None,
    ) -> Found:
        """Those vertices alone, or all: the quick half, as for films."""
        return self._found(self._features(crop, evidence), camera, evidence, vertices)

    @torch.no_grad()
    def read(self, crop: UInt8[np.ndarray, "S S 3"], camera: Camera, evidence: Evidence | None = None) -> Reading:
        """Everything; `camera` is the crop's, in any world.

        Raises:
            ValueError: the crop is not of the network's size.
        """
        features = self._features(crop, evidence)
        found = self._found(features, camera, evidence, None)
        fit = self.fitted(found, camera)
        posed = pose_body(self.body, shape_body(self.body, fit.betas), fit.pose)
        everything = torch.arange(self.template.num_gaussians)
        visibility = labels_of(self.template, everything, posed.vertices, camera).visible
        pixels = self.template.interpolated(found.pixels)
        sigma = self.template.interpolated(found.sigma[:, None])[:, 0]
        parameters = self._decoded(features, pixels, sigma, visibility)
        return Reading(
            vertices=found,
            fit=fit,
            template=self.template,
            pixels=pixels,
            visibility=visibility,
            parameters=parameters,
        )

    @torch.no_grad()
    def decode(
        self,
        crop: UInt8[np.ndarray, "S S 3"],
        evidence: Evidence | None,
        pixels: Float[Tensor, "N 2"],
        sigma: Float[Tensor, " N"],
        visibility: Bool[Tensor, " N"],
    ) -> GaussianParameters:
        """Every Gaussian as it looks where it is said to be: `read` without finding."""
        return self._decoded(self._features(crop, evidence), pixels, sigma, visibility)

    def fitted(self, found: Found, camera: Camera) -> BodyFit:
        """The body that explains all found vertices, in the camera's world."""
        points = in_world(found.points[self._fitted_to].double(), camera)
        return self._fitter.fit(points, found.sigma[self._fitted_to])

    def _features(self, crop: UInt8[np.ndarray, "S S 3"], evidence: Evidence | None) -> FeatureMaps:
        size = self._network.config.crop_size
        if crop.shape != (size, size, 3):
            raise ValueError(f"a crop of {crop.shape[1]} x {crop.shape[0]} pixels instead of {size} x {size}")
        picture = torch.from_numpy(np.array(crop)).to(self._device).permute(2, 0, 1)[None].float() / 255.0
        return self._network.features(picture, None if evidence is None else evidence.picture[None].to(self._device))

    def _decoded(
        self,
        features: FeatureMaps,
        pixels: Float[Tensor, "N 2"],
        sigma: Float[Tensor, " N"],
        visibility: Bool[Tensor, " N"],
    ) -> GaussianParameters:
        device = self._device
        places, sure, seen = pixels[None].to(device), sigma[None].to(device), visibility[None].to(device).float()
        (parameters,) = self._network.estimator(features, places, sure, seen, self._asked, [self._base])
        return parameters.to("cpu")

    def _found(
        self, features: FeatureMaps, camera: Camera, evidence: Evidence | None, vertices: Int[Tensor, " M"] | None
    ) -> Found:
        chosen = slice(None) if vertices is None else vertices
        given, inside = None, None
        if evidence is not None:
            points = evidence.vertices[chosen]
            pixels = projected(points, camera)
            given = Given(
                pixels=pixels[None].to(self._device),
                points=points[None].to(self._device),
                known=torch.ones(1, dtype=torch.bool, device=self._device),
            )
            inside = within(pixels, camera, margin=0.0) & (points[:, 2] > 0.0)
        answer = self._network.field(features, self._codes[chosen], given)
        pixels, relative, sigma = (each[0].cpu() for each in (answer.pixels, answer.relative, answer.sigma))
        # Heatmaps end in the outermost cells: what is found there may lie anywhere beyond.
        seen = within(pixels, camera, margin=float(self._network.config.cell_size))
        points = placed(pixels, relative, sigma, seen if inside is None else seen & inside, camera)
        return Found(pixels=pixels, points=points, sigma=sigma)
