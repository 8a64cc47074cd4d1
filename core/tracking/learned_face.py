"""What tracking has to know of a body's face, learned from one round of its own portraits and kept in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..body.model import BodyModel
from ..npz import ArraySpecification
from ..paths import atomic_write
from .detection import NUM_FACE_POINTS
from .embedding import LandmarkEmbedding, fit_embedding
from .expression_map import ExpressionMap, fit_map
from .keeping import kept_arrays, shipped_file
from .portraits import PortraitStudio
from .sightings import sightings
from .sitting import drawn_sitters, drawn_sitting

_NAME = "face-v1"
"""Of the kept file; another number where what is learned, or how, has changed: `python scripts/learn_face.py` then."""
_NUM_LOOKS, _NUM_SITTERS, _PORTRAITS_OF_EACH = 4, 50, 12
_SEED = 8000
_EMBEDDING = {
    "triangles": ArraySpecification(shapes=((NUM_FACE_POINTS,),), max_bytes=1 << 16, kinds="i", dtype="int64"),
    "barycentrics": ArraySpecification(shapes=((NUM_FACE_POINTS, 3),), max_bytes=1 << 16, dtype="float64"),
    "reliability": ArraySpecification(shapes=((NUM_FACE_POINTS,),), max_bytes=1 << 16, dtype="float64"),
}
_EXPRESSIONS = {
    name: ArraySpecification(shapes=(shape,), max_bytes=1 << 24, dtype="float64")
    for name, shape in {
        "weights": ("Y", 3 * NUM_FACE_POINTS),
        "bias": ("Y",),
        "stillness": (NUM_FACE_POINTS,),
        "limits": ("Y", 2),
        "errors": ("Y",),
    }.items()
}

_SHIPPED = {"f": np.float32, "i": np.int32}
"""What the shipped numbers are stored as."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnedFace:
    """Where the face points lie on a body, and what their motions mean."""

    embedding: LandmarkEmbedding
    expressions: ExpressionMap


def learned_face(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> LearnedFace:
    """What `learn_face` finds, from the cache where it was found before.

    Raises:
        StudioError: see `learn_face`; or the cache cannot be written.
    """

    arrays = kept_arrays(_NAME, body, _EMBEDDING | _EXPRESSIONS, lambda: _arrays(learn_face(body, progress)))
    return LearnedFace(
        embedding=LandmarkEmbedding(**{key: arrays[key] for key in _EMBEDDING}),
        expressions=ExpressionMap(**{key: arrays[key] for key in _EXPRESSIONS}),
    )


def ship(body: BodyModel) -> Path:
    """Learn the face of `body` anew and put it among what ships; where it was put.

    Raises:
        StudioError: see `learn_face`; or the file cannot be written.
    """
    arrays = {
        key: value.astype(_SHIPPED.get(value.dtype.kind, value.dtype))
        for key, value in _arrays(learn_face(body)).items()
    }
    path = shipped_file(_NAME, body)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def _arrays(face: LearnedFace) -> dict[str, np.ndarray]:
    return {key: getattr(face.embedding, key) for key in _EMBEDDING} | {
        key: getattr(face.expressions, key) for key in _EXPRESSIONS
    }


def landmark_embedding(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> LandmarkEmbedding:
    """Of `learned_face`."""
    return learned_face(body, progress).embedding


def expression_map(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> ExpressionMap:
    """Of `learned_face`."""
    return learned_face(body, progress).expressions


def learn_face(body: BodyModel, progress: Callable[[float, str], None] | None = None) -> LearnedFace:
    """Renders people of this body who make faces, detects those and learns from it; about 70 s of one core.

    Raises:
        StudioError: no face is found on them, or MediaPipe is not installed.
    """

    def report(fraction: float, message: str) -> None:
        if progress is not None:
            progress(fraction, message)

    studio = PortraitStudio(body, num_looks=_NUM_LOOKS, progress=lambda done, text: report(0.15 * done, text))
    random = np.random.default_rng(_SEED)
    sitters = drawn_sitters(body, random, _NUM_SITTERS)
    sittings = [drawn_sitting(body, random, sitter) for sitter in sitters for _ in range(_PORTRAITS_OF_EACH)]
    seen = sightings(studio, sittings, progress=lambda done: report(0.15 + 0.65 * done, "looking at their faces"))
    report(0.8, "finding the face points on the body")
    embedding = fit_embedding(body, seen[::2])
    report(0.95, "learning what faces do")
    return LearnedFace(embedding=embedding, expressions=fit_map(body, embedding, seen))
