"""Arms and legs: two bones and a hinge, from the directions of the bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..body.joints import JOINT_NAMES
from .turns import cross, frame, matrices, normalized, shortest_turn, vectors

_LARGEST_FLEXION = np.radians(150.0)
_CLEAR_BEND = np.radians((12.0, 40.0))
"""A hinge that is bent less says nothing of its axis, one bent more says all."""
_LARGEST_SPIN = np.radians(85.0)
"""By which the upper bone turns about itself from where a plain swing takes it."""
_AIM, _LARGEST_AIM = 0.8, 0.4
"""Part of the way to its ray that the end of a bone goes; at most this part of its length."""
_TRUST, _LARGEST_TRUSTED = 0.7, np.radians(35.0)
"""How far a straight limb is spun towards where its end says that the hinge lies."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limb:
    """Two bones of one body at rest."""

    upper: Float[np.ndarray, "3"]
    """Unit vectors from joint to joint."""
    lower: Float[np.ndarray, "3"]
    lengths: tuple[float, float]
    """Metres."""
    hinge: Float[np.ndarray, "3"]
    """Unit vector across the upper bone; the lower one bends about it."""

    @classmethod
    def of(
        cls, rest_joints: Float[np.ndarray, "55 3"], names: tuple[str, str, str], bends_towards: Float[np.ndarray, "3"]
    ) -> Limb:
        """From the names of its joints, root to end."""
        root, middle, end = (rest_joints[JOINT_NAMES.index(name)] for name in names)
        upper = normalized(middle - root)
        lengths = float(np.linalg.norm(middle - root)), float(np.linalg.norm(end - middle))
        return cls(
            upper=upper, lower=normalized(end - middle), lengths=lengths, hinge=normalized(cross(upper, bends_towards))
        )

    def aimed(
        self, root: Float[np.ndarray, "3"], seen: Float[np.ndarray, "3 3"]
    ) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
        """The bones' directions for a limb that hangs at `root`, from where its three joints are seen.

        Parallel to what is seen, and then turned so that middle and end come nearer to their rays from the camera,
        which is the origin: this body's limbs are not as long as the person's, nor hang quite at the same place.
        """
        upper, lower = normalized(np.diff(seen, axis=0))
        upper = _towards_ray(root, upper, self.lengths[0], seen[1])
        return upper, _towards_ray(root + self.lengths[0] * upper, lower, self.lengths[1], seen[2])

    def turned(
        self,
        parent: Float[np.ndarray, "3 3"],
        upper: Float[np.ndarray, "3"],
        lower: Float[np.ndarray, "3"],
        *,
        towards: Float[np.ndarray, "3"] | None = None,
    ) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3 3"]]:
        """Rotations in the world of the upper and the lower bone, which get these directions.

        `parent` is the rotation of the joint above. Where the hinge is too straight to show its axis, it lies where a
        plain swing of the limb takes it, or on the way from there to `towards`.
        """
        hinge = shortest_turn(parent @ self.upper, upper) @ parent @ self.hinge
        spin = 0.0
        if towards is not None:
            spin = np.clip(_TRUST * _angle_about(upper, hinge, towards), -_LARGEST_TRUSTED, _LARGEST_TRUSTED)
        across = cross(upper, lower)
        bend = np.arctan2(np.sqrt(across @ across), upper @ lower)
        shown = np.clip(_angle_about(upper, hinge, across), -_LARGEST_SPIN, _LARGEST_SPIN)
        spin += np.interp(bend, _CLEAR_BEND, (0.0, 1.0)) * (shown - spin)
        hinge = matrices(spin * upper) @ hinge
        upper_rotation = frame(upper, hinge) @ frame(self.upper, self.hinge).T
        bent = shortest_turn(self.lower, upper_rotation.T @ lower)
        angle = vectors(bent)
        size = np.sqrt(angle @ angle)
        if size > _LARGEST_FLEXION:
            bent = matrices(angle * _LARGEST_FLEXION / size)
        return upper_rotation, upper_rotation @ bent


def _angle_about(axis: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    """Radians from one direction to another, seen along a unit axis."""
    return float(np.arctan2(axis @ cross(start, end), start @ end - (start @ axis) * (end @ axis)))


def _towards_ray(start: np.ndarray, direction: np.ndarray, length: float, seen: np.ndarray) -> np.ndarray:
    """The bone's direction when its end goes part of the way to the ray through `seen`."""
    end, ray = start + length * direction, normalized(seen)
    aside = (end @ ray) * ray - end
    aside *= min(1.0, _LARGEST_AIM * length / max(float(np.sqrt(aside @ aside)), 1e-9))
    return normalized(length * direction + _AIM * aside)
