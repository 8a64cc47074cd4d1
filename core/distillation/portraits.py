"""Avatars beside the person they are of: drawn from the same cameras, compared where the person stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.avatar import Avatar
from ..avatar.template import Template
from ..body.model import BodyModel
from ..body.parameters import BodyPose
from ..cameras import Camera
from ..gaussians import GaussianParameters, Gaussians
from ..geometry.rotations import axis_angle_to_matrix
from ..losses import psnr_inside, ssim_inside
from ..pipeline import Pipeline
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from .pointwise import FRAMINGS
from .scores import median_interval, spread

ASIDE = math.radians(45.0)
VIEWS = ("input", "aside")
_GREY = RenderSettings(background=(0.5, 0.5, 0.5))
"""Behind the person and the avatar alike: what an avatar leaves uncovered is as wrong as a wrong colour."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrayed:
    """One answer: Gaussians on a body in a pose, in the photo's world."""

    parameters: GaussianParameters
    betas: Float[Tensor, " S"]
    pose: BodyPose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likeness:
    """Of the answers to one photo, by view and name."""

    framing: str
    psnr: Mapping[str, Mapping[str, float]]
    ssim: Mapping[str, Mapping[str, float]]


class Judge:
    """Draws answers on one template."""

    def __init__(self, body: BodyModel, template: Template) -> None:
        self._body, self._template = body, template
        self._pipeline, self._renderer = Pipeline(body), CpuRenderer()

    def likeness(
        self,
        framing: str,
        person: Gaussians,
        camera: Camera,
        centre: Float[Tensor, "3"],
        answers: Mapping[str, Portrayed],
    ) -> Likeness:
        """`person` is the truth, lit, in the world; seen by `camera` and by one that went 45° around `centre`."""
        psnr: dict[str, dict[str, float]] = {view: {} for view in VIEWS}
        ssim: dict[str, dict[str, float]] = {view: {} for view in VIEWS}
        cameras = {"input": camera, "aside": gone_around(camera, centre, ASIDE)}
        truths = {view: self._renderer.render(person, each, _GREY) for view, each in cameras.items()}
        for name, answer in answers.items():
            gaussians = self.gaussians(answer)
            for view, each in cameras.items():
                truth, mask = truths[view].rgb, truths[view].alpha > 0.5
                picture = self._renderer.render(gaussians, each, _GREY).rgb
                psnr[view][name], ssim[view][name] = (
                    psnr_inside(picture, truth, mask),
                    ssim_inside(picture, truth, mask),
                )
        return Likeness(framing=framing, psnr=psnr, ssim=ssim)

    def gaussians(self, answer: Portrayed) -> Gaussians:
        """In the world."""
        avatar = Avatar(
            name="answer",
            body=self._body.identity,
            betas=answer.betas,
            template=self._template,
            parameters=answer.parameters,
        )
        return self._pipeline.gaussians(avatar, answer.betas, answer.pose)

    def close(self) -> None:
        self._renderer.close()


def gone_around(camera: Camera, centre: Float[Tensor, "3"], angle: float) -> Camera:
    """The camera carried around the upright line through `centre`, which it goes on to see at the same pixel."""
    turn = axis_angle_to_matrix(centre.new_tensor([0.0, angle, 0.0]))
    world_from_world = torch.eye(4, dtype=centre.dtype)
    world_from_world[:3, :3], world_from_world[:3, 3] = turn, centre - turn @ centre
    return replace(camera, camera_from_world=camera.camera_from_world @ world_from_world)


def summarized_likeness(photos: Sequence[Likeness], *, gains: Mapping[str, str]) -> dict[str, Any]:
    """
    Args:
        gains: answers, and the answer that each is to be better than.

    Returns:
        {"psnr" | "ssim": {answer: {view: {"all" | framing: spread}}},
        "gain_db": {answer: {view: {"all" | framing: spread of the differences in the same photo}}},
        "gain_interval_db": {answer: {view: `median_interval`}}}; each photo is of another person.
    """
    names = photos[0].psnr["input"]

    def split(values: list[float]) -> dict[str, Any]:
        array, framings = np.array(values), np.array([photo.framing for photo in photos])
        return {"all": spread(array), **{framing: spread(array[framings == framing]) for framing in FRAMINGS}}

    def gained(view: str, name: str) -> list[float]:
        return [each.psnr[view][name] - each.psnr[view][gains[name]] for each in photos]

    return {
        "psnr": {name: {view: split([each.psnr[view][name] for each in photos]) for view in VIEWS} for name in names},
        "ssim": {name: {view: split([each.ssim[view][name] for each in photos]) for view in VIEWS} for name in names},
        "gain_db": {name: {view: split(gained(view, name)) for view in VIEWS} for name in gains},
        "gain_interval_db": {
            name: {view: median_interval(np.array(gained(view, name)), np.arange(len(photos))) for view in VIEWS}
            for name in gains
        },
    }
