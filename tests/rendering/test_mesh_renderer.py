"""The mesh as a picture: its silhouette, what hides what, how it is lit, and what a ray hits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from meshes import covered, joined, sphere, square
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.display import Mesh, MeshStyle
from nlfgs_studio.core.rendering.mesh_renderer import face_picture, hit, render_mesh
from nlfgs_studio.core.rendering.renderer import RenderSettings
from scipy.ndimage import binary_dilation, binary_erosion

CAMERA = look_at((0.4, 0.3, 2.0), (0.0, 0.0, 0.0), fx=300.0, fy=300.0, width=240, height=200)
FRONT = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=200.0, fy=200.0, width=200, height=160)


def test_the_silhouette_is_that_of_the_gaussians_on_the_mesh():
    subject = covered(sphere())
    mesh = render_mesh(subject.mesh, CAMERA, MeshStyle.SHADED).alpha.numpy() > 0.5
    splats = CpuRenderer().render(subject.gaussians, CAMERA, RenderSettings()).alpha.numpy() > 0.5
    band = binary_dilation(mesh, iterations=3) & ~binary_erosion(mesh, iterations=3)
    assert mesh.sum() > 5000
    assert not ((mesh != splats) & ~band).any()


def test_the_picture_of_a_sphere_is_a_disc_of_the_right_size():
    image = render_mesh(sphere(rows=80, columns=160), FRONT, MeshStyle.SHADED)
    # A sphere of radius r at distance d is seen under asin(r / d).
    radius = 200.0 * np.tan(np.arcsin(0.5 / 2.0))
    assert image.alpha.sum().item() == pytest.approx(np.pi * radius**2, rel=0.005)
    assert image.depth[80, 100].item() == pytest.approx(1.5, abs=0.002)
    assert image.depth[0, 0].item() == 0.0


def test_the_nearer_face_hides_the_farther_whatever_their_order():
    near, far = square(side=0.3, z=0.5, label=1), square(side=1.0, z=-0.5)
    for mesh in (joined(near, far), joined(far, near)):
        seen = mesh.labels[torch.from_numpy(face_picture(mesh, FRONT)).long().clamp_min(0)]
        assert seen[80, 100] == 1
        assert seen[80, 130] == 0
        assert face_picture(mesh, FRONT)[5, 5] == -1
        depth = render_mesh(mesh, FRONT, MeshStyle.SHADED).depth
        assert depth[80, 100].item() == pytest.approx(1.5, abs=1e-5)
        assert depth[80, 130].item() == pytest.approx(2.5, abs=1e-5)


def test_neighbouring_faces_leave_no_gap_and_cover_no_pixel_twice():
    ids = face_picture(sphere(rows=60, columns=120), CAMERA)
    filled = binary_dilation(ids >= 0, iterations=2) & (ids < 0)
    inside = binary_erosion(binary_dilation(ids >= 0, iterations=2), iterations=4)
    assert not (filled & inside).any()


def test_light_falls_from_above_and_both_sides_of_a_face_are_lit():
    image = render_mesh(sphere(), FRONT, MeshStyle.SHADED)
    assert image.rgb[52, 100].mean() > image.rgb[108, 100].mean() + 0.05
    plane = square(side=1.0, z=0.0)
    back = Mesh(vertices=plane.vertices, faces=plane.faces.flip(1), labels=plane.labels)
    front_rgb, back_rgb = (render_mesh(mesh, FRONT, MeshStyle.SHADED).rgb for mesh in (plane, back))
    assert torch.allclose(front_rgb, back_rgb, atol=1e-6)


def test_a_wireframe_is_open_between_its_lines_and_hides_what_is_behind():
    mesh = joined(square(side=0.8, z=0.4), square(side=0.5, z=-0.4))
    wire = render_mesh(mesh, FRONT, MeshStyle.WIREFRAME)
    assert wire.alpha.max() > 0.7
    assert 0.005 < (wire.alpha > 0.1).float().mean() < 0.1
    # The square behind would have edges here.
    alone = render_mesh(square(side=0.5, z=-0.4), FRONT, MeshStyle.WIREFRAME).alpha
    front = render_mesh(square(side=0.8, z=0.4), FRONT, MeshStyle.WIREFRAME).alpha
    hidden = (alone > 0.5) & (front == 0.0)
    assert hidden.any()
    assert (wire.alpha[hidden] == 0.0).all()


def test_given_colours_are_those_of_the_faces():
    mesh = joined(square(side=0.4, z=0.0, center=(-0.3, 0.0)), square(side=0.4, z=0.0, center=(0.3, 0.0)))
    colors = torch.tensor([[1.0, 0.0, 0.0]] * 2 + [[0.0, 0.0, 1.0]] * 2)
    rgb = render_mesh(mesh, FRONT, MeshStyle.SHADED, colors).rgb
    left, right = rgb[80, 70], rgb[80, 130]
    assert left[0] > 0.5
    assert left[2] == 0.0
    assert right[2] > 0.5
    assert right[0] == 0.0


def test_what_is_behind_the_camera_is_not_drawn():
    assert not render_mesh(square(side=1.0, z=3.0), FRONT, MeshStyle.BOTH).alpha.any()


def test_an_empty_mesh_gives_an_empty_picture():
    nothing = Mesh(
        vertices=torch.zeros(0, 3), faces=torch.zeros(0, 3, dtype=torch.int64), labels=torch.zeros(0, dtype=torch.int64)
    )
    assert not render_mesh(nothing, FRONT, MeshStyle.SHADED).alpha.any()
    assert hit(nothing, FRONT.center, torch.tensor([0.0, 0.0, -1.0])) is None


def test_a_ray_hits_the_face_that_is_seen():
    mesh = sphere()
    ids = face_picture(mesh, CAMERA)
    rotation = CAMERA.camera_from_world[:3, :3]
    random = np.random.default_rng(0)
    for row, column in random.integers((20, 20), (180, 220), (60, 2)).tolist():
        seen = torch.tensor([(column + 0.5 - CAMERA.cx) / CAMERA.fx, (row + 0.5 - CAMERA.cy) / CAMERA.fy, 1.0])
        found = hit(mesh, CAMERA.center, rotation.T @ seen)
        assert (-1 if found is None else found.face) == ids[row, column]
        if found is not None:
            point = found.barycentrics @ mesh.vertices[mesh.faces[found.face]]
            x, y, z = (rotation @ point + CAMERA.camera_from_world[:3, 3]).tolist()
            assert CAMERA.fx * x / z + CAMERA.cx == pytest.approx(column + 0.5, abs=1e-2)
            assert CAMERA.fy * y / z + CAMERA.cy == pytest.approx(row + 0.5, abs=1e-2)


def test_the_picture_does_not_depend_on_how_rows_are_shared(monkeypatch):
    from nlfgs_studio.core.rendering import mesh_renderer

    mesh = sphere()
    first = render_mesh(mesh, CAMERA, MeshStyle.BOTH)
    monkeypatch.setattr(mesh_renderer, "PARTS_PER_THREAD", 1)
    second = render_mesh(mesh, CAMERA, MeshStyle.BOTH)
    assert first.rgb.equal(second.rgb)
    assert first.depth.equal(second.depth)
