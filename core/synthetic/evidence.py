"""What detectors know beside the photo, as pictures: a fitted body's canonical coordinates and masks.

In training the fit is the true body with the errors of a fit to landmarks.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..body.fast_forward import FastPoser
from ..body.joints import JOINT_NAMES, NUM_JOINTS, PARENTS
from ..body.model import BodyModel, PosedBody, ShapedBody
from ..body.parameters import BodyPose
from ..cameras import Camera, in_camera, in_frame, projected, rays_through
from .depths import nearest_faces

EVIDENCE_SIDE = 64
"""Cells along a side of the map."""
_SEVERITIES = (math.log(0.15), math.log(3.0))
"""Of one fit's errors."""
_TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head", "jaw", "left_eye", "right_eye")
_TURNS = np.array([4.5 if name in _TRUNK else 11.0 for name in JOINT_NAMES])
"""Degrees of deviation by which joints turn about axes in the picture's plane; faces and trunks are well seen."""
_ACROSS = 0.6
"""How much of that they turn in the picture."""
_SHIFT = 3.0
"""Pixels."""
_ASTRAY = 0.2
"""How often a limb is lost."""
_LIMBS = [
    JOINT_NAMES.index(f"{side}_{name}") for side in ("left", "right") for name in ("hip", "knee", "shoulder", "elbow")
]
_ANCHORS = 31
"""Every so many vertices one by which the fit is laid over the person."""


def canonical_points(body: BodyModel) -> Float[Tensor, "V 3"]:
    """Vertices of the mean shape, in the middle of a box whose longest side is 1."""
    rest = body.template_vertices
    low, high = rest.amin(0), rest.amax(0)
    return (rest - (low + high) / 2.0) / (high - low).max()


def evidence_map(
    body: BodyModel,
    vertices: Float[Tensor, "V 3"],
    camera: Camera,
    person_mask: Float[np.ndarray, "H W"] | None,
    side: int = EVIDENCE_SIDE,
) -> Float[np.ndarray, "5 side side"]:
    """Canonical coordinates of the fitted body that each cell shows, its mask, the person's mask (0 where unknown).

    `vertices` in the camera's world; the mask covers the camera's picture, 0..1, and is a whole factor larger.
    """
    small = camera.resized(side, side)
    positions, inverse, _, faces = nearest_faces(in_camera(vertices, small), body.faces, small)
    evidence = np.zeros((5, side, side), np.float32)
    rows, columns = np.nonzero(faces >= 0)
    corners = body.faces.numpy()[faces[rows, columns]]
    weights = _weights(positions[corners], np.stack([columns, rows], -1) + 0.5) * inverse[corners]
    weights /= weights.sum(-1, keepdims=True)
    evidence[:3, rows, columns] = (canonical_points(body).numpy()[corners] * weights[..., None]).sum(1).T
    evidence[3, rows, columns] = 1.0
    if person_mask is not None:
        evidence[4] = _block_means(person_mask.astype(np.float32), side)
    return evidence


def _block_means(picture: Float[np.ndarray, "H W"], side: int) -> Float[np.ndarray, "side side"]:
    height, width = picture.shape
    return picture.reshape(side, height // side, side, width // side).mean((1, 3))


def _weights(corners: Float[np.ndarray, "P 3 2"], places: Float[np.ndarray, "P 2"]) -> Float[np.ndarray, "P 3"]:
    """Barycentric coordinates of places in the picture."""
    a, b, c = corners[:, 0] - places, corners[:, 1] - places, corners[:, 2] - places
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], -1)
    return areas / areas.sum(-1, keepdims=True)


def _cross(a: Float[np.ndarray, "P 2"], b: Float[np.ndarray, "P 2"]) -> Float[np.ndarray, " P"]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def perturbed_fit(
    random: np.random.Generator,
    poser: FastPoser,
    mean: ShapedBody,
    pose: BodyPose,
    shaped: ShapedBody,
    posed: PosedBody,
    camera: Camera,
) -> Float[Tensor, "V 3"]:
    """A body fitted to landmarks of `posed`, in its world, with such a fit's errors: shape, turns, limbs, place.

    Half of them are about as good as our own landmark fit on these photos. Landmarks say little of depth, so parts
    turn towards the camera and away from it more than across the picture.
    """
    severity = float(np.exp(random.uniform(*_SEVERITIES)))
    spread = np.radians(_TURNS) * severity
    if random.uniform() < _ASTRAY:
        spread[int(random.choice(_LIMBS))] *= 6.0
    deviations = np.array([1.0, 1.0, _ACROSS]) * spread[:, None]
    world_from_camera = camera.camera_from_world[:3, :3].double().numpy().T
    turns = Rotation.from_rotvec((deviations * random.normal(size=(NUM_JOINTS, 3))) @ world_from_camera.T)
    frames = posed.joint_transforms[:, :3, :3].double().numpy()
    carriers = Rotation.from_matrix(frames[[0, *PARENTS[1:]]])
    carriers = Rotation.concatenate([Rotation.identity(), carriers[1:]])
    turned = carriers.inv() * turns * carriers * Rotation.from_rotvec(pose.rotations.double().numpy())
    fitted = BodyPose(
        rotations=torch.from_numpy(turned.as_rotvec()).float(),
        expression=float(random.uniform(0.3, 1.0)) * pose.expression,
        translation=pose.translation,
    )
    share = float(random.uniform(0.0, 0.8))
    guessed = ShapedBody(
        vertices=torch.lerp(mean.vertices, shaped.vertices, share), joints=torch.lerp(mean.joints, shaped.joints, share)
    )
    vertices = poser.pose(guessed, fitted).vertices
    found, true = in_camera(vertices[::_ANCHORS], camera), in_camera(posed.vertices[::_ANCHORS], camera)
    shift = _onto(found, true, camera)
    shift[:2] += _SHIFT * severity * random.normal(size=2) * float(true[:, 2].median()) / camera.fx
    return vertices + torch.from_numpy(world_from_camera @ shift).float()


def _onto(found: Float[Tensor, "A 3"], true: Float[Tensor, "A 3"], camera: Camera) -> Float[np.ndarray, "3"]:
    """By how much the found points must be moved to be seen where the true ones are: least squares, linear in it."""
    pixels, q = projected(true, camera), found.double().numpy()
    weights = np.tile(np.where(in_frame(pixels, true, camera), 1.0, 1e-3), 2)[:, None]
    x, y = rays_through(pixels.double(), camera.intrinsics).numpy().T
    zeros, ones = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate([np.stack([ones, zeros, -x], 1), np.stack([zeros, ones, -y], 1)])
    sides = np.concatenate([x * q[:, 2] - q[:, 0], y * q[:, 2] - q[:, 1]])
    normal = rows.T @ (weights * rows) + np.diag([0.0, 0.0, 1e-4 * weights.sum()])
    return np.linalg.solve(normal, rows.T @ (weights[:, 0] * sides))
