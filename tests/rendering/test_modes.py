"""The modes of looking: rings, points, depth, normals, parts; mesh, ground and backdrop; pictures for files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from meshes import covered, sphere, square
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.rendering import large_picture
from nlfgs_studio.core.rendering.composition import Composer, checkerboard, fitted
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.display import (
    PLAIN,
    Backdrop,
    Display,
    MeshLayer,
    MeshStyle,
    Mode,
    Subject,
)
from nlfgs_studio.core.rendering.large_picture import render_large
from nlfgs_studio.core.rendering.recoloring import palette
from nlfgs_studio.core.rendering.renderer import Footprint, RenderedImage, RenderSettings
from nlfgs_studio.core.rendering.torch_reference import TorchReference
from scenes import random_scene, single

SETTINGS = RenderSettings(background=(0.1, 0.2, 0.3))
FRONT = look_at((0.0, 0.2, 2.0), (0.0, 0.0, 0.0), fx=200.0, fy=200.0, width=200, height=160)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return covered(sphere(), floor_height=-0.5)


def picture(subject: Subject, display: Display, camera: Camera = FRONT, backdrop: Backdrop | None = None):
    return Composer().render(CpuRenderer(), subject, camera, SETTINGS, display, backdrop)


def test_rings_agree_with_the_reference():
    scene, camera = random_scene(3, count=300)[0], FRONT
    settings = dataclasses.replace(SETTINGS, footprint=Footprint.RING)
    ours, judge = (renderer.render(scene, camera, settings) for renderer in (CpuRenderer(), TorchReference()))
    assert judge.alpha.max() > 0.5
    assert (ours.rgb - judge.rgb).abs().max() < 2e-3
    assert (ours.alpha - judge.alpha).abs().max() < 2e-3


def test_a_ring_is_drawn_only_near_the_ellipse_of_one_deviation():
    scene = single(deviation=0.2, opacity=1.0)
    camera = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), fx=200.0, fy=200.0, width=121, height=121)
    image = CpuRenderer().render(scene, camera, dataclasses.replace(SETTINGS, footprint=Footprint.RING))
    y, x = np.mgrid[0:121, 0:121]
    distance = np.hypot(x + 0.5 - 60.5, y + 0.5 - 60.5)
    radius = np.sqrt((200.0 * 0.2 / 2.0) ** 2 + 0.3)
    alpha = image.alpha.numpy()
    assert (alpha[np.abs(distance - radius) < 0.4] > 0.5).all()
    assert (alpha[np.abs(distance - radius) > 1.2] == 0.0).all()


def test_points_are_equally_large_near_and_far():
    areas = []
    for z in (1.0, -3.0):
        alone = Subject(gaussians=single((0.0, 0.0, z), deviation=0.3, opacity=0.5))
        areas.append(picture(alone, Display(mode=Mode.POINTS)).alpha.sum().item())
    assert areas[0] == pytest.approx(areas[1], rel=0.02)
    assert 1.0 < areas[0] < 20.0


def test_points_and_rings_leave_out_the_far_side_of_a_body(subject):
    for mode in (Mode.POINTS, Mode.RINGS):
        depth = picture(subject, Display(mode=mode)).depth
        # The sphere's outline is at depth 1.94; the far side lies beyond it.
        assert depth[depth > 0.0].max() < 1.99


def test_depth_is_brighter_the_nearer(subject):
    rgb = picture(subject, Display(mode=Mode.DEPTH)).rgb.sum(dim=-1)
    row = rgb[80, 100:140]
    assert (row[:-6:6] > row[6::6]).all()


def test_normals_show_the_camera_blue_right_red_and_up_green(subject):
    rgb = picture(subject, Display(mode=Mode.NORMALS)).rgb
    red, green, blue = rgb[80, 100].tolist()
    assert blue > 0.95
    assert red == pytest.approx(0.5, abs=0.05)
    assert green == pytest.approx(0.5, abs=0.05)
    assert rgb[80, 145, 0] > 0.85
    assert rgb[80, 55, 0] < 0.15
    assert rgb[35, 100, 1] > 0.85


def test_without_a_mesh_normals_are_the_flattest_direction(subject):
    bare = Subject(gaussians=subject.gaussians)
    with_mesh, without = (picture(each, Display(mode=Mode.NORMALS)) for each in (subject, bare))
    inside = with_mesh.alpha[60:100, 80:120] > 0.99
    difference = (with_mesh.rgb - without.rgb)[60:100, 80:120].abs().amax(dim=-1)
    assert difference[inside].max() < 0.02


def test_parts_have_the_colours_of_their_labels(subject):
    rgb = picture(subject, Display(mode=Mode.PARTS)).rgb
    lower, upper = palette(2)
    assert torch.allclose(rgb[50, 100], upper, atol=0.02)
    assert torch.allclose(rgb[120, 100], lower, atol=0.02)
    with_more = palette(60)
    apart = torch.cdist(with_more, with_more) + 10.0 * torch.eye(60)
    assert apart.min() > 0.04


def test_a_mesh_over_hides_the_gaussians_and_under_them_it_shows_through_gaps(subject):
    plain = picture(subject, PLAIN)
    over = picture(subject, Display(mesh=MeshLayer.OVER))
    alone = picture(subject, Display(mode=Mode.MESH))
    inside = alone.alpha > 0.999
    assert torch.allclose(over.rgb[inside], alone.rgb[inside], atol=1e-5)
    assert (plain.rgb[inside] - alone.rgb[inside]).abs().mean() > 0.05
    under = picture(subject, Display(mesh=MeshLayer.UNDER))
    opaque = plain.alpha > 0.9999
    assert opaque.any()
    assert torch.allclose(under.rgb[opaque], plain.rgb[opaque], atol=2e-4)
    thin = dataclasses.replace(SETTINGS, splat_scale=0.05)
    holes = Composer().render(CpuRenderer(), subject, FRONT, thin, Display(mesh=MeshLayer.UNDER))
    assert (holes.alpha[inside] > 0.999).all()


def test_parts_colour_the_mesh_too(subject):
    rgb = picture(subject, Display(mode=Mode.PARTS, mesh=MeshLayer.OVER)).rgb
    assert (rgb[50, 100] - rgb[120, 100]).abs().max() > 0.1


def test_the_ground_is_behind_what_stands_on_it_and_before_what_is_under_it():
    plate = covered(square(side=0.6, z=0.0), floor_height=-0.1)
    ground = picture(plate, Display(floor=True, grid=True))
    plain = picture(plate, PLAIN)
    below = (ground.rgb - plain.rgb).abs().amax(dim=-1)
    assert below[120:, 10:190].max() > 0.05
    # The plate's upper half stands on the ground: nothing of that is before it.
    assert below[60:80, 90:110].max() < 0.005
    from_below = look_at((0.0, -0.8, 2.0), (0.0, 0.0, 0.0), fx=200.0, fy=200.0, width=200, height=160)
    seen = (picture(plate, Display(floor=True), from_below).rgb - picture(plate, PLAIN, from_below).rgb).abs()
    assert seen[62:72, 90:110].max() > 0.01


def test_the_shadow_lies_under_what_is_near_the_ground(subject):
    above = look_at((0.0, 1.5, 1.5), (0.0, -0.5, 0.0), fx=200.0, fy=200.0, width=200, height=160)
    floor = Display(floor=True)
    near = picture(subject, floor, above)
    far = picture(dataclasses.replace(subject, floor_height=-0.9), floor, above)

    def light(x: float, y: float, z: float, image: RenderedImage) -> float:
        matrix = above.camera_from_world
        right, down, depth = (matrix[:3, :3] @ torch.tensor([x, y, z]) + matrix[:3, 3]).tolist()
        return image.rgb[round(200.0 * down / depth + 79.5), round(200.0 * right / depth + 99.5)].mean().item()

    assert light(0.0, -0.5, 0.33, near) < 0.6 * light(0.65, -0.5, 0.33, near)
    assert light(0.0, -0.9, 0.5, far) > light(0.0, -0.5, 0.33, near) + 0.02


def test_a_picture_behind_fills_the_view_and_keeps_its_proportions(subject):
    rgb = torch.zeros(100, 400, 3)
    rgb[:, 180:220] = 1.0
    wide = fitted(Backdrop(rgb=rgb), 200, 160)
    # Scaled by 1.6 to the height; the white middle is 64 pixels wide.
    assert wide[:, 70:130].min() > 0.99
    assert wide[:, :60].max() < 0.01
    assert fitted(Backdrop(rgb=rgb), 200, 160, (40, 70)).equal(wide[40:70])
    display = Display(picture=Path("any.png"))
    image = picture(subject, display, backdrop=Backdrop(rgb=torch.full((8, 8, 3), 0.75)))
    assert torch.allclose(image.rgb[2, 2], torch.tensor(0.75), atol=1e-5)
    assert torch.allclose(picture(subject, display).rgb[2, 2], torch.tensor(SETTINGS.background), atol=1e-5)


def test_the_window_shows_a_checkerboard_where_nothing_is(subject):
    out = np.empty((160, 200, 4), np.uint8)
    Composer().render_rgba8(CpuRenderer(), subject, FRONT, SETTINGS, out, Display(transparent=True))
    board = torch.round(255.0 * checkerboard(200, 160)).to(torch.uint8).numpy()
    assert np.abs(out[:20, :20, :3].astype(int) - board[:20, :20]).max() <= 1
    assert len(np.unique(board[..., 0])) == 2
    assert (out[..., 3] == 255).all()


def test_bytes_and_floats_are_the_same_picture(subject):
    out = np.empty((160, 200, 4), np.uint8)
    display = Display(mesh=MeshLayer.OVER, mesh_style=MeshStyle.WIREFRAME, grid=True)
    Composer().render_rgba8(CpuRenderer(), subject, FRONT, SETTINGS, out, display)
    expected = picture(subject, display).rgb.numpy() * 255.0
    assert np.abs(out[..., :3] - expected).max() < 0.51


class Counting:
    """A renderer that says how it was called."""

    name = "counting"

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self.calls: list[str] = []
        self._cpu = CpuRenderer()

    def render(self, gaussians, camera, settings) -> RenderedImage:
        self.calls.append("render")
        return self._cpu.render(gaussians, camera, settings)

    def render_rgba8(self, gaussians, camera, settings, out) -> None:
        self.calls.append("render_rgba8")
        self._cpu.render_rgba8(gaussians, camera, settings, out)

    def close(self) -> None:
        pass


def test_plain_splats_go_straight_to_the_renderer(subject, monkeypatch):
    renderer, composer = Counting(), Composer()
    monkeypatch.setattr(composer, "foreground", None)
    out = np.empty((160, 200, 4), np.uint8)
    composer.render_rgba8(renderer, subject, FRONT, SETTINGS, out)
    image = composer.render(renderer, subject, FRONT, SETTINGS)
    assert renderer.calls == ["render_rgba8", "render"]
    assert image.rgb.equal(CpuRenderer().render(subject.gaussians, FRONT, SETTINGS).rgb)


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_is_drawn_of_nothing(mode):
    nothing = Subject(gaussians=random_scene(0, count=0)[0])
    display = Display(mode=mode, mesh=MeshLayer.OVER, floor=True, grid=True)
    assert picture(nothing, display).rgb.isfinite().all()


@pytest.mark.parametrize("display", [PLAIN, Display(mode=Mode.DEPTH, grid=True), Display(mode=Mode.MESH, floor=True)])
def test_a_large_picture_in_bands_is_the_whole_one(subject, display, monkeypatch):
    whole = render_large(Composer(), CpuRenderer(), subject, FRONT, SETTINGS, display)
    monkeypatch.setattr(large_picture, "SAMPLES_AT_ONCE", 200 * 37)
    told: list[float] = []
    bands = render_large(Composer(), CpuRenderer(), subject, FRONT, SETTINGS, display, report=told.append)
    assert told == [0.0, 37 / 160, 74 / 160, 111 / 160, 148 / 160, 1.0]
    assert np.abs(whole.astype(int) - bands).max() <= 2
    assert (whole[..., 3] == 255).all()


def test_a_transparent_picture_has_straight_colours(subject):
    rgba = render_large(Composer(), CpuRenderer(), subject, FRONT, SETTINGS, Display(transparent=True), samples=2)
    alpha = rgba[..., 3:] / 255.0
    assert alpha.min() == 0.0
    assert alpha.max() > 0.99
    over = rgba[..., :3] / 255.0 * alpha + np.array(SETTINGS.background) * (1.0 - alpha)
    opaque = render_large(Composer(), CpuRenderer(), subject, FRONT, SETTINGS, samples=2)[..., :3] / 255.0
    assert np.abs(over - opaque).max() < 0.01


def test_more_samples_make_smoother_edges(subject):
    few, many = (
        render_large(Composer(), CpuRenderer(), subject, FRONT, SETTINGS, Display(mode=Mode.MESH), samples=samples)
        for samples in (1, 3)
    )
    assert few.shape == many.shape
    assert np.abs(few.astype(int) - many).mean() < 2.0


def test_displays_that_look_alike_are_equal():
    assert Display() == PLAIN
    assert PLAIN.is_plain
    assert not Display(grid=True).is_plain
    assert not Display(picture=Path("a.png")).is_plain
