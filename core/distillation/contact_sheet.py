"""What a network makes of a few photos that it never learns from: a picture to look at while it is trained."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ..body.model import BodyModel
from ..nlf.evidence import Evidence
from ..nlf.network import NlfGs
from ..nlf.queries import vertex_queries
from ..nlf.reader import PhotoReader, Reading
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from ..synthetic.photo import CROP, MadeUpPhoto, PhotoStudio
from .portraits import ASIDE, Judge, Portrayed, gone_around

NAME = "sheet.png"
SEED = 640_065
"""Neither of those who teach nor of those who judge."""
PHOTOS = 4
_DOTS = 1500


class ContactSheet:
    """A row for each photo: the photo, the points found in it, the avatar from there, and from 45° aside."""

    def __init__(self, body: BodyModel, make_studio: Callable[[], PhotoStudio]) -> None:
        """`make_studio` makes one of `SEED`, when the first sheet is drawn."""
        self._body, self._make_studio = body, make_studio
        self._photos: list[MadeUpPhoto] = []
        self._places = vertex_queries(body, 4).points

    def drawn(self, network: NlfGs) -> Float[Tensor, "H W 3"]:
        """With evidence, as photos are read in use: on the processor, wherever the network is trained."""
        if not self._photos:
            studio = self._make_studio()
            self._photos = [studio.photo(number) for number in range(PHOTOS)]
        reader = PhotoReader(copy.deepcopy(network).cpu(), self._body)
        return torch.cat([self._row(reader, photo) for photo in self._photos])

    def _row(self, reader: PhotoReader, photo: MadeUpPhoto) -> Float[Tensor, "S W 3"]:
        evidence = Evidence(picture=photo.evidence, vertices=photo.evidence_vertices)
        reading = reader.read(photo.image.numpy(), photo.camera, evidence)
        picture = photo.image.float() / 255.0
        answer = Portrayed(parameters=reading.parameters, betas=reading.fit.betas, pose=reading.fit.pose)
        judge, renderer = Judge(self._body, reader.template), CpuRenderer()
        gaussians = judge.gaussians(answer)
        cameras = photo.camera, gone_around(photo.camera, gaussians.means.mean(0), ASIDE)
        avatars = [renderer.render(gaussians, camera, RenderSettings()).rgb for camera in cameras]
        judge.close()
        return torch.cat([picture, self._dotted(picture, reading), *avatars], dim=1)

    def _dotted(self, picture: Float[Tensor, "S S 3"], reading: Reading) -> Float[Tensor, "S S 3"]:
        """Each point in the colour of its place on the body: hands and feet are as bright as they are far out."""
        dotted = 0.4 * picture
        chosen = torch.linspace(0, len(self._places) - 1, _DOTS).long()
        columns, rows = reading.vertices.pixels[chosen].long().unbind(-1)
        within = (columns >= 0) & (columns < CROP - 1) & (rows >= 0) & (rows < CROP - 1)
        colours = 0.5 + 0.5 * (math.tau * self._places[chosen]).sin()
        for right in (0, 1):
            for below in (0, 1):
                dotted[rows[within] + below, columns[within] + right] = colours[within]
        return dotted
