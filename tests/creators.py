"""Makes an avatar of any photo at once, without detectors or a network."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.creation import photo_avatar
from nlfgs_studio.core.creation.photo_avatar import PhotoAvatar
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.nlf.crops import CropBox, cropped, cropped_camera
from nlfgs_studio.core.nlf.evidence import Evidence
from nlfgs_studio.core.nlf.fitter import BodyFit
from nlfgs_studio.core.nlf.reader import Found, Reading
from nlfgs_studio.core.tracking.person_crop import PersonCrop
from nlfgs_studio.core.tracking.photo_evidence import PhotoEvidence
from nlfgs_studio.core.tracking.solution import tracking_camera

CROP = 256


class FakeCreator:
    """Gives always the same avatar, found all over the picture; `num_people` are in it, 0 for nobody."""

    def __init__(self, avatar: Avatar, body: BodyModel) -> None:
        self.num_people = 1
        self.waits: Callable[[], None] = lambda: None
        """Called in the middle of the work."""
        self._avatar = avatar
        self._body = body

    def stand_in(self, monkeypatch) -> FakeCreator:
        monkeypatch.setattr(photo_avatar, "photo_creator", lambda *_, **__: self)
        return self

    def create(self, picture, name, *, field_of_view=None, report=lambda *_: None) -> PhotoAvatar:  # noqa: ARG002
        report(0.5, "finding every point of the body")
        self.waits()
        report(0.6, "finding every point of the body")
        if self.num_people == 0:
            raise StudioError(f"nobody is seen in {name}", hint="another picture")
        return photo_avatar_of(self._avatar, self._body, picture, num_people=self.num_people)

    def __enter__(self) -> FakeCreator:
        return self

    def __exit__(self, *_: object) -> None: ...


def photo_avatar_of(avatar: Avatar, body: BodyModel, picture: np.ndarray, *, num_people: int) -> PhotoAvatar:
    """Of a person as large as the picture."""
    height, width = picture.shape[:2]
    camera = tracking_camera(float(width), width, height)
    box = CropBox.around(np.zeros(2), np.array([width, height], float), margin=1.0)
    pose, count = BodyPose.rest(body), avatar.template.num_gaussians
    random = torch.Generator().manual_seed(0)
    found = torch.rand(body.num_vertices, 2, generator=random) * CROP
    points = torch.zeros(body.num_vertices, 3)
    return PhotoAvatar(
        avatar=avatar,
        body=body,
        picture=picture,
        evidence=PhotoEvidence(
            camera=camera,
            crop=PersonCrop(
                box=box,
                image=cropped(picture, box, CROP),
                camera=cropped_camera(camera, box, CROP),
                mask=np.ones((CROP, CROP)),
                evidence=Evidence(picture=torch.zeros(5, 64, 64), vertices=points),
            ),
            head=None,
            pose=pose,
            betas=avatar.betas,
            num_people=num_people,
        ),
        reading=Reading(
            vertices=Found(pixels=found, points=points, sigma=torch.full((body.num_vertices,), 0.05)),
            fit=BodyFit(pose=pose, betas=avatar.betas, residuals=torch.zeros(3)),
            template=avatar.template,
            pixels=avatar.template.interpolated(found),
            visibility=torch.ones(count, dtype=torch.bool),
            parameters=avatar.parameters,
        ),
        seconds=MappingProxyType({"detect": 0.1, "network": 0.2}),
    )
