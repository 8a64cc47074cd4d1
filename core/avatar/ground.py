"""What dressing needs to know of a body and is the same for everybody who wears it; measured once for each body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import ndimage
from scipy.spatial import KDTree
from torch import Tensor

from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel
from .anatomy import Anatomy, Lattice, Places, gaussian_places, lattice_of, measure, vertex_places
from .nape import Nape, nape_of
from .patterns import smoothstep
from .shading import openness
from .surfels import Surfels, covering_surfels
from .template import Template, face_frames, make_template

_COUNTS = {"iris": 16, "pupil": 16, "sclera": 9, "scalp": 9, "brow": 9, "teeth_upper": 9, "teeth_lower": 9}
_COUNTS |= {"foot": 2, "eye_socket": 2, "mouth_inside": 2, "tongue": 2}
"""Gaussians on each face of parts that are looked at most closely, or hardly seen, where k is 4."""
_LARGEST = 50e-6
"""Square metres of skin or cloth that a Gaussian stands for, at most, where k is 4: edges and patterns are as fine."""
_AZIMUTHS, _LEVELS = 72, 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """A body's mean shape, and the Gaussians of its skin before anybody is painted on it."""

    body: BodyModel
    template: Template
    anatomy: Anatomy
    lattice: Lattice
    places: Places
    corners: Places
    """The same of the vertices, where cloth is draped."""

    @property
    def unit(self) -> float:
        """The size of the head against the default one's."""
        return self.anatomy.eye_distance / 0.06

    @cached_property
    def rest(self) -> Float[Tensor, "V 3"]:
        return torch.from_numpy(self.anatomy.vertices)

    @cached_property
    def skin(self) -> Surfels:
        """Kernels that cover the bare body; to be copied, not changed."""
        return covering_surfels(self.template, self.rest, self.places.points)

    @cached_property
    def creases(self) -> Float[np.ndarray, " N"]:
        """Light that reaches into lids, nostrils, lips, ears, between fingers: too fine for `openness` as it is."""
        fine = openness(self.places.points, self.places.normals, 48, cell=0.002)
        return self.lattice.smoothed(smoothstep(0.0, 0.75, fine))

    @cached_property
    def lowering(self) -> Float[np.ndarray, " N"]:
        """Radians about z by which each Gaussian turns when the arms of the T-pose are let down: so they are lit."""
        right, left = (
            self.anatomy.weight(*(name for name in JOINT_NAMES[16:] if name.startswith(side) and "eye" not in name))
            for side in ("right", "left")
        )
        return 0.9 * self.lattice.at_points(right - left)

    @cached_property
    def frames(self) -> tuple[Float[Tensor, "F 3 3"], Float[Tensor, " F"]]:
        return face_frames(self.template.faces, self.rest)

    @cached_property
    def nearby(self) -> tuple[KDTree, Int[np.ndarray, " M"]]:
        """The body's own vertices by place, and their indices."""
        own = np.flatnonzero(self.anatomy.on_body)
        return KDTree(self.anatomy.vertices[own]), own

    @cached_property
    def crown(self) -> int:
        """A face on top of the head: whole, rigid, moved by no expression. What the head wears hangs on it."""
        faces = self.body.faces.numpy()
        on_head = self.anatomy.weight("head")[faces].min(-1) > 0.99
        centres, normals = self.anatomy.vertices[faces].mean(1), self.anatomy.normals[faces].mean(1)
        away = np.linalg.norm(centres - self.head_centre - [0.0, 0.085 * self.unit, -0.015 * self.unit], axis=-1)
        # Flat faces beside the top: a sliver's frame would turn with every beta.
        sizes = self.frames[1][: len(faces)].numpy()
        unsteady = ~on_head | (normals[:, 1] < 0.7) | (sizes < np.median(sizes[on_head]) if on_head.any() else False)
        return int((away + 10.0 * unsteady).argmin())

    @cached_property
    def nape(self) -> Nape | None:
        """What long hair hangs on."""
        return nape_of(self.anatomy)

    @cached_property
    def head_centre(self) -> Float[np.ndarray, "3"]:
        """The middle of the skull."""
        return self.anatomy.between_eyes + np.array([0.0, 0.030, -0.075]) * self.unit

    @cached_property
    def _head_points(self) -> Float[np.ndarray, "M 3"]:
        inner = self.places.part("mouth_inside", "tongue", "teeth_upper", "teeth_lower", "lashes", "eye_socket")
        return self.places.points[(self.places.head > 0.3) & ~inner] - self.head_centre

    @cached_property
    def _outline(self) -> tuple[Float[np.ndarray, "A L"], float, float]:
        """How far the head reaches from its vertical axis, by azimuth from the back and by height."""
        away = self._head_points
        lowest, highest = float(away[:, 1].min()), float(away[:, 1].max())
        levels = (away[:, 1] - lowest) / max(highest - lowest, 1e-6) * (_LEVELS - 1)
        return _outermost(away, levels, np.hypot(away[:, 0], away[:, 2])), lowest, highest

    @cached_property
    def _dome(self) -> Float[np.ndarray, "A L"]:
        """How far the head reaches from its middle, by azimuth from the back and elevation."""
        away = self._head_points
        reach = np.linalg.norm(away, axis=-1)
        elevation = np.arcsin(np.clip(away[:, 1] / np.maximum(reach, 1e-6), -1.0, 1.0))
        return _outermost(away, (elevation / np.pi + 0.5) * (_LEVELS - 1), reach)

    def outline(self, azimuth: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Metres from the vertical axis through `head_centre` to the skin; `height` above it."""
        table, lowest, highest = self._outline
        return _looked_up(table, azimuth, (height - lowest) / max(highest - lowest, 1e-6) * (_LEVELS - 1))

    def dome(self, azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
        """Metres from `head_centre` to the skin."""
        return _looked_up(self._dome, azimuth, (elevation / np.pi + 0.5) * (_LEVELS - 1))

    def around_head(self, azimuth: np.ndarray, radius: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Points by azimuth (0 at the back, positive to the left), distance from the axis, height over the middle."""
        away = np.stack([radius * np.sin(azimuth), height, -radius * np.cos(azimuth)], axis=-1)
        return self.head_centre + away

    @cached_property
    def _trunk(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rearmost and foremost z of the trunk on a grid of 1 cm in x and y, and the grid's corner."""
        on_trunk = self.anatomy.on_body & (self.anatomy.weight("head", "jaw", "left_eye", "right_eye") < 0.3)
        reach = abs(self.anatomy.joint("left_shoulder")[0]) * 1.1
        on_trunk &= np.abs(self.anatomy.vertices[:, 0]) < reach
        on_trunk &= self.anatomy.vertices[:, 1] > self.anatomy.joint("spine1")[1]
        points, facing = self.anatomy.vertices[on_trunk], self.anatomy.normals[on_trunk, 2]
        corner = points[:, :2].min(0)
        cells = ((points[:, :2] - corner) / 0.01).astype(int)
        tables = []
        # What faces the other way says nothing, even where a cell holds nothing else.
        for outwards, reduce in ((facing < -0.1, np.minimum), (facing > 0.1, np.maximum)):
            table = np.full(cells.max(0) + 1, -np.inf if reduce is np.maximum else np.inf)
            reduce.at(table, tuple(cells[outwards].T), points[outwards, 2])
            tables.append(ndimage.gaussian_filter(_filled(table), 1.5, mode="nearest"))
        return tables[0], tables[1], corner

    def trunk(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rearmost and foremost z of the bare trunk there; beside it what is nearest."""
        back, front, corner = self._trunk
        places = np.stack([(x - corner[0]) / 0.01, (y - corner[1]) / 0.01]) - 0.5
        flat = places.reshape(2, -1)
        rear, fore = (ndimage.map_coordinates(table, flat, order=1, mode="nearest") for table in (back, front))
        return rear.reshape(x.shape), fore.reshape(x.shape)


@lru_cache(maxsize=2)
def ground_of(body: BodyModel, k: int) -> Ground:
    """The ground of a body, measured at its first use; the body is told by identity."""
    counts = {name: max(1, round(count * k / 4)) for name, count in _COUNTS.items()}
    template, anatomy = make_template(body, k, finer=counts, largest=4.0 * _LARGEST / k), measure(body)
    lattice = lattice_of(template, body.num_vertices)
    places = gaussian_places(anatomy, template, lattice)
    return Ground(
        body=body,
        template=template,
        anatomy=anatomy,
        lattice=lattice,
        places=places,
        corners=vertex_places(anatomy, places, lattice),
    )


def _outermost(away: np.ndarray, levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    azimuth = np.arctan2(away[:, 0], -away[:, 2])
    table = np.full((_AZIMUTHS, _LEVELS), -np.inf)
    column = ((azimuth / (2.0 * np.pi) + 0.5) * _AZIMUTHS).astype(int) % _AZIMUTHS
    np.maximum.at(table, (column, np.clip(np.round(levels), 0, _LEVELS - 1).astype(int)), values)
    return ndimage.gaussian_filter(_filled(np.tile(table, (3, 1))), 1.2, mode="nearest")[_AZIMUTHS : 2 * _AZIMUTHS]


def _filled(table: np.ndarray) -> np.ndarray:
    """Empty cells get what the nearest other one holds."""
    empty = ~np.isfinite(table)
    nearest = np.asarray(ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True))
    return table[tuple(nearest)]


def _looked_up(table: np.ndarray, azimuth: np.ndarray, level: np.ndarray) -> np.ndarray:
    azimuth, level = np.broadcast_arrays(azimuth, level)
    column = (azimuth / (2.0 * np.pi) + 0.5) * _AZIMUTHS - 0.5
    padded = np.concatenate([table[-2:], table, table[:2]])
    places = np.stack([(column % _AZIMUTHS) + 2.0, level]).reshape(2, -1)
    return ndimage.map_coordinates(padded, places, order=1, mode="nearest").reshape(azimuth.shape)
