"""The binding of an avatar inside a splat file: where each Gaussian hangs, so that the file can be driven again.

Per Gaussian, after the plain properties: its face and the face's vertices, where on it, and its parameters in the
face's frame. Opacity and colours are the plain ones; the colours lie in the pose's frame there, so the rotation that
brought them there comes along. What belongs to the whole avatar is JSON in comments behind the properties: plain
readers skip comments, but many count the properties of every element, or look for nothing but `vertex`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.avatar import Avatar, Groups, Provenance
from ..avatar.template import Template
from ..body.model import BodyIdentity
from ..errors import StudioError
from ..gaussians import GaussianParameters
from ..geometry.rotations import quaternion_conjugate
from ..geometry.spherical_harmonics import MAX_DEGREE, rotate
from .ply import PlyTable

RIG_VERSION = 1

_FACE = "rig_face"
_VERTICES = tuple(f"rig_vertex_{index}" for index in range(3))
_BARYCENTRICS = tuple(f"rig_barycentric_{index}" for index in range(3))
_OFFSETS = tuple(f"rig_offset_{index}" for index in range(3))
_ROTATIONS = tuple(f"rig_rot_{index}" for index in range(4))
_SCALES = tuple(f"rig_scale_{index}" for index in range(3))
_SH_ROTATIONS = tuple(f"rig_sh_rot_{index}" for index in range(4))
_GROUP = "rig_group"
_INTEGERS = (_FACE, *_VERTICES)
_FLOATS = (*_BARYCENTRICS, *_OFFSETS, *_ROTATIONS, *_SCALES, *_SH_ROTATIONS)

_MARK = "nlfgs-studio rig "
_LINE_LENGTH = 200
"""Of JSON in one comment; some readers stop at a thousand characters a line."""
_MAX_BETAS = 1024
_HINT = "export the avatar again with --rigged"


def rig_fields(avatar: Avatar) -> list[tuple[str, str]]:
    """Names and types of the properties that follow the plain ones; groups only where the avatar has them."""
    integers = _INTEGERS if avatar.groups is None else (*_INTEGERS, _GROUP)
    return [*((name, "<i4") for name in integers), *((name, "<f4") for name in _FLOATS)]


def rig_columns(avatar: Avatar, sh_rotations_wxyz: Float[Tensor, "N 4"]) -> dict[str, np.ndarray]:
    """The properties of `rig_fields`, and the plain opacity with all its digits."""
    template, parameters = avatar.template, avatar.parameters
    properties: list[tuple[tuple[str, ...], Tensor]] = [
        ((_FACE,), template.face_indices[:, None]),
        (_VERTICES, template.corners),
        (_BARYCENTRICS, template.barycentrics),
        (_OFFSETS, parameters.offsets),
        (_ROTATIONS, parameters.rotations_wxyz),
        (_SCALES, parameters.log_scales),
        (_SH_ROTATIONS, sh_rotations_wxyz),
        (("opacity",), parameters.opacity_logits[:, None]),
    ]
    if avatar.groups is not None:
        properties.append(((_GROUP,), avatar.groups.indices[:, None]))
    columns = {
        name: column
        for names, values in properties
        for name, column in zip(names, values.detach().cpu().numpy().T, strict=True)
    }
    if not all(np.isfinite(column).all() for column in columns.values()):
        raise ValueError("all parameters of an avatar must be finite to be written")
    return columns


def rig_comments(avatar: Avatar) -> list[str]:
    """What belongs to the whole avatar, in lines that any header may carry."""
    template = avatar.template
    bare = torch.ones(len(template.faces), dtype=torch.bool)
    bare[template.face_indices] = False
    facts: dict[str, Any] = {
        "version": RIG_VERSION,
        "name": avatar.name,
        "body": {
            "source": avatar.body.source,
            "name": avatar.body.name,
            "fingerprint": avatar.body.fingerprint,
        },
        "betas": avatar.betas.tolist(),
        "worn_shells": list(template.worn_shells),
        "k": template.k,
        "sh_degree": avatar.parameters.sh_degree,
        "num_faces": len(template.faces),
        "bare_faces": [[index, *template.faces[index].tolist()] for index in torch.nonzero(bare)[:, 0].tolist()],
        "provenance": {"made_by": avatar.provenance.made_by, "details": [list(d) for d in avatar.provenance.details]},
    }
    if avatar.groups is not None:
        facts["groups"] = list(avatar.groups.names)
    # A blank at the edge of a line might be lost; JSON lets it be written otherwise.
    text = json.dumps(facts, separators=(",", ":")).replace(" ", "\\u0020")
    return [_MARK + text[start : start + _LINE_LENGTH] for start in range(0, len(text), _LINE_LENGTH)]


def is_rigged(table: PlyTable) -> bool:
    return any(comment.startswith(_MARK) for comment in table.comments) or _FACE in table.names


def avatar_from_table(path: Path, table: PlyTable, sh: Float[Tensor, "N K 3"]) -> Avatar:
    """The avatar whose binding the rows carry; `sh` are the file's colours, as posed.

    Raises:
        StudioError: a part of the binding is missing, damaged, or of a newer version.
    """
    try:
        facts = json.loads("".join(c.removeprefix(_MARK) for c in table.comments if c.startswith(_MARK)))
        _check_version(path, facts["version"])
        return _avatar(table, sh, facts)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        # Whatever a changed header may hold: the facts are checked where they are used.
        raise StudioError(f"the rig in {path.name} is damaged: {_in_words(error)}", hint=_HINT) from error


def _in_words(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error}"
    return str(error).splitlines()[0][:100] if str(error) else "it cannot be read"


def _check_version(path: Path, version: Any) -> None:
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"its version is {version!r}")
    if version > RIG_VERSION:
        raise StudioError(
            f"the rig in {path.name} has version {version}, newer than this program", hint="update nlfgs-studio"
        )


def _avatar(table: PlyTable, sh: Float[Tensor, "N K 3"], facts: dict[str, Any]) -> Avatar:
    num_coefficients = (_whole(facts["sh_degree"], 0, MAX_DEGREE) + 1) ** 2
    opacity_logits = _floats(table, ("opacity",))[:, 0]
    if not torch.isfinite(sh).all():
        raise ValueError("its colours are not finite")
    body = facts["body"]
    if body["source"] not in ("builtin", "smplx"):
        raise ValueError("its body is of no known kind")
    betas = torch.tensor([float(value) for value in facts["betas"]], dtype=torch.float32)
    if len(betas) > _MAX_BETAS or not torch.isfinite(betas).all():
        raise ValueError("its betas are no betas")
    return Avatar(
        name=str(facts["name"]),
        body=BodyIdentity(source=body["source"], name=str(body["name"]), fingerprint=str(body["fingerprint"])),
        betas=betas,
        template=_template(table, facts),
        parameters=GaussianParameters(
            offsets=_floats(table, _OFFSETS),
            rotations_wxyz=_floats(table, _ROTATIONS),
            log_scales=_floats(table, _SCALES),
            opacity_logits=opacity_logits,
            sh=rotate(sh, quaternion_conjugate(_floats(table, _SH_ROTATIONS)))[:, :num_coefficients].contiguous(),
        ),
        provenance=Provenance(
            made_by=str(facts["provenance"]["made_by"]),
            details=tuple((str(name), str(value)) for name, value in facts["provenance"]["details"]),
        ),
        groups=_groups(table, facts),
    )


def _groups(table: PlyTable, facts: dict[str, Any]) -> Groups | None:
    if "groups" not in facts and _GROUP not in table.names:
        return None
    names = tuple(str(name) for name in facts["groups"])
    indices = _integers(table, (_GROUP,))[:, 0]
    if indices.min() < 0 or indices.max() >= len(names):
        raise ValueError("a Gaussian is of a group that has no name")
    return Groups(names=names, indices=indices)


def _template(table: PlyTable, facts: dict[str, Any]) -> Template:
    # Every face bears a Gaussian or is listed, so no claim of many faces can make a small file a large avatar.
    num_faces = _whole(facts["num_faces"], 1, len(table.vertices) + len(facts["bare_faces"]))
    face_indices, corners = _integers(table, (_FACE,))[:, 0], _integers(table, _VERTICES)
    if face_indices.min() < 0 or face_indices.max() >= num_faces or corners.min() < 0:
        raise ValueError("a Gaussian hangs on a face that does not exist")
    faces = torch.full((num_faces, 3), -1, dtype=torch.int64)
    faces[face_indices] = corners
    if not torch.equal(faces[face_indices], corners):
        raise ValueError("the Gaussians of a face disagree about its vertices")
    for index, *vertices in facts["bare_faces"]:
        faces[_whole(index, 0, num_faces - 1)] = torch.tensor([_whole(vertex, 0, 2**31) for vertex in vertices])
    if (faces < 0).any():
        raise ValueError("faces are missing")
    return Template(
        faces=faces,
        face_indices=face_indices,
        barycentrics=_floats(table, _BARYCENTRICS),
        worn_shells=tuple(str(name) for name in facts["worn_shells"]),
        k=_whole(facts["k"], 1, 1_000_000),
    )


def _whole(value: Any, lowest: int, highest: int) -> int:
    if not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(f"a number is {value!r}")
    return value


def _floats(table: PlyTable, names: tuple[str, ...]) -> Float[Tensor, "N C"]:
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        columns = torch.from_numpy(np.stack([_column(table, name).astype(np.float32) for name in names], axis=1))
    if not torch.isfinite(columns).all():
        raise ValueError(f"{names[0]} is not finite")
    return columns


def _integers(table: PlyTable, names: tuple[str, ...]) -> Tensor:
    columns = [_column(table, name) for name in names]
    if any(column.dtype.kind not in "iu" for column in columns):
        raise ValueError(f"{names[0]} holds no integers")
    return torch.from_numpy(np.stack([column.astype(np.int64) for column in columns], axis=1))


def _column(table: PlyTable, name: str) -> np.ndarray:
    if name not in table.names:
        raise ValueError(f"the property {name} is missing")
    return table.vertices[name]
