"""Motion files: SMPL-X and SMPL-H poses, in AMASS's spellings of the keys and in those of the smplx package.

AMASS: Mahmood et al., "AMASS: Archive of Motion Capture as Surface Shapes", 2019. Its data are z-up and say so nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from ..body.joints import NUM_JOINTS
from ..body.motion import STANDARD_PELVIS, Motion, turned
from ..cameras import Camera
from ..errors import StudioError
from ..geometry.rotations import axis_angle_to_matrix
from ..npz import ArraySpecification, Shape, read_arrays
from ..paths import atomic_write

SMPLH_PELVIS = (-0.0018, -0.2233, 0.0282)
"""Metres; the mean rest pelvis of SMPL and SMPL-H, whose origin lies lower in the body than SMPL-X's."""

MAX_FRAMES = 100_000
"""A quarter of an hour at 120 a second."""
MAX_RATE = 1000.0
MAX_CAMERA_PIXELS = 100_000

_HINT = "motion files hold 'poses' of SMPL-X (frames, 165) or SMPL-H (frames, 156), as AMASS has them"

_POSES = ("poses", "fullpose", "pose")
_ROOT = ("root_orient", "global_orient")
_BODY = ("pose_body", "body_pose")
_HANDS = ("pose_hand",)
_LEFT_HAND, _RIGHT_HAND = ("left_hand_pose",), ("right_hand_pose",)
_JAW = ("pose_jaw", "jaw_pose")
_EYES = ("pose_eye",)
_LEFT_EYE, _RIGHT_EYE = ("leye_pose",), ("reye_pose",)
_TRANSLATION = ("trans", "transl")
_RATE = ("mocap_framerate", "mocap_frame_rate", "framerate", "frame_rate", "fps")
_EXPRESSION = ("expression", "expressions", "pose_expression")

_SMPLX_WIDTH, _SMPLH_WIDTH = 165, 156
_NUM_BODY_JOINTS = 22
_UPRIGHT_COSINE = 0.7
"""How far a body leans at most, on average, that stands for telling which way is up."""

_AMASS_MARKS = {
    "surface_model_type",
    "mocap_time_length",
    "dmpls",
    "marker_data",
    "marker_labels",
    "markers_latent",
    "latent_labels",
}
"""Arrays that only AMASS adds."""

_Y_UP_FROM_Z_UP = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])

_LAYOUTS = {
    45: "MANO hands without a wrist",
    48: "MANO hands",
    63: "a body's pose without its root",
    66: "SMPL-H or SMPL-X without hands",
    69: "a SMPL body's pose without its root",
    72: "SMPL (24 joints)",
    75: "SMPL with translation (75 numbers)",
    144: "SMPL in six numbers a joint",
    263: "HumanML3D features",
    312: "SMPL-H in six numbers a joint",
    322: "Motion-X (poses, faces and betas in one array)",
    330: "SMPL-X in six numbers a joint",
}
"""What other programs store, by the numbers in a frame."""


def _numbers(*shapes: Shape, width: int, dtype: str | None = "float32") -> ArraySpecification:
    return ArraySpecification(shapes=shapes, max_bytes=MAX_FRAMES * width * 8, kinds="fiu", dtype=dtype, required=False)


def _texts(shapes: tuple[Shape, ...], max_bytes: int) -> ArraySpecification:
    return ArraySpecification(shapes=shapes, max_bytes=max_bytes, kinds="US", required=False)


def _specification() -> dict[str, ArraySpecification]:
    specification = dict.fromkeys(
        _POSES, _numbers(("T", "W"), ("T", "J", "A"), ("T", "J", "A", "B"), ("W",), width=_SMPLX_WIDTH)
    )
    widths = {3: (*_ROOT, *_JAW, *_TRANSLATION, *_LEFT_EYE, *_RIGHT_EYE), 6: _EYES, 63: _BODY}
    widths |= {90: _HANDS, 45: (*_LEFT_HAND, *_RIGHT_HAND)}
    for width, keys in widths.items():
        shapes: tuple[Shape, ...] = (("T", width), ("T", width // 3, 3))
        specification |= dict.fromkeys(keys, _numbers(*shapes, width=width))
    specification |= dict.fromkeys(_EXPRESSION, _numbers(("T", "E"), width=512))
    specification |= dict.fromkeys(_RATE, _numbers((), (1,), width=1, dtype="float64"))
    specification |= {
        "betas": _numbers(("S",), ("R", "S"), width=512),
        "pelvis": _numbers((3,), width=3),
        "expression_names": _texts((("E",),), 1 << 20),
        "up_axis": _texts(((), (1,)), 1 << 10),
        "camera_from_world": _numbers((4, 4), width=16),
        "camera_intrinsics": _numbers((4,), width=4, dtype="float64"),
        "camera_size": _numbers((2,), width=2, dtype="int64"),
        "camera_near": _numbers((), width=1, dtype="float64"),
        "timestamps": _numbers(("T",), width=1, dtype="float64"),
        "confidence": _numbers(("T", 4), width=4),
    }
    return specification


_SPECIFICATION = _specification()


def read_motion(path: Path, *, folder: str = "") -> Motion:
    """A motion, brought to y up; further arrays in the file (or in the archive's `folder`) are not touched.

    Where `up_axis` is absent, files that carry AMASS's own arrays are z-up; others are what most bodies in them stand
    upright in, and z-up when they lie.

    Raises:
        StudioError: the file is damaged, holds another layout (which is named), or lacks what a motion needs.
    """
    path = Path(path)
    arrays = read_arrays(path, _SPECIFICATION, folder=folder, hint=_HINT)
    rotations, pelvis = _rotations(path, arrays)
    num_frames = len(rotations)
    if not 0 < num_frames <= MAX_FRAMES:
        raise StudioError(f"{path.name} has {num_frames} frames", hint=f"a motion has 1 to {MAX_FRAMES}")
    translation = _first(arrays, _TRANSLATION)
    expression, names = _expression(path, arrays)
    motion = Motion(
        name=path.stem,
        fps=_rate(path, arrays),
        rotations=rotations,
        translation=torch.zeros(num_frames, 3) if translation is None else _frames(translation),
        pelvis=torch.from_numpy(arrays["pelvis"]) if "pelvis" in arrays else torch.tensor(pelvis),
        expression=expression,
        expression_names=names,
        betas=torch.from_numpy(np.atleast_2d(arrays["betas"])[0].copy()) if "betas" in arrays else None,
        camera=_camera(path, arrays),
        timestamps=torch.from_numpy(arrays["timestamps"]) if "timestamps" in arrays else None,
        confidence=torch.from_numpy(arrays["confidence"]) if "confidence" in arrays else None,
    )
    if not _is_z_up(path, arrays, rotations):
        return motion
    motion = turned(motion, _Y_UP_FROM_Z_UP)
    # Without a path through the room the body turns where it stands.
    return motion if translation is not None else replace(motion, translation=torch.zeros(num_frames, 3))


def _first(arrays: Mapping[str, np.ndarray], keys: tuple[str, ...]) -> np.ndarray | None:
    return next((arrays[key] for key in keys if key in arrays), None)


def _frames(array: np.ndarray) -> torch.Tensor:
    """(frames, numbers), however the file divides the numbers."""
    return torch.from_numpy(array.reshape(len(array), math.prod(array.shape[1:])))


def _rotations(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[torch.Tensor, tuple[float, float, float]]:
    """All 55 joints, and the rest pelvis of the kind of body that the layout belongs to."""
    poses = _first(arrays, _POSES)
    root, body = _first(arrays, _ROOT), _first(arrays, _BODY)
    if poses is None:
        if root is None or body is None:
            raise StudioError(
                f"{path.name} holds no motion: it has neither 'poses' nor 'root_orient' and 'pose_body'", hint=_HINT
            )
        return _joined(arrays, root, body), STANDARD_PELVIS
    width = poses.shape[1] * poses.shape[2] if poses.ndim == 3 and poses.shape[2] == 3 else poses.shape[-1]
    if poses.ndim == 1 or poses.ndim == 4 or width not in (_SMPLX_WIDTH, _SMPLH_WIDTH):
        raise _other_layout(path, poses.shape, width)
    joints = _frames(poses).reshape(len(poses), width // 3, 3)
    if width == _SMPLX_WIDTH:
        return joints, STANDARD_PELVIS
    face = joints.new_zeros(len(joints), NUM_JOINTS - joints.shape[1], 3)
    return torch.cat([joints[:, :_NUM_BODY_JOINTS], face, joints[:, _NUM_BODY_JOINTS:]], dim=1), SMPLH_PELVIS


def _joined(arrays: Mapping[str, np.ndarray], root: np.ndarray, body: np.ndarray) -> torch.Tensor:
    """SMPL-X's order out of the parts that a file names one by one; parts that it does not have rest."""

    def part(width: int, *alternatives: tuple[str, ...]) -> torch.Tensor:
        found = [_first(arrays, keys) for keys in alternatives]
        whole = found[0]
        if whole is not None:
            return _frames(whole)
        sides = [torch.zeros(len(root), width // 2) if side is None else _frames(side) for side in found[1:]]
        return torch.cat(sides, dim=1) if sides else torch.zeros(len(root), width)

    parts = [
        _frames(root),
        _frames(body),
        part(3, _JAW),
        part(6, _EYES, _LEFT_EYE, _RIGHT_EYE),
        part(90, _HANDS, _LEFT_HAND, _RIGHT_HAND),
    ]
    return torch.cat(parts, dim=1).reshape(len(root), NUM_JOINTS, 3)


def _other_layout(path: Path, shape: tuple[int, ...], width: int) -> StudioError:
    if len(shape) == 4 or (len(shape) == 3 and shape[2] in (4, 6, 9)):
        name = "rotations as " + {4: "quaternions", 6: "six numbers a joint"}.get(shape[-1], "matrices")
    elif len(shape) == 1:
        name = "a single pose"
    else:
        name = _LAYOUTS.get(width, f"{width} numbers a frame")
    return StudioError(f"{path.name} holds {name}, which this program does not play", hint=_HINT)


def _rate(path: Path, arrays: Mapping[str, np.ndarray]) -> float:
    rate = _first(arrays, _RATE)
    if rate is None:
        raise StudioError(
            f"{path.name} does not say its frame rate", hint="add the array 'mocap_frame_rate', such as 30.0"
        )
    fps = float(rate.reshape(()))
    if not 0.0 < fps <= MAX_RATE:
        raise StudioError(f"{path.name} says {fps:g} frames a second", hint=f"rates go from above 0 to {MAX_RATE}")
    return fps


def _expression(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[torch.Tensor | None, tuple[str, ...]]:
    """Coefficients with their names; unnamed ones get the names that bodies without names use."""
    expression = _first(arrays, _EXPRESSION)
    if expression is None or expression.shape[1] == 0:
        return None, ()
    if "expression_names" not in arrays:
        return _frames(expression), tuple(f"expression {index + 1}" for index in range(expression.shape[1]))
    return _frames(expression), tuple(_text(path, name) for name in arrays["expression_names"])


def _text(path: Path, value: np.generic | np.ndarray) -> str:
    item = value.reshape(()).item()
    try:
        return item.decode() if isinstance(item, bytes) else str(item)
    except UnicodeDecodeError as error:
        raise StudioError(f"a name in {path.name} is not text", hint=_HINT) from error


def _is_z_up(path: Path, arrays: Mapping[str, np.ndarray], rotations: torch.Tensor) -> bool:
    if "up_axis" in arrays:
        said = _text(path, arrays["up_axis"])
        if said[:1].lower() not in ("y", "z"):
            raise StudioError(f"{path.name} says that '{said[:20]}' is up", hint="up_axis is 'y' or 'z'")
        return said[:1].lower() == "z"
    with np.load(path, allow_pickle=False) as archive:  # lists the names only
        if not _AMASS_MARKS.isdisjoint(archive.files):
            return True
    mean_up = axis_angle_to_matrix(rotations[:, 0])[:, :, 1].mean(0)
    return float(mean_up[1]) < _UPRIGHT_COSINE


def _camera(path: Path, arrays: Mapping[str, np.ndarray]) -> Camera | None:
    keys = ("camera_from_world", "camera_intrinsics", "camera_size")
    if not all(key in arrays for key in keys):
        return None
    matrix, (fx, fy, cx, cy), (width, height) = (arrays[key].tolist() for key in keys)
    near = float(arrays["camera_near"]) if "camera_near" in arrays else None
    if not (
        fx > 0
        and fy > 0
        and (near is None or near > 0)
        and 0 < width <= MAX_CAMERA_PIXELS
        and 0 < height <= MAX_CAMERA_PIXELS
    ):
        raise StudioError(
            f"the camera in {path.name} cannot be", hint="remove the arrays whose names begin with camera"
        )
    camera = Camera(camera_from_world=torch.tensor(matrix), fx=fx, fy=fy, cx=cx, cy=cy, width=width, height=height)
    return camera if near is None else replace(camera, near=near)


def write_motion(path: Path, motion: Motion) -> None:
    """Write a motion that `read_motion` gives back exactly, and that AMASS's readers understand (y is up).

    Raises:
        StudioError: the place cannot be written to.
    """
    with atomic_write(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **cast(dict[str, Any], motion_arrays(motion)))


def motion_arrays(motion: Motion) -> dict[str, np.ndarray]:
    """What a file holds of a motion, by key; its name is the file's."""
    arrays: dict[str, np.ndarray] = {
        "poses": motion.rotations.reshape(motion.num_frames, -1).numpy(),
        "trans": motion.translation.numpy(),
        "mocap_frame_rate": np.array(motion.fps, np.float64),
        "surface_model_type": np.array("smplx"),
        "up_axis": np.array("y"),
        "pelvis": motion.pelvis.numpy(),
    }
    if motion.betas is not None:
        arrays["betas"] = motion.betas.numpy()
    if motion.expression is not None:
        arrays["expression"] = motion.expression.numpy()
        arrays["expression_names"] = np.array(motion.expression_names)
    if (camera := motion.camera) is not None:
        arrays["camera_from_world"] = camera.camera_from_world.numpy()
        arrays["camera_intrinsics"] = np.array([camera.fx, camera.fy, camera.cx, camera.cy], np.float64)
        arrays["camera_size"] = np.array([camera.width, camera.height], np.int64)
        arrays["camera_near"] = np.array(camera.near, np.float64)
    if motion.timestamps is not None:
        arrays["timestamps"] = motion.timestamps.numpy()
    if motion.confidence is not None:
        arrays["confidence"] = motion.confidence.numpy()
    return arrays
