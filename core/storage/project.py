"""Project files, version 1: all that a person works on, in one file that is written whole or not at all.

`NAME.nlfgs` is a zip archive that numpy reads too: `project.json` says what there is and holds everything that is
plain; the avatar lies in `avatar/`, Gaussians without a rig in `static/`, motions in `motions/0/`, `motions/1/` and so
on, one `.npy` an array as in the files of their own. What the plain values mean is the caller's.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from ..avatar.avatar import Avatar
from ..body.motion import Motion
from ..errors import StudioError
from ..gaussians import Gaussians
from ..geometry.spherical_harmonics import MAX_DEGREE
from ..npz import ArraySpecification, Shape, read_arrays, read_text
from ..paths import atomic_write
from .avatar_npz import MAX_GAUSSIANS, avatar_arrays, read_avatar
from .motion_npz import motion_arrays, read_motion
from .plain_values import Json

SUFFIX = ".nlfgs"
FORMAT = "nlfgs-studio project"
VERSION = 1

MAX_MOTIONS = 256
MAX_PLAIN_BYTES = 64 << 20
"""Of `project.json`, unpacked: twenty thousand key poses."""

_HINT = "open a project that this program saved"
_PLAIN, _AVATAR, _STATIC = "project.json", "avatar/", "static/"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Project:
    """What a project file holds; `values` are its plain parts by the name of what they belong to."""

    avatar: Avatar | None = None
    static: Gaussians | None = None
    motions: tuple[Motion, ...] = ()
    """`values` refer to them by their number."""
    values: Mapping[str, Json] = field(default_factory=dict)


def write_project(path: Path, project: Project) -> None:
    """Write a project; an older file of that name is replaced only when the new one is whole.

    Raises:
        StudioError: the place cannot be written to.
        ValueError: a number is not finite, or there are too many motions: such a file could not be opened again.
    """
    arrays: dict[str, np.ndarray] = {}
    if project.avatar is not None:
        arrays |= _in_folder(_AVATAR, avatar_arrays(project.avatar))
    if project.static is not None:
        arrays |= _in_folder(_STATIC, _static_arrays(project.static))
    for index, motion in enumerate(project.motions):
        arrays |= _in_folder(_motion_folder(index), motion_arrays(motion))
    if len(project.motions) > MAX_MOTIONS:
        raise ValueError(f"a project holds {MAX_MOTIONS} motions, not {len(project.motions)}")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")
    header = {
        "format": FORMAT,
        "version": VERSION,
        "avatar": project.avatar is not None,
        "static": project.static is not None,
        "motions": [motion.name for motion in project.motions],
        "values": dict(project.values),
    }
    text = json.dumps(header, allow_nan=False, separators=(",", ":"))
    with atomic_write(Path(path)) as temporary, temporary.open("wb") as file:
        _write_archive(file, text.encode("utf-8"), arrays)


def _in_folder(folder: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {folder + name: array for name, array in arrays.items()}


def _motion_folder(index: int) -> str:
    return f"motions/{index}/"


def _write_archive(file: IO[bytes], text: bytes, arrays: Mapping[str, np.ndarray]) -> None:
    """Without the time of day, so that the same project gives the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        plain = zipfile.ZipInfo(_PLAIN)
        plain.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(plain, text)
        for name, array in arrays.items():
            # Stored as it is: packing numbers costs seconds and saves little.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_project(path: Path) -> Project:
    """The project in a file; nothing is unpickled, nothing larger than makes sense is read.

    Raises:
        StudioError: the file is damaged, no project, of a newer version, or a part of it is missing.
    """
    path = Path(path)
    header = _header(path)
    has_avatar, has_static = header.get("avatar"), header.get("static")
    names, values = header.get("motions"), header.get("values")
    if (
        not isinstance(has_avatar, bool)
        or not isinstance(has_static, bool)
        or not isinstance(values, dict)
        or not isinstance(names, list)
        or not all(isinstance(name, str) for name in names)
    ):
        raise StudioError(f"the list of what {path.name} holds is damaged", hint=_HINT)
    if len(names) > MAX_MOTIONS:
        raise StudioError(f"{path.name} claims {len(names)} motions, more than any project of ours", hint=_HINT)
    motions = (read_motion(path, folder=_motion_folder(index)) for index in range(len(names)))
    return Project(
        avatar=read_avatar(path, folder=_AVATAR) if has_avatar else None,
        static=_read_static(path) if has_static else None,
        motions=tuple(replace(motion, name=name) for motion, name in zip(motions, names, strict=True)),
        values=values,
    )


def read_values(path: Path) -> Mapping[str, Json]:
    """The plain values of a project alone, for a look at what it is.

    Raises:
        StudioError: as `read_project`.
    """
    values = _header(Path(path)).get("values")
    return values if isinstance(values, dict) else {}


def _header(path: Path) -> dict[str, Any]:
    text = read_text(path, _PLAIN, max_bytes=MAX_PLAIN_BYTES, hint=_HINT)
    if text is None:
        raise StudioError(f"{path.name} is not a project", hint=_HINT)
    try:
        header = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise StudioError(f"the list of what {path.name} holds is damaged", hint=_HINT) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise StudioError(f"{path.name} is not a project", hint=_HINT)
    version = header.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise StudioError(f"{path.name} has the version {version!r:.20}, which never was", hint=_HINT)
    if version > VERSION:
        raise StudioError(
            f"{path.name} has version {version}, newer than this program reads ({VERSION})", hint="update nlfgs-studio"
        )
    return header


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _floats(*shapes: Shape, width: int, required: bool = True) -> ArraySpecification:
    return ArraySpecification(
        shapes=shapes, max_bytes=4 * width * MAX_GAUSSIANS, kinds="f", dtype="float32", required=required
    )


_STATIC_SPECIFICATION = {
    "means": _floats(("N", 3), width=3),
    "covariances": _floats(("N", 6), width=6),
    "opacities": _floats(("N",), width=1),
    "sh": _floats(*(("N", (degree + 1) ** 2, 3) for degree in range(MAX_DEGREE + 1)), width=3 * (MAX_DEGREE + 1) ** 2),
    "sh_rotations_wxyz": _floats(("N", 4), width=4, required=False),
}


def _static_arrays(gaussians: Gaussians) -> dict[str, np.ndarray]:
    tensors = {name: getattr(gaussians, name) for name in _STATIC_SPECIFICATION}
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items() if tensor is not None}


def _read_static(path: Path) -> Gaussians:
    arrays = read_arrays(path, _STATIC_SPECIFICATION, folder=_STATIC, hint=_HINT)
    if math.prod(arrays["means"].shape) == 0:
        raise StudioError(f"{path.name} holds no Gaussians", hint=_HINT)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return Gaussians(
        means=tensors["means"],
        covariances=tensors["covariances"],
        opacities=tensors["opacities"],
        sh=tensors["sh"],
        sh_rotations_wxyz=tensors.get("sh_rotations_wxyz"),
    )
