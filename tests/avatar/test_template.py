"""Points on faces: even for every k, and where the template's documentation says."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.avatar.template import face_frames, make_template, spread_points
from rig_meshes import cylinder


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 7, 9, 16, 30])
def test_points_share_the_triangle_evenly(k):
    points = spread_points(k)
    assert points.shape == (k, 3)
    assert float(points.min()) > 0
    torch.testing.assert_close(points.sum(-1), torch.ones(k).double())
    torch.testing.assert_close(points.mean(0), torch.full((3,), 1 / 3).double(), atol=0.05, rtol=0)
    exponential = -torch.rand(4000, 3, generator=torch.Generator().manual_seed(k), dtype=torch.float64).log()
    samples = exponential / exponential.sum(-1, keepdim=True)
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]]).double()
    nearest = torch.cdist(samples @ corners, points @ corners)
    shares = torch.bincount(nearest.argmin(-1), minlength=k) / 4000 * k
    assert float(shares.min()) > 0.6
    assert float(shares.max()) < 1.5


def test_points_repeat():
    first = spread_points(7).clone()
    spread_points.cache_clear()
    assert torch.equal(first, spread_points(7))


@pytest.mark.parametrize("k", [1, 3, 4, 7])
def test_a_template_has_k_gaussians_on_every_face(plain_body, k):
    template = make_template(plain_body, k=k)
    assert template.num_gaussians == k * len(plain_body.faces)
    assert torch.equal(torch.bincount(template.face_indices), torch.full((len(plain_body.faces),), k))
    points = template.surface_points(plain_body.template_vertices)
    corners = plain_body.template_vertices[template.corners]
    assert bool((points >= corners.amin(1) - 1e-6).all())
    assert bool((points <= corners.amax(1) + 1e-6).all())


def test_impossible_templates_are_refused(plain_body):
    with pytest.raises(ValueError, match="k must be"):
        make_template(plain_body, k=0)
    with pytest.raises(ValueError, match="no shells named cape"):
        make_template(plain_body, worn_shells=("cape",))


def test_parts_may_carry_more(body):
    template = make_template(body, k=2, finer={"iris": 9})
    counts = torch.bincount(template.face_indices)
    names = [body.part_names[part] for part in body.face_parts.tolist()]
    iris = torch.tensor([name.startswith("iris") for name in names])
    assert set(counts[iris].tolist()) == {9}
    assert set(counts[~iris].tolist()) == {2}
    assert bool((template.face_indices.diff() >= 0).all())


def test_shells_join_the_template_after_the_body(body):
    name = next(iter(body.shells))
    bare, worn = make_template(body, k=2), make_template(body, k=2, worn_shells=(name,))
    num_bare = bare.num_gaussians
    assert torch.equal(worn.faces[: len(bare.faces)], bare.faces)
    assert torch.equal(worn.faces[len(bare.faces) :], body.shells[name])
    assert torch.equal(worn.face_indices[:num_bare], bare.face_indices)
    assert worn.num_gaussians == num_bare + 2 * len(body.shells[name])


def test_face_frames_follow_the_convention():
    vertices, faces = cylinder()
    frames, sizes = face_frames(faces, vertices)
    x, _, z = frames.unbind(-1)
    corners = vertices[faces]
    torch.testing.assert_close(
        frames.transpose(-1, -2) @ frames, torch.eye(3).expand(len(faces), 3, 3), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(torch.linalg.det(frames), torch.ones(len(faces)))
    torch.testing.assert_close(
        x, torch.nn.functional.normalize(corners[:, 1] - corners[:, 0], dim=-1), atol=1e-5, rtol=0
    )
    outwards = corners.mean(1) * torch.tensor([0.0, 1.0, 1.0])
    assert bool(((z * outwards).sum(-1) > 0).all())
    areas = 0.5 * torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(dim=-1)
    torch.testing.assert_close(sizes, (2 * areas).sqrt(), atol=1e-6, rtol=1e-4)


def test_a_face_without_area_gets_the_identity_and_no_size():
    vertices = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    for faces in ([[0, 1, 2]], [[0, 0, 0]]):
        frames, sizes = face_frames(torch.tensor(faces), vertices)
        assert torch.equal(frames[0], torch.eye(3))
        assert float(sizes[0]) == 0.0
