"""The colours of pictures given back to the Gaussians that were seen there: what a refining would find first.

A pixel is a sum of Gaussians' colours, each with a weight w that geometry alone decides. Sharing what a picture lacks
among them by these weights, again and again, is the simultaneous algebraic reconstruction of Andersen and Kak (1984).
The weights are the derivatives of the picture by the colours, so that every renderer with gradients can do it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.template import Template
from ..body.model import BodyModel
from ..cameras import Camera
from ..gaussians import Gaussians
from ..geometry.spherical_harmonics import SH_C0
from ..rendering.renderer import DifferentiableRenderer, RenderSettings
from ..training.observation import Observation

_PERSON = 0.7
"""Of a mask: less is not surely the person's colour."""
_HALF_SEEN = 0.5
"""Pixels that a Gaussian covers; light that leaks through a closed surface is far less."""
_DARKEST, _BRIGHTEST = 0.5, 2.0
"""Of a picture's exposure beside the others'; more is not exposure."""

_LEAST, _MOST = 1 / 256, 255 / 256
"""Of a colour: beyond them renderers clamp, and nothing moves it any more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painted:
    """What pictures say of the Gaussians' colours."""

    colours: Float[Tensor, "N 3"]
    """Display space, 0..1; where nothing was seen, those that were there before."""
    seen: Float[Tensor, " N"]
    """0: no picture showed it; 1: one at least showed it well."""


def painted(
    colours: Float[Tensor, "N 3"],
    observations: Sequence[Observation],
    gaussians_of: Callable[[Observation], Gaussians],
    renderer: DifferentiableRenderer,
    *,
    rounds: int = 3,
) -> Painted:
    """`colours` moved towards the pictures; `gaussians_of` gives the same Gaussians as each has posed them."""
    scenes = [_Scene.of(observation, gaussians_of(observation), renderer) for observation in observations]
    gains = torch.ones(len(scenes), 3)
    total = torch.stack([scene.pixels.square() for scene in scenes]).sum(0)[:, None]
    for done in range(rounds):
        missing = [scene.missing(colours, gain) for scene, gain in zip(scenes, gains, strict=True)]
        if done == 0:
            gains = _evened(colours, missing, scenes)
        # Of several pictures the one that shows it largest says most.
        change = sum(scene.pixels[:, None] * each for scene, each in zip(scenes, missing, strict=True))
        colours = torch.where(total > 0.0, colours + change / total.clamp_min(1e-9), colours).clamp(_LEAST, _MOST)
    squares = torch.stack([scene.pixels for scene in scenes]).amax(0).square()
    return Painted(colours=colours, seen=squares / (squares + _HALF_SEEN**2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scene:
    """One picture, and the Gaussians that should look like it."""

    wanted: Float[Tensor, "H W 3"]
    sure: Float[Tensor, "H W 1"]
    """What each pixel counts."""
    gaussians: Gaussians
    camera: Camera
    renderer: DifferentiableRenderer
    pixels: Float[Tensor, " N"]
    """That each Gaussian covers."""

    @classmethod
    def of(cls, observation: Observation, gaussians: Gaussians, renderer: DifferentiableRenderer) -> _Scene:
        sure = torch.from_numpy((observation.mask > _PERSON) * observation.weights).float()[..., None]
        wanted = torch.from_numpy(observation.image).float() / 255.0
        scene = cls(
            wanted=wanted,
            sure=sure,
            gaussians=replace(gaussians, sh_rotations_wxyz=None),
            camera=observation.camera,
            renderer=renderer,
            pixels=torch.zeros(len(gaussians)),
        )
        rgb, sh = scene._drawn(torch.full((len(gaussians), 3), 0.5))
        (shared,) = torch.autograd.grad(rgb, sh, sure.expand_as(rgb).contiguous())
        return replace(scene, pixels=shared[:, 0].mean(1) / SH_C0)

    def missing(self, colours: Float[Tensor, "N 3"], gain: Float[Tensor, "3"]) -> Float[Tensor, "N 3"]:
        """By how much the picture would have each colour changed, times the pixels that it covers."""
        rgb, sh = self._drawn(colours)
        (shared,) = torch.autograd.grad(rgb, sh, (gain * self.wanted - rgb.detach()) * self.sure)
        return shared[:, 0] / SH_C0

    def _drawn(self, colours: Float[Tensor, "N 3"]) -> tuple[Float[Tensor, "H W 3"], Float[Tensor, "N 1 3"]]:
        sh = ((colours - 0.5) / SH_C0)[:, None].requires_grad_()
        black, settings = torch.zeros(3), RenderSettings()
        drawn = self.renderer.render_differentiable(replace(self.gaussians, sh=sh), self.camera, settings, black)
        # Gradients come back from the renderer's device as well; what is left to do here is little.
        return drawn.rgb.cpu(), sh


def _evened(
    colours: Float[Tensor, "N 3"], missing: Sequence[Float[Tensor, "N 3"]], scenes: Sequence[_Scene]
) -> Float[Tensor, "P 3"]:
    """By what each picture is multiplied, to be as bright as all of them are together where it shows the same."""
    alone = [each / scene.pixels[:, None].clamp_min(1e-9) for each, scene in zip(missing, scenes, strict=True)]
    alone = [(colours + each).clamp(_LEAST, _MOST) for each in alone]
    weights = [scene.pixels[:, None] for scene in scenes]
    together = sum(w.square() * each for w, each in zip(weights, alone, strict=True))
    together = together / torch.stack(weights).square().sum(0).clamp_min(1e-9)
    gains = [
        (w * each * together).sum(0) / (w * each.square()).sum(0).clamp_min(1e-9)
        for w, each in zip(weights, alone, strict=True)
    ]
    return torch.stack(gains).clamp(_DARKEST, _BRIGHTEST)


def parts_means(body: BodyModel, template: Template, seen: Painted) -> Float[Tensor, "N 3"]:
    """Of each Gaussian the mean colour that was seen of its part of the body, else of everything."""
    if body.face_parts is None:
        parts = torch.zeros(template.num_gaussians, dtype=torch.int64)
    else:
        parts = body.face_parts[template.face_indices].long()
    sums = torch.zeros(int(parts.max()) + 1, 4)
    sums.index_add_(0, parts, seen.seen[:, None] * torch.cat([seen.colours, torch.ones_like(seen.colours[:, :1])], 1))
    everywhere = sums.sum(0)
    means = torch.where(sums[:, 3:] > 1.0, sums, everywhere)
    return (means[:, :3] / means[:, 3:].clamp_min(1e-9))[parts]
