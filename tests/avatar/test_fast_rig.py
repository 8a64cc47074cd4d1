"""The compiled rig gives what the differentiable one gives, and keeps its word about results."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.fast_rig import FastRig
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.avatar.template import make_template
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.geometry.rotations import quaternion_to_matrix
from rig_meshes import bend, cylinder, random_parameters, template_on
from torch import Tensor


def _rotations(gaussians: Gaussians) -> Tensor:
    """As matrices: q and -q are one rotation."""
    assert gaussians.sh_rotations_wxyz is not None
    return quaternion_to_matrix(gaussians.sh_rotations_wxyz)


def _assert_same(fast: Gaussians, slow: Gaussians, share: float = 1.0) -> None:
    size = slow.covariances.abs().amax(-1, keepdim=True).clamp(min=1e-12)
    differences = (
        (fast.means - slow.means).abs().amax(-1),
        ((fast.covariances - slow.covariances).abs() / size).amax(-1),
        (_rotations(fast) - _rotations(slow)).abs().amax((-1, -2)),
    )
    for difference, tolerance in zip(differences, (2e-6, 1e-4, 1e-5), strict=True):
        assert float(difference.quantile(share)) < tolerance


def _pair(vertices: Tensor, faces: Tensor, posed: Tensor, k: int = 4) -> tuple[Gaussians, Gaussians]:
    template = template_on(faces, k)
    rest = place(template, random_parameters(template.num_gaussians), vertices)
    return FastRig(template, vertices).rig(rest, posed), rig(template, rest, vertices, posed)


def test_gaussians_are_placed_alike(plain_body):
    template, mesh = make_template(plain_body, k=2), plain_body.template_vertices.clone()
    mesh[template.faces[5]] = 0.0  # a face without a size
    parameters = random_parameters(template.num_gaussians)
    rotations = parameters.rotations_wxyz * torch.logspace(-15.0, 15.0, template.num_gaussians)[:, None]
    rotations[3] = 0.0
    parameters = replace(parameters, rotations_wxyz=rotations)
    fast, slow = FastRig(template, mesh).place(parameters), place(template, parameters, mesh)
    size = slow.covariances.abs().amax(-1, keepdim=True).clamp(min=1e-12)
    assert float((fast.offsets_world - slow.offsets_world).abs().max()) < 1e-6
    assert float(((fast.covariances - slow.covariances).abs() / size).max()) < 1e-4
    assert torch.equal(fast.opacities, slow.opacities)
    assert fast.sh is parameters.sh
    with pytest.raises(ValueError, match="another template"):
        FastRig(template, mesh).place(random_parameters(3))


@pytest.mark.parametrize("degrees", [0.0, 40.0, 150.0])
def test_bent_tubes_agree(degrees):
    vertices, faces = cylinder()
    _assert_same(*_pair(vertices, faces, bend(vertices, degrees) * torch.tensor([1.3, 0.8, 1.0])))


def test_crumpled_and_collapsed_meshes_agree():
    vertices, faces = cylinder()
    crumpled = vertices + 0.01 * torch.randn(vertices.shape, generator=torch.Generator().manual_seed(0))
    _assert_same(*_pair(vertices, faces, crumpled))
    collapsed = vertices.clone()
    collapsed[:40] = 0.0
    _assert_same(*_pair(vertices, faces, collapsed))
    _assert_same(*_pair(vertices, faces, torch.zeros_like(vertices)))


def test_bodies_agree(plain_body):
    template = make_template(plain_body, k=2)
    mesh = plain_body.template_vertices
    rest = place(template, random_parameters(template.num_gaussians), mesh)
    turned = bend(mesh, 60.0, sharpness=5.0)
    _assert_same(FastRig(template, mesh).rig(rest, turned), rig(template, rest, mesh, turned), share=0.995)


def test_results_repeat_and_stay_as_they_were():
    vertices, faces = cylinder(rings=40, sides=40)
    template = template_on(faces)
    rest = place(template, random_parameters(template.num_gaussians), vertices)
    fast = FastRig(template, vertices)
    first = fast.rig(rest, bend(vertices, 90.0))
    kept = first.means.clone(), first.covariances.clone()
    fast.rig(rest, vertices)
    assert torch.equal(first.means, kept[0])
    assert torch.equal(first.covariances, kept[1])
    again = fast.rig(rest, bend(vertices, 90.0))
    assert torch.equal(again.means, kept[0])
    assert torch.equal(again.covariances, kept[1])


def test_colours_and_opacities_pass_through():
    vertices, faces = cylinder()
    template = template_on(faces)
    rest = place(template, random_parameters(template.num_gaussians), vertices)
    gaussians = FastRig(template, vertices).rig(rest, vertices)
    assert gaussians.sh is rest.sh
    assert gaussians.opacities is rest.opacities


def test_a_mesh_of_another_template_is_refused():
    vertices, faces = cylinder()
    template = template_on(faces)
    rest = place(template, random_parameters(template.num_gaussians), vertices)
    with pytest.raises(ValueError, match="another template"):
        FastRig(template, vertices).rig(rest, vertices[:-1])
