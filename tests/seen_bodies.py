"""Made-up people whose every joint is known, and what a detector like MediaPipe would say of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel, PosedBody, ShapedBody
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.body.presets import HAND_SHAPES, POSE_PRESETS, hand_shape, pose_preset
from nlfgs_studio.core.cameras import Camera
from nlfgs_studio.core.tracking.body_solver import BodySolution, body_pose
from nlfgs_studio.core.tracking.detection import BodyDetection, Detection, HandDetection
from nlfgs_studio.core.tracking.solution import FaceSolution
from nlfgs_studio.core.tracking.turns import ROTATIONS, matrices, vectors

DETECTORS_LEAN = np.tan(np.radians(12.0))
"""MediaPipe has standing people lean so far towards the camera."""
SPREAD_DEGREES = 8.0
_JOINT_OF_POINT = {
    11: "left_shoulder", 12: "right_shoulder", 13: "left_elbow", 14: "right_elbow", 15: "left_wrist",
    16: "right_wrist", 17: "left_pinky1", 18: "right_pinky1", 19: "left_index1", 20: "right_index1",
    21: "left_thumb2", 22: "right_thumb2", 23: "left_hip", 24: "right_hip", 25: "left_knee", 26: "right_knee",
    27: "left_ankle", 28: "right_ankle",
}  # fmt: skip
_HEAD_OFFSETS = {
    0: (0.0, 0.0, 0.13), 1: (0.02, 0.05, 0.1), 2: (0.03, 0.05, 0.1), 3: (0.04, 0.05, 0.09), 4: (-0.02, 0.05, 0.1),
    5: (-0.03, 0.05, 0.1), 6: (-0.04, 0.05, 0.09), 7: (0.07, 0.039, 0.0), 8: (-0.07, 0.039, 0.0),
    9: (0.02, -0.04, 0.1), 10: (-0.02, -0.04, 0.1),
}  # fmt: skip
"""Metres from the head's joint, at rest."""
_FOOT_OFFSETS = {"heel": (0.0, -0.05, -0.05), "toes": (0.02, -0.08, 0.19)}
"""Metres from the ankle, at rest; the detector has the toes of a flat foot lower than its heel."""
_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
"""In MediaPipe's order."""
_TIP_LENGTH = 0.022


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """Standard deviations."""

    pixels: float = 0.0
    metres: float = 0.0


def natural_pose(body: BodyModel, random: np.random.Generator, *, distance: float = 2.6) -> BodyPose:
    """Between two of the named poses, each joint off by some degrees, turned towards somewhere in front."""
    first, second = (matrices(np.array(pose_preset(name))) for name in random.choice(POSE_PRESETS, 2, replace=False))
    rotations = ROTATIONS.moved(first, random.uniform(0.0, 1.0) * ROTATIONS.step(first, second))
    rotations = rotations @ matrices(np.radians(SPREAD_DEGREES) * random.normal(size=(55, 3)) / np.sqrt(3.0))
    for side in ("left", "right"):
        shape = hand_shape(str(random.choice(HAND_SHAPES)), side)
        rotations[list(shape)] = matrices(np.array(list(shape.values())))
    turn = np.radians(random.uniform(-50.0, 50.0))
    rotations[0] = matrices(np.array([0.0, turn, 0.0])) @ rotations[0]
    rotations[22:25] = np.eye(3)
    place = np.array([random.uniform(-0.3, 0.3), 0.45, -distance])
    return replace(
        BodyPose.rest(body),
        rotations=torch.from_numpy(vectors(rotations)).float(),
        translation=torch.from_numpy(place).float(),
    )


def seen(
    shaped: ShapedBody, posed: PosedBody, camera: Camera, random: np.random.Generator, noise: Noise | None = None
) -> Detection:
    """Everything visible; hands too."""
    noise = noise or Noise()
    body, hands = _body_points(posed), [_hand_points(shaped, posed, side) for side in ("left", "right")]
    left, right = (
        HandDetection(
            points=_pixels(points, camera) + 0.3 * noise.pixels * random.normal(size=(21, 2)),
            world=_metric(points, points.mean(0)) + 0.15 * noise.metres * random.normal(size=(21, 3)),
            confidence=0.95,
        )
        for points in hands
    )
    world = _metric(body, body[[23, 24]].mean(0)) + noise.metres * random.normal(size=(33, 3))
    world[:, 2] += DETECTORS_LEAN * world[:, 1]
    return Detection(
        width=camera.width,
        height=camera.height,
        body=BodyDetection(
            points=_pixels(body, camera) + noise.pixels * random.normal(size=(33, 2)),
            world=world,
            visibility=np.full(33, 0.98),
        ),
        left_hand=left,
        right_hand=right,
    )


def true_face(body: BodyModel, posed: PosedBody) -> FaceSolution:
    """A neutral face solved without error."""
    head = posed.joint_transforms[JOINT_NAMES.index("head")].double().numpy()
    still = np.zeros(3)
    return FaceSolution(
        head_rotation=head[:3, :3],
        head_position=head[:3, 3],
        jaw=still,
        left_eye=still,
        right_eye=still,
        expression=np.zeros(body.num_expression),
        confidence=1.0,
        residual=0.0,
    )


def _body_points(posed: PosedBody) -> np.ndarray:
    points = np.empty((33, 3))
    for point, name in _JOINT_OF_POINT.items():
        points[point] = _riding(posed, name, np.zeros(3))
    for point, offset in _HEAD_OFFSETS.items():
        points[point] = _riding(posed, "head", np.array(offset))
    for point, side, part in ((29, "left", "heel"), (30, "right", "heel"), (31, "left", "toes"), (32, "right", "toes")):
        sign = 1.0 if side == "left" else -1.0
        points[point] = _riding(posed, f"{side}_ankle", np.array(_FOOT_OFFSETS[part]) * (sign, 1.0, 1.0))
    return points


def _hand_points(shaped: ShapedBody, posed: PosedBody, side: str) -> np.ndarray:
    points = [_riding(posed, f"{side}_wrist", np.zeros(3))]
    for finger in _FINGERS:
        points += [_riding(posed, f"{side}_{finger}{number}", np.zeros(3)) for number in (1, 2, 3)]
        rest = [shaped.joints[JOINT_NAMES.index(f"{side}_{finger}{number}")].double().numpy() for number in (2, 3)]
        onward = (rest[1] - rest[0]) / np.linalg.norm(rest[1] - rest[0])
        points.append(_riding(posed, f"{side}_{finger}3", _TIP_LENGTH * onward))
    return np.array(points)


def _riding(posed: PosedBody, name: str, offset: np.ndarray) -> np.ndarray:
    """Where a point goes that rests at `offset` from a joint and moves with it."""
    transform = posed.joint_transforms[JOINT_NAMES.index(name)].double().numpy()
    return transform[:3, 3] + transform[:3, :3] @ offset


def _pixels(points: np.ndarray, camera: Camera) -> np.ndarray:
    return np.stack(
        [camera.cx - camera.fx * points[:, 0] / points[:, 2], camera.cy + camera.fy * points[:, 1] / points[:, 2]], 1
    )


def _metric(points: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """As the detector has them: from a crop, as if the camera looked straight at the person; camera axes."""
    forward = middle / np.linalg.norm(middle)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    return (points - middle) @ np.stack([right, np.cross(forward, right), forward], axis=1)


def posed(solution: BodySolution) -> BodyPose:
    """As the body model takes it."""
    return body_pose(solution.rotations, solution.expression, solution.translation)
