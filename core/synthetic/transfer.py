"""What a dressed person looks like, told on the network's template: each of its Gaussians moved out to what is seen.

At every Gaussian of the template the person is looked at from outside, against the skin's normal: what is met first,
cloth, hair or skin, is where the Gaussian goes and what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import KDTree
from torch import Tensor

from ..avatar.covering import covering_kernels
from ..avatar.template import Template, face_frames
from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel
from ..gaussians import GaussianParameters
from ..geometry.covariances import matrix_from_symmetric6
from ..geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from ..kernels import run_split
from ..rendering.mesh_kernels import sum_normals
from .transfer_kernels import NUM_SOURCES, REACH, fill_cells, look_back

LARGEST_OFFSET = 24.0
"""Face sizes; a skirt leaves the legs by 25 centimetres, 16 of them. The smallest faces do not reach hats."""
_CELL = 0.01
_REACHES = {("hip", "knee", "pelvis", "spine1"): 0.25, ("head", "neck", "jaw"): 0.14, ("spine2", "spine3"): 0.08}
"""Metres to the hem of a skirt, to hair and hats, to what hangs over the back."""
_REACH_OF_LIMBS = 0.05
_BELOW = 0.012
"""Metres that what is seen may lie under the skin of the bare body."""
_INNER = ("mouth_inside", "tongue", "teeth", "eye_socket", "sclera", "iris", "pupil", "lashes")
"""Parts that show only themselves: lips lie before teeth, and open."""
_INNER_REACH = 0.003
_TORN = 0.6
"""Face sizes between the corners of a face that spans two layers."""
_STRETCH = 2.0
"""How much wider than on the skin the kernels of such a face may be."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dressed:
    """The Gaussians of a dressed person on the rest mesh."""

    points: Float[Tensor, "D 3"]
    covariances: Float[Tensor, "D 6"]
    normals: Float[Tensor, "D 3"]
    opacities: Float[Tensor, " D"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transfer:
    """A template's Gaussians in the guise of others."""

    parameters: GaussianParameters
    """Colours of degree 0, grey: light gives them."""
    sources: Int[Tensor, "N 4"]
    """The dressed Gaussians that each one shows, and how much of each."""
    shares: Float[Tensor, "N 4"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """What is seen at some places on the skin, from outside."""

    depths: Float[np.ndarray, " R"]
    """Metres from the skin, outwards."""
    covered: Float[np.ndarray, " R"]
    """Its opacity; 0 where nothing is."""
    sources: Int[np.ndarray, "R 4"]
    """The dressed Gaussians that make it, -1 for fewer than four, and their shares."""
    shares: Float[np.ndarray, "R 4"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """The dressed Gaussians by the cells that they reach into; as `transfer_kernels` takes them."""

    surfels: Float[np.ndarray, "D 13"]
    low: Float[np.ndarray, "3"]
    shape: Int[np.ndarray, "3"]
    starts: Int[np.ndarray, " C1"]
    entries: Int[np.ndarray, " E"]


def transferred(body: BodyModel, template: Template, rest: Float[Tensor, "V 3"], dressed: Dressed) -> Transfer:
    """Onto `template`, from a dressed person on the same rest mesh."""
    normals = np.empty((len(rest), 3))
    sum_normals(rest.numpy(), body.faces.numpy(), np.eye(4), normals)
    at_vertices = torch.from_numpy(normals).float()
    skin, upward = template.surface_points(rest), _unit(template.interpolated(at_vertices))
    gaussians, vertices = _reaches(body, template, rest)
    grid = _gridded(dressed)
    seen = _looked(grid, skin, upward, gaussians)
    _fill(seen, skin.numpy(), dressed)
    depths = torch.from_numpy(_looked(grid, rest, at_vertices, vertices).depths)
    sources, shares = torch.from_numpy(seen.sources), torch.from_numpy(seen.shares)
    shown = _unit((dressed.normals[sources] * shares[..., None]).sum(1))
    rotations, log_scales = _covering(template, rest, depths, at_vertices, shown)
    frames, sizes = face_frames(template.faces, rest)
    away = (frames.mT[template.face_indices] @ (upward * torch.from_numpy(seen.depths)[:, None])[..., None])[..., 0]
    opacities = (dressed.opacities[sources] * shares).sum(-1).clamp(0.02, 0.99)
    return Transfer(
        parameters=GaussianParameters(
            offsets=away / sizes[template.face_indices, None].clamp_min(1e-6),
            rotations_wxyz=rotations,
            log_scales=log_scales,
            opacity_logits=opacities.logit(),
            sh=torch.zeros(template.num_gaussians, 1, 3),
        ),
        sources=sources,
        shares=shares,
    )


def _fill(seen: _Seen, skin: Float[np.ndarray, "N 3"], dressed: Dressed) -> None:
    """Where nothing is seen, show what is nearest; shares sum to one."""
    missed = np.flatnonzero(seen.covered < 0.3)
    if len(missed):
        _, nearest = KDTree(dressed.points.numpy()).query(skin[missed], k=1)
        seen.sources[missed], seen.shares[missed] = np.asarray(nearest)[:, None], 1.0 / NUM_SOURCES
        seen.depths[missed] = 0.0
    seen.shares[:] /= np.maximum(seen.shares.sum(-1, keepdims=True), 1e-6)
    seen.sources[seen.sources < 0] = 0


def _unit(vectors: Float[Tensor, "N 3"]) -> Float[Tensor, "N 3"]:
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-6)


def _reaches(
    body: BodyModel, template: Template, rest: Float[Tensor, "V 3"]
) -> tuple[Float[Tensor, " N"], Float[Tensor, " V"]]:
    """How far to look from each Gaussian, and from each vertex."""
    vertices = body.skin_weights @ torch.tensor([_reach(name) for name in JOINT_NAMES])
    _, sizes = face_frames(template.faces, rest)
    gaussians = template.interpolated(vertices[:, None])[:, 0].minimum(LARGEST_OFFSET * sizes[template.face_indices])
    if body.face_parts is not None:
        inner = [index for index, name in enumerate(body.part_names) if name.startswith(_INNER)]
        hidden = torch.isin(body.face_parts, torch.tensor(inner))
        gaussians[hidden[template.face_indices]] = _INNER_REACH
        vertices[body.faces[hidden].flatten()] = _INNER_REACH
    return gaussians, vertices


def _reach(joint: str) -> float:
    """Metres from the skin that moves with a joint to what may hang over it."""
    return next((reach for names, reach in _REACHES.items() if joint.endswith(names)), _REACH_OF_LIMBS)


def _gridded(dressed: Dressed) -> _Grid:
    points, covariances = dressed.points.numpy(), matrix_from_symmetric6(dressed.covariances.double())
    extents = REACH * covariances.diagonal(dim1=-2, dim2=-1).sqrt().float().numpy()
    inverse = torch.linalg.inv(covariances + 1e-10 * torch.eye(3, dtype=torch.float64)).numpy()
    surfels = np.concatenate(
        [points, inverse.reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]], dressed.normals, dressed.opacities[:, None]], axis=1
    ).astype(np.float32)
    low = (points - extents).min(0)
    shape = np.ceil(((points + extents).max(0) - low) / _CELL).astype(np.int64) + 1
    starts = np.zeros(int(shape.prod()) + 1, np.int64)
    fill_cells(points, extents, low, _CELL, shape, starts, np.empty(0, np.int32))
    np.cumsum(starts, out=starts)
    entries = np.empty(int(starts[-1]), np.int32)
    fill_cells(points, extents, low, _CELL, shape, starts[:-1].copy(), entries)
    return _Grid(surfels=surfels, low=low, shape=shape, starts=starts, entries=entries)


def _looked(
    grid: _Grid,
    origins: Float[Tensor, "R 3"],
    directions: Float[Tensor, "R 3"],
    reaches: Float[Tensor, " R"],
) -> _Seen:
    """From `reaches` before the origins back along the directions."""
    count = len(origins)
    seen = _Seen(
        depths=np.empty(count, np.float32),
        covered=np.empty(count, np.float32),
        sources=np.empty((count, NUM_SOURCES), np.int64),
        shares=np.empty((count, NUM_SOURCES), np.float32),
    )
    run_split(
        look_back, count, origins.numpy(), directions.numpy(), reaches.numpy(), _BELOW, grid.surfels, grid.low, _CELL,
        grid.shape, grid.starts, grid.entries, seen.depths, seen.covered, seen.sources, seen.shares,
    )  # fmt: skip
    return seen


def _covering(
    template: Template,
    rest: Float[Tensor, "V 3"],
    depths: Float[Tensor, " V"],
    normals: Float[Tensor, "V 3"],
    shown: Float[Tensor, "N 3"],
) -> tuple[Float[Tensor, "N 4"], Float[Tensor, "N 3"]]:
    """Kernels that cover the mesh moved by `depths` along its normals, in the frames and sizes of the faces at rest.

    Where a face is torn between two layers its kernels lie in the surface that they show, whose normals are `shown`.
    """
    frames, sizes = face_frames(template.faces, rest)
    sizes = sizes.clamp_min(1e-6)
    moved = rest + depths[:, None] * normals
    moved_frames, _ = face_frames(template.faces, moved)
    rotations, widths = covering_kernels(template, rest)
    moved_rotations, moved_widths = covering_kernels(template, moved)
    corners = depths[template.faces]
    torn = ((corners.amax(-1) - corners.amin(-1)) > _TORN * sizes)[template.face_indices]
    turns = (frames.mT @ moved_frames)[template.face_indices] @ quaternion_to_matrix(moved_rotations)
    local = (frames.mT[template.face_indices] @ shown[..., None])[..., 0]
    laid = _laid(quaternion_to_matrix(rotations), local)
    rotations = matrix_to_quaternion(torch.where(torn[:, None, None], laid, turns))
    stretched = torch.minimum(moved_widths, _STRETCH * widths).maximum(widths)
    widths = torch.where(torn[:, None], stretched, moved_widths)
    return rotations, (widths / sizes[template.face_indices, None]).log()


def _laid(axes: Float[Tensor, "N 3 3"], normals: Float[Tensor, "N 3"]) -> Float[Tensor, "N 3 3"]:
    """Kernels' axes turned so that the last is the normal."""
    along = axes[:, :, 0] - (axes[:, :, 0] * normals).sum(-1, keepdim=True) * normals
    # One that would stand upright is laid along its other axis.
    other = torch.linalg.cross(axes[:, :, 1], normals)
    along = torch.where(along.norm(dim=-1, keepdim=True) < 0.3, other, along)
    along = along / along.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    return torch.stack([along, torch.linalg.cross(normals, along), normals], dim=-1)
