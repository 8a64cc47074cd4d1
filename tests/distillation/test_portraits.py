"""Avatars beside people: the same cameras, the same outline, the right gain."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import Camera, OrbitCamera, in_camera, projected
from nlfgs_studio.core.distillation.portraits import Judge, Likeness, Portrayed, gone_around, summarized_likeness
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0
from nlfgs_studio.core.nlf.template import base_parameters, network_template


def _camera() -> Camera:
    camera = OrbitCamera(yaw=0.3, pitch=0.2).camera(96, 96)
    return replace(camera, cx=40.0, cy=60.0)


def test_going_around_keeps_the_centre_and_the_height() -> None:
    camera, centre = _camera(), torch.tensor([0.1, -0.4, 0.05])
    aside = gone_around(camera, centre, math.radians(45.0))
    pixel, same = (projected(in_camera(centre[None], each), each) for each in (camera, aside))
    torch.testing.assert_close(pixel, same)
    before, after = camera.center - centre, aside.center - centre
    assert float(after[1]) == pytest.approx(float(before[1]), abs=1e-5)
    cosine = torch.nn.functional.cosine_similarity(before[[0, 2]], after[[0, 2]], dim=0)
    assert float(cosine) == pytest.approx(math.cos(math.radians(45.0)), abs=1e-5)
    around = gone_around(camera, centre, math.tau)
    torch.testing.assert_close(around.camera_from_world, camera.camera_from_world, atol=1e-5, rtol=0.0)


def test_the_truth_is_like_itself_and_a_wrong_colour_loses(plain_body: BodyModel) -> None:
    template = network_template(plain_body, 2)
    grey = base_parameters(plain_body, template)
    truth = Portrayed(
        parameters=replace(grey, sh=grey.sh - 0.3 / SH_C0),
        betas=torch.zeros(plain_body.num_betas),
        pose=BodyPose.rest(plain_body),
    )
    brighter = replace(truth, parameters=replace(truth.parameters, sh=truth.parameters.sh + 0.1 / SH_C0))
    elsewhere = replace(truth, pose=replace(truth.pose, translation=torch.tensor([50.0, 0.0, 0.0])))
    judge = Judge(plain_body, template)
    answers = {"truth": truth, "brighter": brighter, "elsewhere": elsewhere}
    likeness = judge.likeness("face", judge.gaussians(truth), _camera(), torch.tensor([0.0, -0.3, 0.0]), answers)
    judge.close()
    for view in ("input", "aside"):
        assert likeness.psnr[view]["truth"] == pytest.approx(100.0)
        assert likeness.ssim[view]["truth"] == pytest.approx(1.0)
        # 0.1 off within the outline is 20 dB; at the rim, where the grey behind shows, less is off.
        assert 20.0 <= likeness.psnr[view]["brighter"] < 21.0
        # Who is not there leaves the grey behind: 0.3 off a person who is 0.3 darker.
        assert likeness.psnr[view]["elsewhere"] < 11.0


def test_gains_are_taken_photo_by_photo() -> None:
    """A photo that is hard for all moves no gain."""
    photos = [
        Likeness(
            framing=framing,
            psnr={view: {"ours": level + gain, "mean": level} for view in ("input", "aside")},
            ssim={view: {"ours": 0.9, "mean": 0.5} for view in ("input", "aside")},
        )
        for framing, level, gain in (("face", 10.0, 4.0), ("face", 25.0, 4.0), ("whole body", 17.0, 1.0))
    ]
    summary = summarized_likeness(photos, gains={"ours": "mean"})
    assert summary["gain_db"]["ours"]["input"]["face"]["median"] == pytest.approx(4.0)
    assert summary["gain_db"]["ours"]["aside"]["whole body"]["median"] == pytest.approx(1.0)
    assert summary["gain_db"]["ours"]["input"]["half body"] is None
    assert summary["psnr"]["mean"]["input"]["all"]["median"] == pytest.approx(17.0)
    assert summary["ssim"]["ours"]["aside"]["all"]["p10"] == pytest.approx(0.9)
