"""Where the eyes look: the ray through each iris meets the eyeball, seen from where the fitted head has it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from . import turns as so3
from .face_points import LEFT_EYE_CORNERS, LEFT_IRIS, RIGHT_EYE_CORNERS, RIGHT_IRIS, eye_openness
from .face_rig import FaceRig

_IRISES = np.array([LEFT_IRIS, RIGHT_IRIS])
_CORNERS = np.array([LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS])
_CLOSED, _OPEN = 0.08, 0.18
"""Gap of the lids over the eye's width: below the first the iris is guessed, above the second it is seen."""
_MOST = np.radians([30.0, 40.0, 0.0])
"""Up or down, and to a side."""
_VERGENCE_TRUST = 0.5
"""How much of the difference of both eyes' sideways angles is believed; they mostly look at one far point."""


class Gaze:
    """Turns irises into the eyes' rotations for one person's rig."""

    def __init__(self, rig: FaceRig) -> None:
        self._centres = rig.eyes
        self._ahead = rig.rest_points[_IRISES].mean(axis=1) - self._centres
        self._radii = np.linalg.norm(self._ahead, axis=1)

    def look(
        self,
        observed: Float[np.ndarray, "478 2"],
        modelled: Float[np.ndarray, "478 2"],
        rotation: Float[np.ndarray, "3 3"],
        translation: Float[np.ndarray, "3"],
        held: Float[np.ndarray, "2 3"],
    ) -> Float[np.ndarray, "2 3"]:
        """Axis-angles of left and right eye in the head's frame; eyes that are shut keep those `held`.

        `observed` and `modelled` are x / z and y / z in the camera's axes, where the head is at `rotation` and
        `translation`.
        """
        seen = np.clip((eye_openness(observed) - _CLOSED) / (_OPEN - _CLOSED), 0.0, 1.0)
        clearest = float(seen.max())
        if clearest == 0.0:
            return held
        # Where the fit lies beside the person's eye it lies beside the iris as well.
        beside = (observed[_CORNERS] - modelled[_CORNERS]).mean(axis=1)
        rays = np.column_stack([observed[_IRISES].mean(axis=1) - beside, np.ones(2)])
        centres = self._centres @ rotation.T + translation
        arms = (_met(rays, centres, self._radii) - centres) @ rotation
        angles = _angles(arms) - _angles(self._ahead)
        down, left = seen @ angles / seen.sum()
        apart = 0.5 * (angles[0, 1] - angles[1, 1]) * seen.min() * _VERGENCE_TRUST
        found = np.array([[down, left + apart, 0.0], [down, left - apart, 0.0]])
        return held + clearest * (np.clip(found, -_MOST, _MOST) - held)


def _met(
    rays: Float[np.ndarray, "2 3"], centres: Float[np.ndarray, "2 3"], radii: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "2 3"]:
    """Where rays from the origin first meet spheres; those that pass meet the nearest point of the outline."""
    directions = so3.normalized(rays)
    along = (directions * centres).sum(axis=1)
    beside = along[:, None] * directions - centres
    aside = np.linalg.norm(beside, axis=1)
    depths = np.sqrt(np.maximum(radii**2 - aside**2, 0.0))
    return centres + beside * np.minimum(1.0, radii / aside)[:, None] - depths[:, None] * directions


def _angles(arms: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "2 2"]:
    """Of each arm, downwards and to the left of straight ahead; radians."""
    x, y, z = arms.T
    return np.column_stack([np.arctan2(-y, np.hypot(x, z)), np.arctan2(x, z)])
