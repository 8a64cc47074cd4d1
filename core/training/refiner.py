"""Makes an avatar's pictures those of the person, one picture a step."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.avatar import Avatar
from ..avatar.trainable_rig import TrainableRig
from ..body.model import BodyModel, moved, pose_body, shape_body
from ..body.parameters import BodyPose
from ..cameras import Camera, in_camera, in_frame, projected
from ..errors import StudioError
from ..losses import psnr_inside
from ..rendering.differentiable import differentiable_renderer
from ..rendering.renderer import RenderSettings
from .corrections import Corrections, corrected, exposure
from .densify import grown
from .observation import Observation
from .picture_loss import Target, picture_loss
from .regularisers import Regularisers
from .settings import RefineSettings
from .sightings import Sightings
from .targets import SpokenParts, Targets
from .trained import TrainedParameters

logger = logging.getLogger(__name__)

T = TypeVar("T")

STAGES = ("rig", "forward", "backward", "optimise")
"""Of a step: pose and rig; picture and loss; the way back; what the optimisers do with it."""

_BLACK = RenderSettings(background=(0.0, 0.0, 0.0))
_JUDGED_BEFORE = 0.5
"""The grey that pictures are judged before. They are learned from before a new colour each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """How one step went."""

    step: int
    loss: float
    psnr: float
    """Inside the mask, dB."""
    picture: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Watched:
    """An observation, and what is worked out of it once."""

    observation: Observation
    pose: BodyPose
    vertices: Float[Tensor, "V 3"]
    """Of the pose that was tracked."""
    middle: Float[Tensor, "3"]
    """In the world: what a correction turns the body about."""
    targets: Targets


class Refiner:
    """Belongs to one thread; the same seed and observations give the same avatar.

    `timings` holds the milliseconds of each of the `STAGES` of the last step.
    """

    def __init__(
        self,
        body: BodyModel,
        avatar: Avatar,
        observations: Sequence[Observation],
        *,
        settings: RefineSettings | None = None,
        held_out: Sequence[Observation] = (),
        device: torch.device | str | None = None,
    ) -> None:
        """Begins at `avatar`; on CUDA where there is, unless another device is asked for.

        Raises:
            ValueError: there is nothing to learn from.
        """
        if not observations:
            raise ValueError("refining needs at least one observation")
        self._settings = settings = settings or RefineSettings()
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._body, self._avatar = moved(body, device=self._device), avatar
        self._shaped = shape_body(self._body, avatar.betas.to(self._device))
        self._renderer = differentiable_renderer(self._device)
        self._trained = TrainedParameters(avatar.parameters, settings.rates, self._device)
        self._rig = TrainableRig(avatar.template, self._shaped.vertices)
        self._regularisers = Regularisers(body, avatar, settings.regularisers, self._device)
        self._sightings = Sightings(len(avatar.parameters), self._device)
        self._corrections = Corrections(body.num_expression, settings.rates, settings.correction_pull, self._device)
        self._spoken = SpokenParts(body)
        self._random = np.random.default_rng(settings.seed)
        self._watched: list[_Watched] = []
        self._waiting: list[int] = []
        self._longest_side, self._grows = settings.longest_side, True
        self._step = 0
        self.timings: dict[str, float] = {}
        for observation in observations:
            self.add(observation)
        self._held_out = [self._watch(observation) for observation in held_out]

    def add(self, observation: Observation) -> None:
        """Learn from one more from now on."""
        watched = self._in_memory(lambda: self._watch(observation))
        self._corrections.add(observation.picture)
        self._watched.append(watched)
        self._waiting.append(len(self._watched) - 1)

    def step(self) -> StepFigures:
        """Learn from one observation.

        Raises:
            StudioError: memory suffices for no picture, however small.
        """
        started = time.perf_counter()
        watched = self._next()
        loss, psnr = self._in_memory(lambda: self._learn(watched))
        self._step += 1
        learned = time.perf_counter()
        self._in_memory(self._keep_in_bounds)
        self.timings["optimise"] += 1e3 * (time.perf_counter() - learned)
        return StepFigures(
            step=self._step,
            loss=loss,
            psnr=psnr,
            picture=watched.observation.picture,
            seconds=time.perf_counter() - started,
        )

    def avatar(self) -> Avatar:
        """What has been learned so far; template and groups stay the same objects until the Gaussians change."""
        return replace(self._avatar, parameters=self._trained.copied())

    def judge(self) -> float | None:
        """Mean PSNR inside the masks of what is held out, driven by tracking alone; dB."""
        return self._in_memory(self._judged) if self._held_out else None

    @torch.no_grad()
    def _judged(self) -> float:
        ratios = []
        for watched in self._held_out:
            target, camera = watched.targets.at(self._longest_side)
            gaussians = self._rig.rig(self._trained.now, watched.vertices)
            image = self._renderer.render_differentiable(gaussians, camera, _BLACK)
            ratios.append(_ratio(image.rgb, image.alpha, target))
        return float(np.mean(ratios))

    def _watch(self, observation: Observation) -> _Watched:
        pose = BodyPose(
            rotations=observation.pose.rotations.to(self._device, self._body.dtype),
            expression=observation.pose.expression.to(self._device, self._body.dtype),
            translation=observation.pose.translation.to(self._device, self._body.dtype),
        )
        vertices = pose_body(self._body, self._shaped, pose).vertices
        return _Watched(
            observation=observation,
            pose=pose,
            vertices=vertices,
            middle=_seen_middle(vertices, observation.camera),
            targets=Targets(observation, vertices.cpu(), self._spoken, self._settings, self._device),
        )

    def _next(self) -> _Watched:
        """Every observation once before any comes again, in an order that changes."""
        if not self._waiting:
            self._waiting = self._random.permutation(len(self._watched)).tolist()
        return self._watched[self._waiting.pop()]

    def _learn(self, watched: _Watched) -> tuple[float, float]:
        """Loss and PSNR of one picture, before what it teaches."""
        settings, picture = self._settings, watched.observation.picture
        self._trained.forget_gradients()  # of an attempt for which memory did not suffice
        moments = [time.perf_counter()]
        target, camera = watched.targets.at(self._longest_side)
        # The mean of the corrections is zero: those of a single picture stay at nothing.
        corrects = self._step >= settings.corrections_from and self._corrections.num_pictures > 1
        pose, light = self._corrections.of_pose(picture), self._corrections.of_light(picture)
        vertices = self._posed(watched, pose) if corrects else watched.vertices
        gaussians = self._rig.rig(self._trained.now, vertices)
        moments.append(time.perf_counter())
        behind = torch.from_numpy(self._random.random(3)).float().to(self._device)
        image = self._renderer.render_differentiable(gaussians, camera, _BLACK)
        lit = exposure(light)
        loss = picture_loss(image.rgb, image.alpha, lit, target, behind, settings.weights)
        moments.append(time.perf_counter())
        loss.backward()
        with torch.no_grad():
            colors = image.rgb * lit[:, 0] + image.alpha[..., None] * lit[:, 1]
            psnr = _ratio(colors, image.alpha, target)  # the host waits here
        value = float(loss.detach())
        moments.append(time.perf_counter())
        if np.isfinite(value):
            now = self._trained.now
            assert now.offsets.grad is not None
            assert now.sh.grad is not None
            self._sightings.add(now.offsets.grad, now.sh.grad[:, 0], target.mask.numel())
            factor = self._rate_factor()
            self._trained.step(factor, self._sightings.unseen)
            if corrects:
                assert pose.grad is not None
                assert light.grad is not None
                self._corrections.learn(picture, pose.grad, light.grad, factor)
        moments.append(time.perf_counter())
        self.timings = dict(zip(STAGES, (1e3 * np.diff(moments)).tolist(), strict=True))
        return value, psnr

    def _rate_factor(self) -> float:
        """Of the rates, at this step."""
        settings = self._settings
        decayed = max(settings.least_rate, 0.5 ** (self._step / settings.rate_half_life))
        warm_up = max(settings.warm_up, len(self._watched))
        return min(1.0, (self._step + 1) / warm_up) * decayed

    def _posed(self, watched: _Watched, correction: Tensor) -> Float[Tensor, "V 3"]:
        pose = corrected(watched.pose, correction, self._shaped.joints[0], watched.middle)
        return pose_body(self._body, self._shaped, pose).vertices

    def _keep_in_bounds(self) -> None:
        """What is due between steps: limits, more harmonics, more Gaussians."""
        settings, step = self._settings, self._step
        # Up to what the pictures can tell: a colour has no more coefficients than there are pictures of it.
        told = math.isqrt(self._corrections.num_pictures) - 1
        self._trained.raise_degree(min(told, sum(step >= each for each in settings.sh_steps)))
        if step % settings.regularise_every == 0:
            self._regularisers.relax(self._trained.now, self._sightings.seen, settings.regularise_every)
        is_due = settings.densify_from <= step < settings.densify_until and step % settings.densify.every == 0
        if is_due and self._grows:
            self._grow()

    def _grow(self) -> None:
        now, avatar = self._trained.now, self._avatar
        scores = self._sightings.scores(now.log_scales)
        template = avatar.template.to(self._device)
        growth = grown(template, now, avatar.groups, self._shaped.vertices, scores, self._settings.densify)
        if growth is None:
            return
        trained, regularisers, sightings = copy(self._trained), copy(self._regularisers), copy(self._sightings)
        trained.follow(growth)
        regularisers.follow(growth)
        sightings.follow(growth)
        avatar = replace(avatar, template=growth.template.to("cpu"), groups=growth.groups, parameters=trained.copied())
        rig = TrainableRig(avatar.template, self._shaped.vertices)
        # Only now, when memory has sufficed for all of them.
        self._trained, self._regularisers, self._sightings = trained, regularisers, sightings
        self._avatar, self._rig = avatar, rig

    def _in_memory(self, work: Callable[[], T]) -> T:
        """What the work gives, tried again with less wherever memory does not suffice for it."""
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not _is_want_of_memory(error):
                    raise
            self._shrink()

    def _shrink(self) -> None:
        """Go on with smaller pictures and no more Gaussians than there are.

        Raises:
            StudioError: the pictures are as small as they may be.
        """
        self._grows = False
        if self._longest_side <= self._settings.smallest_side:
            raise StudioError("memory does not suffice to refine this avatar", hint="close other programs")
        self._longest_side = max(self._settings.smallest_side, self._longest_side // 2)
        logger.warning("memory is short: refining goes on with pictures of %d pixels", self._longest_side)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _is_want_of_memory(error: Exception) -> bool:
    """On the processor PyTorch has no class of its own for it."""
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _ratio(colors: Float[Tensor, "H W 3"], alpha: Float[Tensor, "H W"], target: Target) -> float:
    """Peak signal to noise inside the mask, dB; of the whole picture where nobody is."""
    picture = (colors + (1.0 - alpha[..., None]) * _JUDGED_BEFORE).clamp(0.0, 1.0)
    wanted = target.colors + (1.0 - target.mask[..., None]) * _JUDGED_BEFORE
    inside = target.mask > 0.5
    return psnr_inside(picture, wanted, inside if bool(inside.any()) else torch.ones_like(inside))


def _seen_middle(vertices: Float[Tensor, "V 3"], camera: Camera) -> Float[Tensor, "3"]:
    """The middle of the vertices that lie in the picture; of all, where none does."""
    seen = in_camera(vertices, camera)
    inside = in_frame(projected(seen, camera), seen, camera)
    return (vertices[inside] if bool(inside.any()) else vertices).mean(0)
