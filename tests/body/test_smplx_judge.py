"""What the bench compares with is the body that we mean."""

import dataclasses

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.smplx_judge import smplx_forward
from nlfgs_studio.core.errors import StudioError
from poses import random_betas, random_pose


def test_it_poses_the_built_in_body_as_we_do(body, builtin_path):
    forward = smplx_forward(builtin_path, num_betas=body.num_betas, num_expression=body.num_expression)
    betas, pose = random_betas(body, 1)[:10], random_pose(body, 2)
    # the package knows no actions that turn joints
    plain = dataclasses.replace(body, action_joint_rotations=None)
    ours = pose_body(plain, shape_body(plain, betas), pose).vertices
    torch.testing.assert_close(forward(betas, pose), ours, atol=2e-5, rtol=0.0)


def test_other_files_are_refused(tmp_path):
    np.savez(tmp_path / "body.npz", f=np.zeros((2, 3), np.int64))
    with pytest.raises(StudioError, match=r"body\.npz"):
        smplx_forward(tmp_path / "body.npz", num_betas=10, num_expression=10)
