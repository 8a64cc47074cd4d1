"""Reads body files in SMPL-X format: the licensed `SMPLX_*.npz` and the built-in body's, by one path.

Official files also hold arrays of Python objects; only the arrays named here are read. Both licensed layouts are known:
300 shape and 100 expression columns, or 10 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import StudioError
from ..npz import ArrayHeader, ArraySpecification, read_arrays, read_headers
from .joints import NUM_JOINTS, PARENTS
from .model import BodyIdentity, BodyModel, fingerprint

_HINT = "choose SMPLX_NEUTRAL.npz, SMPLX_FEMALE.npz or SMPLX_MALE.npz as downloaded from smpl-x.is.tue.mpg.de"
_FOREIGN = {24: "SMPL", 52: "SMPL-H", 51: "SMPL-H", 16: "MANO", 5: "FLAME", 35: "SMAL"}
"""The family that a number of joints gives away."""
_MEGABYTE = 1 << 20
_LARGEST_COORDINATE = 10.0
"""Metres; a larger template is in another unit or is not a body."""


def _floats(*shapes: tuple[int | str, ...], megabytes: int = 8, required: bool = True) -> ArraySpecification:
    return ArraySpecification(
        shapes=shapes, max_bytes=megabytes * _MEGABYTE, kinds="f", dtype="float32", required=required
    )


def _integers(*shapes: tuple[int | str, ...], megabytes: int = 8, required: bool = True) -> ArraySpecification:
    return ArraySpecification(
        shapes=shapes, max_bytes=megabytes * _MEGABYTE, kinds="iu", dtype="int64", required=required
    )


def _text(*shapes: tuple[int | str, ...], required: bool = True) -> ArraySpecification:
    return ArraySpecification(shapes=shapes, max_bytes=_MEGABYTE, kinds="U", required=required)


_FORMAT = {
    "v_template": _floats(("V", 3)),
    "f": _integers(("F", 3), megabytes=16),
    "shapedirs": _floats(("V", 3, "C"), megabytes=512),
    "posedirs": _floats(("V", 3, 9 * (NUM_JOINTS - 1)), megabytes=512),
    "J_regressor": _floats((NUM_JOINTS, "V"), megabytes=64),
    "kintree_table": _integers((2, NUM_JOINTS)),
    "weights": _floats(("V", NUM_JOINTS), megabytes=64),
    "hands_componentsl": _floats((45, 45)),
    "hands_componentsr": _floats((45, 45)),
    "hands_meanl": _floats((45,)),
    "hands_meanr": _floats((45,)),
}
_TEXTURE = {
    "vt": _floats(("T", 2), required=False),
    "ft": _integers(("F", 3), megabytes=16, required=False),
}
_BUILTIN = {
    "format_version": _integers(()),
    "body_name": _text(()),
    "num_betas": _integers(()),
    "num_expression": _integers(()),
    "expression_names": _text(("E",)),
    "expression_ranges": _floats(("E", 2)),
    "action_joint_rotations": _floats(("E", 3, 3)),
    "part_names": _text(("P",)),
    "face_parts": _integers(("F",)),
    "shell_names": _text(("H",)),
    "shell_faces": _integers(("G", 3)),
    "shell_face_shell": _integers(("G",)),
}


def load_body(path: Path) -> BodyModel:
    """The body in a file.

    Raises:
        StudioError: the file is absent, damaged, or holds no body in SMPL-X format.
    """
    path = Path(path)
    headers = read_headers(path, hint=_HINT)
    _refuse_foreign(path, headers)
    is_builtin = "format_version" in headers
    texture = {key: wanted for key, wanted in _TEXTURE.items() if key in headers and headers[key].dtype.kind in "fiu"}
    arrays = read_arrays(path, {**_FORMAT, **texture, **(_BUILTIN if is_builtin else {})}, hint=_HINT)
    _check_values(path, arrays)
    return _builtin_model(path, arrays) if is_builtin else _licensed_model(path, arrays)


def _refuse_foreign(path: Path, headers: dict[str, ArrayHeader]) -> None:
    """Name what the file is instead, where that can be told."""
    missing = [key for key in _FORMAT if key not in headers]
    tree = headers.get("kintree_table")
    num_joints = tree.shape[-1] if tree is not None and tree.shape else NUM_JOINTS
    if num_joints != NUM_JOINTS:
        family = f"{_FOREIGN[num_joints]} file" if num_joints in _FOREIGN else "body file of another kind"
        raise StudioError(f"{path.name} is a {family} ({num_joints} joints), not SMPL-X", hint=_HINT)
    if len(missing) == len(_FORMAT):
        raise StudioError(f"{path.name} is not a body file: it holds none of SMPL-X's arrays", hint=_HINT)
    if missing:
        raise StudioError(f"{path.name} is not a whole SMPL-X file: it has no array '{missing[0]}'", hint=_HINT)


def _check_values(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """What shape and type cannot tell."""
    num_vertices = len(arrays["v_template"])
    weights = arrays["weights"]
    troubles = [
        (num_vertices == 0 or len(arrays["f"]) == 0, "its mesh is empty"),
        (not _within(arrays["f"], num_vertices), "its faces name vertices that do not exist"),
        (not np.array_equal(arrays["kintree_table"][0, 1:], PARENTS[1:]), "its joints are not those of SMPL-X"),
        (np.abs(arrays["v_template"]).max(initial=0.0) > _LARGEST_COORDINATE, "its template is not in metres"),
        (weights.min(initial=0.0) < -1e-3 or np.abs(weights.sum(1) - 1.0).max(initial=0.0) > 1e-2,
         "its skinning weights do not add up to one"),
        (arrays["shapedirs"].shape[2] < 20, "it has fewer than 10 shape and 10 expression directions"),
        ("vt" in arrays and "ft" in arrays and not _within(arrays["ft"], len(arrays["vt"])),
         "its texture faces name points that do not exist"),
    ]  # fmt: skip
    for is_trouble, words in troubles:
        if is_trouble:
            raise StudioError(f"{path.name} is not a sound SMPL-X file: {words}", hint=_HINT)


def _within(indices: np.ndarray, count: int) -> bool:
    return bool(indices.min(initial=0) >= 0 and indices.max(initial=-1) < count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Which columns of `shapedirs` are which."""

    num_betas: int
    expression_start: int
    num_expression: int


def _licensed_layout(num_columns: int) -> _Layout:
    """The rule of the `smplx` package: below 400 columns the expression stands at 10…20."""
    if num_columns < 400:
        return _Layout(num_betas=10, expression_start=10, num_expression=10)
    return _Layout(num_betas=300, expression_start=300, num_expression=100)


def _licensed_model(path: Path, arrays: dict[str, np.ndarray]) -> BodyModel:
    layout = _licensed_layout(arrays["shapedirs"].shape[2])
    return _model(
        arrays,
        layout,
        source="smplx",
        name=path.stem,
        expression_names=tuple(f"expression {index + 1}" for index in range(layout.num_expression)),
        expression_ranges=torch.tensor([[-3.0, 3.0]]).repeat(layout.num_expression, 1),
    )


def _builtin_model(path: Path, arrays: dict[str, np.ndarray]) -> BodyModel:
    num_columns = arrays["shapedirs"].shape[2]
    start = _licensed_layout(num_columns).expression_start
    layout = _Layout(
        num_betas=int(arrays["num_betas"]), expression_start=start, num_expression=int(arrays["num_expression"])
    )
    shell_names = [str(name) for name in arrays["shell_names"]]
    sound = (
        0 <= layout.num_betas <= start
        and 0 <= layout.num_expression == len(arrays["expression_names"]) <= num_columns - start
        and _within(arrays["face_parts"], len(arrays["part_names"]))
        and _within(arrays["shell_faces"], len(arrays["v_template"]))
        and _within(arrays["shell_face_shell"], len(shell_names))
    )
    if not sound:
        raise StudioError(
            f"{path.name} is not a sound body file: its extra arrays contradict each other",
            hint="run `nlfgs-studio doctor --clear-cache` to have it made anew",
        )
    shell_faces, shell_of_face = torch.from_numpy(arrays["shell_faces"]), torch.from_numpy(arrays["shell_face_shell"])
    return _model(
        arrays,
        layout,
        source="builtin",
        name=f"{arrays['body_name']}-{arrays['format_version']}",
        expression_names=tuple(str(name) for name in arrays["expression_names"]),
        expression_ranges=torch.from_numpy(arrays["expression_ranges"]),
        action_joint_rotations=torch.from_numpy(arrays["action_joint_rotations"]),
        part_names=tuple(str(name) for name in arrays["part_names"]),
        face_parts=torch.from_numpy(arrays["face_parts"]),
        shells={name: shell_faces[shell_of_face == index] for index, name in enumerate(shell_names)},
    )


def _model(
    arrays: dict[str, np.ndarray],
    layout: _Layout,
    *,
    source: str,
    name: str,
    expression_names: tuple[str, ...],
    expression_ranges: Float[Tensor, "E 2"],
    action_joint_rotations: Float[Tensor, "E 3 3"] | None = None,
    part_names: tuple[str, ...] = (),
    face_parts: Int[Tensor, " F"] | None = None,
    shells: dict[str, Int[Tensor, "_ 3"]] | None = None,
) -> BodyModel:
    directions = arrays["shapedirs"]
    end = layout.expression_start + layout.num_expression
    shape = np.ascontiguousarray(directions[:, :, : layout.num_betas])
    expression = np.ascontiguousarray(directions[:, :, layout.expression_start : end])
    posedirs = arrays["posedirs"]
    pose = np.ascontiguousarray(posedirs.reshape(-1, posedirs.shape[2]).T) if posedirs.any() else None
    bases = (shape, expression) if pose is None else (shape, expression, pose)
    has_texture = "vt" in arrays and "ft" in arrays
    return BodyModel(
        identity=BodyIdentity(
            source="builtin" if source == "builtin" else "smplx",
            name=name,
            fingerprint=fingerprint(arrays["v_template"], arrays["f"], *bases),
        ),
        template_vertices=torch.from_numpy(arrays["v_template"]),
        faces=torch.from_numpy(arrays["f"]),
        shape_directions=torch.from_numpy(shape),
        expression_directions=torch.from_numpy(expression),
        pose_directions=None if pose is None else torch.from_numpy(pose),
        joint_regressor=torch.from_numpy(arrays["J_regressor"]),
        skin_weights=torch.from_numpy(arrays["weights"]),
        hands_components_left=torch.from_numpy(arrays["hands_componentsl"]),
        hands_components_right=torch.from_numpy(arrays["hands_componentsr"]),
        hands_mean_left=torch.from_numpy(arrays["hands_meanl"]),
        hands_mean_right=torch.from_numpy(arrays["hands_meanr"]),
        expression_names=expression_names,
        expression_ranges=expression_ranges,
        action_joint_rotations=action_joint_rotations,
        part_names=part_names,
        face_parts=face_parts,
        uv=torch.from_numpy(arrays["vt"]) if has_texture else None,
        uv_faces=torch.from_numpy(arrays["ft"]) if has_texture else None,
        shells=shells or {},
    )
