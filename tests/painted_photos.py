"""Photos for tests of training, made in a millisecond: each Gaussian a dot in the colour of its canonical place."""

from __future__ import annotations

import numpy as np
import torch
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import in_camera, look_at, projected
from nlfgs_studio.core.distillation.learner import Canon, canon
from nlfgs_studio.core.distillation.settings import TrainingSettings
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0
from nlfgs_studio.core.nlf.config import NetworkConfig
from nlfgs_studio.core.nlf.template import base_parameters, network_template
from nlfgs_studio.core.synthetic.framing import Framing
from nlfgs_studio.core.synthetic.lighting import drawn_light
from nlfgs_studio.core.synthetic.photo import CROP, MadeUpPhoto
from nlfgs_studio.core.synthetic.sensor import drawn_sensor

TINY = TrainingSettings(
    network=NetworkConfig(
        image_size=64, stride=8, channels=16, detail_channels=8, num_frequencies=16, frequency_deviation=2.0,
        num_eigenfunctions=8, width=16, estimator_width=16, num_parts=4,
    ),
    batch=4, points=48, workers=0, steps=12, warm_up=2, log_every=3, pictures_every=4, pictures_from=0.0,
    picture_side=32, averaging=0.9,
)  # fmt: skip


class PaintedStudio:
    """As `PhotoStudio`, of one person at rest."""

    def __init__(self, body: BodyModel, *, labels: int = TINY.points) -> None:
        self.body, self.template, self.labels = body, network_template(body, 1), labels
        shaped = shape_body(body, torch.zeros(body.num_betas))
        self._vertices = pose_body(body, shaped, BodyPose.rest(body)).vertices
        self._base = base_parameters(body, self.template)

    def canon(self) -> Canon:
        return canon(self.body, self.template, TINY.network.num_eigenfunctions)

    def photo(self, number: int, *, whole: bool = False) -> MadeUpPhoto:
        random = np.random.default_rng((5, number))
        x, y, distance = random.uniform(-0.3, 0.3), random.uniform(-0.7, 0.0), random.uniform(1.5, 4.0)
        eye = (x + distance * random.uniform(-0.4, 0.4), y, distance)
        camera = look_at(eye, (x, y, 0.0), fx=420.0, fy=420.0, width=CROP, height=CROP)
        places = self.template.surface_points(self._vertices)
        colors = (places - places.amin(0)) / (places.amax(0) - places.amin(0))
        points = in_camera(places, camera)
        pixels = projected(points, camera)
        inside = ((pixels >= 0.0) & (pixels < CROP)).all(-1)
        visible = inside & (points[:, 2] < points[:, 2].median())
        image = np.full((CROP, CROP, 3), 255, np.uint8)  # torch's threads would race where dots overlap
        columns, rows = pixels[visible].long().numpy().T
        paint = (colors[visible] * 255.0).to(torch.uint8).numpy()
        for right in range(-3, 4):
            for below in range(-3, 4):
                image[(rows + below).clip(0, CROP - 1), (columns + right).clip(0, CROP - 1)] = paint
        count = len(points)
        which = torch.arange(count) if whole else torch.from_numpy(random.permutation(count)[: self.labels])
        shift = torch.from_numpy(random.normal(size=3)).float()
        truth = GaussianParameters(
            offsets=self._base.offsets[which] + 0.1,
            rotations_wxyz=self._base.rotations_wxyz[which],
            log_scales=self._base.log_scales[which] + 0.2,
            opacity_logits=self._base.opacity_logits[which],
            sh=((colors[which] - 0.5) / SH_C0)[:, None],
        )
        return MadeUpPhoto(
            number=number,
            person=0,
            framing=Framing.WHOLE,
            image=torch.from_numpy(image),
            camera=camera,
            pose=BodyPose.rest(self.body),
            betas=torch.zeros(self.body.num_betas),
            light=drawn_light(random, np.array([0.0, 0.0, 1.0])),
            sensor=drawn_sensor(random),
            mask=torch.zeros(CROP, CROP, dtype=torch.uint8),
            which=which,
            pixels=pixels[which],
            points=points[which],
            visible=visible[which],
            inside=inside[which],
            truth=truth,
            evidence=torch.ones(5, 16, 16),
            evidence_pixels=pixels[which] + 10.0 * shift[:2],
            evidence_points=points[which] + 0.05 * shift,
            evidence_vertices=self._vertices,
        )
