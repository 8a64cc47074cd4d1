"""The labels agree with what the renderers draw."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.cameras import in_camera, look_at, projected
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.display import Mesh
from nlfgs_studio.core.rendering.mesh_renderer import hit
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.synthetic.labels import labels_of


def _posed(body, photo):
    return pose_body(body, shape_body(body, photo.betas), photo.pose).vertices


def _world(photo, points):
    matrix = photo.camera.camera_from_world
    return (points - matrix[:3, 3]) @ matrix[:3, :3]


def test_a_marker_drawn_at_a_point_is_seen_at_its_pixel(photos):
    for photo in photos:
        chosen = torch.nonzero(photo.inside)[:3, 0]
        margin = ((photo.pixels[chosen] > 4.0) & (photo.pixels[chosen] < 252.0)).all(-1)
        for point, pixel in zip(photo.points[chosen][margin], photo.pixels[chosen][margin], strict=True):
            size = 1.5 * float(point[2]) / photo.camera.fx
            marker = Gaussians(
                means=_world(photo, point[None]),
                covariances=size**2 * torch.tensor([[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]]),
                opacities=torch.tensor([0.9]),
                sh=torch.zeros(1, 1, 3),
            )
            alpha = CpuRenderer().render(marker, photo.camera, RenderSettings()).alpha.double()
            centres = torch.arange(256) + 0.5
            seen = torch.stack([(alpha.sum(0) * centres).sum(), (alpha.sum(1) * centres).sum()]) / alpha.sum()
            assert (seen - pixel).abs().max() < 0.15


def test_points_are_on_the_skin_of_the_body_that_the_photo_names(body, network_body_template, photos):
    for photo in photos:
        vertices = in_camera(_posed(body, photo), photo.camera)
        points = network_body_template.surface_points(vertices)[photo.which]
        assert torch.allclose(points, photo.points, atol=2e-4)
        assert torch.allclose(projected(points, photo.camera)[photo.inside], photo.pixels[photo.inside], atol=0.3)


def test_visible_is_what_a_ray_from_the_camera_meets_first(body, network_body_template, photos):
    agree, total = 0, 0
    for photo in photos[:3]:
        vertices = _posed(body, photo)
        labels = labels_of(network_body_template, photo.which, vertices, photo.camera)
        mesh = Mesh(vertices=vertices, faces=body.faces, labels=torch.zeros(len(body.faces), dtype=torch.int64))
        eye = photo.camera.center
        for index in torch.nonzero(labels.inside)[::12, 0].tolist():
            away = _world(photo, labels.points[index : index + 1])[0] - eye
            met = hit(mesh, eye, away)
            assert met is not None
            corners = vertices[body.faces[met.face]]
            reached = float(((met.barycentrics @ corners) - eye).norm())
            agree += bool(labels.visible[index]) == (reached > float(away.norm()) - 0.004)
            total += 1
    assert total > 50
    assert agree / total > 0.93


def test_what_faces_away_is_hidden(body, network_body_template):
    everything = torch.arange(0, network_body_template.num_gaussians, 50)
    # From afar, or both would see the feet from above.
    front = look_at((0.0, -0.3, 200.0), (0.0, -0.3, 0.0), fx=20000.0, fy=20000.0, width=256, height=256)
    back = look_at((0.0, -0.3, -200.0), (0.0, -0.3, 0.0), fx=20000.0, fy=20000.0, width=256, height=256)
    seen = [labels_of(network_body_template, everything, body.template_vertices, camera) for camera in (front, back)]
    assert not (seen[0].visible & seen[1].visible).any()
    assert all(0.15 < labels.visible.float().mean() < 0.5 for labels in seen)


def test_behind_the_camera_is_not_in_the_frame(body, network_body_template):
    camera = look_at((0.0, 0.0, 4.0), (0.0, 0.0, 8.0), fx=400.0, fy=400.0, width=256, height=256)
    labels = labels_of(network_body_template, torch.arange(100), body.template_vertices, camera)
    assert not labels.inside.any()
    assert not labels.visible.any()


def test_something_over_the_whole_picture_hides_every_point(monkeypatch, studio):
    from nlfgs_studio.core.synthetic import photo as module
    from nlfgs_studio.core.synthetic.occluders import Occluder

    wall = Occluder(rgb=np.zeros((256, 256, 3), np.float32), alpha=np.ones((256, 256), np.float32))
    monkeypatch.setattr(module, "drawn_occluder", lambda *_: wall)
    hidden = studio.photo(0)
    assert hidden.inside.any()
    assert not hidden.visible.any()


@pytest.mark.parametrize("count", [64, 400])
def test_most_of_what_is_told_is_in_the_frame(body, network_body_template, count):
    from nlfgs_studio.core.synthetic.choosing import Choice

    camera = look_at((0.0, 0.2, 1.0), (0.0, 0.2, 0.0), fx=400.0, fy=400.0, width=256, height=256)
    seen = in_camera(body.template_vertices, camera)
    which = Choice(body, network_body_template).drawn(np.random.default_rng(0), count, seen, camera)
    labels = labels_of(network_body_template, which, body.template_vertices, camera)
    assert len(which) == count
    assert 0.6 < labels.inside.float().mean() <= 0.76
