"""Reading a photo whole: an untrained network with a given fit says that fit, and everything fits together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import Camera, in_camera, look_at, projected
from nlfgs_studio.core.nlf.config import NetworkConfig
from nlfgs_studio.core.nlf.evidence import Evidence
from nlfgs_studio.core.nlf.network import NlfGs
from nlfgs_studio.core.nlf.reader import PhotoReader
from nlfgs_studio.core.synthetic.evidence import evidence_map
from torch import Tensor

CONFIG = NetworkConfig(channels=32, detail_channels=16, num_frequencies=16, num_eigenfunctions=8, width=32)


@pytest.fixture(scope="module")
def reader(body: BodyModel) -> PhotoReader:
    torch.manual_seed(0)
    network = NlfGs(CONFIG)
    torch.nn.init.zeros_(network.field.basis)
    return PhotoReader(network, body)


@pytest.fixture(scope="module")
def scene(body: BodyModel) -> tuple[np.ndarray, Camera, Tensor, Evidence]:
    """A crop, its camera, the posed vertices in the world, and the fit that is given: those very vertices."""
    pose = BodyPose.rest(body)
    pose.rotations[16, 2], pose.rotations[18, 1] = -0.9, -0.7
    pose = replace(pose, translation=torch.tensor([0.1, 0.2, -0.3]))
    vertices = pose_body(body, shape_body(body, torch.zeros(body.num_betas)), pose).vertices
    camera = look_at((0.3, 0.0, 3.2), (0.1, -0.1, -0.3), fx=420.0, fy=420.0, width=256, height=256)
    picture = torch.from_numpy(evidence_map(body, vertices, camera, None))
    crop = np.full((256, 256, 3), (200, 60, 20), np.uint8)
    return crop, camera, vertices, Evidence(picture=picture, vertices=in_camera(vertices, camera))


def test_the_given_fit_is_read_back(
    reader: PhotoReader, body: BodyModel, scene: tuple[np.ndarray, Camera, Tensor, Evidence]
) -> None:
    crop, camera, vertices, evidence = scene
    reading = reader.read(crop, camera, evidence)
    assert (reading.vertices.pixels - projected(evidence.vertices, camera)).norm(dim=-1).median() < 1.0
    assert (reading.vertices.points - evidence.vertices).norm(dim=-1).median() < 0.03
    fitted = pose_body(body, shape_body(body, reading.fit.betas), reading.fit.pose).vertices
    assert (fitted - vertices).norm(dim=-1)[torch.unique(body.faces)].median() < 0.03
    assert len(Avatar(
        name="read", body=body.identity, betas=reading.fit.betas, template=reading.template,
        parameters=reading.parameters,
    ).parameters) == reading.template.num_gaussians  # fmt: skip


def test_what_faces_the_camera_is_visible_and_takes_the_photo_s_colour(
    reader: PhotoReader, body: BodyModel, scene: tuple[np.ndarray, Camera, Tensor, Evidence]
) -> None:
    crop, camera, _, evidence = scene
    reading = reader.read(crop, camera, evidence)
    rest = reading.template.surface_points(body.template_vertices)
    chest = (rest[:, 0].abs() < 0.05) & (rest[:, 1] > -0.25) & (rest[:, 1] < 0.1)
    front, back = chest & (rest[:, 2] > 0.08), chest & (rest[:, 2] < -0.05)
    assert front.sum() > 50
    assert back.sum() > 50
    assert reading.visibility[front].float().mean() > 0.9
    assert not reading.visibility[back].any()
    red, green, blue = reading.parameters.sh[front, 0].mean(0)
    assert red > 0.3
    assert red > green > blue


def test_some_vertices_alone_are_those_of_all(
    reader: PhotoReader, scene: tuple[np.ndarray, Camera, Tensor, Evidence]
) -> None:
    crop, camera, _, evidence = scene
    some = torch.arange(0, len(evidence.vertices), 7)
    quick, whole = reader.find(crop, camera, evidence, some), reader.find(crop, camera, evidence)
    torch.testing.assert_close(quick.pixels, whole.pixels[some], atol=0.01, rtol=1e-4)
    torch.testing.assert_close(quick.sigma, whole.sigma[some], atol=1e-3, rtol=1e-3)


def test_a_photo_without_a_fit_is_read_too(
    reader: PhotoReader, scene: tuple[np.ndarray, Camera, Tensor, Evidence]
) -> None:
    crop, camera, *_ = scene
    reading = reader.read(crop, camera)
    assert torch.isfinite(reading.vertices.points).all()
    assert torch.isfinite(reading.fit.pose.rotations).all()
    assert (reading.vertices.points[:, 2] > 0.0).float().mean() > 0.4
    assert torch.isfinite(reading.parameters.sh).all()


def test_a_crop_of_another_size_is_refused(
    reader: PhotoReader, scene: tuple[np.ndarray, Camera, Tensor, Evidence]
) -> None:
    crop, camera, *_ = scene
    with pytest.raises(ValueError, match="128 x 128"):
        reader.find(np.ascontiguousarray(crop[:128, :128]), camera)
