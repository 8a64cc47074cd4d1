"""What gsplat is asked for draws our picture model: judged by a stand-in for its rasteriser, after its manual."""

import dataclasses
import inspect
import math
import sys
import types

import pytest
import torch
from nlfgs_studio.core.cameras import Camera
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.rendering import gsplat_renderer
from nlfgs_studio.core.rendering.gsplat_renderer import GsplatRenderer, rasterization_arguments
from nlfgs_studio.core.rendering.renderer import CLAMP_MARGIN, Footprint, RenderSettings
from nlfgs_studio.core.rendering.torch_reference import Splats, TorchReference, blend
from scenes import random_scene

SETTINGS = RenderSettings(background=(0.2, 0.4, 0.6))
CPU = torch.device("cpu")


def _rasterization(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height,  # noqa: N803 - gsplat's own names
    near_plane, far_plane, eps2d, sh_degree, packed, backgrounds, render_mode, rasterize_mode, covars,
):  # fmt: skip
    """The few features of `gsplat.rasterization` that we use, for one camera, as its documentation describes them."""
    assert quats is None
    assert scales is None
    assert sh_degree is None
    assert packed is False
    assert covars.shape == (*means.shape, 3)
    assert viewmats.shape == (1, 4, 4)
    assert Ks.shape == (1, 3, 3)
    rotation, translation = viewmats[0, :3, :3], viewmats[0, :3, 3]
    (fx, _, cx), (_, fy, cy), _ = Ks[0].tolist()
    positions = means @ rotation.T + translation
    x, y, z = positions.unbind(-1)
    in_view = (z >= near_plane) & (z <= far_plane)
    safe = torch.where(in_view, z, 1.0)
    tangents = torch.stack([x / safe, y / safe], -1)
    low = torch.tensor([-cx / fx - CLAMP_MARGIN * width / 2 / fx, -cy / fy - CLAMP_MARGIN * height / 2 / fy])
    high = torch.tensor(
        [(width - cx) / fx + CLAMP_MARGIN * width / 2 / fx, (height - cy) / fy + CLAMP_MARGIN * height / 2 / fy]
    )
    u, v = torch.maximum(torch.minimum(tangents, high), low).unbind(-1)
    zero = torch.zeros_like(safe)
    jacobian = torch.stack(
        [torch.stack([fx / safe, zero, -fx * u / safe], -1), torch.stack([zero, fy / safe, -fy * v / safe], -1)], -2
    )
    image = jacobian @ rotation @ covars @ rotation.T @ jacobian.transpose(-1, -2)
    bare = torch.linalg.det(image)
    xx, xy, yy = image[:, 0, 0] + eps2d, image[:, 0, 1], image[:, 1, 1] + eps2d
    determinants = xx * yy - xy * xy
    if rasterize_mode == "antialiased":
        opacities = opacities * (bare / determinants).clamp_min(0.0).sqrt()
    kept = in_view & (determinants > 0.0) & (opacities >= 1.0 / 255.0)
    order = torch.nonzero(kept).squeeze(-1)
    order = order[torch.argsort(z[order], stable=True)]
    conics = (torch.stack([yy, -xy, xx], -1) / determinants[:, None])[order]
    centers = (tangents * torch.tensor([fx, fy]) + torch.tensor([cx, cy]))[order]
    splats = Splats(
        centers=centers.double(),
        conics=conics.double(),
        opacities=opacities[order].double(),
        depths=z[order].double(),
        colors=colors[order].double(),
    )
    camera = Camera(camera_from_world=viewmats[0], fx=fx, fy=fy, cx=cx, cy=cy, width=width, height=height)
    behind = (0.0, 0.0, 0.0) if backgrounds is None else tuple(backgrounds[0].tolist())
    drawn = blend(splats, camera, dataclasses.replace(SETTINGS, background=behind))
    rgb = drawn.rgb.float()
    if render_mode == "RGB+ED":
        rgb = torch.cat([rgb, drawn.depth.float()[..., None]], -1)
    return rgb[None], drawn.alpha.float()[None, ..., None], {}


@pytest.fixture
def renderer(monkeypatch):
    monkeypatch.setattr(gsplat_renderer, "is_built", lambda: True)
    monkeypatch.setitem(sys.modules, "gsplat", types.SimpleNamespace(rasterization=_rasterization))
    made = GsplatRenderer(CPU)
    yield made
    made.close()


def _assert_agree(renderer, gaussians, camera, settings=SETTINGS):
    judged, drawn = TorchReference().render(gaussians, camera, settings), renderer.render(gaussians, camera, settings)
    covered = (judged.alpha > 0.0) | (drawn.alpha > 0.0)
    assert covered.any()
    for ours, theirs in ((drawn.rgb, judged.rgb), (drawn.alpha[..., None], judged.alpha[..., None])):
        assert ((ours.double() - theirs).abs().amax(-1)[covered] <= 1.0 / 255.0).double().mean() >= 0.995
    depth_errors = (drawn.depth.double() - judged.depth).abs()[covered]
    assert (depth_errors <= judged.depth[covered].clamp_min(1e-3) / 255.0).double().mean() >= 0.995


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        dataclasses.replace(SETTINGS, splat_scale=0.4),
        dataclasses.replace(SETTINGS, max_sh_degree=1),
        dataclasses.replace(SETTINGS, antialiased=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("rotated", [True, False])
def test_it_draws_the_judges_picture(renderer, settings, rotated):
    _assert_agree(renderer, *random_scene(3, rotated=rotated, log_scale=(-4.0, -1.5)), settings)


def test_bytes_are_the_rounded_picture(renderer):
    gaussians, camera = random_scene(2, size=(31, 22))
    out = torch.zeros(22, 31, 4, dtype=torch.uint8)
    renderer.render_rgba8(gaussians, camera, SETTINGS, out)
    expected = renderer.render(gaussians, camera, SETTINGS).rgb
    assert ((out[..., :3].float() / 255.0 - expected).abs() <= 0.51 / 255.0).all()
    assert (out[..., 3] == 255).all()
    with pytest.raises(ValueError, match="uint8"):
        renderer.render_rgba8(gaussians, camera, SETTINGS, out[:5])


def test_gradients_reach_everything_that_the_picture_depends_on(renderer, monkeypatch):
    """Through what is ours; inside, the stand-in sums the colours by weights that are any function of the rest."""

    def weighted(**arguments):
        means, covars = arguments["means"], arguments["covars"]
        camera = arguments["viewmats"][0, :3]
        weights = (means @ camera[:, :3].T + camera[:, 3]).sum(-1).sigmoid() * arguments["opacities"]
        weights = weights * covars.sum((1, 2)).sigmoid()
        pixel = torch.cat([(weights[:, None] * arguments["colors"]).mean(0), weights.mean()[None]])
        return pixel.expand(1, arguments["height"], arguments["width"], 4), weights.mean().expand(1, 20, 30, 1), {}

    monkeypatch.setattr(renderer, "_gsplat", types.SimpleNamespace(rasterization=weighted))
    gaussians, camera = random_scene(0, count=40, size=(30, 20))
    fields = [field.name for field in dataclasses.fields(gaussians)]
    leaves = {name: getattr(gaussians, name).clone().requires_grad_() for name in fields}
    matrix, background = camera.camera_from_world.clone().requires_grad_(), torch.full((3,), 0.5, requires_grad=True)
    image = renderer.render_differentiable(
        type(gaussians)(**leaves), dataclasses.replace(camera, camera_from_world=matrix), SETTINGS, background
    )
    (image.rgb.square().sum() + image.depth.sum()).backward()
    for name, leaf in {**leaves, "camera": matrix, "background": background}.items():
        assert leaf.grad is not None, name
        assert torch.isfinite(leaf.grad).all(), name
        assert leaf.grad.abs().max() > 0.0, name


@pytest.mark.parametrize("field", ["means", "covariances", "opacities", "sh", "sh_rotations_wxyz"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_gets_no_opacity(field, value):
    gaussians, camera = random_scene(0, count=12)
    getattr(gaussians, field)[5].view(-1)[0] = value
    arguments = rasterization_arguments(gaussians, camera, SETTINGS, device=CPU, depth=False, behind=None)
    opacities = arguments["opacities"]
    assert opacities[5] == 0.0
    others = torch.arange(12) != 5
    assert torch.equal(opacities[others], gaussians.opacities[others].clamp(0.0, 1.0))


def test_a_zero_rotation_turns_nothing():
    gaussians, camera = random_scene(0, count=12)
    unturned, zero = (
        rasterization_arguments(
            dataclasses.replace(gaussians, sh_rotations_wxyz=rotations),
            camera,
            SETTINGS,
            device=CPU,
            depth=False,
            behind=None,
        )["colors"]
        for rotations in (None, torch.zeros(12, 4))
    )
    assert torch.allclose(zero, unturned)


def test_the_arguments_are_those_of_the_installed_gsplat():
    """Read from its source, since importing it would look for CUDA."""
    import ast
    import importlib.util
    from pathlib import Path

    found = importlib.util.find_spec("gsplat")
    if found is None or found.origin is None:
        pytest.skip("gsplat is not installed")
    tree = ast.parse((Path(found.origin).parent / "rendering.py").read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "rasterization")
    gaussians, camera = random_scene(0, count=3)
    arguments = rasterization_arguments(gaussians, camera, SETTINGS, device=CPU, depth=True, behind=(0.0, 0.0, 0.0))
    known = {argument.arg for argument in function.args.args}
    assert set(arguments) <= known
    assert set(inspect.signature(_rasterization).parameters) == set(arguments)


def test_empty_pictures_and_rings(renderer):
    gaussians, camera = random_scene(0, count=5, size=(0, 20))
    assert tuple(renderer.render(gaussians, camera, SETTINGS).rgb.shape) == (20, 0, 3)
    with pytest.raises(ValueError, match="splats only"):
        renderer.render(*random_scene(0, count=5), dataclasses.replace(SETTINGS, footprint=Footprint.RING))


def test_without_cuda_it_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(StudioError, match="needs CUDA") as raised:
        GsplatRenderer()
    assert "cpu" in raised.value.hint


def test_programs_that_are_not_built_are_not_built_unasked(monkeypatch):
    monkeypatch.setitem(sys.modules, "gsplat", types.SimpleNamespace(rasterization=_rasterization))
    monkeypatch.setattr(gsplat_renderer, "is_built", lambda: False)
    with pytest.raises(StudioError, match="not built") as raised:
        GsplatRenderer(CPU)
    assert "gsplat_build" in raised.value.hint
