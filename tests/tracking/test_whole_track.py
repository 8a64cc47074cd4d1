"""From a folder of pictures through the real detectors to a motion: the truth about a made-up person comes out."""

from __future__ import annotations

import dataclasses
import math
from contextlib import closing

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.images import write_png
from nlfgs_studio.core.tracking.face_rig import HEAD
from nlfgs_studio.core.tracking.offline import track_source
from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting
from nlfgs_studio.core.tracking.smoothing import Smoothing
from nlfgs_studio.core.tracking.sources import open_source
from nlfgs_studio.core.tracking.tracker_settings import TrackerSettings

COUNT = 10
RAW = TrackerSettings(parts="face", smoothing=Smoothing(head=0.0, face=0.0, body=0.0, hands=0.0))


@pytest.fixture(scope="module")
def filmed(portrait_studio, tmp_path_factory):
    """A folder of pictures of somebody who looks from side to side and opens the mouth, and the portraits."""
    body, random = portrait_studio.body, np.random.default_rng(5)
    first = drawn_sitting(body, random, drawn_sitters(body, random, 1)[0], turn=0.0, liveliness=0.0)
    folder, portraits = tmp_path_factory.mktemp("film"), []
    for number in range(COUNT):
        expression = np.zeros(body.num_expression)
        expression[body.expression_names.index("jawOpen")] = 0.35 * (1.0 - math.cos(0.9 * number))
        head = np.array([0.0, 0.4 * math.sin(0.6 * number), 0.0])
        portraits.append(portrait_studio.portrait(dataclasses.replace(first, head=head, expression=expression)))
        write_png(folder / f"{number}.png", torch.from_numpy(portraits[-1].image).float() / 255.0)
    return folder, portraits


def test_head_and_mouth_of_a_made_up_person_are_found(body, filmed):
    folder, portraits = filmed
    field_of_view = math.degrees(2.0 * math.atan(0.5 / portraits[0].sitting.focal))
    with closing(open_source(str(folder))) as source:
        result = track_source(source, body, settings=RAW, field_of_view=field_of_view)
    motion = result.motion
    assert (motion.confidence[:, 0] > 0.5).all()
    assert result.num_faces == 1
    assert motion.camera.fx == pytest.approx(portraits[0].camera.fx)

    pose = BodyPose(rotations=motion.rotations, expression=motion.expression, translation=motion.translation)
    found = pose_body(body, shape_body(body, motion.betas), pose).joint_transforms[:, HEAD, :3, :3]
    true = torch.stack([portrait.body.joint_transforms[HEAD, :3, :3] for portrait in portraits])
    cosines = ((found.mT @ true).diagonal(dim1=-2, dim2=-1).sum(-1) - 1.0) / 2.0
    # Some degrees are the same in all pictures: how somebody unknown holds the head cannot be told from ten of them.
    assert torch.rad2deg(cosines.clamp(-1.0, 1.0).acos()).median() < 6.0
    yaws = [torch.atan2(matrices[:, 0, 2], matrices[:, 2, 2]).numpy() for matrices in (found, true)]
    assert np.corrcoef(*yaws)[0, 1] > 0.99

    jaw = body.expression_names.index("jawOpen")
    opened = np.array([portrait.sitting.expression[jaw] for portrait in portraits])
    assert np.corrcoef(motion.expression[:, jaw].numpy(), opened)[0, 1] > 0.9
