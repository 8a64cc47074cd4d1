"""Motions made from nothing, for tests."""

from __future__ import annotations

import math

import numpy as np
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.motion import Motion, rest_pelvis
from nlfgs_studio.core.body.parameters import BodyPose

Y_UP_FROM_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def rotation_vector(matrix: np.ndarray) -> np.ndarray:
    """Axis-angle of a rotation by less than half a turn, independent of the program's own."""
    angle = math.acos(np.clip((np.trace(matrix) - 1.0) / 2.0, -1.0, 1.0))
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    return axis * (0.5 if angle < 1e-6 else angle / (2.0 * math.sin(angle)))


def walk_cycle(body: BodyModel, *, seconds: float = 3.0, fps: float = 30.0) -> Motion:
    """A walk to the front (+z) on the floor y = 0: the foot that carries stays where it is."""
    count = round(seconds * fps)
    rotations = torch.zeros(count, 55, 3)
    phase = 2.0 * math.pi * torch.arange(count) / fps  # one double step a second
    for side, shift in (("left", 0.0), ("right", math.pi)):
        swing = torch.sin(phase + shift)
        lift = torch.cos(phase + shift).clamp(min=0.0)
        rotations[:, JOINT_NAMES.index(f"{side}_hip"), 0] = -0.4 * swing - 0.3 * lift
        rotations[:, JOINT_NAMES.index(f"{side}_knee"), 0] = 0.8 * lift
        rotations[:, JOINT_NAMES.index(f"{side}_shoulder"), 2] = -1.2 if side == "left" else 1.2
        rotations[:, JOINT_NAMES.index(f"{side}_shoulder"), 1] = 0.3 * swing * (1.0 if side == "left" else -1.0)
    shaped = shape_body(body, torch.zeros(1))
    neutral, nowhere = torch.zeros(count, body.num_expression), torch.zeros(count, 3)
    pose = BodyPose(rotations=rotations, expression=neutral, translation=nowhere)
    posed = pose_body(body, shaped, pose)
    translation = torch.zeros(count, 3)
    translation[:, 1] = -posed.vertices[..., 1].amin(-1)
    feet = posed.joints[:, [JOINT_NAMES.index("left_ankle"), JOINT_NAMES.index("right_ankle")]]
    for frame in range(1, count):
        standing = int(phase[frame].cos() > 0)  # the left leg is in the air while it swings forward
        translation[frame, 2] = translation[frame - 1, 2] + feet[frame - 1, standing, 2] - feet[frame, standing, 2]
    return Motion(name="walk", fps=fps, rotations=rotations, translation=translation, pelvis=rest_pelvis(body))


def amass_arrays(motion: Motion) -> dict[str, np.ndarray]:
    """The motion as AMASS stores it: SMPL-X, z up, the pelvis offset left in `trans`."""
    turn = Y_UP_FROM_Z_UP.T
    poses = motion.rotations.double().numpy().copy()
    for frame, root in enumerate(motion.rotations[:, 0].double()):
        poses[frame, 0] = rotation_vector(turn @ torch.linalg.matrix_exp(cross_product_matrix(root)).numpy())
    pelvis = motion.pelvis.double().numpy()
    return {
        "poses": poses.reshape(len(poses), -1),
        "trans": (motion.translation.double().numpy() + pelvis) @ turn.T - pelvis,
        "betas": np.zeros(16),
        "gender": np.array("neutral"),
        "mocap_frame_rate": np.array(motion.fps),
        "surface_model_type": np.array("smplx"),
        "markers_latent": np.zeros((4, 3)),
    }


def cross_product_matrix(vector: torch.Tensor) -> torch.Tensor:
    x, y, z = vector.tolist()
    return torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]], dtype=vector.dtype)
