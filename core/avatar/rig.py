"""Gaussians follow the surface that carries them: differentiable, on any device.

Canonical is the rest mesh of the avatar's betas. Each face has a deformation gradient J = R U that takes its edges to
the posed edges and its normal to the posed normal, lengthened by the square root of the areas' ratio (a body grown by
s gives J = s I). Since the plane goes to the plane and the normal to the normal, the polar decomposition is that of a
2×2 matrix and a number, in closed form. R and U are averaged at the vertices and interpolated at each Gaussian
*separately*: averaging J itself across a fold of 150° would leave a stretch of 0.26, and holes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..gaussians import GaussianParameters, Gaussians
from ..geometry.covariances import from_rotation_scale, matrix_from_symmetric6, symmetric6_from_matrix, transformed
from ..geometry.rotations import (
    matrix_to_quaternion,
    normalized_quaternion,
    quaternion_to_matrix,
)
from .template import Template, edge_frames, face_frames

#: A crumpled face keeps this much of its length, so that its Gaussians still cover what they should.
MIN_STRETCH = 0.4
#: Faces that are tiny at rest (lids, the corners of the mouth) may not blow their Gaussians up beyond this.
MAX_STRETCH = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RestGaussians:
    """The Gaussians on the canonical mesh, before any pose: what depends on parameters and betas only."""

    offsets_world: Float[Tensor, "N 3"]
    """Metres from the surface point, in canonical axes."""
    covariances: Float[Tensor, "N 6"]
    """Square metres, in canonical axes."""
    opacities: Float[Tensor, " N"]
    sh: Float[Tensor, "N K 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceDeformations:
    """J = R U of each face, canonical axes to world."""

    rotations_wxyz: Float[Tensor, "F 4"]
    stretches: Float[Tensor, "F 6"]
    """Symmetric, in canonical axes; eigenvalues within `MIN_STRETCH` and `MAX_STRETCH`."""
    weights: Float[Tensor, " F"]
    """What the face counts at its vertices: its canonical area, nothing where it is degenerate in either mesh."""


def place(template: Template, parameters: GaussianParameters, rest_vertices: Float[Tensor, "V 3"]) -> RestGaussians:
    """Bring parameters from the frames and sizes of the faces to metres on the canonical mesh."""
    frames, sizes = face_frames(template.faces, rest_vertices)
    frames, sizes = frames[template.face_indices], sizes[template.face_indices, None]
    kernels = from_rotation_scale(parameters.rotations_wxyz, parameters.log_scales.exp() * sizes)
    return RestGaussians(
        offsets_world=(frames @ (parameters.offsets * sizes)[..., None]).squeeze(-1),
        covariances=transformed(kernels, frames),
        opacities=parameters.opacity_logits.sigmoid(),
        sh=parameters.sh,
    )


def rig(
    template: Template,
    rest: RestGaussians,
    rest_vertices: Float[Tensor, "V 3"],
    posed_vertices: Float[Tensor, "V 3"],
) -> Gaussians:
    """The Gaussians on a posed mesh; their spherical harmonics stay canonical and are seen through the rotations."""
    faces = face_deformations(template.faces, rest_vertices, posed_vertices)
    rotations, stretches = vertex_deformations(template.faces, faces, rest_vertices.shape[0])
    corners, weights = template.corners, template.barycentrics.to(posed_vertices)
    signed = _aligned(rotations[corners], rotations[corners[:, :1]])
    turned = normalized_quaternion((signed * weights[..., None]).sum(-2))
    stretched = (stretches[corners] * weights[..., None]).sum(-2)
    gradients = quaternion_to_matrix(turned) @ matrix_from_symmetric6(stretched)
    return Gaussians(
        means=template.surface_points(posed_vertices) + (gradients @ rest.offsets_world[..., None]).squeeze(-1),
        covariances=transformed(rest.covariances, gradients),
        opacities=rest.opacities,
        sh=rest.sh,
        sh_rotations_wxyz=turned,
    )


def face_deformations(
    faces: Int[Tensor, "F 3"], rest_vertices: Float[Tensor, "V 3"], posed_vertices: Float[Tensor, "V 3"]
) -> FaceDeformations:
    """Rotation and stretch of every face; the identity where the face is degenerate at rest or posed."""
    rest, posed = rest_vertices[faces], posed_vertices[faces]
    rest_frames, rest_lengths, rest_areas2, valid = edge_frames(rest[:, 1] - rest[:, 0], rest[:, 2] - rest[:, 0])
    frames, lengths, areas2, posed_valid = edge_frames(posed[:, 1] - posed[:, 0], posed[:, 2] - posed[:, 0])
    along = ((rest[:, 2] - rest[:, 0]) * rest_frames[:, :, 0]).sum(-1)
    posed_along = ((posed[:, 2] - posed[:, 0]) * frames[:, :, 0]).sum(-1)
    heights, posed_heights = rest_areas2 / rest_lengths, areas2 / lengths

    # The tangent map [[a, b], [0, d]] between the frames, and its polar factors.
    a, d = lengths / rest_lengths, posed_heights / heights
    b = (posed_along - a * along) / heights
    scale = torch.sqrt((a + d).square() + b.square())
    cosine, sine = (a + d) / scale, -b / scale
    in_plane = _limited(a * (a + d) / scale, a * b / scale, (b.square() + d * (a + d)) / scale)
    normal_stretch = (a * d).clamp(MIN_STRETCH**2, MAX_STRETCH**2).sqrt()

    x, y, z = frames.unbind(-1)
    turned = torch.stack([cosine[:, None] * x + sine[:, None] * y, cosine[:, None] * y - sine[:, None] * x, z], -1)
    stretch = torch.diag_embed(torch.stack([in_plane[0], in_plane[2], normal_stretch], -1))
    off_diagonal = torch.zeros_like(stretch)
    off_diagonal[:, 0, 1] = off_diagonal[:, 1, 0] = in_plane[1]
    rotations = matrix_to_quaternion(turned @ rest_frames.transpose(-1, -2))
    stretches = symmetric6_from_matrix(rest_frames @ (stretch + off_diagonal) @ rest_frames.transpose(-1, -2))

    both = valid & posed_valid
    # Constants are made on the device: a copy from the host would be a wait.
    identity = torch.eye(1, 4, dtype=rotations.dtype, device=rotations.device)[0]
    return FaceDeformations(
        rotations_wxyz=torch.where(both[:, None], rotations, identity),
        stretches=torch.where(both[:, None], stretches, _no_stretch(stretches)),
        weights=0.5 * rest_areas2 * both,
    )


def vertex_deformations(
    faces: Int[Tensor, "F 3"], deformations: FaceDeformations, num_vertices: int
) -> tuple[Float[Tensor, "V 4"], Float[Tensor, "V 6"]]:
    """Rotations (unit quaternions) and stretches averaged over the faces around each vertex.

    q and -q are one rotation: the signs follow the first face around the vertex that counts. The mean of symmetric
    matrices whose eigenvalues lie above a floor keeps to that floor.
    """
    corners = faces.reshape(-1)
    owners = torch.arange(faces.shape[0], device=faces.device).repeat_interleave(3)
    rotations, weights = deformations.rotations_wxyz[owners], deformations.weights[owners]
    aligned = _aligned(rotations, rotations[_first_corner(corners, weights > 0, num_vertices)[corners]])
    weighted = torch.cat([aligned, deformations.stretches[owners]], -1) * weights[:, None]
    sums = weighted.new_zeros(num_vertices, 10).index_add(0, corners, weighted)
    totals = weights.new_zeros(num_vertices).index_add(0, corners, weights)
    alone = (totals <= 0)[:, None]
    means = sums / torch.where(alone, 1.0, totals[:, None])
    stretches = torch.where(alone, _no_stretch(means), means[:, 4:])
    return normalized_quaternion(means[:, :4]), stretches


def _no_stretch(like: Tensor) -> Float[Tensor, "6"]:
    return symmetric6_from_matrix(torch.eye(3, dtype=like.dtype, device=like.device))


def _first_corner(corners: Int[Tensor, " C"], counts: Bool[Tensor, " C"], num_vertices: int) -> Int[Tensor, " V"]:
    """The lowest of each vertex' corners whose face counts (any corner where none does)."""
    places = torch.arange(corners.shape[0], device=corners.device)
    places = torch.where(counts, places, corners.shape[0])
    first = torch.full((num_vertices,), corners.shape[0], device=corners.device)
    return first.scatter_reduce(0, corners, places, "amin").clamp(max=corners.shape[0] - 1)


def _aligned(quaternions: Float[Tensor, "*B 4"], reference: Float[Tensor, "*#B 4"]) -> Float[Tensor, "*B 4"]:
    """The same rotations with the signs that lie nearest to `reference`."""
    opposite = (quaternions * reference).sum(-1, keepdim=True) < 0
    return torch.where(opposite, -quaternions, quaternions)


def _limited(
    xx: Float[Tensor, " F"], xy: Float[Tensor, " F"], yy: Float[Tensor, " F"]
) -> tuple[Float[Tensor, " F"], Float[Tensor, " F"], Float[Tensor, " F"]]:
    """Symmetric 2×2 matrices with their eigenvalues brought into the limits of the stretch.

    Where both lie inside, the matrix is returned as it is: no division by the distance of equal eigenvalues.
    """
    middle, half = 0.5 * (xx + yy), 0.5 * (xx - yy)
    outside = half.square() + xy.square()
    apart = outside > 1e-14
    radius = torch.where(apart, outside, 1.0).sqrt() * apart
    low, high = middle - radius, middle + radius
    inside = (low >= MIN_STRETCH) & (high <= MAX_STRETCH)
    low, high = low.clamp(MIN_STRETCH, MAX_STRETCH), high.clamp(MIN_STRETCH, MAX_STRETCH)
    new_middle = torch.where(inside, middle, 0.5 * (low + high))
    factor = torch.where(inside, 1.0, 0.5 * (high - low) / torch.where(apart, radius, 1.0))
    return new_middle + factor * half, factor * xy, new_middle - factor * half
