"""Pictures of every side of a person count: those without a face too."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch
from creators import fitted_picture
from nlfgs_studio.core.avatar.look import Look
from nlfgs_studio.core.avatar.wardrobe import dressed_avatar
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.capture.shot import BodyView, Shot
from nlfgs_studio.core.capture.shot_reader import ShotReader
from nlfgs_studio.core.creation.appearance import most_different
from nlfgs_studio.core.creation.looking import looks_at
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.tracking.photo_evidence import PhotoLooker

SIDE = 480


@pytest.fixture(scope="module")
def sides(body) -> list[TakenPicture]:
    """Front and back of one made-up person, from head to feet."""
    gaussians = Pipeline(body).gaussians(
        dressed_avatar(body, Look(), 1), torch.zeros(body.num_betas), BodyPose.rest(body)
    )
    pictures: list[TakenPicture] = []
    for name, distance in (("front.png", 4.5), ("back.png", -4.5)):
        camera = look_at((0.0, 0.0, distance), (0.0, -0.35, 0.0), fx=760.0, fy=760.0, width=SIDE, height=SIDE)
        rgb = CpuRenderer().render(gaussians, camera, RenderSettings(background=(0.6, 0.65, 0.7))).rgb
        pictures.append(TakenPicture(name=name, image=(255.0 * rgb.clamp(0.0, 1.0)).byte().numpy()))
    return pictures


def test_a_back_is_looked_at_and_read(body, sides):
    with closing(PhotoLooker()) as looker:
        looks, refused = looks_at(looker, ShotReader(body), sides, None, lambda *_: None)
    assert not refused
    front, back = (look.shot for look in looks)
    assert front.body is not None
    assert back.face is None
    assert back.body is not None
    assert abs(back.body.yaw - front.body.yaw) > 120.0
    assert not any(trouble.is_fatal for trouble in back.troubles)
    pictures = [
        replace(fitted_picture(body, look.taken, number, 1), shot=look.shot) for number, look in enumerate(looks)
    ]
    assert [picture.name for picture in most_different(pictures, 4)] == ["front.png", "back.png"]


def test_of_many_pictures_one_of_each_side_is_taken(body):
    def shot(yaw: float, sharpness: float) -> Shot:
        view = BodyView(
            box=(10.0, 10.0, 50.0, 90.0), yaw=yaw, is_whole=True, sharpness=sharpness, share=0.8, fingerprint=0
        )
        return Shot(mode="body", width=60, height=100, seconds=0.0, brightness=0.5, num_faces=0, body=view)

    def picture(number: int, shot: Shot):
        taken = TakenPicture(name=f"{number}.png", image=np.zeros((100, 60, 3), np.uint8))
        return replace(fitted_picture(body, taken, number, 1), shot=shot)

    shots = [shot(yaw, 1.0 - 0.1 * repeat) for yaw in (0.0, 90.0, 180.0, -90.0) for repeat in range(3)]
    pictures = [picture(number, each) for number, each in enumerate(shots)]
    assert [each.number for each in most_different(pictures, 4)] == [0, 3, 6, 9]
    nobody = replace(shots[0], body=None)
    spread_out = most_different([picture(number, nobody) for number in range(9)], 3)
    assert [each.number for each in spread_out] == [0, 4, 8]
