"""The laws of the rig, on small meshes and on a body in bent poses."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.rig import (
    MAX_STRETCH,
    MIN_STRETCH,
    face_deformations,
    place,
    rig,
    vertex_deformations,
)
from nlfgs_studio.core.avatar.template import face_frames, make_template
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.gaussians import GaussianParameters, Gaussians
from nlfgs_studio.core.geometry import spherical_harmonics
from nlfgs_studio.core.geometry.covariances import from_rotation_scale, matrix_from_symmetric6, transformed
from nlfgs_studio.core.geometry.rotations import axis_angle_to_matrix, quaternion_to_matrix
from rig_meshes import bend, cylinder, fold, random_parameters, strip, template_on
from torch import Tensor


def _rigged(vertices: Tensor, faces: Tensor, posed: Tensor, *, k: int = 4, seed: int = 0) -> Gaussians:
    template = template_on(faces, k)
    parameters = random_parameters(template.num_gaussians, seed, dtype=vertices.dtype)
    return rig(template, place(template, parameters, vertices), vertices, posed)


@pytest.mark.parametrize("k", [1, 3, 4, 7])
def test_the_rest_pose_is_the_identity(k):
    vertices, faces = cylinder()
    template = template_on(faces, k)
    parameters = random_parameters(template.num_gaussians)
    gaussians = rig(template, place(template, parameters, vertices), vertices, vertices)
    frames, sizes = face_frames(faces, vertices)
    frames, sizes = frames[template.face_indices], sizes[template.face_indices, None]
    offsets = (frames @ (parameters.offsets * sizes)[..., None])[..., 0]
    torch.testing.assert_close(gaussians.means, template.surface_points(vertices) + offsets, atol=1e-6, rtol=0)
    kernels = from_rotation_scale(parameters.rotations_wxyz, parameters.log_scales.exp() * sizes)
    torch.testing.assert_close(gaussians.covariances, transformed(kernels, frames), atol=1e-9, rtol=1e-4)
    torch.testing.assert_close(gaussians.opacities, torch.sigmoid(parameters.opacity_logits))
    identity = torch.tensor([1.0, 0.0, 0.0, 0.0]).expand(len(gaussians), 4)
    torch.testing.assert_close(gaussians.sh_rotations_wxyz.abs(), identity, atol=1e-6, rtol=0)


def test_the_rest_pose_of_a_body_is_the_identity(plain_body):
    """Whatever the betas: canonical is the rest mesh of this avatar."""
    template = make_template(plain_body, k=3)
    rest_mesh = shape_body(plain_body, 0.5 * torch.ones(plain_body.num_betas)).vertices
    rest = place(template, random_parameters(template.num_gaussians), rest_mesh)
    gaussians = rig(template, rest, rest_mesh, rest_mesh)
    torch.testing.assert_close(
        gaussians.means, template.surface_points(rest_mesh) + rest.offsets_world, atol=2e-6, rtol=0
    )
    largest = rest.covariances.abs().amax(-1, keepdim=True).clamp(min=1e-12)
    assert float(((gaussians.covariances - rest.covariances).abs() / largest).max()) < 1e-4


def test_a_rigid_motion_moves_everything_rigidly(plain_body):
    """Means, covariances and the directions that colours are seen from, in a bent pose."""
    template = make_template(plain_body, k=3)
    shaped = shape_body(plain_body, torch.zeros(plain_body.num_betas))
    bent = replace(
        BodyPose.rest(plain_body), rotations=0.4 * torch.randn(55, 3, generator=torch.Generator().manual_seed(3))
    )
    posed = pose_body(plain_body, shaped, bent).vertices
    rotation = axis_angle_to_matrix(torch.tensor([1.2, -2.0, 0.7]))
    translation = torch.tensor([0.3, -1.0, 2.0])
    rest = place(template, random_parameters(template.num_gaussians), shaped.vertices)
    before = rig(template, rest, shaped.vertices, posed)
    after = rig(template, rest, shaped.vertices, posed @ rotation.T + translation)
    torch.testing.assert_close(after.means, before.means @ rotation.T + translation, atol=2e-5, rtol=0)
    moved = transformed(before.covariances, rotation.expand(len(before), 3, 3))
    largest = moved.abs().amax(-1, keepdim=True).clamp(min=1e-12)
    # Where faces around a vertex point to opposite sides the mean rotation is at the mercy of rounding: leave 1 %.
    assert float(((after.covariances - moved).abs() / largest).amax(-1).quantile(0.99)) < 1e-3
    directions = torch.nn.functional.normalize(torch.randn(len(before), 3), dim=-1)

    def seen(gaussians: Gaussians, along: Tensor) -> Tensor:
        frames = quaternion_to_matrix(gaussians.sh_rotations_wxyz)
        return spherical_harmonics.evaluate(gaussians.sh, (frames.transpose(-1, -2) @ along[..., None])[..., 0])

    difference = seen(after, directions @ rotation.T) - seen(before, directions)
    assert float(difference.abs().amax(-1).quantile(0.99)) < 1e-3


def test_growth_grows_the_kernels():
    vertices, faces = cylinder()
    before, after = _rigged(vertices, faces, vertices), _rigged(vertices, faces, 1.7 * vertices)
    torch.testing.assert_close(after.means, 1.7 * before.means, atol=1e-5, rtol=0)
    torch.testing.assert_close(after.covariances, 1.7**2 * before.covariances, atol=1e-9, rtol=1e-4)


def test_stretch_along_one_axis_stretches_the_kernels_along_it():
    vertices, faces = strip()
    template = template_on(faces)
    stretch = torch.tensor([2.0, 1.0, 1.0])
    rest = place(template, random_parameters(template.num_gaussians), vertices)
    before, after = rig(template, rest, vertices, vertices), rig(template, rest, vertices, vertices * stretch)
    along_plane = torch.diag(torch.tensor([2.0, 1.0, math.sqrt(2.0)]))  # the normal by the square root of the area's
    expected = transformed(before.covariances, along_plane.expand(len(before), 3, 3))
    torch.testing.assert_close(after.covariances, expected, atol=1e-9, rtol=1e-4)
    assert float((after.covariances[:, 0] / before.covariances[:, 0]).min()) > 3.99


def test_shear_deforms_edges_as_the_faces_do():
    """R U is the deformation gradient itself: it takes the rest edges to the posed ones."""
    vertices, faces = (value.double() if value.is_floating_point() else value for value in strip(5, 4))
    shear = torch.tensor([[1.2, 0.5, 0.0], [0.1, 0.8, 0.0], [0.3, -0.2, 1.0]]).double()
    deformed = face_deformations(faces, vertices, vertices @ shear.T)
    gradients = quaternion_to_matrix(deformed.rotations_wxyz) @ matrix_from_symmetric6(deformed.stretches)
    edges = vertices[faces[:, 1:]] - vertices[faces[:, :1]]
    torch.testing.assert_close(edges @ gradients.transpose(-1, -2), edges @ shear.T)


@pytest.mark.parametrize("degrees", [60, 150, 175])
def test_a_sharp_fold_keeps_its_stretch(degrees):
    vertices, faces = strip()
    template = template_on(faces)
    sizes = torch.full((template.num_gaussians,), 1.0)
    parameters = random_parameters(template.num_gaussians)
    rest = place(template, replace(parameters, log_scales=torch.zeros_like(parameters.log_scales)), vertices)
    rest = replace(rest, covariances=torch.tensor([1.0, 0, 0, 1.0, 0, 1.0]).expand(len(sizes), 6))
    folded = rig(template, rest, vertices, fold(vertices, degrees))
    stretches = torch.linalg.eigvalsh(matrix_from_symmetric6(folded.covariances)).clamp(min=0).sqrt()
    # The fold itself stretches nothing, and interpolating R and U apart does not either.
    torch.testing.assert_close(stretches, torch.ones_like(stretches), atol=1e-4, rtol=0)


def test_wild_deformations_stay_within_the_limits():
    vertices, faces = cylinder()
    noise = torch.randn(vertices.shape, generator=torch.Generator().manual_seed(0))
    template = template_on(faces)
    rest = place(template, random_parameters(template.num_gaussians), vertices)
    rest = replace(rest, covariances=torch.tensor([1.0, 0, 0, 1.0, 0, 1.0]).expand(template.num_gaussians, 6))
    for amount in (0.02, 0.2, 5.0):
        wild = rig(template, rest, vertices, vertices + amount * noise)
        stretches = torch.linalg.eigvalsh(matrix_from_symmetric6(wild.covariances)).clamp(min=0).sqrt()
        assert float(stretches.min()) > MIN_STRETCH - 1e-3
        assert float(stretches.max()) < MAX_STRETCH + 1e-3


def test_collapsed_faces_stay_finite():
    vertices, faces = cylinder()
    flat_at_rest = vertices * torch.tensor([1.0, 0.0, 0.0])
    for rest_mesh, posed in (
        (vertices, torch.zeros_like(vertices)),
        (flat_at_rest, vertices),
        (vertices, flat_at_rest),
    ):
        rest_mesh = rest_mesh.clone().requires_grad_()
        posed = posed.clone().requires_grad_()
        gaussians = _rigged(rest_mesh, faces, posed)
        total = gaussians.means.sum() + gaussians.covariances.sum() + gaussians.sh_rotations_wxyz.sum()
        total.backward()
        for values in (gaussians.means, gaussians.covariances, rest_mesh.grad, posed.grad):
            assert bool(torch.isfinite(values).all())


def test_a_vertex_without_faces_keeps_the_identity():
    vertices, faces = strip(4, 3)
    lonely = torch.cat([vertices, torch.ones(1, 3)])
    deformed = face_deformations(faces, lonely, 2.0 * lonely)
    rotations, stretches = vertex_deformations(faces, deformed, len(lonely))
    assert rotations[-1].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert stretches[-1].tolist() == [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]


def test_other_betas_move_everything_with_one_new_rest_mesh(plain_body):
    """Parameters are in units of the face: the same avatar on a larger body is a larger avatar."""
    template = make_template(plain_body, k=1)
    parameters = random_parameters(template.num_gaussians)
    mesh = plain_body.template_vertices
    small, large = place(template, parameters, mesh), place(template, parameters, 1.5 * mesh)
    torch.testing.assert_close(large.offsets_world, 1.5 * small.offsets_world, atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(large.covariances, 2.25 * small.covariances, atol=1e-8, rtol=1e-3)


def test_gradients_are_right():
    """With respect to everything that is trained or fitted, against differences in float64."""
    vertices, faces = cylinder(rings=3, sides=5, length=0.1)
    vertices = vertices.double()
    template = template_on(faces, 1)
    parameters = random_parameters(template.num_gaussians, dtype=torch.float64, coefficients=1)
    posed = bend(vertices, 70.0) * torch.tensor([1.1, 0.9, 1.0]).double()

    def rigged(offsets, rotations, log_scales, opacity_logits, mesh, bent):
        changed = GaussianParameters(
            offsets=offsets,
            rotations_wxyz=rotations,
            log_scales=log_scales,
            opacity_logits=opacity_logits,
            sh=parameters.sh,
        )
        gaussians = rig(template, place(template, changed, mesh), mesh, bent)
        frames = quaternion_to_matrix(gaussians.sh_rotations_wxyz)
        return gaussians.means, 1e3 * gaussians.covariances, gaussians.opacities, frames

    inputs = (
        parameters.offsets,
        parameters.rotations_wxyz,
        parameters.log_scales,
        parameters.opacity_logits,
        vertices,
        posed,
    )
    leaves = tuple(value.clone().requires_grad_() for value in inputs)
    assert torch.autograd.gradcheck(rigged, leaves, atol=1e-4, rtol=1e-3, fast_mode=True)


def test_gradients_are_finite_where_eigenvalues_meet():
    """At rest every stretch is the identity: equal eigenvalues, the trap of a differentiated decomposition."""
    vertices, faces = cylinder()
    posed = vertices.clone().requires_grad_()
    gaussians = _rigged(vertices, faces, posed)
    (gaussians.covariances.square().sum() + gaussians.means.square().sum()).backward()
    assert bool(torch.isfinite(posed.grad).all())
    assert float(posed.grad.abs().max()) > 0
