"""What can be said without looking at a photo: where points usually are, and what people look like on average."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..body.model import BodyModel, pose_body, shape_body
from ..cameras import in_camera, projected
from ..gaussians import GaussianParameters
from ..geometry.rotations import normalized_quaternion
from ..synthetic.photo import MadeUpPhoto
from .scores import geometric_medians


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blind:
    """The best constants over some photos: for each vertex the place that is nearest to where it was on the whole."""

    pixels: Float[Tensor, "V 2"]
    """In the crop, over the photos that have the vertex inside their frame."""
    about_pelvis: Float[Tensor, "V 3"]
    """Metres, in the camera's axes, the pelvis at the origin."""
    points: Float[Tensor, "V 3"]
    """Metres, in the camera's axes, over the photos that have the vertex inside their frame."""
    avatar: GaussianParameters
    """The mean of what the people look like, each in the light of their photo."""


def blind(body: BodyModel, photos: Iterable[MadeUpPhoto]) -> Blind:
    """From photos that come with the truth of every Gaussian of the template; one at a time is held."""
    all_points, all_pixels, all_inside = [], [], []
    mean: _Mean | None = None
    for photo in photos:
        points = true_vertices(body, photo)
        pixels = projected(points, photo.camera)
        size = pixels.new_tensor([photo.camera.width, photo.camera.height])
        all_points.append(points)
        all_pixels.append(pixels)
        all_inside.append((points[:, 2] > photo.camera.near) & ((pixels >= 0.0) & (pixels < size)).all(-1))
        mean = _Mean(photo.truth) if mean is None else mean
        mean.add(photo.truth)
    if mean is None:
        raise ValueError("there are no photos to average")
    points, inside = torch.stack(all_points), torch.stack(all_inside)
    pelvis = torch.einsum("v,pvd->pd", body.joint_regressor[0], points)
    return Blind(
        pixels=geometric_medians(torch.stack(all_pixels), inside),
        about_pelvis=geometric_medians(points - pelvis[:, None], torch.ones_like(inside)),
        points=geometric_medians(points, inside),
        avatar=mean.value(),
    )


def true_vertices(body: BodyModel, photo: MadeUpPhoto) -> Float[Tensor, "V 3"]:
    """Of the photo's body; metres, in the camera's axes."""
    return in_camera(pose_body(body, shape_body(body, photo.betas), photo.pose).vertices, photo.camera)


class _Mean:
    """Of Gaussians' parameters; q and -q are one rotation, so signs follow the first."""

    def __init__(self, first: GaussianParameters) -> None:
        self._first = first
        self._count = 0
        self._sums = [torch.zeros_like(part) for part in _parts(first)]

    def add(self, parameters: GaussianParameters) -> None:
        rotations = normalized_quaternion(parameters.rotations_wxyz)
        opposite = (rotations * self._first.rotations_wxyz).sum(-1, keepdim=True) < 0
        for total, part in zip(self._sums, _parts(parameters), strict=True):
            total += torch.where(opposite, -rotations, rotations) if part is parameters.rotations_wxyz else part
        self._count += 1

    def value(self) -> GaussianParameters:
        offsets, rotations, log_scales, opacity_logits, sh = (total / self._count for total in self._sums)
        return GaussianParameters(
            offsets=offsets,
            rotations_wxyz=normalized_quaternion(rotations),
            log_scales=log_scales,
            opacity_logits=opacity_logits,
            sh=sh,
        )


def _parts(parameters: GaussianParameters) -> tuple[Tensor, ...]:
    return (
        parameters.offsets,
        parameters.rotations_wxyz,
        parameters.log_scales,
        parameters.opacity_logits,
        parameters.sh,
    )
