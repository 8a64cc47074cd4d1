"""Where the betas come from: people drawn from MakeHuman's phenotypes and local changes of the face.

The first 10 betas are the principal components of whole bodies, the next 20 those of faces alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from .makehuman import MakeHumanData, Target

NUM_BODY_BETAS = 10
NUM_FACE_BETAS = 20
NUM_PEOPLE = 600

_VARIATIONS = {
    "race": ("african", "asian", "caucasian"),
    "gender": ("male", "female"),
    "age": ("newborn", "baby", "child", "young", "old"),
    "muscle": ("minmuscle", "averagemuscle", "maxmuscle"),
    "weight": ("minweight", "averageweight", "maxweight"),
    "height": ("minheight", "maxheight"),
    "proportions": ("idealproportions", "uncommonproportions"),
    "cupsize": ("mincup", "averagecup", "maxcup"),
    "firmness": ("minfirmness", "averagefirmness", "maxfirmness"),
}
_BLOCKS = {
    "universal": ("gender", "age", "muscle", "weight"),
    "race": ("race", "gender", "age"),
    "height": ("gender", "age", "muscle", "weight", "height"),
    "proportions": ("gender", "age", "muscle", "weight", "proportions"),
    "breast": ("gender", "age", "muscle", "weight", "cupsize", "firmness"),
}
_FACE_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "nose")
_LOCAL_CHANGE_DEVIATION = 0.35


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """People as coefficients of blend shapes: person p is the base mesh + coefficients[p] @ shapes."""

    coefficients: Float[np.ndarray, "P K"]
    shapes: Float[np.ndarray, "K N 3"]
    """In MakeHuman's A-pose; float32, metres."""

    def mean(self) -> Float[np.ndarray, "N 3"]:
        """The average person's offsets from the base mesh."""
        return np.tensordot(self.coefficients.mean(axis=0), self.shapes, axes=1)


def draw_bodies(data: MakeHumanData, random: np.random.Generator, report: Callable[[float], None]) -> Population:
    """Whole bodies: nine in ten of them adults of all ages, both sexes, builds and ancestries."""
    weights = variation_weights(_draw_phenotypes(random))
    coefficients, targets = [], []
    combinations = list(_combinations())
    for done, (block, names) in enumerate(combinations):
        report(done / len(combinations))
        product = np.prod([weights[name] for name in names], axis=0)
        if product.any() and (target := data.macro_target(block, names)) is not None:
            coefficients.append(product)
            targets.append(target)
    return Population(coefficients=np.stack(coefficients, axis=1), shapes=_dense(targets, len(data.base_mesh.vertices)))


def draw_faces(data: MakeHumanData, random: np.random.Generator, report: Callable[[float], None]) -> Population:
    """Faces: every local change of the head at once, each normally distributed, left and right alike."""
    changes = [
        (folder, ends)
        for folder in _FACE_FOLDERS
        for ends in data.local_change_names(folder)
        if _keeps_the_face_straight(ends[0])
    ]
    coefficients, shapes = [], []
    for done, (folder, ends) in enumerate(changes):
        report(done / len(changes))
        amount = np.clip(random.normal(0.0, _LOCAL_CHANGE_DEVIATION, NUM_PEOPLE), -1.0, 1.0)
        for names, share in zip(ends, (np.maximum(-amount, 0.0), np.maximum(amount, 0.0)), strict=True):
            coefficients.append(share)
            shapes.append(
                _dense([data.local_change(folder, name) for name in names], len(data.base_mesh.vertices)).sum(axis=0)
            )
    return Population(coefficients=np.stack(coefficients, axis=1), shapes=np.stack(shapes))


def principal_components(
    coefficients: Float[np.ndarray, "P K"],
    shapes: Float[np.ndarray, "K N 3"],
    num_components: int,
    measured: Bool[np.ndarray, " N"],
    crown: int,
) -> Float[np.ndarray, "C N 3"]:
    """The strongest directions in which the people differ, one standard deviation long each.

    They are orthogonal over the `measured` vertices; each points to where the `crown` (a vertex) rises.
    """
    centred = coefficients - coefficients.mean(axis=0)
    flat = shapes[:, measured].reshape(len(shapes), -1).astype(np.float32)
    gram = (flat @ flat.T).astype(np.float64)
    # Coordinates of the people in an orthonormal basis of the shapes' span: gram = root rootᵀ.
    values, vectors = np.linalg.eigh(gram)
    keep = values > values[-1] * 1e-9
    root = vectors[:, keep] * np.sqrt(values[keep])
    _, deviations, directions = np.linalg.svd(centred @ root, full_matrices=False)
    in_shapes = directions[:num_components] @ (vectors[:, keep] / np.sqrt(values[keep])).T
    in_shapes *= deviations[:num_components, None] / np.sqrt(len(coefficients))
    components = np.tensordot(in_shapes, shapes.astype(np.float64), axes=1)
    return components * np.where(components[:, crown, 1] < 0.0, -1.0, 1.0)[:, None, None]


def variation_weights(phenotypes: dict[str, Float[np.ndarray, "*P"]]) -> dict[str, Float[np.ndarray, " P"]]:
    """How much of each named variation a person has: Anny's linear interpolation between the anchors of a phenotype.

    Anchors are evenly spaced over [0, 1], for the age over [-1/3, 1]; ancestries are shares that sum to one.
    """
    weights = {}
    for phenotype, names in _VARIATIONS.items():
        if phenotype == "race":
            weights.update({name: phenotypes[name] for name in names})
            continue
        anchors = np.linspace(-1 / 3 if phenotype == "age" else 0.0, 1.0, len(names))
        for name, anchor in zip(names, anchors, strict=True):
            weights[name] = np.maximum(0.0, 1.0 - np.abs(phenotypes[phenotype] - anchor) / (anchors[1] - anchors[0]))
    return {name: np.where(weight < 1e-9, 0.0, weight) for name, weight in weights.items()}


def _draw_phenotypes(random: np.random.Generator) -> dict[str, Float[np.ndarray, " P"]]:
    def around(mean: float, deviation: float) -> Float[np.ndarray, " P"]:
        return np.clip(random.normal(mean, deviation, NUM_PEOPLE), 0.0, 1.0)

    adult = random.uniform(size=NUM_PEOPLE) < 0.9
    # Anny's ages: 1/3 a child, 2/3 a young adult, 1 old. Its heights run from 1.2 to 2.4 m; a spread of 0.05 around 0.4
    # gives grown men 1.77 ± 0.07 m and women 1.66 ± 0.07 m.
    age = np.where(adult, random.uniform(0.6, 1.0, NUM_PEOPLE), random.uniform(0.4, 0.6, NUM_PEOPLE))
    female = random.uniform(size=NUM_PEOPLE) < 0.5
    ancestry = random.dirichlet((0.7, 0.7, 0.7), NUM_PEOPLE).T
    return {
        "age": age,
        "gender": np.where(female, 1.0, 0.0) + np.where(female, -1.0, 1.0) * random.uniform(0.0, 0.2, NUM_PEOPLE),
        "muscle": around(0.5, 0.17),
        "weight": around(0.5, 0.2),
        "height": around(0.4, 0.05),
        "proportions": around(0.5, 0.2),
        "cupsize": around(0.5, 0.15),
        "firmness": np.full(NUM_PEOPLE, 0.5),
        **dict(zip(_VARIATIONS["race"], ancestry, strict=True)),
    }


def _combinations() -> Iterator[tuple[str, tuple[str, ...]]]:
    for block, phenotypes in _BLOCKS.items():
        for names in itertools.product(*(_VARIATIONS[phenotype] for phenotype in phenotypes)):
            if block != "breast" or names[0] == "female":
                yield block, names


def _keeps_the_face_straight(names: list[str]) -> bool:
    """Leaves out the changes that push an unpaired part to one side, or the whole head off its neck."""
    name = names[0]
    return not (name.startswith("head-trans") or (len(names) == 1 and "trans-in" in name))


def _dense(targets: list[Target], num_vertices: int) -> Float[np.ndarray, "K N 3"]:
    shapes = np.zeros((len(targets), num_vertices, 3), dtype=np.float32)
    for shape, target in zip(shapes, targets, strict=True):
        shape[target.indices] = target.offsets
    return shapes
