"""What is learned of a body once stays in the user's cache; it is made again when the file is damaged."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import numpy as np

from ..body.model import BodyModel
from ..errors import StudioError
from ..npz import ArraySpecification, read_arrays
from ..paths import atomic_write, cache_directory


def kept_arrays(
    name: str,
    body: BodyModel,
    specification: Mapping[str, ArraySpecification],
    make: Callable[[], Mapping[str, np.ndarray]],
) -> Mapping[str, np.ndarray]:
    """The arrays called `name` (with its version) of that body: read as `specification` says, else made and kept.

    Raises:
        StudioError: they cannot be made, or the cache cannot be written.
    """
    path = cache_directory() / f"{name}-{body.identity.name}-{body.identity.fingerprint}.npz"
    if path.exists():
        with contextlib.suppress(StudioError):
            return read_arrays(path, specification)
    arrays = make()
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{key: arrays[key] for key in specification})
    return arrays
