"""Rotations in numpy: the exponential and the logarithm of SO(3), batched, for the trackers' small arrays.

`geometry.rotations` is the same for tensors with gradients; a tracker calls these a hundred times a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_SMALL_ANGLE = 1e-6
_NEAR_HALF_TURN = -0.99
"""Cosine; beyond it the antisymmetric part is too short to give the axis."""


_IDENTITY = np.eye(3)
_CROSS = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _CROSS[_i, _k, _j], _CROSS[_i, _j, _k] = 1.0, -1.0
_CROSS = _CROSS.reshape(3, 9)
"""v @ _CROSS are the nine entries of the matrix that crosses v with what it multiplies: much faster than np.cross."""


def matrices(vectors: Float[np.ndarray, "*B 3"]) -> Float[np.ndarray, "*B 3 3"]:
    """Rodrigues' formula for axis-angle vectors in radians."""
    angle = np.maximum(np.sqrt((vectors * vectors).sum(-1)), _SMALL_ANGLE)[..., None, None]
    crossing = _crossing(vectors)
    half_sine = np.sin(0.5 * angle) / angle
    return _IDENTITY + np.sin(angle) / angle * crossing + 2.0 * half_sine * half_sine * (crossing @ crossing)


def vectors(matrices: Float[np.ndarray, "*B 3 3"]) -> Float[np.ndarray, "*B 3"]:
    """Axis-angle in radians, the shorter way round; exact up to the half turn, where the sign is either one."""
    twice_sine_axis = matrices.reshape(*matrices.shape[:-2], 9) @ _CROSS.T
    sine = 0.5 * np.sqrt((twice_sine_axis * twice_sine_axis).sum(-1))
    cosine = 0.5 * (np.trace(matrices, axis1=-2, axis2=-1) - 1.0)
    angle = np.arctan2(sine, cosine)
    factor = np.where(sine > _SMALL_ANGLE, 0.5 * angle / np.maximum(sine, _SMALL_ANGLE), 0.5)
    result = factor[..., None] * twice_sine_axis
    half_turns = cosine < _NEAR_HALF_TURN
    if half_turns.any():
        result[half_turns] = angle[half_turns][:, None] * _axes_of_half_turns(
            matrices[half_turns], cosine[half_turns], twice_sine_axis[half_turns]
        )
    return result


def normalized(vectors: Float[np.ndarray, "*B 3"]) -> Float[np.ndarray, "*B 3"]:
    """Unit vectors; zero stays zero."""
    return vectors / np.maximum(np.sqrt((vectors * vectors).sum(-1, keepdims=True)), 1e-12)


def cross(first: Float[np.ndarray, "*B 3"], second: Float[np.ndarray, "*B 3"]) -> Float[np.ndarray, "*B 3"]:
    return (_crossing(first) @ second[..., None])[..., 0]


def _crossing(vectors: np.ndarray) -> np.ndarray:
    return (vectors @ _CROSS).reshape(*vectors.shape, 3)


def _axes_of_half_turns(matrices: np.ndarray, cosine: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """From the symmetric part, cos θ I + (1 - cos θ) a aᵀ; the antisymmetric part tells which of ±a."""
    symmetric = 0.5 * (matrices + matrices.swapaxes(-1, -2)) - cosine[:, None, None] * _IDENTITY
    largest = np.argmax(np.diagonal(symmetric, axis1=-2, axis2=-1), axis=-1)
    axes = normalized(np.take_along_axis(symmetric, largest[:, None, None], axis=-1)[..., 0])
    return axes * np.where((axes * signs).sum(-1) < 0.0, -1.0, 1.0)[:, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What filters need to know of their values: the step from one to another, and where a step leads."""

    step: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """(start, end) -> rows of numbers."""
    moved: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """(start, step) -> end."""


VECTORS = Space(step=lambda start, end: end - start, moved=lambda start, step: start + step)
ROTATIONS = Space(
    step=lambda start, end: vectors(start.swapaxes(-1, -2) @ end),
    moved=lambda start, step: start @ matrices(step),
)
"""Matrices; steps are axis-angle vectors, taken along the geodesic."""


def frame(first: Float[np.ndarray, "*B 3"], second: Float[np.ndarray, "*B 3"]) -> Float[np.ndarray, "*B 3 3"]:
    """A right-handed frame whose first column lies along `first` and whose second leans towards `second`."""
    along = normalized(first)
    third = normalized(cross(along, second))
    return np.stack([along, cross(third, along), third], axis=-1)


def shortest_turn(start: Float[np.ndarray, "*B 3"], end: Float[np.ndarray, "*B 3"]) -> Float[np.ndarray, "*B 3 3"]:
    """The smallest rotation from one unit vector to another."""
    axis = cross(start, end)
    sine = np.sqrt((axis * axis).sum(-1, keepdims=True))
    angle = np.arctan2(sine, (start * end).sum(-1, keepdims=True))
    return matrices(axis * (angle / np.maximum(sine, 1e-9)))


def twist_about(rotation: Float[np.ndarray, "3 3"], axis: Float[np.ndarray, "3"]) -> float:
    """Radians of the turn about a unit axis that comes nearest to the rotation."""
    sine = axis @ (_CROSS @ rotation.reshape(9))
    return float(np.arctan2(sine, np.trace(rotation) - axis @ rotation @ axis))
