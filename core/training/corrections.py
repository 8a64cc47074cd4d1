"""What differs from picture to picture: a little of the pose that tracking missed, exposure and white balance.

Their means over the pictures are zero: what all pictures have in common belongs to the avatar, which later is driven
by tracking alone, under no particular light.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..body.joints import JOINT_NAMES
from ..body.parameters import BodyPose
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from .adam import Adam
from .settings import LearningRates

JOINTS = tuple(JOINT_NAMES.index(name) for name in ("neck", "head", "jaw"))
_TURN, _SHIFT, _BENDS = slice(0, 3), slice(3, 6), slice(6, 6 + 3 * len(JOINTS))
_EXPRESSION = _BENDS.stop


class Corrections:
    """Of pictures by their numbers. Those of a number that joined last begin at nothing."""

    def __init__(self, num_expression: int, rates: LearningRates, pull: float, device: torch.device) -> None:
        self._pull, self._device = pull, device
        self._rows: dict[int, int] = {}
        pose = (
            [rates.turn] * 3
            + [rates.shift] * 3
            + [rates.turn] * (3 * len(JOINTS))
            + [rates.expression] * num_expression
        )
        light = [rates.light] * 3 + [0.5 * rates.light] * 3
        self._rates = torch.tensor(pose, device=device), torch.tensor(light, device=device)
        self._poses, self._lights = (Adam(torch.zeros(0, len(each), device=device), each) for each in self._rates)

    @property
    def num_pictures(self) -> int:
        return len(self._rows)

    def add(self, picture: int) -> None:
        """A picture that may be known already."""
        if picture in self._rows:
            return
        self._rows[picture] = len(self._rows)
        self._poses, self._lights = self._longer(self._poses), self._longer(self._lights)

    def of_pose(self, picture: int) -> Float[Tensor, " C"]:
        """A leaf of its own: its gradient goes to `learn`."""
        return self._poses.values[self._rows[picture]].clone().requires_grad_()

    def of_light(self, picture: int) -> Float[Tensor, "6"]:
        """Logarithms of the gains, then biases."""
        return self._lights.values[self._rows[picture]].clone().requires_grad_()

    def learn(self, picture: int, pose: Tensor, light: Tensor, factor: float) -> None:
        """Take a step from the gradients of one picture."""
        row = self._rows[picture]
        for adam, gradient in ((self._poses, pose), (self._lights, light)):
            whole = torch.zeros_like(adam.values)
            whole[row] = gradient
            adam.step(whole, factor)
            adam.values[row] *= 1.0 - self._pull
            adam.values -= adam.values.mean(0)

    def _longer(self, adam: Adam) -> Adam:
        values = torch.cat([adam.values, adam.values.new_zeros(1, adam.values.shape[1])])
        sources = torch.arange(len(values), device=self._device)
        return adam.rearranged(values, sources, sources == len(adam.values))


def corrected(
    pose: BodyPose, correction: Float[Tensor, " C"], pelvis: Float[Tensor, "3"], middle: Float[Tensor, "3"]
) -> BodyPose:
    """The pose that was tracked, changed; `pelvis` at rest; the whole turns about `middle`, which is in the world."""
    turn = axis_angle_to_matrix(correction[_TURN])
    rotations = pose.rotations.clone()
    rotations[0] = matrix_to_axis_angle(turn @ axis_angle_to_matrix(pose.rotations[0]))
    bends = correction[_BENDS].reshape(-1, 3)
    rotations = rotations.index_add(0, torch.tensor(JOINTS, device=bends.device), bends)
    start = pelvis + pose.translation - middle
    return replace(
        pose,
        rotations=rotations,
        expression=pose.expression + correction[_EXPRESSION:],
        translation=middle + turn @ start - pelvis + correction[_SHIFT],
    )


def exposure(light: Float[Tensor, "6"]) -> Float[Tensor, "3 2"]:
    """Gain and bias of each channel."""
    return torch.stack([light[:3].exp(), light[3:]], dim=-1)
