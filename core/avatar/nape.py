"""The line down the back of the head and the neck: what long hair hangs on, so that it bends as a neck does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from .anatomy import Anatomy

_BESIDE = 1e-4
"""Metres beside the middle, where no vertices lie."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nape:
    """Pieces of the line, from below to above: each crosses one face."""

    faces: Int[np.ndarray, " S"]
    heights: Float[np.ndarray, "S 2"]
    """Of the lower and the upper end."""
    ends: Float[np.ndarray, "S 2 3"]
    """Barycentric coordinates of the lower and the upper end."""
    shoulders: float
    chin: float

    def carrying(self, heights: Float[np.ndarray, " M"]) -> tuple[Int[np.ndarray, " M"], Float[np.ndarray, "M 3"]]:
        """Faces and barycentric coordinates of the line's points that carry hair which hangs at these heights.

        Down to the chin it goes with the head, over the shoulders it stays behind. Coordinates run on from face to
        face, and with them the turns that the rig interpolates: hair does not tear.
        """
        heights = np.interp(heights, (self.shoulders, self.chin), (self.heights[0, 0], self.heights[-1, 1]))
        piece = np.clip(np.searchsorted(self.heights[:, 0], heights, side="right") - 1, 0, len(self.faces) - 1)
        low, high = self.heights[piece].T
        share = np.clip((heights - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)[:, None]
        return self.faces[piece], (1.0 - share) * self.ends[piece, 0] + share * self.ends[piece, 1]


def nape_of(anatomy: Anatomy) -> Nape | None:
    """The line up to where all hangs on the head; None for a body without such a neck."""
    faces = anatomy.body.faces.numpy()
    corners = anatomy.vertices[faces]
    behind = corners[..., 2].max(-1) < 0.5 * (anatomy.joint("neck") + anatomy.joint("head"))[2]
    side = corners[..., 0] > _BESIDE
    unit = anatomy.eye_distance
    # Hair is no skin: its ends stay behind by half of the turn, not by all of it.
    lowest, highest = anatomy.joint("neck")[1], anatomy.joint("head")[1] + 1.6 * unit
    between = (corners[..., 1].min(-1) > lowest) & (corners[..., 1].max(-1) < highest)
    mine = np.flatnonzero(behind & between & (side.any(-1) != side.all(-1)))
    if not len(mine):
        return None
    # The corner that lies alone on its side: both edges from it cross the plane.
    count, index = side[mine].sum(-1), np.arange(len(mine))
    alone = np.where(count == 1, side[mine].argmax(-1), side[mine].argmin(-1))
    ends = np.zeros((len(mine), 2, 3))
    for end, step in enumerate((1, 2)):
        other = (alone + step) % 3
        x0, x1 = corners[mine, alone, 0], corners[mine, other, 0]
        share = (_BESIDE - x0) / (x1 - x0)
        ends[index, end, alone], ends[index, end, other] = 1.0 - share, share
    heights = (ends @ corners[mine])[..., 1]
    upside_down = heights[:, 0] > heights[:, 1]
    ends[upside_down], heights[upside_down] = ends[upside_down, ::-1], heights[upside_down, ::-1]
    order = heights[:, 0].argsort()
    return Nape(
        faces=mine[order],
        heights=heights[order],
        ends=ends[order],
        shoulders=float(anatomy.joint("neck")[1] - 2.7 * unit),
        chin=float(anatomy.between_eyes[1] - 2.1 * unit),
    )
