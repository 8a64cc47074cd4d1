"""Poses of the whole body, by name: axis-angle in degrees of the joints that leave the T-pose.

Those with bent arms were found by inverse kinematics on the built-in body's mean shape, and looked at from all sides.
"""

from __future__ import annotations

from types import MappingProxyType

from .hand_shapes import LEFT_HAND_SHAPES, SOFT, Degrees, mirrored_names

Rotations = dict[str, Degrees]


def _both_sides(left: Rotations) -> Rotations:
    return left | mirrored_names(left)


def _hands(left: Rotations, right: Rotations) -> Rotations:
    """The shapes of both hands, each given for a left one."""
    return left | mirrored_names(right)


_HANGING_ARM: Rotations = {
    "left_collar": (0.0, 0.0, -5.0),
    "left_shoulder": (4.0, -13.0, -67.0),
    "left_elbow": (0.0, -18.0, 0.0),
    "left_wrist": (0.0, 0.0, -6.0),
    **LEFT_HAND_SHAPES["Relaxed"],
}
_RIGHT_ARM_HANGS = mirrored_names(_HANGING_ARM)

POSE_ROTATIONS: MappingProxyType[str, Rotations] = MappingProxyType(
    {
        "T": {},
        "A": _both_sides({"left_shoulder": (0.0, 0.0, -45.0)}),
        "Relaxed": _both_sides(
            {**_HANGING_ARM, "left_hip": (0.0, 4.0, 2.0)}) | {"spine1": (2.0, 0.0, 0.0), "head": (2.0, 0.0, 0.0)},
        "Seated": _both_sides(
            {
                "left_hip": (-88.0, 0.0, 4.0),
                "left_knee": (88.0, 0.0, 0.0),
                "left_shoulder": (12.0, -25.0, -74.0),
                "left_elbow": (27.0, -64.0, 10.0),
                "left_wrist": (43.0, 5.0, 18.0),
                **SOFT,
            }
        ),
        "Wave": {
            **_RIGHT_ARM_HANGS,
            "left_collar": (0.0, 0.0, 8.0),
            "left_shoulder": (-79.0, 0.0, -21.0),
            "left_elbow": (0.0, -112.0, 0.0),
            "left_wrist": (0.0, 0.0, 12.0),
            "spine3": (0.0, 0.0, -2.0),
            "head": (0.0, 6.0, -4.0),
        },
        "Hands on hips": _both_sides(
            {
                "left_shoulder": (66.0, -3.0, -37.0),
                "left_elbow": (11.0, -105.0, -10.0),
                "left_wrist": (-44.0, 9.0, 31.0),
                **SOFT,
            }
        ),
        "Arms crossed": {
            "left_shoulder": (19.0, -46.0, -59.0),
            "left_elbow": (2.0, -101.0, -10.0),
            "left_wrist": (-16.0, -10.0, -33.0),
            "right_shoulder": (31.0, 48.0, 54.0),
            "right_elbow": (7.0, 101.0, 10.0),
            "right_wrist": (-17.0, 10.0, 18.0),
            **_hands(SOFT, SOFT),
        },
        "Thinking": {
            "neck": (5.0, 0.0, 0.0),
            "head": (8.0, -4.0, 0.0),
            "left_shoulder": (34.0, -36.0, -64.0),
            "left_elbow": (5.0, -95.0, -10.0),
            "left_wrist": (-23.0, -5.0, -33.0),
            "right_shoulder": (10.0, 52.0, 75.0),
            "right_elbow": (-8.0, 128.0, 10.0),
            "right_wrist": (-27.0, 20.0, 10.0),
            **_hands(SOFT, LEFT_HAND_SHAPES["Grip"]),
        },
        "Pointing": {
            **_RIGHT_ARM_HANGS,
            "left_shoulder": (-10.0, -78.0, -8.0),
            "left_elbow": (0.0, -5.0, 0.0),
            **LEFT_HAND_SHAPES["Point"],
        },
        "Walking": {
            **_both_sides(_HANGING_ARM),
            "spine2": (3.0, 5.0, 0.0),
            "left_hip": (-28.0, 0.0, 2.0),
            "left_knee": (14.0, 0.0, 0.0),
            "left_ankle": (6.0, 0.0, 0.0),
            "right_hip": (18.0, 0.0, -2.0),
            "right_knee": (22.0, 0.0, 0.0),
            "right_ankle": (12.0, 0.0, 0.0),
            "right_foot": (-22.0, 0.0, 0.0),
            "left_shoulder": (-13.0, 19.0, -67.0),
            "left_elbow": (0.0, -15.0, 0.0),
            "right_shoulder": (18.0, 28.0, 64.0),
            "right_elbow": (0.0, 34.0, 0.0),
        },
        "Cheering": _both_sides(
            {
                "left_collar": (0.0, 0.0, 20.0),
                "left_shoulder": (-26.0, -18.0, 45.0),
                "left_elbow": (0.0, -28.0, 0.0),
                **LEFT_HAND_SHAPES["Fist"],
            }
        ) | {"head": (-10.0, 0.0, 0.0)},
        "Bow": _both_sides(
            {**_HANGING_ARM, "left_shoulder": (-19.0, -26.0, -70.0), "left_hip": (-25.0, 0.0, 2.0)}
        ) | {
            "pelvis": (25.0, 0.0, 0.0),
            "spine1": (22.0, 0.0, 0.0),
            "spine2": (14.0, 0.0, 0.0),
            "spine3": (8.0, 0.0, 0.0),
            "neck": (8.0, 0.0, 0.0),
            "head": (6.0, 0.0, 0.0),
        },
    }
)  # fmt: skip
