"""A small avatar with its files, and services that keep no list of recent files in the person's settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from captors import FakeCaptureEquipment, FakeSegmenter
from nlfgs_studio.app import picture_keeper, recent, recovery
from nlfgs_studio.app.actions import SetSettings
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.documents import document_of
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.settings import RefineChoices, Settings
from nlfgs_studio.app.state import Document
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.avatar.avatar import Avatar, Provenance
from nlfgs_studio.core.avatar.template import make_template
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.images import write_png
from nlfgs_studio.core.storage.avatar_npz import write_avatar
from nlfgs_studio.core.storage.motion_npz import write_motion
from outlines import painted_on


@pytest.fixture(scope="session")
def avatar(plain_body) -> Avatar:
    """One opaque Gaussian on each face of the small body, in random colours."""
    random = torch.Generator().manual_seed(0)
    template = make_template(plain_body, k=1)
    n = template.num_gaussians
    return Avatar(
        name="plain",
        body=plain_body.identity,
        betas=torch.linspace(-1.0, 1.0, plain_body.num_betas),
        template=template,
        parameters=GaussianParameters(
            offsets=torch.zeros(n, 3),
            rotations_wxyz=torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(n, 1),
            log_scales=torch.full((n, 3), -0.7),
            opacity_logits=torch.full((n,), 4.0),
            sh=torch.randn(n, 4, 3, generator=random),
        ),
        provenance=Provenance(made_by="a test"),
    )


@pytest.fixture(scope="session")
def document(avatar, plain_body) -> Document:
    return document_of(avatar, plain_body)


@pytest.fixture(scope="session")
def motion() -> Motion:
    """Half a second in which the arms rise and the body steps forward."""
    rotations = torch.zeros(16, 55, 3)
    rotations[:, 16, 2] = torch.linspace(0.0, 1.0, 16)
    rotations[:, 17, 2] = torch.linspace(0.0, -1.0, 16)
    translation = torch.zeros(16, 3)
    translation[:, 2] = torch.linspace(0.0, 0.4, 16)
    return Motion(
        name="rise", fps=32.0, rotations=rotations, translation=translation, pelvis=torch.tensor([0.0, -0.35, 0.01])
    )


@pytest.fixture
def folder(tmp_path, monkeypatch, avatar, motion, plain_body_path) -> Path:
    """The working directory, with `avatar.npz`, `motion.npz` and `picture.png`; the avatar's body file is at hand."""
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(plain_body_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recent, "settings_directory", lambda: tmp_path)
    monkeypatch.setattr(recovery, "recovery_directory", lambda: tmp_path / "recovery")
    write_avatar(tmp_path / "avatar.npz", avatar)
    write_motion(tmp_path / "motion.npz", motion)
    write_png(tmp_path / "picture.png", torch.linspace(0.0, 1.0, 20 * 30 * 3).reshape(20, 30, 3))
    return tmp_path


@pytest.fixture
def services(folder) -> Iterator[Services]:
    """Services with `avatar.npz` open, where refining waits until it is asked for."""
    services = Services(Store())
    services.store.dispatch(SetSettings(settings=Settings(refine=RefineChoices(starts_by_itself=False))))
    services.open("avatar.npz")
    services.wait()
    yield services
    services.close()


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Where pictures lie that belong to no project."""
    path = tmp_path / "own"
    monkeypatch.setattr(picture_keeper, "pictures_directory", lambda: path)
    return path


@pytest.fixture
def equipment(own_folder, services) -> FakeCaptureEquipment:
    services.capturer.equipment = FakeCaptureEquipment()
    run(services, "find_pictures")
    return services.capturer.equipment


@pytest.fixture
def segmenter(services, equipment, own_folder) -> FakeSegmenter:
    """With one picture in the folder: somebody, and at their left something of another colour."""
    return painted_on(services, own_folder)
