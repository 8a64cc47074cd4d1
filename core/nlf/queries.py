"""What a body asks the field: its Gaussians or vertices as canonical points with their signatures, once per body."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..avatar.template import Template
from ..body.model import BodyModel
from ..errors import StudioError
from ..npz import ArraySpecification, read_arrays
from ..paths import atomic_write, cache_directory
from ..synthetic.evidence import canonical_points
from .network import Queries
from .spectrum import point_signature

FORMAT_VERSION = 1
MAX_BYTES = 1 << 28
"""A million vertices with 64 functions."""

logger = logging.getLogger(__name__)


def vertex_queries(body: BodyModel, num_eigenfunctions: int) -> Queries:
    """Every vertex of the body's mean shape.

    Raises:
        StudioError: the surface has too few vertices for so many functions.
    """
    return Queries(points=canonical_points(body), signatures=_signatures(body, num_eigenfunctions))


def interpolated(queries: Queries, template: Template) -> Queries:
    """The Gaussians of a template, between the vertices around each."""
    return Queries(points=template.interpolated(queries.points), signatures=template.interpolated(queries.signatures))


def _signatures(body: BodyModel, count: int) -> Float[Tensor, "V count"]:
    path = cache_directory() / "signatures" / f"{_key(body)}-{count}-{FORMAT_VERSION}.npz"
    num_vertices = body.template_vertices.shape[0]
    specification = {
        "signatures": ArraySpecification(shapes=((num_vertices, count),), max_bytes=MAX_BYTES, dtype="float32")
    }
    if path.is_file():
        try:
            return torch.from_numpy(read_arrays(path, specification)["signatures"])
        except StudioError as error:
            logger.warning("the cached %s is made again: %s", path.name, error)
    try:
        signatures = point_signature(body.template_vertices.double().numpy(), _surface(body).numpy(), count)
    except ValueError as error:
        raise StudioError(f"this body is too coarse for the network: {error}") from error
    signatures = signatures.astype(np.float32)
    _keep(path, signatures)
    return torch.from_numpy(signatures)


def _keep(path: Path, signatures: Float[np.ndarray, "V count"]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, signatures=signatures)
    except (OSError, StudioError) as error:
        logger.warning("the body's signature could not be kept, it is made again next time: %s", error)


def _surface(body: BodyModel) -> Int[Tensor, "F 3"]:
    """With every shell: what is worn is asked for too."""
    return torch.cat([body.faces, *body.shells.values()])


def _key(body: BodyModel) -> str:
    """Of the mesh itself: two bodies of one name may differ in their last digits."""
    digest = hashlib.sha256(body.template_vertices.numpy().tobytes())
    digest.update(_surface(body).numpy().tobytes())
    return digest.hexdigest()[:16]
