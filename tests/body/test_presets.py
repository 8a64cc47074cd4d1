"""Named poses, hand shapes and faces: natural, mirrored where they should be, on the floor, and outside of the body."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.hand_shapes import LEFT_HAND_SHAPES
from nlfgs_studio.core.body.joints import JOINT_LIMITS_DEGREES, JOINT_NAMES, mirrored
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.body.presets import (
    EXPRESSION_ACTIONS,
    FEET,
    HAND_SHAPES,
    NEUTRAL,
    POSE_PRESETS,
    expression_preset,
    expression_presets,
    hand_shape,
    height_on_floor,
    pose_preset,
)

SYMMETRIC = ("T", "A", "Relaxed", "Seated", "Hands on hips", "Cheering", "Bow")


@pytest.fixture(scope="module")
def shaped(body):
    return shape_body(body, torch.zeros(body.num_betas))


@pytest.fixture(scope="module")
def posed(body, shaped):
    """Each pose preset on the built-in body, standing on the floor."""

    def pose(name: str):
        rotations = pose_preset(name)
        lift = height_on_floor(shaped.joints, rotations)
        return pose_body(
            body,
            shaped,
            BodyPose(
                rotations=torch.tensor(rotations),
                expression=torch.zeros(body.num_expression),
                translation=torch.tensor([0.0, lift, 0.0]),
            ),
        )

    return {name: pose(name) for name in POSE_PRESETS}


def joint(posed, name: str) -> np.ndarray:
    return posed.joints[JOINT_NAMES.index(name)].numpy()


def test_there_are_the_poses_faces_and_hands_that_people_ask_for():
    assert {"T", "A", "Relaxed", "Seated", "Wave", "Hands on hips", "Arms crossed", "Pointing"} <= set(POSE_PRESETS)
    assert set(EXPRESSION_ACTIONS) == {"Neutral", "Happy", "Sad", "Angry", "Surprised", "Playful"}
    assert {"Flat", "Relaxed", "Fist", "Point", "Thumbs up", "Peace", "OK"} <= set(HAND_SHAPES)


@pytest.mark.parametrize("name", POSE_PRESETS)
def test_poses_keep_to_the_natural_limits_of_the_joints(name):
    degrees = torch.rad2deg(torch.tensor(pose_preset(name)))
    assert ((degrees >= JOINT_LIMITS_DEGREES[..., 0] - 1e-3) & (degrees <= JOINT_LIMITS_DEGREES[..., 1] + 1e-3)).all()


@pytest.mark.parametrize("name", HAND_SHAPES)
def test_hand_shapes_keep_to_the_limits_and_turn_the_fingers_of_their_side_only(name):
    shape = hand_shape(name)
    for index, rotation in shape.items():
        low, high = JOINT_LIMITS_DEGREES[index].unbind(-1)
        degrees = torch.rad2deg(torch.tensor(rotation))
        assert ((degrees >= low - 1e-3) & (degrees <= high + 1e-3)).all(), JOINT_NAMES[index]
    assert set(hand_shape(name, "left")) == set(range(25, 40))
    assert set(hand_shape(name, "right")) == set(range(40, 55))
    assert hand_shape(name, "left") | hand_shape(name, "right") == shape


@pytest.mark.parametrize("name", HAND_SHAPES)
def test_the_right_hand_is_the_left_one_in_a_mirror(name):
    rotations = torch.zeros(55, 3)
    for index, rotation in hand_shape(name).items():
        rotations[index] = torch.tensor(rotation)
    assert mirrored(rotations).equal(rotations)


def test_no_two_hand_shapes_are_alike():
    assert len({tuple(sorted(shape.items())) for shape in LEFT_HAND_SHAPES.values()}) == len(HAND_SHAPES)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_poses_of_both_sides_are_their_own_mirror_image(name):
    rotations = torch.tensor(pose_preset(name))
    torch.testing.assert_close(mirrored(rotations), rotations)


def test_the_t_pose_is_the_rest_pose(shaped):
    assert not torch.tensor(pose_preset("T")).any()
    assert height_on_floor(shaped.joints, pose_preset("T")) == 0.0


@pytest.mark.parametrize("name", POSE_PRESETS)
def test_somebody_in_a_pose_stands_on_the_floor_and_not_in_it(name, posed, shaped):
    above_rest = posed[name].joints[list(FEET), 1] - shaped.joints[list(FEET), 1]
    assert float(above_rest.amin()) == pytest.approx(0.0, abs=1e-5)


def test_the_seated_one_sits_and_the_waving_one_waves(posed):
    seated = posed["Seated"]
    for side in ("left", "right"):
        hip, knee, ankle = (joint(seated, f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        assert abs(hip[1] - knee[1]) < 0.06
        assert knee[2] - hip[2] > 0.3
        assert abs(knee[2] - ankle[2]) < 0.06
        wrist = joint(seated, f"{side}_wrist")
        assert hip[2] < wrist[2] < knee[2] + 0.05
    wave = posed["Wave"]
    assert joint(wave, "left_wrist")[1] > joint(wave, "head")[1]
    assert joint(wave, "right_wrist")[1] < joint(wave, "pelvis")[1] + 0.1
    pointing = posed["Pointing"]
    finger = joint(pointing, "left_index3") - joint(pointing, "left_shoulder")
    assert finger[2] / np.linalg.norm(finger) > 0.9


@pytest.mark.parametrize("name", POSE_PRESETS)
def test_hands_do_not_pass_through_the_trunk_legs_or_head(name, posed, body):
    """Solid angles: a point inside of a surface sees it all around (4 pi), one outside hardly any of it."""
    names = np.array(body.part_names)[body.face_parts.numpy()]
    is_solid = np.isin(names, ["chest", "back", "abdomen", "hips", "neck", "face", "forehead", "scalp"])
    is_solid |= np.char.startswith(names, "thigh")
    vertices = posed[name].vertices.numpy()
    corners = vertices[body.faces.numpy()[is_solid]]
    is_hand = np.char.startswith(names, "hand") | np.char.startswith(names, "fingernails")
    hands = vertices[np.unique(body.faces.numpy()[is_hand])][::20]
    assert np.mean(_windings(corners, hands) > 0.5) < 0.01


def _windings(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How often triangles go around each point (Van Oosterom and Strackee 1983)."""
    a, b, c = (corners[None, :, index] - points[:, None] for index in range(3))
    la, lb, lc = (np.linalg.norm(each, axis=-1) for each in (a, b, c))
    volume = (a * np.cross(b, c)).sum(-1)
    other = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return 2.0 * np.arctan2(volume, other).sum(-1) / (4.0 * math.pi)


def test_faces_with_arkits_names_show_all_expressions(body):
    assert expression_presets(body.expression_names) == tuple(EXPRESSION_ACTIONS)
    for name, actions in EXPRESSION_ACTIONS.items():
        values = expression_preset(name, body.expression_names)
        assert len(values) == body.num_expression
        assert sum(value != 0.0 for value in values) == len(actions)
        lows, highs = body.expression_ranges.unbind(-1)
        assert ((torch.tensor(values) >= lows) & (torch.tensor(values) <= highs)).all()


def test_a_face_without_names_is_only_ever_neutral(plain_body):
    assert expression_presets(plain_body.expression_names) == (NEUTRAL,)
    assert not any(expression_preset(NEUTRAL, plain_body.expression_names))
    with pytest.raises(KeyError):
        expression_preset("Happy", plain_body.expression_names)


@pytest.mark.parametrize("call", [pose_preset, hand_shape, lambda name: expression_preset(name, ())])
def test_an_unknown_name_is_refused(call):
    with pytest.raises(KeyError):
        call("Handstand")
