"""How a subject can be looked at: what stands for its Gaussians, its mesh, the ground, what is behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from jaxtyping import Float, Int
from torch import Tensor

from ..gaussians import Gaussians


class Mode(str, Enum):
    """What is drawn for each Gaussian."""

    SPLATS = "splats"
    POINTS = "points"
    """Its middle, a few pixels large."""
    RINGS = "rings"
    """The ellipse of its standard deviation."""
    DEPTH = "depth"
    """Near bright, far dark, from the nearest to the farthest Gaussian in view."""
    NORMALS = "normals"
    """Red to the right, green up, blue towards the camera."""
    PARTS = "parts"
    """A colour for each part of the body."""
    MESH = "mesh"
    """Nothing: the mesh alone."""


class MeshLayer(str, Enum):
    """Where the mesh lies beside the Gaussians."""

    OFF = "off"
    UNDER = "under"
    OVER = "over"


class MeshStyle(str, Enum):
    SHADED = "shaded"
    WIREFRAME = "wireframe"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How to look; equal values give the same picture of the same subject."""

    mode: Mode = Mode.SPLATS
    mesh: MeshLayer = MeshLayer.OFF
    mesh_style: MeshStyle = MeshStyle.SHADED
    floor: bool = False
    """A disc at the feet's height, with the soft shadow of what is near it."""
    grid: bool = False
    """Lines on the floor, 25 cm apart; those of a metre are stronger."""
    transparent: bool = False
    """Nothing behind: pictures are saved with their alpha, the window shows a checkerboard."""
    picture: Path | None = None
    """A file whose picture lies behind the subject in place of the background's colour."""

    @property
    def is_plain(self) -> bool:
        """Whether a renderer's own picture is all there is to it."""
        return self == PLAIN

    @property
    def shows_mesh(self) -> bool:
        return self.mode is Mode.MESH or self.mesh is not MeshLayer.OFF


PLAIN = Display()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """A picture behind the subject; it fills the view, what does not fit is cut off evenly."""

    rgb: Float[Tensor, "H W 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """A surface in the world."""

    vertices: Float[Tensor, "V 3"]
    """Metres."""
    faces: Int[Tensor, "F 3"]
    """Counter-clockwise seen from outside."""
    labels: Int[Tensor, " F"]
    """Which part each face belongs to: a number from 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """What stands in front of the camera; the same object while nothing of it has changed."""

    gaussians: Gaussians
    mesh: Mesh | None = None
    carriers: Int[Tensor, " N"] | None = field(default=None)
    """The mesh's face that carries each Gaussian; present where the mesh is."""
    floor_height: float = 0.0
    """World y of the ground, metres."""
