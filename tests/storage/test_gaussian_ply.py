"""Splat files: the layout is that of 3DGS to the byte, and what another reader gets out of it is the same picture."""

from __future__ import annotations

import dataclasses
import logging
import subprocess
import sys

import numpy as np
import plyfile
import pytest
import torch
from avatars import bent_pose, random_avatar
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.storage.gaussian_ply import read_ply, write_ply
from splats import NAMES, assert_same_picture, by_the_papers_layout, camera_on, turned


@pytest.fixture(scope="module")
def avatar(plain_body) -> Avatar:
    return random_avatar(plain_body)


@pytest.fixture(scope="module")
def posed(plain_body, avatar) -> Gaussians:
    return Pipeline(plain_body).gaussians(avatar, avatar.betas, bent_pose(plain_body))


@pytest.mark.parametrize("up", ["y", "-y", "z"])
def test_another_reader_sees_the_same_picture(posed, tmp_path, up):
    write_ply(tmp_path / "posed.ply", posed, up=up)
    theirs = by_the_papers_layout(tmp_path / "posed.ply")
    assert_same_picture(posed, theirs, camera_on(posed), turned(camera_on(posed), up))


@pytest.mark.parametrize(("up", "axis", "sign"), [("y", 1, 1), ("-y", 1, -1), ("z", 2, 1)])
def test_up_points_where_it_is_told(posed, tmp_path, up, axis, sign):
    write_ply(tmp_path / "posed.ply", posed, up=up)
    means = by_the_papers_layout(tmp_path / "posed.ply").means
    assert torch.allclose(sign * means[:, axis], posed.means[:, 1], atol=1e-6)
    assert torch.allclose(means[:, 0], posed.means[:, 0], atol=1e-6)


def test_layout_is_that_of_3dgs(posed, tmp_path):
    write_ply(tmp_path / "plain.ply", posed)
    data = (tmp_path / "plain.ply").read_bytes()
    header, rows = data.split(b"end_header\n", 1)
    assert header.decode().splitlines() == [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(posed)}",
        *(f"property float {name}" for name in NAMES),
    ]
    assert len(rows) == 248 * len(posed)


def test_a_fixed_struct_reader_can_read_it(posed, tmp_path):
    """As SIBR does: the third line counts, then rows of 62 floats from the end of the header on."""
    write_ply(tmp_path / "plain.ply", posed)
    with (tmp_path / "plain.ply").open("rb") as file:
        count = int([file.readline() for _ in range(3)][2].split()[2])
        while file.readline() != b"end_header\n":
            pass
        rows = np.fromfile(file, "<f4").reshape(count, 62)
    assert np.array_equal(rows[:, :3], posed.means.numpy())
    assert not rows[:, 3:6].any()


def test_our_reader_agrees_with_the_other(posed, tmp_path):
    write_ply(tmp_path / "posed.ply", posed)
    ours, theirs = read_ply(tmp_path / "posed.ply"), by_the_papers_layout(tmp_path / "posed.ply")
    assert isinstance(ours, Gaussians)
    for name in ("means", "covariances", "opacities", "sh"):
        assert torch.allclose(getattr(ours, name), getattr(theirs, name), atol=1e-6), name
    assert ours.sh_rotations_wxyz is None


def test_sheared_kernels_survive(tmp_path):
    """A covariance is written exactly, whatever made it."""
    random = torch.Generator().manual_seed(3)
    maps = 0.02 * torch.randn(50, 3, 3, generator=random)
    matrices = maps @ maps.transpose(1, 2)
    upper = torch.triu_indices(3, 3)
    sheared = Gaussians(
        means=torch.randn(50, 3, generator=random),
        covariances=matrices[:, upper[0], upper[1]].contiguous(),
        opacities=torch.rand(50, generator=random),
        sh=torch.randn(50, 4, 3, generator=random),
    )
    write_ply(tmp_path / "sheared.ply", sheared)
    again = by_the_papers_layout(tmp_path / "sheared.ply")
    assert torch.allclose(again.covariances, sheared.covariances, rtol=1e-4, atol=1e-9)
    assert torch.allclose(again.opacities, sheared.opacities, atol=1e-6)
    assert torch.equal(again.sh[:, :4], sheared.sh)
    assert not again.sh[:, 4:].any()


def test_extremes_stay_finite(tmp_path):
    flat = Gaussians(
        means=torch.zeros(2, 3),
        covariances=torch.tensor([[1e-4, 0, 0, 1e-4, 0, 0], [0.0] * 6]),
        opacities=torch.tensor([0.0, 1.0]),
        sh=torch.zeros(2, 1, 3),
    )
    write_ply(tmp_path / "flat.ply", flat)
    again = read_ply(tmp_path / "flat.ply")
    assert torch.allclose(again.opacities, flat.opacities, atol=1e-6)
    assert torch.allclose(again.covariances, flat.covariances, atol=1e-9)


@pytest.mark.parametrize("trouble", ["nan", "empty"])
def test_what_cannot_be_drawn_is_not_written(posed, tmp_path, trouble):
    bad = dataclasses.replace(posed, means=posed.means * float("nan"))
    if trouble == "empty":
        bad = Gaussians(
            means=torch.zeros(0, 3), covariances=torch.zeros(0, 6), opacities=torch.zeros(0), sh=torch.zeros(0, 1, 3)
        )
    with pytest.raises(ValueError, match="finite"):
        write_ply(tmp_path / "bad.ply", bad)
    assert not list(tmp_path.iterdir())


def test_unknown_up_is_refused(posed, tmp_path):
    with pytest.raises(StudioError, match="no axis"):
        write_ply(tmp_path / "x.ply", posed, up="x")


# Foreign files


def foreign(path, names, rows, *, byte_order="<", text=False, comments=()):
    """A file as another program writes it, by plyfile."""
    table = np.zeros(len(rows), [(name, "f4") for name in names])
    for index, name in enumerate(names):
        table[name] = rows[:, index]
    element = plyfile.PlyElement.describe(table, "vertex")
    plyfile.PlyData([element], text=text, byte_order=byte_order, comments=list(comments)).write(str(path))


@pytest.mark.parametrize(("degree", "num_rest"), [(0, 0), (1, 9), (2, 24), (3, 45)])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_foreign_files_open(tmp_path, degree, num_rest, byte_order):
    """Fewer bands, another order of properties, further properties, comments first, no normals."""
    random = np.random.default_rng(degree)
    names = [f"f_rest_{i}" for i in range(num_rest)] + NAMES[54:] + ["f_dc_2", "f_dc_1", "f_dc_0", "red", "z", "y", "x"]
    rows = random.normal(size=(20, len(names))).astype(np.float32)
    foreign(tmp_path / "foreign.ply", names, rows, byte_order=byte_order, comments=["made elsewhere"])
    column = dict(zip(names, rows.T, strict=True))
    gaussians = read_ply(tmp_path / "foreign.ply")
    assert gaussians.sh_degree == degree
    assert np.array_equal(gaussians.means.numpy(), np.stack([column["x"], column["y"], column["z"]], 1))
    assert np.allclose(gaussians.opacities.numpy(), 1 / (1 + np.exp(-column["opacity"])), atol=1e-6)
    assert np.array_equal(gaussians.sh[:, 0].numpy(), np.stack([column[f"f_dc_{i}"] for i in range(3)], 1))
    for channel in range(3 if num_rest else 0):
        for band in range(num_rest // 3):
            expected = column[f"f_rest_{channel * (num_rest // 3) + band}"]
            assert np.array_equal(gaussians.sh[:, 1 + band, channel].numpy(), expected)


def test_gaussians_that_are_not_finite_are_left_out_with_a_word(tmp_path, caplog):
    rows = np.random.default_rng(0).normal(size=(10, 62)).astype(np.float32)
    rows[3, 0], rows[5, 55], rows[7, 20] = np.nan, 200.0, np.inf
    foreign(tmp_path / "holes.ply", NAMES, rows)
    with caplog.at_level(logging.WARNING):
        gaussians = read_ply(tmp_path / "holes.ply")
    assert np.array_equal(gaussians.means.numpy(), np.delete(rows[:, :3], [3, 5, 7], axis=0))
    assert "3 of 10" in caplog.text


def plain_bytes(tmp_path) -> bytes:
    foreign(tmp_path / "good.ply", NAMES, np.zeros((4, 62), np.float32))
    return (tmp_path / "good.ply").read_bytes()


BAD = {
    "empty": (lambda data: data[:0], "is empty"),
    "not a PLY": (lambda data: b"PK" + data, "not a PLY"),
    "cut in the header": (lambda data: data[:100], "truncated"),
    "cut in the rows": (lambda data: data[:-1], "claims"),
    "no end of header": (lambda data: data.replace(b"end_header\n", b""), "not PLY|truncated"),
    "gigabytes": (lambda data: data.replace(b"vertex 4", b"vertex 4000000000"), "claims 992,000,000,000 bytes"),
    "absurd number": (lambda data: data.replace(b"vertex 4", b"vertex 4" + b"0" * 400), "not PLY"),
    "negative number": (lambda data: data.replace(b"vertex 4", b"vertex -4"), "not PLY"),
    "ascii": (lambda data: data.replace(b"binary_little_endian", b"ascii"), "ASCII"),
    "unknown format": (
        lambda data: data.replace(b"binary_little_endian", b"binary_middle_endian"),
        "unknown PLY format",
    ),
    "no format": (lambda data: data.replace(b"format binary_little_endian 1.0\n", b""), "does not say its format"),
    "unknown type": (lambda data: data.replace(b"float x", b"quad x"), "not PLY"),
    "list": (lambda data: data.replace(b"property float nx", b"property list uchar int nx"), "not a table"),
    "twice": (lambda data: data.replace(b"float nx", b"float ny"), "not a table"),
    "no vertices": (lambda data: data.replace(b"element vertex", b"element corner"), "no vertices"),
    "list before": (
        lambda data: data.replace(b"element vertex", b"element face 1\nproperty list uchar int i\nelement vertex"),
        "lists before",
    ),
    "none": (lambda data: data.replace(b"vertex 4", b"vertex 0"), "no Gaussians"),
    "a mesh": (lambda data: data.replace(b"opacity", b"quality"), "no opacity"),
    "compressed": (lambda data: data.replace(b"f_dc_0", b"packed_color"), "compressed"),
    "half a band": (lambda data: data.replace(b"f_rest_44", b"other_44"), "44 f_rest"),
    "a gap": (lambda data: data.replace(b"f_rest_7\n", b"f_rest_99\n"), "45 f_rest"),
    "all NaN": (lambda data: data[:-992] + b"\xff" * 992, "no Gaussian in bad.ply is finite"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_words(tmp_path, name):
    damage, words = BAD[name]
    data = plain_bytes(tmp_path)
    damaged = damage(data)
    assert damaged != data
    (tmp_path / "bad.ply").write_bytes(damaged)
    with pytest.raises(StudioError, match=words) as caught:
        read_ply(tmp_path / "bad.ply")
    assert "bad.ply" in caught.value.message
    assert caught.value.hint


def test_absent_files_and_folders_are_refused(tmp_path):
    with pytest.raises(StudioError, match="no such file"):
        read_ply(tmp_path / "absent.ply")
    with pytest.raises(StudioError, match="folder"):
        read_ply(tmp_path)


def test_every_cut_is_refused(tmp_path):
    data = plain_bytes(tmp_path)
    for length in range(0, len(data), 97):
        (tmp_path / "cut.ply").write_bytes(data[:length])
        with pytest.raises(StudioError):
            read_ply(tmp_path / "cut.ply")


def test_a_claim_of_gigabytes_costs_no_memory(tmp_path):
    """In a process of its own, whose peak memory the system keeps."""
    pytest.importorskip("resource", reason="memory is measured where the system tells it")
    data = plain_bytes(tmp_path).replace(b"vertex 4", b"vertex 400000000")
    (tmp_path / "huge.ply").write_bytes(data)
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from nlfgs_studio.core.storage.gaussian_ply import read_ply\n"
        "from nlfgs_studio.core.errors import StudioError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_ply(Path(sys.argv[1]))\n"
        "except StudioError:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "huge.ply")]
    grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(grown) < 50_000  # kilobytes
