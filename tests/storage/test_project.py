"""Project files: what is written comes back bit by bit, what is bad is refused, and a kill leaves a whole file."""

from __future__ import annotations

import enum
import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core import paths
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.storage import project as project_module
from nlfgs_studio.core.storage.plain_values import PlainReader, to_plain
from nlfgs_studio.core.storage.project import MAX_MOTIONS, Project, read_project, write_project

NAME = "Ünïcødé 文件.nlfgs"


def motion_named(name: str, seed: int, *, frames: int = 5, face: bool = True) -> Motion:
    random = torch.Generator().manual_seed(seed)
    names = ("jawOpen", "smile left") if face else ()
    return Motion(
        name=name,
        fps=29.97,
        rotations=torch.randn(frames, 55, 3, generator=random),
        translation=torch.randn(frames, 3, generator=random),
        pelvis=torch.randn(3, generator=random),
        expression=torch.rand(frames, 2, generator=random) if face else None,
        expression_names=names,
        betas=torch.randn(10, generator=random) if face else None,
        camera=replace(OrbitCamera(yaw=0.3).camera(64, 48)) if face else None,
    )


def some_gaussians(*, rotated: bool) -> Gaussians:
    random = torch.Generator().manual_seed(3)
    return Gaussians(
        means=torch.randn(7, 3, generator=random),
        covariances=torch.rand(7, 6, generator=random),
        opacities=torch.rand(7, generator=random),
        sh=torch.randn(7, 9, 3, generator=random),
        sh_rotations_wxyz=torch.randn(7, 4, generator=random) if rotated else None,
    )


@pytest.fixture
def project(plain_body) -> Project:
    return Project(
        avatar=random_avatar(plain_body),
        motions=(motion_named("wave / 手", 1), motion_named("", 2, face=False)),
        values={"document": {"betas": [0.1, -2.5e-17, 3.0], "name": "Ü"}, "view": {"yaw": 1 / 3}, "empty": {}},
    )


@pytest.fixture
def stored(project, tmp_path) -> Path:
    write_project(tmp_path / NAME, project)
    return tmp_path / NAME


def assert_same(first: object, second: object) -> None:
    """All the way down, tensors bit by bit."""
    if isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype
        assert first.equal(second)
    elif is_dataclass(first):
        assert type(first) is type(second)
        for field in fields(first):
            assert_same(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, tuple):
        assert len(first) == len(second)
        for a, b in zip(first, second, strict=True):
            assert_same(a, b)
    else:
        assert first == second


def changed(path: Path, *, drop: str = "", header: dict | None = None, extra: dict[str, bytes] | None = None) -> Path:
    """The archive without an entry, or with another list of what it holds, or with more in it."""
    result = path.with_name("changed.nlfgs")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "project.json" and header is not None:
                data = json.dumps({**json.loads(data), **header}).encode()
            if name != drop and name not in (extra or {}):
                new.writestr(name, data)
        for name, data in (extra or {}).items():
            new.writestr(name, data, zipfile.ZIP_DEFLATED)
    return result


def test_an_avatar_with_motions_comes_back_bit_by_bit(project, stored):
    back = read_project(stored)
    assert_same(project, back)


@pytest.mark.parametrize("rotated", [True, False])
def test_gaussians_without_a_rig_come_back_bit_by_bit(tmp_path, rotated):
    project = Project(static=some_gaussians(rotated=rotated), values={"a": 1})
    write_project(tmp_path / "a.nlfgs", project)
    assert_same(project, read_project(tmp_path / "a.nlfgs"))


def test_the_same_project_gives_the_same_bytes(project, stored, tmp_path):
    write_project(tmp_path / "again.nlfgs", project)
    assert (tmp_path / "again.nlfgs").read_bytes() == stored.read_bytes()


def test_numpy_reads_a_project_without_pickles(stored, project):
    with np.load(stored, allow_pickle=False) as archive:
        assert archive["avatar/offsets"].tobytes() == project.avatar.parameters.offsets.numpy().tobytes()


def test_a_truncated_file_is_refused_wherever_it_ends(stored, tmp_path):
    whole = stored.read_bytes()
    for share in (0.0, 0.001, 0.3, 0.7, 0.99, 0.99999):
        half = tmp_path / "half.nlfgs"
        half.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(StudioError, match=r"half\.nlfgs"):
            read_project(half)


def test_flipped_bytes_are_refused_or_do_not_matter(stored, project, tmp_path):
    whole, chance = stored.read_bytes(), random.Random(0)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path = tmp_path / "flipped.nlfgs"
        path.write_bytes(damaged)
        try:
            back = read_project(path)
        except StudioError:
            continue
        assert_same(project, back)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", "damaged"),
        (b"[", "damaged"),
        (b"[]", "not a project"),
        (b"\xff\xfe", "damaged"),
        (b'{"format":"something else"}', "not a project"),
        (b'{"format":"nlfgs-studio project","version":2}', "newer"),
        (b'{"format":"nlfgs-studio project","version":0}', "never was"),
        (b'{"format":"nlfgs-studio project","version":true}', "never was"),
        (b'{"format":"nlfgs-studio project","version":1}', "damaged"),
        (
            b'{"format":"nlfgs-studio project","version":1,"avatar":1,"static":false,"motions":[],"values":{}}',
            "damaged",
        ),
        (b'{"format":"nlfgs-studio project","version":NaN}', "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"9" * 5000, "damaged"),
    ],
)
def test_a_list_of_contents_that_makes_no_sense_is_refused(stored, text, word):
    with pytest.raises(StudioError, match=word):
        read_project(changed(stored, extra={"project.json": text}))


def test_foreign_archives_are_no_projects(stored, tmp_path):
    np.savez(tmp_path / "foreign.npz", x=np.zeros(3))
    (tmp_path / "foreign.npz").rename(tmp_path / "foreign.nlfgs")
    (tmp_path / "text.nlfgs").write_text("hello")
    (tmp_path / "pickle.nlfgs").write_bytes(b"\x80\x04N.")
    for name in ("foreign.nlfgs", "text.nlfgs", "pickle.nlfgs", "absent.nlfgs", "."):
        with pytest.raises(StudioError) as refused:
            read_project(tmp_path / name)
        assert refused.value.hint


def test_missing_members_are_named(stored):
    for name in ("avatar/offsets.npy", "motions/1/poses.npy"):
        with pytest.raises(StudioError, match=r"offsets|motion"):
            read_project(changed(stored, drop=name))
    with pytest.raises(StudioError, match="means"):
        read_project(changed(stored, header={"static": True}))
    with pytest.raises(StudioError, match=f"{MAX_MOTIONS + 1} motions"):
        read_project(changed(stored, header={"motions": ["m"] * (MAX_MOTIONS + 1)}))


def test_what_swells_is_refused_before_it_is_unpacked(stored, monkeypatch):
    monkeypatch.setattr(project_module, "MAX_PLAIN_BYTES", 1 << 20)
    bomb = changed(stored, extra={"project.json": b" " * (8 << 20)})
    assert bomb.stat().st_size < stored.stat().st_size + 20_000
    with pytest.raises(StudioError, match="claims 8 MB"):
        read_project(bomb)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 3)})
    with pytest.raises(StudioError, match="offsets"):
        read_project(changed(stored, extra={"avatar/offsets.npy": header.getvalue()}))


def test_what_could_not_be_opened_again_is_not_written(project, stored, tmp_path):
    before = stored.read_bytes()
    broken = replace(project.motions[0], translation=torch.full((5, 3), torch.nan))
    for bad in (
        replace(project, motions=(broken,)),
        replace(project, values={"x": float("inf")}),
        replace(project, motions=project.motions * MAX_MOTIONS),
    ):
        with pytest.raises(ValueError, match=r"finite|motions|JSON"):
            write_project(stored, bad)
    assert stored.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("step", ["_write_archive", "fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_file(project, stored, tmp_path, monkeypatch, number, step):
    before = stored.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    if step == "_write_archive":
        monkeypatch.setattr(project_module, step, fail)
    elif step == "fsync":
        monkeypatch.setattr(paths.os, step, fail)
    else:
        monkeypatch.setattr(paths.Path, step, fail)
    with pytest.raises(StudioError, match="cannot write"):
        write_project(stored, replace(project, motions=()))
    assert stored.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


SAVE_FOR_EVER = """
import sys, torch
from pathlib import Path
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.storage.project import Project, write_project

def project(value):
    n = 200_000
    full = lambda *shape: torch.full((n, *shape), value)
    static = Gaussians(means=full(3), covariances=full(6), opacities=full(), sh=full(1, 3))
    return Project(static=static, values={"value": value})

first, second = project(1.0), project(2.0)
write_project(Path(sys.argv[1]), first)
print("ready", flush=True)
while True:
    write_project(Path(sys.argv[1]), second)
    write_project(Path(sys.argv[1]), first)
"""


def test_a_kill_at_any_moment_of_a_save_leaves_a_whole_file(tmp_path):
    path, chance = tmp_path / "a.nlfgs", random.Random(1)
    found, interrupted = set(), 0
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", SAVE_FOR_EVER, str(path)], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        back = read_project(path)
        value = back.values["value"]
        assert float(back.static.sh.amin()) == float(back.static.means.amax()) == value
        found.add(value)
        leftovers = [other for other in tmp_path.iterdir() if other != path]
        interrupted += bool(leftovers)
        for other in leftovers:
            other.unlink()
    assert found <= {1.0, 2.0}
    assert interrupted, "no kill fell into a save: the test says nothing"


class Easing(enum.Enum):
    LINEAR = "linear"
    SMOOTH = "smooth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    seconds: float
    values: tuple[float, ...]
    easing: Easing = Easing.LINEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    start: float
    motion: Motion
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    tracks: tuple[Key | Clip, ...] = ()
    pair: tuple[int, str] = (0, "")
    kind: Literal["a", "b"] = "a"
    maybe: float | None = None
    named: dict[str, tuple[float, float]] | None = None
    flag: bool = False


def round_trip(value: Everything) -> Everything:
    motions: list[Motion] = []

    def number(motion: Motion) -> int:
        motions.append(motion)
        return len(motions) - 1

    plain = json.loads(json.dumps(to_plain(value, {Motion: number})))
    return PlainReader({Motion: lambda index: motions[index]}, {}).read(Everything, plain, "it")


def test_plain_values_of_all_kinds_come_back(project):
    value = Everything(
        tracks=(
            Key(seconds=0.1 + 0.2, values=(1e-300, -0.0, 3.0), easing=Easing.SMOOTH),
            Clip(start=1.0, motion=project.motions[0], path=Path("/tmp/ü 文.npz")),
            Clip(start=2.0, motion=project.motions[1]),
        ),
        pair=(7, "x"),
        kind="b",
        maybe=2.0,
        named={"ü": (1.0, 2.0)},
        flag=True,
    )
    assert round_trip(value) == value
    assert round_trip(Everything()) == Everything()


def test_a_field_that_is_new_takes_its_default_and_one_that_is_unknown_is_noted():
    reader = PlainReader({}, {})
    assert reader.read(Key, {"seconds": 1, "values": [], "colour": 3}, "key") == Key(seconds=1.0, values=())
    assert reader.unknown == {"key.colour"}


@pytest.mark.parametrize(
    ("plain", "word"),
    [
        ({"flag": 1}, "it.flag"),
        ({"pair": [1]}, "1 parts"),
        ({"pair": [1.5, ""]}, r"it.pair\[0\]"),
        ({"kind": "c"}, "it.kind"),
        ({"kind": ["a"]}, "it.kind"),
        ({"maybe": "2"}, "it.maybe"),
        ({"maybe": 10**400}, "it.maybe"),
        ({"tracks": {}}, "it.tracks"),
        ({"tracks": [{"seconds": 1.0}]}, "no values"),
        ({"tracks": [{"seconds": 1.0, "values": [], "easing": "BOUNCE"}]}, "easing"),
        ({"named": {"a": [1.0]}}, "it.named.a"),
        ([], "it is"),
    ],
)
def test_plain_values_that_do_not_fit_are_refused(plain, word):
    with pytest.raises(ValueError, match=word):
        PlainReader({Motion: lambda index: index}, {}).read(Everything, plain, "it")


def test_what_is_not_plain_is_a_wrong_call():
    for value in (torch.zeros(3), [1.0], {1: "a"}, object()):
        with pytest.raises(TypeError):
            to_plain(value, {})
    with pytest.raises(ValueError, match="finite"):
        to_plain((1.0, float("nan")), {})
