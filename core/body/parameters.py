"""The parameters that pose a body: pure values, and pure functions of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from .joints import LEFT_HAND, NUM_JOINTS, RIGHT_HAND, mirrored


@runtime_checkable
class Posable(Protocol):
    """What a body must tell before it can be given a pose (a `BodyModel` is one)."""

    @property
    def num_expression(self) -> int: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def device(self) -> torch.device: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyPose:
    """What moves: joints, face and place; the leading dimensions are those of a batch."""

    rotations: Float[Tensor, "*B 55 3"]
    """Axis-angle, radians, in the rest frames; joint 0 turns the whole body. Absolute: no mean hand is added."""
    expression: Float[Tensor, "*B E"]
    translation: Float[Tensor, "*B 3"]
    """Metres, added to the pelvis where the betas put it."""

    @classmethod
    def rest(cls, body: Posable) -> BodyPose:
        """The T-pose with a neutral face."""
        zeros = torch.zeros(3, dtype=body.dtype, device=body.device)
        return cls(
            rotations=zeros.expand(NUM_JOINTS, 3).clone(),
            expression=zeros.new_zeros(body.num_expression),
            translation=zeros,
        )


def mirror(pose: BodyPose, expression_names: tuple[str, ...] = ()) -> BodyPose:
    """The pose seen in a mirror at the plane x = 0; actions named for a side swap with their counterparts."""
    order = [_counterpart(name, expression_names) for name in expression_names]
    return replace(
        pose,
        rotations=mirrored(pose.rotations),
        expression=pose.expression[..., order] if order else pose.expression,
        translation=pose.translation * pose.translation.new_tensor([-1.0, 1.0, 1.0]),
    )


def _counterpart(name: str, names: tuple[str, ...]) -> int:
    other = name.replace("Left", "\0").replace("Right", "Left").replace("\0", "Right")
    return names.index(other) if other in names else names.index(name)


def reset_joints(pose: BodyPose, joints: Iterable[int]) -> BodyPose:
    """The pose with those joints back in the T-pose."""
    rotations = pose.rotations.clone()
    rotations[..., list(joints), :] = 0.0
    return replace(pose, rotations=rotations)


def with_rotation(pose: BodyPose, joint: int, rotation: Float[Tensor, "*B 3"]) -> BodyPose:
    """The pose with one joint turned otherwise."""
    rotations = pose.rotations.clone()
    rotations[..., joint, :] = rotation
    return replace(pose, rotations=rotations)


def with_hands(
    pose: BodyPose,
    *,
    left: Float[Tensor, "*B 15 3"] | None = None,
    right: Float[Tensor, "*B 15 3"] | None = None,
) -> BodyPose:
    """The pose with other fingers."""
    rotations = pose.rotations.clone()
    if left is not None:
        rotations[..., LEFT_HAND, :] = left
    if right is not None:
        rotations[..., RIGHT_HAND, :] = right
    return replace(pose, rotations=rotations)


def expand_hand_pca(
    coefficients: Float[Tensor, "*B K"],
    components: Float[Tensor, "45 45"],
    mean: Float[Tensor, "45"] | None = None,
) -> Float[Tensor, "*B 15 3"]:
    """Absolute finger rotations from the first K principal components of a body's hand.

    `mean` is the body's mean hand, for coefficients that count from it (`flat_hand_mean=False` in `smplx`).

    Raises:
        ValueError: more coefficients than components.
    """
    num_components = coefficients.shape[-1]
    if num_components > components.shape[0]:
        raise ValueError(f"{num_components} hand coefficients, but {components.shape[0]} components")
    flat = coefficients @ components[:num_components]
    if mean is not None:
        flat = flat + mean
    return flat.unflatten(-1, (15, 3))
