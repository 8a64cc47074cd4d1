"""Poses taken at irregular moments, brought to a motion of a constant rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..geometry.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle, slerp
from .motion import Motion
from .parameters import BodyPose

RECORDED_FPS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseSample:
    """What was shown at a moment; seconds since the recording began."""

    seconds: float
    pose: BodyPose


def recorded_motion(
    samples: Sequence[PoseSample],
    *,
    name: str,
    pelvis: Float[Tensor, "3"],
    expression_names: tuple[str, ...],
    fps: float = RECORDED_FPS,
) -> Motion:
    """A motion that shows at each moment what was shown then; samples are in the order of their times.

    The face is part of it only where it moved, so that elsewhere it stays the person's. `pelvis` is the rest pelvis of
    the body that was recorded.

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        raise ValueError("nothing was recorded")
    times = torch.tensor([sample.seconds for sample in samples], dtype=torch.float64)
    moments = torch.arange(max(1, int(times[-1] * fps) + 1), dtype=torch.float64) / fps
    second = torch.searchsorted(times, moments, right=True).clamp(max=len(samples) - 1)
    first = (second - 1).clamp(min=0)
    gap = times[second] - times[first]
    weight = torch.where(gap > 0.0, (moments - times[first]) / gap.clamp(min=1e-9), 0.0).clamp(0.0, 1.0).float()
    rotations = torch.stack([sample.pose.rotations for sample in samples])
    translation = torch.stack([sample.pose.translation for sample in samples])
    expression = torch.stack([sample.pose.expression for sample in samples])
    moved_face = bool((expression != expression[0]).any())
    quaternions = axis_angle_to_quaternion(rotations)
    turned = slerp(quaternions[first], quaternions[second], weight[:, None].expand(-1, rotations.shape[1]))
    # Joints that do not turn keep their very numbers.
    same = (rotations[first] == rotations[second]).all(-1, keepdim=True)
    return Motion(
        name=name,
        fps=fps,
        rotations=torch.where(same, rotations[first], quaternion_to_axis_angle(turned)),
        translation=torch.lerp(translation[first], translation[second], weight[:, None]),
        pelvis=pelvis,
        expression=torch.lerp(expression[first], expression[second], weight[:, None]) if moved_face else None,
        expression_names=expression_names if moved_face else (),
    )
