"""A rigged splat file opens in any viewer, and as the avatar that it was made from in this program."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from avatars import bent_pose, random_avatar
from nlfgs_studio.core.avatar.avatar import Avatar, Groups
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import Gaussians, select
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.storage.gaussian_ply import read_ply, write_rigged_ply
from splats import NAMES, assert_same_picture, by_the_papers_layout, camera_on


@pytest.fixture(scope="module")
def avatar(plain_body) -> Avatar:
    bare = random_avatar(plain_body)
    groups = Groups(names=("skin", "a  hät", "unused"), indices=torch.arange(len(bare.parameters)) % 2)
    return dataclasses.replace(bare, groups=groups)


@pytest.fixture(scope="module")
def posed(plain_body, avatar) -> Gaussians:
    return Pipeline(plain_body).gaussians(avatar, avatar.betas, bent_pose(plain_body))


def assert_same(first: object, second: object, name: str = "avatar") -> None:
    """Equal in every field, also in those yet to come, but for rounding: SH are turned to the pose and back."""
    assert type(first) is type(second), name
    if dataclasses.is_dataclass(first):
        for field in dataclasses.fields(first):
            assert_same(getattr(first, field.name), getattr(second, field.name), f"{name}.{field.name}")
    elif isinstance(first, torch.Tensor):
        assert first.shape == second.shape, name
        assert first.dtype == second.dtype, name
        assert torch.allclose(first, second, rtol=0.0, atol=1e-5 if name.endswith(".sh") else 0.0), name
    else:
        assert first == second, name


@pytest.mark.parametrize("up", ["y", "z"])
def test_a_rigged_file_is_the_avatar_again(avatar, posed, tmp_path, up):
    assert all(getattr(avatar, field.name) is not None for field in dataclasses.fields(avatar))
    write_rigged_ply(tmp_path / "rigged.ply", avatar, posed, up=up)
    assert_same(avatar, read_ply(tmp_path / "rigged.ply"))


def test_an_avatar_without_groups_is_written_as_before_there_were_any(avatar, posed, tmp_path):
    bare = dataclasses.replace(avatar, groups=None)
    write_rigged_ply(tmp_path / "rigged.ply", bare, posed)
    assert b"group" not in (tmp_path / "rigged.ply").read_bytes().split(b"end_header\n")[0]
    assert_same(bare, read_ply(tmp_path / "rigged.ply"))


def test_a_rigged_file_keeps_its_degree(plain_body, avatar, tmp_path):
    simple = dataclasses.replace(
        avatar, parameters=dataclasses.replace(avatar.parameters, sh=avatar.parameters.sh[:, :4].contiguous())
    )
    posed = Pipeline(plain_body).gaussians(simple, simple.betas, bent_pose(plain_body))
    write_rigged_ply(tmp_path / "rigged.ply", simple, posed)
    assert_same(simple, read_ply(tmp_path / "rigged.ply"))


def test_a_rigged_file_keeps_faces_without_gaussians(avatar, posed, tmp_path):
    """Deleting Gaussians from an avatar must not lose its surface."""
    keep = avatar.template.face_indices % 5 != 0
    template, parameters = avatar.template, avatar.parameters
    thinned = dataclasses.replace(
        avatar,
        template=dataclasses.replace(
            template, face_indices=template.face_indices[keep], barycentrics=template.barycentrics[keep]
        ),
        parameters=type(parameters)(
            **{field.name: getattr(parameters, field.name)[keep] for field in dataclasses.fields(parameters)}
        ),
        groups=dataclasses.replace(avatar.groups, indices=avatar.groups.indices[keep]),
    )
    write_rigged_ply(tmp_path / "rigged.ply", thinned, select(posed, keep))
    assert_same(thinned, read_ply(tmp_path / "rigged.ply"))


def test_a_plain_reader_opens_a_rigged_file(avatar, posed, tmp_path):
    write_rigged_ply(tmp_path / "rigged.ply", avatar, posed)
    theirs = by_the_papers_layout(tmp_path / "rigged.ply")
    assert_same_picture(posed, theirs, camera_on(posed), camera_on(posed))
    lines = (tmp_path / "rigged.ply").read_bytes().split(b"end_header\n")[0].decode("ascii").splitlines()
    assert lines[2] == f"element vertex {len(posed)}"
    assert [line.split()[-1] for line in lines[3:65]] == NAMES
    assert max(map(len, lines)) < 1000
    assert sum(line.startswith("element") for line in lines) == 1


@pytest.fixture(scope="module")
def rigged_bytes(avatar, posed, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("rigged") / "good.ply"
    write_rigged_ply(path, avatar, posed)
    return path.read_bytes()


def with_bad_value(data: bytes, name: str, value) -> bytes:
    """The first row's `name` replaced."""
    header, rows = data.split(b"end_header\n", 1)
    lines = [line.split() for line in header.decode().splitlines() if line.startswith("property")]
    offset = 4 * [line[2] for line in lines].index(name)
    kind = {"float": "<f4", "int": "<i4"}[next(line[1] for line in lines if line[2] == name)]
    rows = rows[:offset] + np.array(value, kind).tobytes() + rows[offset + 4 :]
    return header + b"end_header\n" + rows


BAD_RIGS = {
    "newer": (lambda d: d.replace(b'{"version":1', b'{"version":9'), "newer than this program"),
    "version 0": (lambda d: d.replace(b'{"version":1', b'{"version":0'), "version"),
    "no JSON": (lambda d: d.replace(b"comment nlfgs-studio rig {", b"comment nlfgs-studio rig ["), "damaged"),
    "no comments": (lambda d: d.replace(b"comment nlfgs-studio rig ", b"comment nlfgs-studio was "), "damaged"),
    "missing key": (lambda d: d.replace(b'"k":', b'"l":'), "'k'"),
    "unknown body": (lambda d: d.replace(b'"source":"smplx"', b'"source":"other"'), "known kind"),
    "missing property": (lambda d: d.replace(b"rig_offset_1", b"rig_outset_1"), "rig_offset_1"),
    "no integers": (lambda d: d.replace(b"property int rig_face", b"property float rig_face"), "no integers"),
    "many faces": (lambda d: d.replace(b'"num_faces":2484', b'"num_faces":999999999'), "damaged"),
    "fewer faces": (lambda d: d.replace(b'"num_faces":2484', b'"num_faces":2483'), "does not exist"),
    "NaN offset": (lambda d: with_bad_value(d, "rig_offset_0", np.nan), "not finite"),
    "NaN colour": (lambda d: with_bad_value(d, "f_rest_3", np.nan), "not finite"),
    "face beyond": (lambda d: with_bad_value(d, "rig_face", 2484), "does not exist"),
    "negative vertex": (lambda d: with_bad_value(d, "rig_vertex_1", -1), "does not exist"),
    "group beyond": (lambda d: with_bad_value(d, "rig_group", 3), "no name"),
    "negative group": (lambda d: with_bad_value(d, "rig_group", -1), "no name"),
    "groups without names": (lambda d: d.replace(b'"groups":', b'"troops":'), "'groups'"),
    "names without groups": (lambda d: d.replace(b"int rig_group", b"int rig_troop"), "rig_group"),
    "contradiction": (lambda d: with_bad_value(d, "rig_vertex_1", 7), "disagree"),
}


@pytest.mark.parametrize("name", BAD_RIGS)
def test_bad_rigs_are_refused_in_words(rigged_bytes, tmp_path, name):
    damage, words = BAD_RIGS[name]
    damaged = damage(rigged_bytes)
    assert damaged != rigged_bytes
    (tmp_path / "bad.ply").write_bytes(damaged)
    with pytest.raises(StudioError, match=words) as caught:
        read_ply(tmp_path / "bad.ply")
    assert "bad.ply" in caught.value.message


def test_gaussians_of_another_avatar_are_a_bad_call(avatar, tmp_path):
    with pytest.raises(ValueError, match="belong"):
        write_rigged_ply(
            tmp_path / "x.ply",
            avatar,
            Gaussians(
                means=torch.zeros(1, 3), covariances=torch.ones(1, 6), opacities=torch.ones(1), sh=torch.ones(1, 1, 3)
            ),
        )
