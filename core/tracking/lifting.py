"""The body's 33 points in the tracker's world, from where they are in the picture and how deep the detector has them.

MediaPipe gives each point twice: in pixels, which is sharp, and in metres about the hips, which alone knows depth but
was guessed from a crop as if the camera looked straight at the person. So the metric points are fitted behind the
pixels of a camera turned towards the person: each point lies on its own pixel's ray, as deep as the detector says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..cameras import Camera, rays_of
from .detection import BodyDetection, Detection, HandDetection
from .solution import CAMERA_FROM_WORLD
from .turns import cross, normalized

NOSE = 0
LEFT_EAR, RIGHT_EAR = 7, 8
LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
LEFT_ELBOW, RIGHT_ELBOW = 13, 14
LEFT_WRIST, RIGHT_WRIST = 15, 16
LEFT_PINKY, RIGHT_PINKY = 17, 18
LEFT_INDEX, RIGHT_INDEX = 19, 20
LEFT_HIP, RIGHT_HIP = 23, 24
LEFT_KNEE, RIGHT_KNEE = 25, 26
LEFT_ANKLE, RIGHT_ANKLE = 27, 28
LEFT_HEEL, RIGHT_HEEL = 29, 30
LEFT_TOES, RIGHT_TOES = 31, 32

_LEAN = np.tan(np.radians(12.0))
"""Everybody comes out of the detector leaning so far towards the camera, seen from the front, the side or behind:
the median over renders of standing people, torso and legs alike."""
_LEAST_DISTANCE = 0.3
"""Metres between camera and person; nearer fits are nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyPoints:
    """The 33 points of one person."""

    places: Float[np.ndarray, "33 3"]
    """Metres in the tracker's world, for a person of the size that the detector takes for usual."""
    visibility: Float[np.ndarray, " 33"]
    """0..1; 0 outside the picture, where the detector only guesses."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiftedHand:
    """The 21 points of one hand in the tracker's world; true in shape and turn, not in distance."""

    points: Float[np.ndarray, "21 3"]
    mirrored: Float[np.ndarray, "21 3"]
    """The same outline with its depth reversed."""
    confidence: float


def ray_directions(points: Float[np.ndarray, "N 2"], camera: Camera) -> Float[np.ndarray, "N 3"]:
    """Where pixels look in the tracker's world; one metre deep."""
    return np.column_stack([rays_of(points, camera), np.ones(len(points))]) * CAMERA_FROM_WORLD


def view_towards(ray: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """From the OpenCV axes of an upright camera that looks along the ray to the tracker's world."""
    forward = normalized(ray)
    right = normalized(cross(forward, np.array([0.0, 1.0, 0.0])))
    return np.stack([right, cross(forward, right), forward], axis=1)


def lifted_body(detection: Detection, body: BodyDetection, camera: Camera) -> BodyPoints:
    """The body's points behind their pixels; wrists where a hand was found are the hand's."""
    pixels, visibility = body.points.copy(), _inside(body, detection)
    for wrist, hand in ((LEFT_WRIST, detection.left_hand), (RIGHT_WRIST, detection.right_hand)):
        if hand is not None:
            pixels[wrist] = hand.points[0]
            visibility[wrist] = max(visibility[wrist], hand.confidence)
    world = body.world.copy()
    world[:, 2] -= _LEAN * world[:, 1]
    return BodyPoints(places=_behind(pixels, world, np.maximum(visibility, 0.05), camera), visibility=visibility)


def lifted_hand(hand: HandDetection, camera: Camera) -> LiftedHand:
    """The hand's points behind their pixels."""
    return LiftedHand(
        points=_behind(hand.points, hand.world, np.ones(len(hand.points)), camera),
        mirrored=_behind(hand.points, hand.world * (1.0, 1.0, -1.0), np.ones(len(hand.points)), camera),
        confidence=hand.confidence,
    )


def _behind(pixels: np.ndarray, world: np.ndarray, weights: np.ndarray, camera: Camera) -> np.ndarray:
    rays = ray_directions(pixels, camera)
    view = view_towards(weights @ rays / weights.sum())
    seen = rays @ view
    slopes = seen[:, :2] / np.maximum(seen[:, 2:], 0.1)
    depth = np.maximum(_fitted_distance(slopes, world, weights) + world[:, 2:], 0.1)
    return np.hstack([slopes * depth, depth]) @ view.T


def _inside(body: BodyDetection, detection: Detection) -> np.ndarray:
    size = np.array([detection.width, detection.height])
    margin = 0.02 * size
    inside = ((body.points > -margin) & (body.points < size + margin)).all(1)
    return np.where(inside, body.visibility, 0.0)


def _fitted_distance(slopes: np.ndarray, world: np.ndarray, weights: np.ndarray) -> float:
    """Metres to the world's origin: least squares of X + t = x (Z + z) over t and Z."""
    matrix = np.zeros((len(world), 2, 3))
    matrix[:, 0, 0] = matrix[:, 1, 1] = -1.0
    matrix[:, :, 2] = slopes
    rooted = np.sqrt(weights)[:, None]
    target = rooted * (world[:, :2] - slopes * world[:, 2:])
    solution, *_ = np.linalg.lstsq((rooted[..., None] * matrix).reshape(-1, 3), target.reshape(-1), rcond=None)
    return max(float(solution[2]), _LEAST_DISTANCE)
