"""The package `smplx` on a body file of ours: the forward pass that ours is compared with."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import StudioError
from .parameters import BodyPose

Forward = Callable[[Float[Tensor, " S"], BodyPose], Float[Tensor, "V 3"]]


def smplx_forward(path: Path, *, num_betas: int, num_expression: int) -> Forward:
    """Betas and a pose to posed vertices, as the package computes them; what our actions drive is not added.

    Only for files of our own making: the package unpickles what it is given.

    Raises:
        StudioError: the package is absent, or cannot load the file.
    """
    try:
        import smplx

        with contextlib.redirect_stdout(io.StringIO()):  # it prints warnings there
            model = smplx.SMPLX(
                str(path), use_pca=False, flat_hand_mean=True, num_betas=num_betas, num_expression_coeffs=num_expression
            )
    except (ImportError, OSError, AssertionError, ValueError, KeyError, AttributeError) as error:
        raise StudioError(f"the package smplx cannot load {path.name}") from error
    # It appends vertices of the licensed mesh to its joints, by numbers that a smaller mesh does not have.
    fixed: Tensor = model.get_submodule("vertex_joint_selector").get_buffer("extra_joints_idxs")
    fixed.clamp_(max=model.get_num_verts() - 1)

    @torch.no_grad()
    def forward(betas: Float[Tensor, " S"], pose: BodyPose) -> Float[Tensor, "V 3"]:
        turned = pose.rotations.reshape(1, -1)
        return model(
            betas=torch.nn.functional.pad(betas, (0, num_betas - len(betas)))[None],
            expression=pose.expression[None],
            global_orient=turned[:, :3],
            body_pose=turned[:, 3:66],
            jaw_pose=turned[:, 66:69],
            leye_pose=turned[:, 69:72],
            reye_pose=turned[:, 72:75],
            left_hand_pose=turned[:, 75:120],
            right_hand_pose=turned[:, 120:165],
            transl=pose.translation[None],
        ).vertices[0]

    return forward
