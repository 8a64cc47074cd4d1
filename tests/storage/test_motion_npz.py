"""Motion files in all the spellings that are around come to life upright; others are refused by name."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from motions import amass_arrays, walk_cycle
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.motion import STANDARD_PELVIS, Motion
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.geometry.rotations import axis_angle_to_matrix
from nlfgs_studio.core.storage.motion_npz import SMPLH_PELVIS, read_motion, write_motion

FRAMES = 6


def poses(width: int = 165) -> np.ndarray:
    """Upright in a y-up world."""
    values = np.random.default_rng(0).normal(0.0, 0.3, (FRAMES, width))
    values[:, :3] *= 0.1
    return values


def arrays(**changes) -> dict[str, np.ndarray]:
    values = {
        "poses": poses(),
        "trans": np.random.default_rng(1).normal(size=(FRAMES, 3)),
        "mocap_frame_rate": np.array(30.0),
        "up_axis": np.array("y"),
    }
    values |= changes
    return {key: value for key, value in values.items() if value is not None}


def saved(tmp_path, **values):
    np.savez(tmp_path / "motion.npz", **values)
    return tmp_path / "motion.npz"


def played(motion: Motion, body, frames: range) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Where each joint, and the lowest vertex, is in the world in those frames."""
    shaped = shape_body(body, torch.zeros(1))
    poses = [motion.pose_at(frame / motion.fps, body, pelvis=shaped.joints[0]) for frame in frames]
    batch = {name: torch.stack([getattr(pose, name) for pose in poses]) for name in BodyPose.__dataclass_fields__}
    posed = pose_body(body, shaped, BodyPose(**batch))
    return dict(zip(JOINT_NAMES, posed.joints.unbind(1), strict=True)), posed.vertices[..., 1].amin(1)


# What is read


def test_smplx_layout(tmp_path):
    values = arrays(betas=np.arange(16.0))
    motion = read_motion(saved(tmp_path, **values))
    assert motion.name == "motion"
    assert motion.fps == 30.0
    assert np.allclose(motion.rotations.reshape(FRAMES, -1), values["poses"], atol=1e-6)
    assert np.allclose(motion.translation, values["trans"], atol=1e-6)
    assert np.allclose(motion.pelvis, STANDARD_PELVIS)
    assert np.allclose(motion.betas, values["betas"])
    assert motion.expression is None


def test_smplh_layout_has_no_face_and_its_hands_in_their_place(tmp_path):
    values = arrays(poses=poses(156))
    motion = read_motion(saved(tmp_path, **values))
    given = values["poses"].reshape(FRAMES, 52, 3)
    assert np.allclose(motion.rotations[:, :22], given[:, :22], atol=1e-6)
    assert not motion.rotations[:, [JOINT_NAMES.index(name) for name in ("jaw", "left_eye", "right_eye")]].any()
    assert np.allclose(motion.rotations[:, JOINT_NAMES.index("left_index1")], given[:, 22], atol=1e-6)
    assert np.allclose(motion.rotations[:, JOINT_NAMES.index("right_thumb3")], given[:, 51], atol=1e-6)
    assert np.allclose(motion.pelvis, SMPLH_PELVIS)


@pytest.mark.parametrize("key", ["mocap_framerate", "mocap_frame_rate", "fps", "frame_rate"])
@pytest.mark.parametrize("value", [np.array(120.0), np.array([120.0], np.float32), np.array(120)])
def test_spellings_of_the_rate(tmp_path, key, value):
    assert read_motion(saved(tmp_path, **arrays(mocap_frame_rate=None) | {key: value})).fps == 120.0


SPLITS = {
    "amass": {"root_orient": 3, "pose_body": 63, "pose_jaw": 3, "pose_eye": 6, "pose_hand": 90},
    "smplx package": {
        "global_orient": 3,
        "body_pose": 63,
        "jaw_pose": 3,
        "leye_pose": 3,
        "reye_pose": 3,
        "left_hand_pose": 45,
        "right_hand_pose": 45,
    },
}


@pytest.mark.parametrize("spelling", SPLITS)
def test_split_poses(tmp_path, spelling):
    whole, start, parts = poses(), 0, {}
    for key, width in SPLITS[spelling].items():
        parts[key] = whole[:, start : start + width]
        start += width
    values = arrays(poses=None, trans=None, transl=np.ones((FRAMES, 3)), **parts)
    motion = read_motion(saved(tmp_path, **values))
    assert np.allclose(motion.rotations.reshape(FRAMES, -1), whole, atol=1e-6)
    assert np.allclose(motion.translation, 1.0)


def test_split_poses_without_hands_and_face_rest_there(tmp_path):
    whole = poses()
    motion = read_motion(saved(tmp_path, **arrays(poses=None, root_orient=whole[:, :3], pose_body=whole[:, 3:66])))
    assert np.allclose(motion.rotations[:, :22].reshape(FRAMES, -1), whole[:, :66], atol=1e-6)
    assert not motion.rotations[:, 22:].any()


def test_one_hand_of_split_poses(tmp_path):
    whole = poses()
    parts = {"root_orient": whole[:, :3], "pose_body": whole[:, 3:66], "right_hand_pose": whole[:, 120:]}
    motion = read_motion(saved(tmp_path, **arrays(poses=None, **parts)))
    assert not motion.rotations[:, 22:40].any()
    assert np.allclose(motion.rotations[:, 40:].reshape(FRAMES, -1), whole[:, 120:], atol=1e-6)


def test_poses_by_joint(tmp_path):
    motion = read_motion(saved(tmp_path, **arrays(poses=poses().reshape(FRAMES, 55, 3))))
    assert np.allclose(motion.rotations.reshape(FRAMES, -1), poses(), atol=1e-6)


@pytest.mark.parametrize("key", ["expression", "expressions"])
def test_expression_without_names_gets_those_of_bodies_without_names(tmp_path, plain_body, key):
    values = np.random.default_rng(2).normal(size=(FRAMES, 10))
    motion = read_motion(saved(tmp_path, **arrays(), **{key: values}))
    pose = motion.pose_at(0.0, plain_body)
    assert np.allclose(pose.expression, values[0], atol=1e-6)


def test_named_expression(tmp_path):
    names = np.array(["jawOpen", "blink"])
    motion = read_motion(saved(tmp_path, **arrays(expression=np.eye(FRAMES, 2), expression_names=names)))
    assert motion.expression_names == ("jawOpen", "blink")


def test_further_arrays_are_not_touched(tmp_path):
    """AMASS's files hold markers, labels, and in some editions Python objects."""
    path = saved(
        tmp_path,
        **arrays(),
        marker_data=np.zeros((3, 2, 3)),
        marker_labels=np.array([b"LFHD"]),
        gender=np.array({"set": {"of": "objects"}}, dtype=object),
        notes=np.array([None, "x"], dtype=object),
    )
    assert read_motion(path).num_frames == FRAMES


def test_betas_per_frame(tmp_path):
    assert read_motion(saved(tmp_path, **arrays(betas=np.tile(np.arange(10.0), (FRAMES, 1))))).betas.tolist() == [
        *np.arange(10.0)
    ]


# Which way is up


@pytest.mark.parametrize("layout", ["smplx", "smplh"])
def test_a_walk_in_amass_layout_walks_forward_on_the_floor(tmp_path, plain_body, layout):
    walk = walk_cycle(plain_body)
    values = amass_arrays(dataclasses.replace(walk, pelvis=torch.tensor(STANDARD_PELVIS)))
    if layout == "smplh":
        values = amass_arrays(dataclasses.replace(walk, pelvis=torch.tensor(SMPLH_PELVIS)))
        whole = values["poses"]
        values |= {"poses": np.concatenate([whole[:, :66], whole[:, 75:]], axis=1)}
    motion = read_motion(saved(tmp_path, **values))
    joints, _ = played(motion, plain_body, range(motion.num_frames))
    pelvis = joints["pelvis"]
    assert float(pelvis[-1, 2] - pelvis[0, 2]) > 1.0
    assert (pelvis[1:, 2] - pelvis[:-1, 2] > -0.01).all()
    assert (pelvis[:, 0] - pelvis[0, 0]).abs().max() < 0.02
    assert (joints["head"][:, 1] > pelvis[:, 1] + 0.4).all()
    assert (joints["left_shoulder"][:, 0] > joints["right_shoulder"][:, 0]).all()


def test_z_up_keeps_the_floor(tmp_path, plain_body):
    """The body that the motion was made with, its pelvis in the file: feet on the floor to a tenth of a millimetre."""
    walk = walk_cycle(plain_body)
    motion = read_motion(saved(tmp_path, **amass_arrays(walk), pelvis=walk.pelvis.numpy()))
    assert torch.allclose(motion.translation, walk.translation, atol=1e-5)
    _, lowest = played(motion, plain_body, range(motion.num_frames))
    assert lowest.abs().max() < 1e-4


def test_an_unknown_pelvis_costs_little(tmp_path, plain_body):
    """Without the body at hand the standard pelvis stands in: a centimetre, not the half metre of no offset at all."""
    walk = walk_cycle(plain_body)
    motion = read_motion(saved(tmp_path, **amass_arrays(walk)))
    _, lowest = played(motion, plain_body, range(motion.num_frames))
    assert lowest.abs().max() < 0.01


def lying(axis_angle: tuple[float, float, float]) -> np.ndarray:
    values = np.zeros((FRAMES, 165))
    values[:, :3] = axis_angle
    return values


@pytest.mark.parametrize(
    ("changes", "is_turned"),
    [
        ({"up_axis": np.array("y")}, False),
        ({"up_axis": np.array("Y")}, False),
        ({"up_axis": np.array("z")}, True),
        ({"up_axis": np.array(["Z"])}, True),
        ({"up_axis": np.array(b"z")}, True),
        ({"up_axis": None}, False),  # upright in y
        ({"up_axis": None, "poses": lying((math.pi / 2, 0.0, 0.0))}, True),  # upright in z
        ({"up_axis": None, "poses": lying((0.0, 0.0, math.pi / 2))}, True),  # lying
        ({"up_axis": None, "dmpls": np.zeros((FRAMES, 8))}, True),  # AMASS's
        ({"up_axis": None, "surface_model_type": np.array("smplx")}, True),
        ({"up_axis": np.array("y"), "dmpls": np.zeros((FRAMES, 8))}, False),
    ],
)
def test_which_way_is_up(tmp_path, changes, is_turned):
    values = arrays(**changes)
    motion = read_motion(saved(tmp_path, **values))
    given = torch.from_numpy(values["poses"][:, :3]).float()
    expected = axis_angle_to_matrix(given)
    if is_turned:
        expected = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) @ expected
    assert torch.allclose(axis_angle_to_matrix(motion.rotations[:, 0]), expected, atol=1e-5)


@pytest.mark.parametrize("up_axis", ["y", "z"])
def test_without_a_path_the_body_stays_where_it_stands(tmp_path, up_axis):
    motion = read_motion(saved(tmp_path, **arrays(trans=None, up_axis=np.array(up_axis))))
    assert not motion.translation.any()


# Our own files


@pytest.mark.parametrize("name", ["walk.npz", "walk"])
def test_round_trip_is_exact(tmp_path, name):
    random = torch.Generator().manual_seed(0)
    motion = Motion(
        name="walk",
        fps=29.97,
        rotations=torch.randn(FRAMES, 55, 3, generator=random),
        translation=torch.randn(FRAMES, 3, generator=random),
        pelvis=torch.randn(3, generator=random),
        expression=torch.rand(FRAMES, 2, generator=random),
        expression_names=("jawOpen", "ä name"),
        betas=torch.randn(30, generator=random),
        camera=OrbitCamera(yaw=0.3).camera(64, 48),
        timestamps=torch.rand(FRAMES, generator=random, dtype=torch.float64).cumsum(0),
        confidence=torch.rand(FRAMES, 4, generator=random),
    )
    write_motion(tmp_path / name, motion)
    again = read_motion(tmp_path / name)
    for field in dataclasses.fields(Motion):
        first, second = getattr(motion, field.name), getattr(again, field.name)
        if isinstance(first, torch.Tensor):
            assert torch.equal(first, second), field.name
        elif field.name == "camera":
            assert torch.equal(first.camera_from_world, second.camera_from_world)
            assert (first.fx, first.cy, first.width, first.height) == (
                second.fx,
                second.cy,
                second.width,
                second.height,
            )
        else:
            assert first == second, field.name


# What is refused


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((5, 72)), "SMPL"),
        (np.zeros((5, 24, 3)), "SMPL"),
        (np.zeros((5, 66)), "without hands"),
        (np.zeros((5, 48)), "MANO"),
        (np.zeros((5, 263)), "HumanML3D"),
        (np.zeros((5, 322)), "Motion-X"),
        (np.zeros((5, 55, 3, 3)), "matrices"),
        (np.zeros((5, 52, 4)), "quaternions"),
        (np.zeros((5, 330)), "six numbers"),
        (np.zeros((5, 17)), "17 numbers a frame"),
        (np.zeros(165), "a single pose"),
    ],
)
def test_other_layouts_are_refused_by_name(tmp_path, values, words):
    with pytest.raises(StudioError, match=rf"motion\.npz holds .*{words}") as caught:
        read_motion(saved(tmp_path, **arrays(poses=values, trans=None)))
    assert "165" in caught.value.hint


BAD = {
    "no poses": (arrays(poses=None), "holds no motion"),
    "no rate": (arrays(mocap_frame_rate=None), "frame rate"),
    "rate 0": (arrays(mocap_frame_rate=np.array(0.0)), "0 frames a second"),
    "rate NaN": (arrays(mocap_frame_rate=np.array(np.nan)), "not finite"),
    "rate of millions": (arrays(mocap_frame_rate=np.array(1e6)), "frames a second"),
    "no frames": (arrays(poses=np.zeros((0, 165)), trans=np.zeros((0, 3))), "0 frames"),
    "NaN": (arrays(poses=poses() * np.nan), "not finite"),
    "beyond single precision": (arrays(trans=np.full((FRAMES, 3), 1e300)), "not finite"),
    "lengths differ": (arrays(trans=np.zeros((FRAMES + 1, 3))), "trans"),
    "names differ": (arrays(expression=np.zeros((FRAMES, 2)), expression_names=np.array(["a"])), "expression_names"),
    "expression length": (arrays(expression=np.zeros((FRAMES + 1, 2))), "expression"),
    "confidence length": (arrays(confidence=np.zeros((FRAMES - 1, 4))), "confidence"),
    "text": (arrays(poses=np.array(["a", "b"])), "type"),
    "objects": (arrays(poses=np.array([{}, {}], dtype=object)), "Python objects"),
    "x up": (arrays(up_axis=np.array("x")), "'x' is up"),
    "no camera": (
        arrays(camera_from_world=np.eye(4), camera_intrinsics=np.zeros(4), camera_size=np.array([4, 4])),
        "camera",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_motions_are_refused_in_words(tmp_path, name):
    values, words = BAD[name]
    with pytest.raises(StudioError, match=words) as caught:
        read_motion(saved(tmp_path, **values))
    assert "motion.npz" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "motion.npz").write_bytes(content)
    with pytest.raises(StudioError, match=r"motion\.npz"):
        read_motion(tmp_path / "motion.npz")


# The real thing


def test_the_seated_man_sits_upright(real_data, plain_body):
    motion = read_motion(real_data / "motion" / "amass_sample.npz")
    assert (motion.num_frames, motion.fps) == (601, 120.0)
    assert motion.seconds == pytest.approx(5.008, abs=1e-3)
    joints, _ = played(motion, plain_body, range(0, 601, 60))
    pelvis = joints["pelvis"][:, 1]
    assert (joints["neck"][:, 1] > pelvis + 0.3).all()  # upright
    assert ((pelvis > 0.6) & (pelvis < 0.8)).all()  # the markers around his waist are at 0.75 m
    for side in ("left", "right"):
        thigh = joints[f"{side}_knee"] - joints[f"{side}_hip"]
        shin = joints[f"{side}_ankle"] - joints[f"{side}_knee"]
        assert (thigh[:, 1].abs() < 0.6 * thigh.norm(dim=1)).all()  # rather level, where a standing man's hangs
        assert (shin[:, 1] < -0.8 * shin.norm(dim=1)).all()
        assert (joints[f"{side}_ankle"][:, 1] > 0.0).all()
