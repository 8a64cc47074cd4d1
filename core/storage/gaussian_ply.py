"""Splat files: PLY exactly as 3D Gaussian Splatting (Kerbl et al. 2023) lays it out, so that any viewer opens it.

Opacity is a logit, scale a logarithm, rotation wxyz, `f_rest` channel by channel and padded to degree 3: rows of 248
bytes. With a rig (`rigged_ply`) further properties follow in each row.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.avatar import Avatar
from ..errors import StudioError
from ..gaussians import Gaussians, select
from ..geometry.covariances import decompose, from_rotation_scale, transformed
from ..geometry.rotations import quaternion_multiply, quaternion_to_matrix
from ..geometry.spherical_harmonics import MAX_DEGREE, rotate
from .ply import PlyTable, read_table, write_table
from .rigged_ply import avatar_from_table, is_rigged, rig_columns, rig_comments, rig_fields

_HALF_ROOT = 0.5**0.5
UP_TURNS_WXYZ: dict[str, tuple[float, float, float, float]] = {
    "y": (1.0, 0.0, 0.0, 0.0),
    "-y": (0.0, 1.0, 0.0, 0.0),
    "z": (_HALF_ROOT, _HALF_ROOT, 0.0, 0.0),
}
"""What brings y to the axis named: turns about x, so that left stays left. The face looks along z, -z and -y."""

_REST = (MAX_DEGREE + 1) ** 2 - 1
PLAIN_NAMES = (
    *("x", "y", "z", "nx", "ny", "nz"),
    *(f"f_dc_{index}" for index in range(3)),
    *(f"f_rest_{index}" for index in range(3 * _REST)),
    "opacity",
    *(f"scale_{index}" for index in range(3)),
    *(f"rot_{index}" for index in range(4)),
)
PLAIN_FIELDS = tuple((name, "<f4") for name in PLAIN_NAMES)
_NEEDED_NAMES = tuple(name for name in PLAIN_NAMES if name not in ("nx", "ny", "nz") and not name.startswith("f_rest"))

_MIN_SCALE = 1e-9
"""Metres; a flat Gaussian has no finite logarithm."""
_MIN_OPACITY, _MAX_OPACITY = 1e-10, 1.0 - 1e-7
"""Where single precision still tells the sigmoid from 0 and 1."""

logger = logging.getLogger(__name__)


def write_ply(path: Path, gaussians: Gaussians, *, up: str = "y") -> None:
    """Write Gaussians of the world in the plain layout; `up` names the axis that shall point up in the file.

    Raises:
        StudioError: the place cannot be written to, or `up` is none of `UP_TURNS_WXYZ`.
        ValueError: there is none, or one is not finite.
    """
    write_table(path, _plain_rows(gaussians, up, np.dtype(list(PLAIN_FIELDS))))


def write_rigged_ply(path: Path, avatar: Avatar, gaussians: Gaussians, *, up: str = "y") -> None:
    """Write what `avatar` looks like in some pose together with its binding: `read_ply` gives the avatar back.

    Raises:
        StudioError: as `write_ply`.
        ValueError: the Gaussians are not those of the avatar, or not finite.
    """
    if len(gaussians) != len(avatar.parameters):
        raise ValueError(f"{len(gaussians)} Gaussians do not belong to an avatar of {len(avatar.parameters)}")
    rows = _plain_rows(gaussians, up, np.dtype([*PLAIN_FIELDS, *rig_fields(avatar)]))
    for name, column in rig_columns(avatar, _world_from_sh(gaussians, up)).items():
        rows[name] = column
    write_table(path, rows, rig_comments(avatar))


def read_ply(path: Path) -> Gaussians | Avatar:
    """An avatar, from a file with a rig, or the Gaussians of any splat file, as they lie in it.

    Gaussians that are not finite are left out, and the log says how many.

    Raises:
        StudioError: damaged, truncated, no splat file, or nothing in it can be drawn.
    """
    path = Path(path)
    table = read_table(path)
    if len(table.vertices) == 0:
        raise StudioError(f"{path.name} holds no Gaussians", hint="it is empty: export it again")
    missing = [name for name in _NEEDED_NAMES if name not in table.names]
    if missing:
        raise _not_splats(path, table, missing)
    sh = _sh(path, table)
    if is_rigged(table):
        return avatar_from_table(path, table, sh)
    return _finite(path, _gaussians(table, sh))


def _world_from_sh(gaussians: Gaussians, up: str) -> Float[Tensor, "N 4"]:
    """What turns the frame that the colours are given in to the file's world."""
    turn = _up_turn(up).to(gaussians.means).expand(len(gaussians), 4)
    frames = gaussians.sh_rotations_wxyz
    return turn if frames is None else quaternion_multiply(turn, frames)


def _up_turn(up: str) -> Float[Tensor, "4"]:
    if up not in UP_TURNS_WXYZ:
        raise StudioError(f"'{up}' is no axis that can be up", hint=f"choose one of {', '.join(UP_TURNS_WXYZ)}")
    return torch.tensor(UP_TURNS_WXYZ[up])


def _plain_rows(gaussians: Gaussians, up: str, row: np.dtype) -> np.ndarray:
    turn = quaternion_to_matrix(_up_turn(up)).round().to(gaussians.means)  # quarter turns: exactly 0, 1 and -1
    rotations, scales = decompose(transformed(gaussians.covariances, turn.expand(len(gaussians), 3, 3)))
    is_in_world = gaussians.sh_rotations_wxyz is None and up == "y"
    sh = gaussians.sh if is_in_world else rotate(gaussians.sh, _world_from_sh(gaussians, up))
    sh = torch.nn.functional.pad(sh, (0, 0, 0, _REST + 1 - sh.shape[1]))
    columns = torch.cat(
        [
            gaussians.means @ turn.T,
            torch.zeros_like(gaussians.means),
            sh[:, 0],
            sh[:, 1:].transpose(1, 2).flatten(1),
            torch.logit(gaussians.opacities.double().clamp(_MIN_OPACITY, _MAX_OPACITY)).to(sh)[:, None],
            scales.clamp(min=_MIN_SCALE).log(),
            rotations,
        ],
        dim=1,
    )
    if len(columns) == 0 or not torch.isfinite(columns).all():
        raise ValueError("there must be Gaussians, all of them finite, to be written")
    rows = np.zeros(len(columns), row)
    for name, column in zip(PLAIN_NAMES, columns.cpu().numpy().T, strict=True):
        rows[name] = column
    return rows


def _columns(table: PlyTable, *names: str) -> Float[Tensor, "N C"]:
    with np.errstate(over="ignore", invalid="ignore"):  # what single precision cannot hold is sorted out later
        return torch.from_numpy(np.stack([table.vertices[name].astype(np.float32) for name in names], axis=1))


def _sh(path: Path, table: PlyTable) -> Float[Tensor, "N K 3"]:
    """The colours of the degree that the file has."""
    count = sum(name.startswith("f_rest_") for name in table.names)
    rest_names = [f"f_rest_{index}" for index in range(count)]
    degrees = {3 * ((degree + 1) ** 2 - 1): degree for degree in range(MAX_DEGREE + 1)}
    if count not in degrees or not set(rest_names) <= set(table.names):
        raise StudioError(
            f"{path.name} has {count} f_rest properties", hint=f"splat files have one of {sorted(degrees)}"
        )
    base = _columns(table, "f_dc_0", "f_dc_1", "f_dc_2")[:, None]
    if count == 0:
        return base
    return torch.cat([base, _columns(table, *rest_names).unflatten(1, (3, count // 3)).transpose(1, 2)], dim=1)


def _gaussians(table: PlyTable, sh: Float[Tensor, "N K 3"]) -> Gaussians:
    scales = _columns(table, "scale_0", "scale_1", "scale_2").exp()
    return Gaussians(
        means=_columns(table, "x", "y", "z"),
        covariances=from_rotation_scale(_columns(table, "rot_0", "rot_1", "rot_2", "rot_3"), scales),
        opacities=torch.sigmoid(_columns(table, "opacity")[:, 0]),
        sh=sh,
    )


def _finite(path: Path, gaussians: Gaussians) -> Gaussians:
    parts = (gaussians.means, gaussians.covariances, gaussians.opacities[:, None], gaussians.sh.flatten(1))
    keep = torch.stack([torch.isfinite(part).all(dim=1) for part in parts]).all(dim=0)
    num_dropped = len(gaussians) - int(keep.sum())
    if num_dropped == len(gaussians):
        raise StudioError(f"no Gaussian in {path.name} is finite", hint="export it again")
    if num_dropped:
        logger.warning("%s: %d of %d Gaussians are not finite and were left out", path.name, num_dropped, len(keep))
        return select(gaussians, keep)
    return gaussians


def _not_splats(path: Path, table: PlyTable, missing: list[str]) -> StudioError:
    if any(name.startswith("packed_") for name in table.names):
        return StudioError(
            f"{path.name} is a compressed splat file", hint="save it as plain PLY in the program that made it"
        )
    return StudioError(
        f"{path.name} holds no Gaussians: it has no {', '.join(missing[:3])}",
        hint="it may be a mesh or a point cloud; open a PLY that a Gaussian splatting program wrote",
    )
