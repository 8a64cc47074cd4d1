"""A tracked motion on a body of another shape: the head stays where the person's was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float

from ..body.model import BodyModel
from ..body.motion import Motion
from .skeleton import HEAD, Skeleton, place
from .turns import matrices


def with_head_kept(motion: Motion, body: BodyModel, betas: Float[torch.Tensor, " S"]) -> Motion:
    """The motion for a body of these betas, its head joint in every frame where it was on the motion's own betas.

    Without this the pelvis would be kept, and the head of a taller avatar rise out of the picture. A motion that does
    not tell its betas, or those of another kind of body, comes back as it is.
    """
    if motion.betas is None or len(motion.betas) > body.num_betas:
        return motion
    own, other = Skeleton.of(body, motion.betas).rest_joints, Skeleton.of(body, betas).rest_joints
    rotations = matrices(motion.rotations.double().numpy())
    shifts = np.stack([_head(own, frame) - _head(other, frame) for frame in rotations])
    # `pose_at` will move it by the difference of the pelvises; said here too, so that this cancels out.
    shifts += other[0] - own[0]
    return replace(motion, translation=motion.translation + torch.from_numpy(shifts).float())


def _head(rest_joints: Float[np.ndarray, "55 3"], rotations: Float[np.ndarray, "55 3 3"]) -> Float[np.ndarray, "3"]:
    return place(rest_joints, rotations).positions[HEAD]
