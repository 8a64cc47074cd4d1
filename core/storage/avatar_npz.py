"""Avatar files, version 1: a NPZ archive of plain arrays that gives back every bit of what was written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from ..avatar.avatar import Avatar, Groups, Provenance
from ..avatar.template import Template
from ..body.model import BodyIdentity
from ..errors import StudioError
from ..gaussians import GaussianParameters
from ..geometry.spherical_harmonics import MAX_DEGREE
from ..npz import ArraySpecification, Shape, read_arrays
from ..paths import atomic_write

FORMAT = "nlfgs-studio avatar"
VERSION = 1

MAX_GAUSSIANS = 8_000_000
"""Far above what a body carries (112,176 at four a face): what is larger is damage or malice."""
MAX_FACES = 2_000_000
MAX_VERTICES = 2_000_000

_HINT = "open an avatar that this program saved"


def _floats(*shapes: Shape, numbers: int) -> ArraySpecification:
    return ArraySpecification(shapes=shapes, max_bytes=4 * numbers, kinds="f", dtype="float32")


def _integers(*shapes: Shape, numbers: int) -> ArraySpecification:
    return ArraySpecification(shapes=shapes, max_bytes=8 * numbers, kinds="i", dtype="int64")


def _text(*shapes: Shape) -> ArraySpecification:
    return ArraySpecification(shapes=shapes, max_bytes=1 << 20, kinds="U")


_HEADER = {"format": _text(()), "version": _integers((), numbers=1)}

_SPECIFICATION = {
    "name": _text(()),
    "body_source": _text(()),
    "body_name": _text(()),
    "body_fingerprint": _text(()),
    "betas": _floats(("S",), numbers=1024),
    "faces": _integers(("F", 3), numbers=3 * MAX_FACES),
    "face_indices": _integers(("N",), numbers=MAX_GAUSSIANS),
    "barycentrics": _floats(("N", 3), numbers=3 * MAX_GAUSSIANS),
    "worn_shells": _text(("shells",)),
    "k": _integers((), numbers=1),
    "offsets": _floats(("N", 3), numbers=3 * MAX_GAUSSIANS),
    "rotations_wxyz": _floats(("N", 4), numbers=4 * MAX_GAUSSIANS),
    "log_scales": _floats(("N", 3), numbers=3 * MAX_GAUSSIANS),
    "opacity_logits": _floats(("N",), numbers=MAX_GAUSSIANS),
    "sh": _floats(
        *(("N", (degree + 1) ** 2, 3) for degree in range(MAX_DEGREE + 1)),
        numbers=3 * (MAX_DEGREE + 1) ** 2 * MAX_GAUSSIANS,
    ),
    "provenance": _text(()),
    "group_names": replace(_text(("groups",)), required=False),
    "group_indices": replace(_integers(("N",), numbers=MAX_GAUSSIANS), required=False),
}


def write_avatar(path: Path, avatar: Avatar) -> None:
    """Write an avatar; an older file of that name is replaced only when the new one is whole.

    Raises:
        StudioError: the place cannot be written to.
        ValueError: a parameter is not finite: such a file could not be opened again.
    """
    arrays = avatar_arrays(avatar)
    with atomic_write(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez(file, **cast(dict[str, Any], arrays))


def avatar_arrays(avatar: Avatar) -> dict[str, np.ndarray]:
    """What a file holds of an avatar, by key.

    Raises:
        ValueError: a parameter is not finite: such a file could not be opened again.
    """
    template, parameters = avatar.template, avatar.parameters
    tensors = {
        "betas": avatar.betas,
        "faces": template.faces,
        "face_indices": template.face_indices,
        "barycentrics": template.barycentrics,
        "offsets": parameters.offsets,
        "rotations_wxyz": parameters.rotations_wxyz,
        "log_scales": parameters.log_scales,
        "opacity_logits": parameters.opacity_logits,
        "sh": parameters.sh,
    }
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} is not finite")
    arrays: dict[str, np.ndarray] = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION, np.int64),
        "name": np.array(avatar.name),
        "body_source": np.array(avatar.body.source),
        "body_name": np.array(avatar.body.name),
        "body_fingerprint": np.array(avatar.body.fingerprint),
        "worn_shells": np.array(template.worn_shells, dtype=np.str_),
        "k": np.array(template.k, np.int64),
        "provenance": np.array(_provenance_json(avatar.provenance)),
    }
    if avatar.groups is not None:
        arrays["group_names"] = np.array(avatar.groups.names, dtype=np.str_)
        tensors["group_indices"] = avatar.groups.indices
    return arrays | {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def read_avatar(path: Path, *, folder: str = "") -> Avatar:
    """The avatar of a file, or of a folder inside an archive; its body need not be at hand for this.

    Raises:
        StudioError: the file is damaged, no avatar, of a newer version, or its parts do not fit together.
    """
    path = Path(path)
    header = read_arrays(path, _HEADER, folder=folder, hint=_HINT)
    version = int(header["version"])
    if str(header["format"]) != FORMAT:
        raise StudioError(f"{path.name} is not an avatar", hint=_HINT)
    if version > VERSION:
        raise StudioError(
            f"{path.name} has version {version}, newer than this program reads ({VERSION})", hint="update nlfgs-studio"
        )
    if version < 1:
        raise StudioError(f"{path.name} has the version {version}, which never was", hint=_HINT)
    arrays = read_arrays(path, _SPECIFICATION, folder=folder, hint=_HINT)
    _check(path, arrays)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items() if array.dtype.kind in "fi"}
    return Avatar(
        name=str(arrays["name"]),
        body=BodyIdentity(
            source=cast(Any, str(arrays["body_source"])),
            name=str(arrays["body_name"]),
            fingerprint=str(arrays["body_fingerprint"]),
        ),
        betas=tensors["betas"],
        template=Template(
            faces=tensors["faces"],
            face_indices=tensors["face_indices"],
            barycentrics=tensors["barycentrics"],
            worn_shells=tuple(arrays["worn_shells"].tolist()),
            k=int(arrays["k"]),
        ),
        parameters=GaussianParameters(
            offsets=tensors["offsets"],
            rotations_wxyz=tensors["rotations_wxyz"],
            log_scales=tensors["log_scales"],
            opacity_logits=tensors["opacity_logits"],
            sh=tensors["sh"],
        ),
        provenance=_provenance(path, str(arrays["provenance"])),
        groups=Groups(names=tuple(arrays["group_names"].tolist()), indices=tensors["group_indices"])
        if "group_names" in arrays
        else None,
    )


def _check(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """What shapes and types cannot say."""
    faces, face_indices = arrays["faces"], arrays["face_indices"]
    groups = arrays.get("group_indices", np.zeros(0, np.int64))
    troubles = {
        "it has no Gaussians": len(face_indices) == 0,
        "its body is of no known kind": str(arrays["body_source"]) not in ("builtin", "smplx"),
        "faces have vertices that cannot be": faces.size and not 0 <= faces.min() <= faces.max() < MAX_VERTICES,
        "Gaussians hang on faces that do not exist": face_indices.size
        and not 0 <= face_indices.min() <= face_indices.max() < len(faces),
        "it has no Gaussians on a face": not int(arrays["k"]) >= 1,
        "only one of group_names and group_indices is there": ("group_names" in arrays) != ("group_indices" in arrays),
        "Gaussians are of groups that have no name": bool(groups.size)
        and not 0 <= groups.min() <= groups.max() < len(arrays.get("group_names", ())),
    }
    for trouble, is_so in troubles.items():
        if is_so:
            raise StudioError(f"the avatar in {path.name} is damaged: {trouble}", hint=_HINT)


def _provenance_json(provenance: Provenance) -> str:
    return json.dumps({"made_by": provenance.made_by, "details": provenance.details})


def _provenance(path: Path, text: str) -> Provenance:
    try:
        facts = json.loads(text)
        details = tuple((str(name), str(value)) for name, value in facts["details"])
        return Provenance(made_by=str(facts["made_by"]), details=details)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StudioError(f"the provenance in {path.name} cannot be read", hint=_HINT) from error
