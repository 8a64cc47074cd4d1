"""A clip of poses: read at any moment, resampled, turned, and put on a body of other proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..cameras import Camera
from ..geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from .model import BodyModel
from .parameters import BodyPose

STANDARD_PELVIS = (0.003, -0.351, 0.012)
"""Metres; the rest pelvis of SMPL-X with mean shape, for motions whose own body is not at hand."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """Poses at a constant rate; metres, y up, as SMPL-X means them on the body that the motion was made with.

    That body's pelvis is at `pelvis + translation` in the world, since SMPL-X turns a body about its rest pelvis.
    """

    name: str
    fps: float
    rotations: Float[Tensor, "T 55 3"]
    """Axis-angle, radians; joint 0 is the global orientation, hands are absolute (no mean hand to be added)."""
    translation: Float[Tensor, "T 3"]
    """Metres; SMPL-X's `trans`."""
    pelvis: Float[Tensor, "3"]
    """Metres; rest pelvis of the body that the motion was made with."""
    expression: Float[Tensor, "T E"] | None = None
    expression_names: tuple[str, ...] = ()
    """One for each column of `expression`."""
    betas: Float[Tensor, " S"] | None = None
    """Of the body that the motion was made with; an avatar keeps its own."""
    camera: Camera | None = None
    """What filmed it, where the motion was tracked; so too the next two."""
    timestamps: Float[Tensor, " T"] | None = None
    """Seconds; when each picture was taken."""
    confidence: Float[Tensor, "T 4"] | None = None
    """0..1; how well face, body, left and right hand were seen."""

    def __post_init__(self) -> None:
        columns = 0 if self.expression is None else self.expression.shape[1]
        if not self.fps > 0.0 or math.isinf(self.fps) or self.num_frames == 0:
            raise ValueError("a motion needs at least one frame and a rate above zero")
        if columns != len(self.expression_names):
            raise ValueError(f"{columns} expression columns with {len(self.expression_names)} names")

    @property
    def num_frames(self) -> int:
        return self.rotations.shape[0]

    @property
    def seconds(self) -> float:
        """How long it plays: each frame stands for 1/fps."""
        return self.num_frames / self.fps

    def pose_at(self, seconds: float, body: BodyModel, *, pelvis: Float[Tensor, "3"] | None = None) -> BodyPose:
        """The pose on `body` at a moment, between frames interpolated; before the first and after the last, those.

        `pelvis` is the rest pelvis of the body that is driven (`ShapedBody.joints[0]`; of its mean shape where not
        given): its pelvis goes where the motion's went. Expression is taken over by name; what the body does not
        know is left out.
        """
        first, second, weight = self._neighbours(torch.tensor([seconds], dtype=torch.float64))
        rotations = _interpolated_rotations(self.rotations[first], self.rotations[second], weight)[0]
        translation = torch.lerp(self.translation[first], self.translation[second], weight[:, None])[0]
        offset = self.pelvis - (rest_pelvis(body) if pelvis is None else pelvis).to(self.pelvis)
        return BodyPose(
            rotations=rotations,
            expression=self._expression_on(body, first, second, weight),
            translation=translation + offset,
        )

    def _expression_on(self, body: BodyModel, first: Tensor, second: Tensor, weight: Tensor) -> Float[Tensor, " E"]:
        values = self.translation.new_zeros(body.num_expression)
        if self.expression is None:
            return values
        now = torch.lerp(self.expression[first], self.expression[second], weight[:, None])[0]
        known = {name: index for index, name in enumerate(body.expression_names)}
        columns = [column for column, name in enumerate(self.expression_names) if name in known]
        values[[known[self.expression_names[column]] for column in columns]] = now[columns]
        return values

    def _neighbours(self, seconds: Float[Tensor, " N"]) -> tuple[Tensor, Tensor, Float[Tensor, " N"]]:
        """The frames before and after each moment, and how far it is on the way from one to the other."""
        places = (seconds * self.fps).clamp(0.0, self.num_frames - 1.0)
        # A moment that is meant to be a frame's own gives that frame unchanged, in spite of rounding.
        places = torch.where((places - places.round()).abs() < 1e-6, places.round(), places)
        first = places.floor().long()
        second = (first + 1).clamp(max=self.num_frames - 1)
        return first, second, (places - first).to(self.rotations.dtype)


def _interpolated_rotations(
    first: Float[Tensor, "N J 3"], second: Float[Tensor, "N J 3"], weight: Float[Tensor, " N"]
) -> Float[Tensor, "N J 3"]:
    """Spherically; frames that are met exactly come back unchanged."""
    fraction = weight[:, None].expand(first.shape[:2])
    between = slerp(axis_angle_to_quaternion(first), axis_angle_to_quaternion(second), fraction)
    return torch.where(fraction[..., None] == 0.0, first, quaternion_to_axis_angle(between))


def rest_pelvis(body: BodyModel) -> Float[Tensor, "3"]:
    """Where the pelvis of the body's mean shape rests; metres."""
    return body.joint_regressor[0] @ body.template_vertices


def resampled(motion: Motion, fps: float) -> Motion:
    """The motion at another rate; its length stays, to the nearest frame.

    Raises:
        ValueError: a rate that is not above zero.
    """
    if not 0.0 < fps < math.inf:
        raise ValueError(f"{fps} frames a second")
    if fps == motion.fps:
        return motion
    moments = torch.arange(max(1, round(motion.seconds * fps)), dtype=torch.float64) / fps
    first, second, weight = motion._neighbours(moments)
    return replace(
        motion,
        fps=fps,
        rotations=_interpolated_rotations(motion.rotations[first], motion.rotations[second], weight),
        translation=torch.lerp(motion.translation[first], motion.translation[second], weight[:, None]),
        expression=_mixed(motion.expression, first, second, weight),
        timestamps=_mixed(motion.timestamps, first, second, weight),
        confidence=_mixed(motion.confidence, first, second, weight),
    )


def _mixed(values: Tensor | None, first: Tensor, second: Tensor, weight: Float[Tensor, " N"]) -> Tensor | None:
    if values is None:
        return None
    return torch.lerp(values[first], values[second], weight.to(values).reshape(-1, *(1,) * (values.dim() - 1)))


def turned(motion: Motion, new_from_old: Float[Tensor, "3 3"]) -> Motion:
    """The same motion in a world with other axes.

    The body turns about its rest pelvis J0, which is not the origin: besides turning, the translation changes by
    C·J0 − J0, half a metre between z up and y up.
    """
    turn = new_from_old.to(motion.rotations)
    roots = matrix_to_axis_angle(turn @ axis_angle_to_matrix(motion.rotations[:, 0]))
    translation = motion.translation @ turn.T + turn @ motion.pelvis - motion.pelvis
    camera = motion.camera
    if camera is not None:
        matrix = camera.camera_from_world.clone()
        matrix[:3, :3] = matrix[:3, :3] @ turn.to(matrix).T
        camera = replace(camera, camera_from_world=matrix)
    return replace(
        motion,
        rotations=torch.cat([roots[:, None], motion.rotations[:, 1:]], dim=1),
        translation=translation,
        camera=camera,
    )
