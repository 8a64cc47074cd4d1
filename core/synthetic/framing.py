"""How a photograph frames somebody: a face, a half body, a whole one; from where, with which lens, cut how."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ..body.joints import JOINT_NAMES
from ..cameras import Camera
from .poses import DrawnPose

CROP = 256
"""Pixels of a photograph's side: a person's crop out of a larger picture."""


class Framing(Enum):
    """What of a person fills the picture."""

    FACE = "face"
    HALF = "half body"
    WHOLE = "whole body"


_CHANCES = {Framing.FACE: 0.25, Framing.HALF: 0.40, Framing.WHOLE: 0.35}
_HEAD, _NECK, _PELVIS = (JOINT_NAMES.index(name) for name in ("head", "neck", "pelvis"))
_BEFORE_HAND = 0.14
"""Metres from the wrist to the lens of a telephone held out: the hand is behind it."""
_WIDEST = 1.3
"""Of what a telephone's front camera sees, in distances: 66 degrees."""
_HEAD_HEIGHT = 1.35
"""Of a head, chin and all, in distances from its joint to its top."""


def drawn_framing(random: np.random.Generator) -> Framing:
    """Faces, half and whole bodies as often as a program for avatars meets them."""
    return list(_CHANCES)[int(random.choice(len(_CHANCES), p=list(_CHANCES.values())))]


def drawn_camera(
    random: np.random.Generator,
    framing: Framing,
    pose: DrawnPose,
    vertices: Float[np.ndarray, "V 3"],
    joints: Float[np.ndarray, "55 3"],
) -> Camera:
    """A camera for the posed body, in its world; a crop's principal point lies off its middle."""
    target, size = _subject(random, framing if pose.selfie_wrist is None else Framing.FACE, vertices, joints)
    if pose.selfie_wrist is not None:
        size *= float(random.uniform(1.0, 1.8))
    full_side = size * float(random.uniform(1.1, 2.6))  # metres that the picture showed before it was cropped
    if pose.selfie_wrist is not None:
        wrist = joints[pose.selfie_wrist]
        lens = wrist + _BEFORE_HAND * (target - wrist) / np.linalg.norm(target - wrist) + (0.0, 0.12, 0.0)
        lens = lens + random.normal(scale=0.015, size=3)
        distance = float(np.linalg.norm(lens - target))
        full_side = min(full_side, _WIDEST * distance)
        size = min(size, full_side)
    else:
        focal = float(np.exp(random.uniform(math.log(0.75), math.log(3.0))))  # in sides of the uncropped picture
        distance = max(focal * full_side, 0.45 + 0.5 * size)
        lens = target + distance * _drawn_direction(random, framing, pose)
    lens[1] = max(lens[1], vertices[:, 1].min() + 0.1)
    forward = (target - lens) / np.linalg.norm(target - lens)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    # The person was not in the middle of the whole picture, and the photographer did not hold it level.
    reach = 0.5 * max(full_side - size, 0.0) / distance
    aside, above = np.arctan(random.uniform(-reach, reach, 2) * (1.0, 0.6))
    roll = math.radians(float(np.clip(random.normal(scale=4.0), -15.0, 15.0)))
    axes = Rotation.from_euler("YXZ", (aside, above, roll)).as_matrix() @ axes
    return _cropped(axes, lens, target, size)


def _subject(
    random: np.random.Generator,
    framing: Framing,
    vertices: Float[np.ndarray, "V 3"],
    joints: Float[np.ndarray, "55 3"],
) -> tuple[Float[np.ndarray, "3"], float]:
    """The middle of what is shown, and the side of its square in metres."""
    head_top = vertices[np.argmax(vertices @ (joints[_HEAD] - joints[_NECK]))]
    head, spine = 0.5 * (head_top + joints[_HEAD]), joints[_PELVIS] - joints[_NECK]
    if framing is Framing.FACE:
        size = float(random.uniform(1.35, 2.6)) * _HEAD_HEIGHT * float(np.linalg.norm(head_top - joints[_HEAD]))
        down = joints[_NECK] - head_top
        middle = head + float(random.uniform(0.0, 0.3)) * size * down / np.linalg.norm(down)
    elif framing is Framing.HALF:
        depth = float(random.uniform(0.4, 1.25))  # from the chest to below the hips
        lowest = joints[_NECK] + depth * spine
        size = float(random.uniform(1.1, 1.45)) * float(np.linalg.norm(head_top - lowest))
        middle = 0.5 * (head_top + lowest)
    else:
        low, high = vertices.min(0), vertices.max(0)
        size = float(random.uniform(1.05, 1.4)) * float((high - low).max())
        middle = 0.5 * (low + high)
    return middle + random.normal(scale=0.04 * size, size=3), size


def _drawn_direction(random: np.random.Generator, framing: Framing, pose: DrawnPose) -> Float[np.ndarray, "3"]:
    """From the person to the camera, at any height: often where the face looks, up to profile, seldom from behind."""
    looks = math.degrees(math.atan2(pose.facing[0], pose.facing[2]))
    kind = random.uniform()
    if kind < 0.45:
        yaw = looks + random.normal(scale=12.0)
    elif kind < 0.9 or framing is Framing.FACE:
        yaw = 0.5 * looks + float(np.clip(random.normal(scale=42.0), -100.0, 100.0))
    else:
        yaw = random.uniform(-180.0, 180.0)
    pitch = float(np.clip(random.normal(4.0, 9.0), -22.0, 35.0))
    yaw, pitch = math.radians(yaw), math.radians(pitch)
    return np.array([math.sin(yaw) * math.cos(pitch), math.sin(pitch), math.cos(yaw) * math.cos(pitch)])


def _cropped(
    axes: Float[np.ndarray, "3 3"],
    lens: Float[np.ndarray, "3"],
    target: Float[np.ndarray, "3"],
    size: float,
) -> Camera:
    """The square crop around `target`, which the camera's own axis passes by."""
    right, down, depth = axes @ (target - lens)
    focal = CROP * depth / size
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, -axes @ lens
    return Camera(
        camera_from_world=torch.from_numpy(matrix).float(),
        fx=float(focal),
        fy=float(focal),
        cx=float(0.5 * CROP - focal * right / depth),
        cy=float(0.5 * CROP - focal * down / depth),
        width=CROP,
        height=CROP,
    )
