"""What is learned of a body once: shipped with the program for its own body, else kept in the user's cache.

A damaged file of the cache is made again.
"""

from __future__ import annotations

import contextlib
import importlib.resources
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..body.model import BodyModel
from ..errors import StudioError
from ..npz import ArraySpecification, read_arrays
from ..paths import atomic_write, cache_directory

ASSETS = f"{__name__.partition('.')[0]}.assets"
"""The package of what ships."""


def shipped_file(name: str, body: BodyModel) -> Path:
    """Where the arrays called `name` of that body would lie among what ships.

    Bodies go by their name: the last digits of one and the same built-in body differ between machines.
    """
    return Path(str(importlib.resources.files(ASSETS))) / f"{name}-{body.identity.name}.npz"


def kept_arrays(
    name: str,
    body: BodyModel,
    specification: Mapping[str, ArraySpecification],
    make: Callable[[], Mapping[str, np.ndarray]],
) -> Mapping[str, np.ndarray]:
    """The arrays called `name` (with its version) of that body: read as `specification` says, else made and kept.

    Raises:
        StudioError: they cannot be made, or the cache cannot be written; or what ships is damaged.
    """
    if (shipped := shipped_file(name, body)).is_file():
        return read_arrays(shipped, specification, hint="install the program again")
    path = cache_directory() / f"{name}-{body.identity.name}-{body.identity.fingerprint}.npz"
    if path.exists():
        with contextlib.suppress(StudioError):
            return read_arrays(path, specification)
    arrays = make()
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{key: arrays[key] for key in specification})
    return arrays
