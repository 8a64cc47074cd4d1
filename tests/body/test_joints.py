"""The joints' tables agree with the smplx package, with each other, and with how a body bends."""

import pytest
import torch
from nlfgs_studio.core.body.joints import (
    JOINT_GROUPS,
    JOINT_LIMITS_DEGREES,
    JOINT_NAMES,
    MIRROR,
    NUM_JOINTS,
    PARENTS,
    mirrored,
)
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose, with_rotation
from smplx.joint_names import JOINT_NAMES as SMPLX_NAMES


def test_names_are_those_of_smplx():
    assert [name.removesuffix("_smplhf") for name in SMPLX_NAMES[:NUM_JOINTS]] == list(JOINT_NAMES)


def test_every_joint_is_in_one_group():
    assert sorted(joint for group in JOINT_GROUPS.values() for joint in group) == list(range(NUM_JOINTS))


def test_the_tree_has_a_mirror_image():
    assert all(MIRROR[MIRROR[joint]] == joint for joint in range(NUM_JOINTS))
    assert all(PARENTS[MIRROR[joint]] == MIRROR[PARENTS[joint]] for joint in range(1, NUM_JOINTS))


def test_mirroring_twice_is_the_identity():
    rotations = torch.randn(2, NUM_JOINTS, 3, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(mirrored(rotations), rotations)
    assert torch.equal(mirrored(mirrored(rotations)), rotations)


def test_limits_allow_the_t_pose_and_are_mirror_images():
    lowest, highest = JOINT_LIMITS_DEGREES.unbind(-1)
    assert JOINT_LIMITS_DEGREES.shape == (NUM_JOINTS, 3, 2)
    assert (lowest < 0).all()
    assert (highest > 0).all()
    other_low, other_high = mirrored(lowest), mirrored(highest)
    torch.testing.assert_close(torch.minimum(other_low, other_high), lowest)
    torch.testing.assert_close(torch.maximum(other_low, other_high), highest)


BENDS = [
    # joint, component, end of its range, joint that moves, direction it moves in (x left, y up, z front)
    ("left_knee", 0, 1, "left_ankle", (0, 0, -1)),
    ("left_hip", 0, 0, "left_knee", (0, 0, 1)),
    ("left_hip", 2, 1, "left_knee", (1, 0, 0)),
    ("left_ankle", 0, 1, "left_foot", (0, -1, 0)),
    ("spine1", 0, 1, "head", (0, 0, 1)),
    ("left_shoulder", 2, 0, "left_wrist", (0, -1, 0)),
    ("left_shoulder", 1, 0, "left_wrist", (0, 0, 1)),
    ("left_elbow", 1, 0, "left_wrist", (0, 0, 1)),
    ("left_wrist", 2, 0, "left_middle1", (0, -1, 0)),
    ("left_collar", 2, 1, "left_shoulder", (0, 1, 0)),
    *((f"left_{finger}{joint}", 2, 0, f"left_{finger}3", (0, -1, 0))
      for finger in ("index", "middle", "ring", "pinky") for joint in (1, 2)),
    ("left_index1", 1, 0, "left_index3", (0, 0, 1)),
    ("left_pinky1", 1, 1, "left_pinky3", (0, 0, -1)),
    ("left_thumb2", 1, 1, "left_thumb3", (0, 0, -1)),
]  # fmt: skip


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("joint", "component", "end", "moving", "direction"), BENDS)
def test_the_built_in_body_bends_its_joints_the_natural_way(body, side, joint, component, end, moving, direction):
    direction = torch.tensor(direction, dtype=torch.float32)
    if side == "right":
        joint, moving = joint.replace("left", "right"), moving.replace("left", "right")
        direction = direction * torch.tensor([-1.0, 1.0, 1.0])
        end = end if component == 0 else 1 - end
    index, moved_index = JOINT_NAMES.index(joint), JOINT_NAMES.index(moving)
    rotation = torch.zeros(3)
    rotation[component] = torch.deg2rad(JOINT_LIMITS_DEGREES[index, component, end])
    shaped = shape_body(body, torch.zeros(0))
    posed = pose_body(body, shaped, with_rotation(BodyPose.rest(body), index, rotation))
    way = posed.joints[moved_index] - shaped.joints[moved_index]
    bone = (shaped.joints[moved_index] - shaped.joints[index]).norm()
    assert way @ direction > 0.2 * bone
