"""Flat kernels as place, axes and widths: what dressing turns, narrows and lays along edges and strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from ..geometry.rotations import quaternion_to_matrix
from .covering import THINNESS, covering_kernels
from .patterns import dots, unit_rows
from .template import Template, face_frames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surfels:
    """Changed in place while an avatar is dressed, by its own methods only."""

    points: Float[np.ndarray, "N 3"]
    axes: Float[np.ndarray, "N 3 3"]
    """Orthonormal columns; the last is the normal."""
    widths: Float[np.ndarray, "N 3"]
    """Standard deviations along the axes, metres."""

    def deviations(self, which: Int[np.ndarray, " M"], directions: Float[np.ndarray, "M 3"]) -> Float[np.ndarray, " M"]:
        """Standard deviations along unit directions."""
        shares = np.einsum("mij,mi->mj", self.axes[which], directions)
        shares *= self.widths[which]
        return np.sqrt(dots(shares, shares))

    def lay(
        self,
        which: Int[np.ndarray, " M"],
        along: Float[np.ndarray, "M 3"],
        length: Float[np.ndarray, " M"],
        breadth: Float[np.ndarray, " M"],
    ) -> None:
        """Turn kernels about their normals so that the first axis lies along given directions, and resize them."""
        self._orient(which, along, self.axes[which, :, 2])
        self.widths[which] = np.stack([length, breadth, THINNESS * np.minimum(length, breadth)], axis=-1)

    def straighten(self, distance: Float[np.ndarray, " N"], direction: Float[np.ndarray, "N 3"]) -> None:
        """Line the kernels beside an edge up along it, narrower across, so that cloth ends at a line.

        `distance` are signed metres from the edge, which grow in `direction`.
        """
        near = np.flatnonzero(np.abs(distance) < 0.03)
        normals, direction = self.axes[near, :, 2], direction[near]
        tangents = direction - dots(direction, normals)[:, None] * normals
        steepness = np.sqrt(dots(tangents, tangents))
        tangents /= np.maximum(steepness, 1e-6)[:, None]
        along = np.cross(normals, tangents)
        away = distance[near] / np.maximum(steepness, 0.3)
        width = self.deviations(near, tangents)
        close = (np.abs(away) < 1.4 * width) & (steepness > 1e-3)
        narrow = 0.6 * width
        # A kernel's own density falls to a half at 1.18 standard deviations: there shall the edge be.
        shift = np.where(away >= 0, 1.18, -1.18) * narrow - away
        self.points[near[close]] += (shift[:, None] * tangents)[close]
        self.lay(near[close], along[close], self.deviations(near, along)[close], narrow[close])

    def press(self, normals: Float[np.ndarray, "N 3"]) -> None:
        """Tilt all kernels into the planes of other normals: where a face stands off, they would show as fur."""
        everything = np.arange(len(self.points))
        along, across = self.axes[:, :, 0], self.axes[:, :, 1]
        directions = along - dots(along, normals)[:, None] * normals
        # A kernel that stood upright keeps the other direction's length in the plane.
        upright = dots(directions, directions) < 0.09
        directions[upright] = np.cross(across[upright], normals[upright])
        directions = unit_rows(directions)
        length = self.deviations(everything, directions)
        breadth = self.deviations(everything, np.cross(normals, directions))
        self._orient(everything, directions, normals)
        self.widths[:, 0], self.widths[:, 1] = np.maximum(length, 1e-6), np.maximum(breadth, 1e-6)

    def _orient(
        self, which: Int[np.ndarray, " M"], along: Float[np.ndarray, "M 3"], normals: Float[np.ndarray, "M 3"]
    ) -> None:
        flat = along - dots(along, normals)[:, None] * normals
        lengths = np.sqrt(dots(flat, flat))[:, None]
        # A direction along the normal says nothing: the kernel stays as it is turned.
        first = np.where(lengths > 1e-6, flat / np.maximum(lengths, 1e-6), self.axes[which, :, 0])
        self.axes[which] = np.stack([first, np.cross(normals, first), normals], axis=-1)


def covering_surfels(template: Template, vertices: Float[Tensor, "V 3"], points: Float[np.ndarray, "N 3"]) -> Surfels:
    """Kernels at `points` that cover a mesh as `covering_kernels` does."""
    vertices = vertices.float()
    rotations, scales = covering_kernels(template, vertices)
    frames, _ = face_frames(template.faces, vertices)
    axes = frames[template.face_indices] @ quaternion_to_matrix(rotations)
    return Surfels(points=points.copy(), axes=axes.double().numpy().copy(), widths=scales.double().numpy().copy())
