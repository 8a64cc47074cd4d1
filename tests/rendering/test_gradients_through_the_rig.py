"""Gradients of the picture with respect to everything that an avatar and its pose are made of, in a bent pose."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch
from avatars import bent_pose, random_avatar
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.body.model import BodyModel, moved, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import Camera, look_at
from nlfgs_studio.core.gaussians import GaussianParameters, Gaussians
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import MAX_ALPHA, MIN_ALPHA, MIN_TRANSMITTANCE, RenderedImage, RenderSettings
from nlfgs_studio.core.rendering.torch_reference import TorchReference, project
from torch import Tensor

PARAMETERS = ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh")
GROUPS = (*PARAMETERS, "pose rotations", "expression", "betas", "translation")
SETTINGS = RenderSettings(background=(0.3, 0.1, 0.6))
WIDTH, HEIGHT = 26, 32
EVERY = 3
"""Of the avatar's Gaussians one in so many is drawn: the judge is slow."""
STEP = 1e-8
"""So small that hardly two Gaussians swap places."""

Values = dict[str, Tensor]
Draw = Callable[[Gaussians, Camera, RenderSettings], RenderedImage]


class _Scene:
    """A small avatar in a bent pose; its loss looks at colour, coverage and depth with smooth weights."""

    def __init__(self, body: BodyModel) -> None:
        self.body = moved(body, dtype=torch.float64)
        avatar = random_avatar(body, k=1)
        pose = bent_pose(body)
        whole = avatar.template
        self.template = dataclasses.replace(
            whole, face_indices=whole.face_indices[::EVERY], barycentrics=whole.barycentrics[::EVERY]
        )
        parameters = {name: getattr(avatar.parameters, name)[::EVERY] for name in PARAMETERS}
        given = parameters | {
            "pose rotations": pose.rotations,
            "expression": pose.expression,
            "betas": avatar.betas,
            "translation": pose.translation,
        }
        self.values: Values = {name: value.double() for name, value in given.items()}
        middle = self.gaussians(self.values).means.mean(0)
        x, y, z = middle.tolist()
        self.camera = look_at((x + 0.6, y + 0.3, z + 2.4), (x, y, z), fx=39.0, fy=39.0, width=WIDTH, height=HEIGHT)
        rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
        across, down, shift = (6.0 * torch.rand(3, 5, 1, 1, generator=torch.Generator().manual_seed(0))).double()
        self.weights = torch.sin(across * columns / WIDTH + down * rows / HEIGHT + shift)

    def gaussians(self, values: Values) -> Gaussians:
        shaped = shape_body(self.body, values["betas"])
        pose = BodyPose(
            rotations=values["pose rotations"], expression=values["expression"], translation=values["translation"]
        )
        posed = pose_body(self.body, shaped, pose)
        parameters = GaussianParameters(**{name: values[name] for name in PARAMETERS})
        rest = place(self.template, parameters, shaped.vertices)
        return rig(self.template, rest, shaped.vertices, posed.vertices)

    def loss(self, draw: Draw, values: Values) -> Tensor:
        image = draw(self.gaussians(values), self.camera, SETTINGS)
        planes = torch.cat([image.rgb.permute(2, 0, 1), image.alpha[None], image.depth[None]]).double()
        return (planes * self.weights).mean()

    def gradients(self, draw: Draw) -> Values:
        leaves = {name: value.clone().requires_grad_() for name, value in self.values.items()}
        self.loss(draw, leaves).backward()
        return {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}


@pytest.fixture(scope="module")
def scene(plain_body) -> _Scene:
    return _Scene(plain_body)


@pytest.fixture(scope="module")
def gradients(scene) -> Values:
    return scene.gradients(CpuRenderer().render_differentiable)


def test_they_are_the_judges(scene, gradients):
    judged = scene.gradients(TorchReference().render)
    assert set(gradients) == set(judged) == set(GROUPS)
    for name in GROUPS:
        error = (gradients[name] - judged[name]).norm() / judged[name].norm()
        assert error < 1e-3, f"{name}: {error:.1e}"


class _Steady:
    """The picture model in float64 without autograd's help; what takes part in each pixel is settled at the first call.

    The thresholds of the model have no gradient: a Gaussian that grows over a pixel adds 1/255 at once. Small steps
    would show that, so they must not change who takes part.
    """

    def __init__(self) -> None:
        self._taking_part: Tensor | None = None
        self._opaque: Tensor | None = None

    def draw(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> RenderedImage:
        splats = project(gaussians, camera, settings)
        columns, rows = torch.meshgrid(torch.arange(WIDTH), torch.arange(HEIGHT), indexing="xy")
        pixels = torch.stack([columns, rows], -1).reshape(-1, 1, 2) + 0.5
        x, y = (pixels - splats.centers).unbind(-1)
        xx, xy, yy = splats.conics.unbind(-1)
        alphas = splats.opacities * torch.exp(-0.5 * (xx * x * x + 2.0 * xy * x * y + yy * y * y))
        if self._taking_part is None or self._opaque is None:
            self._opaque = alphas > MAX_ALPHA
            visible = torch.where(alphas >= MIN_ALPHA, alphas.clamp_max(MAX_ALPHA), 0.0)
            before = torch.cat([torch.ones_like(alphas[:, :1]), torch.cumprod(1.0 - visible, 1)[:, :-1]], 1)
            self._taking_part = (alphas >= MIN_ALPHA) & (before >= MIN_TRANSMITTANCE)
        alphas = torch.where(self._opaque, MAX_ALPHA, alphas) * self._taking_part
        light = torch.cumprod(torch.cat([torch.ones_like(alphas[:, :1]), 1.0 - alphas], 1), 1)
        weights = light[:, :-1] * alphas
        alpha = weights.sum(1)
        rgb = weights @ splats.colors + light[:, -1:] * torch.tensor(settings.background).double()
        depth = (weights @ splats.depths) / torch.where(alpha > 0.0, alpha, 1.0)
        size = (HEIGHT, WIDTH)
        return RenderedImage(
            rgb=rgb.clamp_max(1.0).reshape(*size, 3), alpha=alpha.reshape(size), depth=depth.reshape(size)
        )


@pytest.fixture(scope="module")
def steady(scene) -> _Steady:
    steady = _Steady()
    torch.testing.assert_close(scene.loss(steady.draw, scene.values), scene.loss(TorchReference().render, scene.values))
    return steady


@pytest.mark.parametrize("group", GROUPS)
@torch.no_grad()
def test_they_are_what_small_steps_do(scene, steady, gradients, group):
    gradient = gradients[group]
    random = torch.randn(gradient.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for direction in (gradient / gradient.norm(), random / random.norm() + gradient / gradient.norm()):
        step = STEP * direction
        ahead = scene.loss(steady.draw, scene.values | {group: scene.values[group] + step})
        behind = scene.loss(steady.draw, scene.values | {group: scene.values[group] - step})
        told = float((gradient * direction).sum())
        assert float(ahead - behind) / (2.0 * STEP) == pytest.approx(told, rel=1e-3)
