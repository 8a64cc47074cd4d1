"""Makes an avatar of any pictures at once, without detectors or a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.capture.shot import Shot
from nlfgs_studio.core.creation import creator
from nlfgs_studio.core.creation.creator import Creation
from nlfgs_studio.core.creation.fitted import FittedPicture, ReadPicture
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.nlf.crops import CropBox, cropped, cropped_camera
from nlfgs_studio.core.nlf.evidence import Evidence
from nlfgs_studio.core.nlf.fitter import BodyFit
from nlfgs_studio.core.nlf.reader import Found, Reading
from nlfgs_studio.core.tracking.person_crop import PersonCrop
from nlfgs_studio.core.tracking.solution import tracking_camera
from nlfgs_studio.core.training.observation import Observation

CROP = 256


class FakeCreator:
    """Gives always the same avatar, found all over each picture; `num_people` are in it, 0 for nobody."""

    def __init__(self, avatar: Avatar, body: BodyModel) -> None:
        self.num_people = 1
        self.waits: Callable[[], None] = lambda: None
        """Called in the middle of the work."""
        self.given: list[str] = []
        """Names of the pictures that something was fitted to."""
        self.with_prior: list[bool] = []
        """Of each time that a creator was asked for."""
        self.strangers: frozenset[str] = frozenset()
        """Names of pictures that are said to show somebody else, where more are placed."""
        self.body = body
        self._avatar = avatar

    def stand_in(self, monkeypatch) -> FakeCreator:
        def made(*_: object, with_prior: bool = True, **__: object) -> FakeCreator:
            self.with_prior.append(with_prior)
            return self

        monkeypatch.setattr(creator, "avatar_creator", made)
        return self

    def create(self, pictures, name, *, field_of_view=None, report=lambda *_: None) -> Creation:  # noqa: ARG002
        return self.fit(self._avatar, pictures, field_of_view=field_of_view, report=report)

    def fit(self, avatar, pictures, *, field_of_view=None, report=lambda *_: None) -> Creation:
        report(0.5, "finding every point of the body")
        self.waits()
        report(0.6, "finding every point of the body")
        if self.num_people == 0:
            raise StudioError(f"nobody is seen in {pictures[0].name}", hint="another picture")
        self.given += [picture.name for picture in pictures]
        return creation_of(avatar, self.body, pictures, num_people=self.num_people, field_of_view=field_of_view)

    def fit_more(self, creation, pictures, *, first, report=lambda *_: None) -> tuple[FittedPicture, ...]:  # noqa: ARG002
        return tuple(
            replace(
                fitted_picture(self.body, each, first + index, self.num_people),
                is_stranger=each.name in self.strangers,
            )
            for index, each in enumerate(pictures)
        )

    def close(self) -> None: ...

    def __enter__(self) -> FakeCreator:
        return self

    def __exit__(self, *_: object) -> None: ...


def creation_of(
    avatar: Avatar,
    body: BodyModel,
    pictures: Sequence[TakenPicture],
    *,
    num_people: int = 1,
    field_of_view: float | None = None,
) -> Creation:
    """Of a person as large as the pictures."""
    fitted = tuple(fitted_picture(body, each, number, num_people) for number, each in enumerate(pictures))
    return Creation(
        avatar=avatar,
        body=body,
        person=None,
        pictures=fitted,
        refused=(),
        warnings=(),
        localized=_read(avatar, body, fitted[0]),
        field_of_view=field_of_view,
        seconds=MappingProxyType({"look": 0.1, "read": 0.2}),
    )


def fitted_picture(body: BodyModel, taken: TakenPicture, number: int, num_people: int) -> FittedPicture:
    height, width = taken.image.shape[:2]
    camera, pose = tracking_camera(float(width), width, height), _before(body)
    observation = Observation(
        picture=number,
        name=taken.name,
        image=taken.image,
        mask=np.ones((height, width), np.float32),
        weights=np.ones((height, width), np.float32),
        camera=camera,
        pose=pose,
    )
    return FittedPicture(
        number=number,
        name=taken.name,
        image=taken.image,
        camera=camera,
        pose=pose,
        num_people=num_people,
        shot=Shot(mode="face", width=width, height=height, seconds=0.0, brightness=0.5, num_faces=num_people),
        film=taken.film,
        observations=(observation,),
    )


def _before(body: BodyModel) -> BodyPose:
    """At rest, three metres before a camera in the origin."""
    rest = BodyPose.rest(body)
    return BodyPose(rotations=rest.rotations, expression=rest.expression, translation=torch.tensor([0.0, 0.3, -3.0]))


def _read(avatar: Avatar, body: BodyModel, picture: FittedPicture) -> ReadPicture:
    height, width = picture.image.shape[:2]
    box = CropBox.around(np.zeros(2), np.array([width, height], float), margin=1.0)
    random = torch.Generator().manual_seed(0)
    found = torch.rand(body.num_vertices, 2, generator=random) * CROP
    points = torch.zeros(body.num_vertices, 3)
    return ReadPicture(
        picture=picture,
        crop=PersonCrop(
            box=box,
            image=cropped(picture.image, box, CROP),
            camera=cropped_camera(picture.camera, box, CROP),
            mask=np.ones((CROP, CROP)),
            evidence=Evidence(picture=torch.zeros(5, 64, 64), vertices=points),
        ),
        reading=Reading(
            vertices=Found(pixels=found, points=points, sigma=torch.full((body.num_vertices,), 0.05)),
            fit=BodyFit(pose=picture.pose, betas=avatar.betas, residuals=torch.zeros(3)),
            template=avatar.template,
            pixels=avatar.template.interpolated(found),
            visibility=torch.ones(avatar.template.num_gaussians, dtype=torch.bool),
            parameters=avatar.parameters,
        ),
    )
