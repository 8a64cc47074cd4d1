"""What a person wears beside the skin: Gaussians of their own for hair that hangs, hats, glasses and skirts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from .covering import THINNESS

_OVERLAP = 0.72
"""Standard deviation of a kernel over the distance to the next one; 0.66 is what `covering.OVERLAP` amounts to."""
_OPACITY = 0.99
ON_CROWN = -1
"""The host of what sits on the head and goes with it."""
HANGING = -2
"""The host of hair that hangs: from the head above, over the back and the shoulders below."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loose:
    """Flat kernels on the mean body's T-pose, painted but not lit."""

    points: Float[np.ndarray, "M 3"]
    axes: Float[np.ndarray, "M 3 3"]
    """Orthonormal columns; the last is the normal."""
    widths: Float[np.ndarray, "M 3"]
    colours: Float[np.ndarray, "M 3"]
    gloss: Float[np.ndarray, " M"]
    opacities: Float[np.ndarray, " M"]
    groups: tuple[str, ...]
    """Names of what they belong to."""
    group_indices: Int[np.ndarray, " M"]
    hosts: Int[np.ndarray, " M"]
    """Faces of the template; or `ON_CROWN`, or `HANGING`."""
    barycentrics: Float[np.ndarray, "M 3"]

    def __len__(self) -> int:
        return len(self.points)


def sheet(
    points: Float[np.ndarray, "U V 3"],
    colours: Float[np.ndarray, "*S 3"],
    outward: Float[np.ndarray, "U V 3"],
    *,
    group: str,
    gloss: float = 0.1,
    opacity: float = _OPACITY,
    keep: np.ndarray | None = None,
    stretch: float = 1.0,
    narrow: float = 1.0,
    closed: bool = False,
) -> Loose:
    """One kernel at every node of a grid, wide enough to cover it.

    Colours may be given for all nodes at once. `outward` says which side is the outside; `stretch` and `narrow` scale
    the kernels along and across the second direction (strands run along it); with `closed` the first direction comes
    back to where it began.
    """
    across, along = _differences(points, 0, closed), _differences(points, 1, False)
    breadth, length = (np.linalg.norm(way, axis=-1) for way in (across, along))
    first = along / np.maximum(length, 1e-9)[..., None]
    normals = np.cross(across, along)
    reach = np.linalg.norm(normals, axis=-1, keepdims=True)
    fallback = outward - (outward * first).sum(-1, keepdims=True) * first
    normals = np.where(reach > 1e-12, normals / np.maximum(reach, 1e-12), fallback)
    normals *= np.where((normals * outward).sum(-1, keepdims=True) < 0.0, -1.0, 1.0)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    axes = np.stack([first, np.cross(normals, first), normals], axis=-1)
    widths = np.stack([_OVERLAP * stretch * length, _OVERLAP * narrow * breadth], axis=-1)
    widths = np.maximum(widths, 2e-4)
    widths = np.concatenate([widths, THINNESS * widths.min(-1, keepdims=True)], axis=-1)
    chosen = np.ones(points.shape[:2], dtype=bool) if keep is None else keep
    count = int(chosen.sum())
    return Loose(
        points=points[chosen],
        axes=axes[chosen],
        widths=widths[chosen],
        colours=np.broadcast_to(colours, points.shape)[chosen],
        gloss=np.full(count, gloss),
        opacities=np.full(count, opacity),
        groups=(group,),
        group_indices=np.zeros(count, dtype=np.int64),
        hosts=np.full(count, ON_CROWN),
        barycentrics=np.full((count, 3), 1.0 / 3.0),
    )


def tube(
    centres: Float[np.ndarray, "V 3"],
    radii: Float[np.ndarray, " V"],
    colours: Float[np.ndarray, "*S 3"],
    *,
    sides: int,
    group: str,
    gloss: float = 0.1,
    closed: bool = False,
) -> Loose:
    """A pipe around a line; its ends stay open, so the radii should run to nothing there."""
    along = np.gradient(centres, axis=0)
    if closed:
        along = np.roll(centres, -1, axis=0) - np.roll(centres, 1, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-9)
    helper = np.eye(3)[int(np.abs(along).mean(0).argmin())]
    side = np.cross(along, helper)
    side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-9)
    up = np.cross(side, along)
    angles = np.arange(sides) * 2.0 * np.pi / sides
    outward = np.cos(angles)[:, None, None] * side + np.sin(angles)[:, None, None] * up
    return sheet(centres + radii[:, None] * outward, colours, outward, group=group, gloss=gloss, closed=True)


def together(parts: Sequence[Loose]) -> Loose | None:
    """All of them as one; None where there is none."""
    if not parts:
        return None
    groups = tuple(dict.fromkeys(name for part in parts for name in part.groups))
    indices = [
        np.array([groups.index(name) for name in part.groups], dtype=np.int64)[part.group_indices] for part in parts
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("points", "axes", "widths", "colours", "gloss", "opacities", "hosts", "barycentrics")
    }
    return Loose(**joined, groups=groups, group_indices=np.concatenate(indices))


def chosen(loose: Loose, keep: np.ndarray) -> Loose:
    """Those that a mask names."""
    arrays = ("points", "axes", "widths", "colours", "gloss", "opacities", "group_indices", "hosts", "barycentrics")
    return replace(loose, **{name: getattr(loose, name)[keep] for name in arrays})


def _differences(points: np.ndarray, axis: int, closed: bool) -> np.ndarray:
    """From each node to the next along an axis, averaged over both sides."""
    if closed:
        return 0.5 * (np.roll(points, -1, axis=axis) - np.roll(points, 1, axis=axis))
    if points.shape[axis] < 2:
        return np.zeros_like(points)
    return np.gradient(points, axis=axis)
