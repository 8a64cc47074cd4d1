"""Motions: read at any moment, turned as rigid bodies are, and carried over to bodies of other proportions."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from motions import walk_cycle
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.motion import Motion, resampled, rest_pelvis, turned
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.geometry.rotations import axis_angle_to_matrix

PELVIS = torch.tensor([0.01, -0.3, 0.02])


def random_motion(num_frames: int = 9, *, fps: float = 10.0, seed: int = 0, **fields) -> Motion:
    random = torch.Generator().manual_seed(seed)
    return Motion(
        name="random",
        fps=fps,
        rotations=torch.randn(num_frames, 55, 3, generator=random),
        translation=torch.randn(num_frames, 3, generator=random),
        pelvis=PELVIS,
        **fields,
    )


def test_frames_come_back_unchanged(plain_body):
    motion = random_motion()
    for frame in range(motion.num_frames):
        pose = motion.pose_at(frame / motion.fps, plain_body, pelvis=PELVIS)
        assert torch.equal(pose.rotations, motion.rotations[frame])
        assert torch.allclose(pose.translation, motion.translation[frame], atol=1e-6)


def test_before_and_after_stand_the_first_and_last_frame(plain_body):
    motion = random_motion()
    for seconds, frame in ((-3.0, 0), (-1e-9, 0), (0.85, -1), (0.9, -1), (1e9, -1)):
        assert torch.equal(motion.pose_at(seconds, plain_body).rotations, motion.rotations[frame])


def test_between_frames_a_joint_turns_at_constant_speed_the_short_way(plain_body):
    """From 170° to -170° about one axis is 20°, through 180°, not back through 0°."""
    motion = random_motion(2, fps=1.0)
    motion.rotations.zero_()
    motion.rotations[:, 5, 2] = torch.tensor([math.radians(170), math.radians(-170)])
    for fraction in (0.25, 0.5, 0.75):
        pose = motion.pose_at(fraction, plain_body)
        expected = torch.tensor([0.0, 0.0, math.radians(170 + 20 * fraction)])
        ours, theirs = axis_angle_to_matrix(pose.rotations[5]), axis_angle_to_matrix(expected)
        assert torch.allclose(ours, theirs, atol=1e-5)
        assert not pose.rotations[6].any()


def test_between_frames_translation_is_linear(plain_body):
    motion = random_motion(3, fps=2.0)
    pose = motion.pose_at(0.125, plain_body, pelvis=PELVIS)
    assert torch.allclose(pose.translation, torch.lerp(motion.translation[0], motion.translation[1], 0.25), atol=1e-6)


def test_the_pelvis_goes_where_the_motions_pelvis_went(plain_body):
    """Whatever the proportions of the body that is driven."""
    motion = random_motion()
    for betas in (torch.zeros(10), torch.linspace(-3, 3, 10)):
        shaped = shape_body(plain_body, betas)
        pose = motion.pose_at(0.3, plain_body, pelvis=shaped.joints[0])
        posed = pose_body(plain_body, shaped, pose)
        assert torch.allclose(posed.joints[0], PELVIS + motion.translation[3], atol=1e-5)
    mean = motion.pose_at(0.3, plain_body)
    assert torch.allclose(rest_pelvis(plain_body) + mean.translation, PELVIS + motion.translation[3], atol=1e-5)


def test_expression_is_taken_over_by_name(plain_body):
    names = plain_body.expression_names
    chosen = (names[3], "unheard of", names[0])
    expression = torch.rand(9, 3, generator=torch.Generator().manual_seed(1))
    motion = random_motion(expression=expression, expression_names=chosen)
    expected = torch.zeros(len(names))
    expected[3], expected[0] = expression[4, 0], expression[4, 2]
    assert torch.equal(motion.pose_at(0.4, plain_body).expression, expected)
    halfway = motion.pose_at(0.45, plain_body).expression
    assert torch.allclose(halfway[3], (expression[4, 0] + expression[5, 0]) / 2)


def test_a_motion_without_face_leaves_it_neutral(plain_body):
    expression = random_motion().pose_at(0.1, plain_body).expression
    assert expression.shape == (plain_body.num_expression,)
    assert not expression.any()


@pytest.mark.parametrize("fps", [5.0, 7.0, 12.5, 30.0])
def test_resampling_keeps_length_and_content(plain_body, fps):
    motion = random_motion(20, expression=torch.rand(20, 2), expression_names=plain_body.expression_names[:2])
    again = resampled(motion, fps)
    assert again.fps == fps
    assert again.num_frames == round(2.0 * fps)
    assert again.seconds == pytest.approx(motion.seconds, abs=0.5 / fps)
    for frame in range(again.num_frames):
        first, second = (m.pose_at(frame / fps, plain_body) for m in (motion, again))
        for name in ("rotations", "translation", "expression"):
            assert torch.allclose(getattr(first, name), getattr(second, name), atol=2e-5), name


def test_resampling_takes_what_the_tracker_said_along():
    moments = torch.tensor([0.0, 0.1, 0.25, 0.3], dtype=torch.float64)
    motion = random_motion(4, timestamps=moments, confidence=torch.eye(4))
    again = resampled(motion, 20.0)
    assert again.timestamps[2:5].tolist() == pytest.approx([0.1, 0.175, 0.25])
    assert again.confidence[3].tolist() == pytest.approx([0.0, 0.5, 0.5, 0.0])


def test_resampling_to_the_same_rate_is_no_work():
    motion = random_motion()
    assert resampled(motion, motion.fps) is motion


def test_resampling_a_short_motion_keeps_a_frame():
    assert resampled(random_motion(1, fps=100.0), 10.0).num_frames == 1


@pytest.mark.parametrize("fps", [0.0, -1.0, math.inf, math.nan])
def test_impossible_rates_are_bad_calls(fps):
    with pytest.raises(ValueError, match="frame"):
        resampled(random_motion(), fps)
    with pytest.raises(ValueError, match="rate"):
        random_motion(fps=fps)


def test_a_motion_needs_frames_and_names():
    with pytest.raises(ValueError, match="at least one frame"):
        random_motion(0)
    with pytest.raises(ValueError, match="2 expression columns with 1 names"):
        random_motion(expression=torch.zeros(9, 2), expression_names=("one",))


def test_turning_turns_the_posed_body_rigidly(plain_body):
    """Vertices before and after differ by the turn of the world, whatever the pelvis."""
    turn = axis_angle_to_matrix(torch.tensor([1.1, -0.4, 0.7]))
    shaped = shape_body(plain_body, torch.linspace(-1, 1, 10))
    motion = dataclasses.replace(random_motion(), pelvis=shaped.joints[0])
    before, after = (
        pose_body(plain_body, shaped, m.pose_at(0.2, plain_body, pelvis=shaped.joints[0])).vertices
        for m in (motion, turned(motion, turn))
    )
    assert torch.allclose(after, before @ turn.T, atol=1e-5)


def test_turning_keeps_the_bodys_place_in_the_film():
    camera = OrbitCamera(yaw=0.4, pitch=0.2).camera(64, 48)
    motion = random_motion(camera=camera)
    turn = axis_angle_to_matrix(torch.tensor([1.1, -0.4, 0.7]))
    after = turned(motion, turn)
    point = torch.tensor([0.3, 0.2, -0.1])
    before_seen = camera.camera_from_world[:3, :3] @ point + camera.camera_from_world[:3, 3]
    matrix = after.camera.camera_from_world
    assert torch.allclose(matrix[:3, :3] @ (turn @ point) + matrix[:3, 3], before_seen, atol=1e-5)


def test_the_made_up_walk_walks(plain_body):
    """The walk that other tests rely on: forward, on the floor, upright."""
    walk = walk_cycle(plain_body)
    shaped = shape_body(plain_body, torch.zeros(1))
    neutral = torch.zeros(walk.num_frames, plain_body.num_expression)
    poses = BodyPose(rotations=walk.rotations, expression=neutral, translation=walk.translation)
    posed = pose_body(plain_body, shaped, poses)
    assert torch.allclose(posed.vertices[..., 1].amin(-1), torch.zeros(walk.num_frames), atol=1e-5)
    assert 1.0 < float(posed.joints[-1, 0, 2] - posed.joints[0, 0, 2]) < 8.0
