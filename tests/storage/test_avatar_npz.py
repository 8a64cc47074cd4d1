"""Avatar files give back every bit; what is damaged, foreign, newer or hostile is refused in words."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from avatars import bent_pose, random_avatar
from nlfgs_studio.core.avatar.avatar import Avatar, Groups
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.storage.avatar_npz import MAX_GAUSSIANS, avatar_arrays, read_avatar, write_avatar
from nlfgs_studio.core.storage.gaussian_ply import read_ply, write_rigged_ply


@pytest.fixture(scope="module")
def avatar(plain_body) -> Avatar:
    return random_avatar(plain_body)


@pytest.fixture(scope="module")
def saved_arrays(avatar, tmp_path_factory) -> dict[str, np.ndarray]:
    path = tmp_path_factory.mktemp("avatar") / "avatar.npz"
    write_avatar(path, avatar)
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def bits(avatar: Avatar) -> dict[str, object]:
    """Everything in an avatar, tensors as bytes."""

    def flat(value, prefix=""):
        if isinstance(value, torch.Tensor):
            yield prefix, (value.dtype, tuple(value.shape), value.contiguous().numpy().tobytes())
        elif dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                yield from flat(getattr(value, field.name), f"{prefix}.{field.name}")
        else:
            yield prefix, value

    return dict(flat(avatar))


def test_every_bit_comes_back(avatar, tmp_path):
    offsets = avatar.parameters.offsets.clone()
    offsets[0] = torch.tensor([-0.0, 1e-42, 3.4e38])
    avatar = dataclasses.replace(avatar, parameters=dataclasses.replace(avatar.parameters, offsets=offsets))
    write_avatar(tmp_path / "a.npz", avatar)
    again = read_avatar(tmp_path / "a.npz")
    assert bits(again) == bits(avatar)
    write_avatar(tmp_path / "b.npz", again)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_any_name_of_the_file_will_do(avatar, tmp_path):
    write_avatar(tmp_path / "without_ending", avatar)
    assert bits(read_avatar(tmp_path / "without_ending")) == bits(avatar)


def test_an_avatar_without_shells_and_betas(avatar, tmp_path):
    bare = dataclasses.replace(
        avatar, betas=torch.zeros(0), template=dataclasses.replace(avatar.template, worn_shells=())
    )
    write_avatar(tmp_path / "a.npz", bare)
    assert bits(read_avatar(tmp_path / "a.npz")) == bits(bare)


def grouped(avatar: Avatar) -> Avatar:
    indices = torch.arange(len(avatar.parameters)) % 2
    return dataclasses.replace(avatar, groups=Groups(names=("haut", "髪"), indices=indices))


def test_groups_come_back_and_older_files_have_none(avatar, tmp_path):
    write_avatar(tmp_path / "a.npz", grouped(avatar))
    assert bits(read_avatar(tmp_path / "a.npz")) == bits(grouped(avatar))
    write_avatar(tmp_path / "b.npz", avatar)
    assert read_avatar(tmp_path / "b.npz").groups is None


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {key: value for key, value in arrays.items() if key != "group_names"},
        lambda arrays: {key: value for key, value in arrays.items() if key != "group_indices"},
        lambda arrays: arrays | {"group_indices": arrays["group_indices"] + 1},
        lambda arrays: arrays | {"group_indices": arrays["group_indices"] - 1},
        lambda arrays: arrays | {"group_indices": arrays["group_indices"][:-1]},
    ],
)
def test_groups_that_make_no_sense_are_refused(avatar, tmp_path, change):
    np.savez(tmp_path / "a.npz", **change(avatar_arrays(grouped(avatar))))
    with pytest.raises(StudioError):
        read_avatar(tmp_path / "a.npz")


def test_rigged_ply_to_npz_is_the_avatar(plain_body, avatar, tmp_path):
    posed = Pipeline(plain_body).gaussians(avatar, avatar.betas, bent_pose(plain_body))
    write_rigged_ply(tmp_path / "a.ply", avatar, posed, up="z")
    from_ply = read_ply(tmp_path / "a.ply")
    assert not isinstance(from_ply, Gaussians)
    write_avatar(tmp_path / "a.npz", from_ply)
    ours, theirs = bits(avatar), bits(read_avatar(tmp_path / "a.npz"))
    sh, sh_again = (np.frombuffer(values.pop(".parameters.sh")[2], np.float32) for values in (ours, theirs))
    assert ours == theirs
    assert np.allclose(sh, sh_again, atol=1e-5)


def test_the_body_need_not_be_at_hand(avatar, tmp_path, monkeypatch, home):
    """Reading asks for no body: an avatar made on a licensed one opens on a machine without it."""
    monkeypatch.delenv("NLFGS_SMPLX_MODEL", raising=False)
    write_avatar(tmp_path / "a.npz", avatar)
    assert read_avatar(tmp_path / "a.npz").body == avatar.body


@pytest.mark.parametrize("name", ["offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh"])
def test_what_could_not_be_read_again_is_not_written(avatar, tmp_path, name):
    broken = getattr(avatar.parameters, name).clone()
    broken.view(-1)[5] = float("nan")
    (tmp_path / "a.npz").write_bytes(b"older")
    with pytest.raises(ValueError, match=name):
        write_avatar(
            tmp_path / "a.npz",
            dataclasses.replace(avatar, parameters=dataclasses.replace(avatar.parameters, **{name: broken})),
        )
    assert (tmp_path / "a.npz").read_bytes() == b"older"


def test_a_failed_write_leaves_the_older_file(avatar, tmp_path, monkeypatch):
    write_avatar(tmp_path / "a.npz", avatar)
    before = (tmp_path / "a.npz").read_bytes()

    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(StudioError, match="disk is full"):
        write_avatar(tmp_path / "a.npz", avatar)
    assert (tmp_path / "a.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


# What is refused


def changed(name: str, value):
    return lambda arrays: arrays | {name: value(arrays[name])}


def without(name: str):
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


def with_nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.reshape(-1)[-1] = np.nan
    return array


KEYS = (
    *("format", "version", "name", "body_source", "body_name", "body_fingerprint", "betas", "faces", "face_indices"),
    *("barycentrics", "worn_shells", "k", "offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh"),
    "provenance",
)

BAD = {
    **{f"no {key}": (without(key), f"no array '{key}'") for key in KEYS},
    **{
        f"NaN in {key}": (changed(key, with_nan), f"'{key}'.* not finite")
        for key in ("betas", "barycentrics", "offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh")
    },
    "newer": (changed("version", lambda v: v + 1), "version 2, newer than this program"),
    "version 0": (changed("version", lambda v: v - 1), "version 0"),
    "version as text": (changed("version", lambda _: np.array("1")), "'version'.* type"),
    "another format": (changed("format", lambda _: np.array("something else")), "not an avatar"),
    "integers for numbers": (changed("offsets", lambda v: v.astype(np.int32)), "'offsets'.* type"),
    "numbers for integers": (changed("faces", lambda v: v.astype(np.float32)), "'faces'.* type"),
    "objects": (changed("name", lambda _: np.array({"a": 1}, dtype=object)), "Python objects"),
    "fewer rows": (changed("sh", lambda v: v[:-1]), "'sh'.* shape"),
    "strange SH": (changed("sh", lambda v: v[:, :7]), "'sh'.* shape"),
    "two dimensions": (changed("log_scales", lambda v: v[:, :2]), "'log_scales'.* shape"),
    "no Gaussians": (
        lambda arrays: {
            key: value[:0] if value.ndim and len(value) == len(arrays["face_indices"]) else value
            for key, value in arrays.items()
        },
        "no Gaussians",
    ),
    "face beyond": (changed("face_indices", lambda v: v + 10**6), "faces that do not exist"),
    "face before": (changed("face_indices", lambda v: v - 1), "faces that do not exist"),
    "vertex beyond": (changed("faces", lambda v: v + 2**40), "vertices that cannot be"),
    "vertex before": (changed("faces", lambda v: v - 1), "vertices that cannot be"),
    "k of 0": (changed("k", lambda v: v * 0), "on a face"),
    "unknown body": (changed("body_source", lambda _: np.array("elsewhere")), "known kind"),
    "provenance": (changed("provenance", lambda _: np.array("{")), "provenance"),
    "provenance of another kind": (changed("provenance", lambda _: np.array(json.dumps([1]))), "provenance"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_avatars_are_refused_in_words(saved_arrays, tmp_path, name):
    change, words = BAD[name]
    np.savez(tmp_path / "bad.npz", **change(saved_arrays))
    with pytest.raises(StudioError, match=words) as caught:
        read_avatar(tmp_path / "bad.npz")
    assert "bad.npz" in caught.value.message
    assert caught.value.hint


def test_a_newer_version_says_so_before_anything_else(tmp_path):
    """Whatever else a later version changes."""
    np.savez(tmp_path / "new.npz", format=np.array("nlfgs-studio avatar"), version=np.array(7))
    with pytest.raises(StudioError, match="version 7") as caught:
        read_avatar(tmp_path / "new.npz")
    assert "update" in caught.value.hint


def test_other_archives_are_no_avatars(tmp_path):
    np.savez(tmp_path / "motion.npz", poses=np.zeros((3, 165)))
    with pytest.raises(StudioError, match=r"motion\.npz"):
        read_avatar(tmp_path / "motion.npz")


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"no archive", b"PK\x03\x04", pickle.dumps({"a": 1})])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(StudioError, match=r"bad\.npz"):
        read_avatar(tmp_path / "bad.npz")


def test_every_cut_is_refused(avatar, tmp_path):
    write_avatar(tmp_path / "whole.npz", avatar)
    data = (tmp_path / "whole.npz").read_bytes()
    for part in range(40):
        (tmp_path / "cut.npz").write_bytes(data[: len(data) * part // 40])
        with pytest.raises(StudioError, match=r"cut\.npz"):
            read_avatar(tmp_path / "cut.npz")


def test_flipped_bytes_never_crash_or_pass_unseen(avatar, tmp_path):
    """Each array carries a checksum, so damage is found; the names and sizes around them may not say what is wrong."""
    write_avatar(tmp_path / "whole.npz", avatar)
    data = (tmp_path / "whole.npz").read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(0, len(data), 60):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        (tmp_path / "damaged.npz").write_bytes(bytes(damaged))
        try:
            again = read_avatar(tmp_path / "damaged.npz")
        except StudioError:
            continue
        assert bits(again) == bits(avatar)  # the damage hit a byte that means nothing, such as a date


def test_absent_files_and_folders_are_refused(tmp_path):
    with pytest.raises(StudioError, match="no such file"):
        read_avatar(tmp_path / "absent.npz")
    with pytest.raises(StudioError, match="folder"):
        read_avatar(tmp_path)


def archive_with(path, arrays: dict[str, np.ndarray], name: str, data: bytes) -> None:
    """The avatar's archive, packed, with one member replaced by these bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(f"{key}.npy", data if key == name else member.getvalue())


def header(shape: tuple[int, ...], kind: str = "<f4") -> bytes:
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": kind, "fortran_order": False, "shape": shape})
    return member.getvalue()


HOSTILE = {
    "claims more than there is": header((MAX_GAUSSIANS, 3)),
    "claims terabytes": header((10**12, 3)),
    "claims more than a number holds": header((2**62, 3)),
    "swells behind its claim": header((4968, 3)) + bytes(64 << 20),
    "swells and says so": header((4968, 3 << 20)) + bytes(64 << 20),
}


def test_hostile_archives_cost_no_memory(saved_arrays, tmp_path):
    """Read in a process of its own, whose peak memory the system keeps."""
    pytest.importorskip("resource", reason="memory is measured where the system tells it")
    for index, data in enumerate(HOSTILE.values()):
        archive_with(tmp_path / f"hostile{index}.npz", saved_arrays, "offsets", data)
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from nlfgs_studio.core.storage.avatar_npz import read_avatar\n"
        "from nlfgs_studio.core.errors import StudioError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n        read_avatar(Path(path))\n"
        "    except StudioError as error:\n        print('offsets' in error.message)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", program, *map(str, sorted(tmp_path.iterdir()))]
    *named, grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert named == ["True"] * len(HOSTILE)
    assert int(grown) < 50_000  # kilobytes
