"""Finds bodies: the built-in one, and the licensed file that an avatar was made on.

`NLFGS_SMPLX_MODEL` names a licensed file, or a folder of `SMPLX_*.npz`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from ..errors import StudioError
from .builtin import builtin_body_path
from .loader import load_body
from .model import BodyIdentity, BodyModel

ENVIRONMENT_VARIABLE = "NLFGS_SMPLX_MODEL"


def builtin_body(progress: Callable[[float, str], None] | None = None) -> BodyModel:
    """The built-in body, built at first use; asked again it is the same object.

    Raises:
        StudioError: the cache cannot be written.
    """
    return _loaded(builtin_body_path(progress))


def default_body(progress: Callable[[float, str], None] | None = None) -> BodyModel:
    """The body that a fresh avatar gets: the licensed one where the environment names it, else the built-in.

    Of a folder the neutral body is taken, or the first.

    Raises:
        StudioError: the environment names something that is no body, or the cache cannot be written.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if not named:
        return builtin_body(progress)
    files = licensed_bodies()
    if not files:
        raise StudioError(
            f"{ENVIRONMENT_VARIABLE} names {named}, which holds no SMPLX_*.npz",
            hint="let it name a SMPL-X file or the folder of one, or unset it for the built-in body",
        )
    return _loaded(next((file for file in files if file.stem == "SMPLX_NEUTRAL"), files[0]))


def licensed_bodies(extra_paths: Iterable[Path] = ()) -> tuple[Path, ...]:
    """The licensed files at hand: `extra_paths` (files or folders), then those that the environment names.

    Raises:
        StudioError: the environment names something that does not exist.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named and not Path(named).exists():
        raise StudioError(
            f"{ENVIRONMENT_VARIABLE} names {named}, which does not exist",
            hint="let it name an SMPLX_*.npz file or the folder that holds them",
        )
    places = [*map(Path, extra_paths), *([Path(named)] if named else [])]
    return tuple(
        dict.fromkeys(
            file for place in places for file in (sorted(place.glob("SMPLX_*.npz")) if place.is_dir() else [place])
        )
    )


def find_body(identity: BodyIdentity, extra_paths: Iterable[Path] = ()) -> BodyModel:
    """The body of that identity.

    The built-in body is known by its name alone: it is made on each machine, and its last digits may differ.

    Raises:
        StudioError: it is not at hand; says which file is wanted.
    """
    if identity.source == "builtin":
        return _find_builtin(identity)
    files = [file for file in licensed_bodies(extra_paths) if file.is_file()]
    namesakes = [file for file in files if file.stem == identity.name]
    for file in [*namesakes, *(file for file in files if file not in namesakes)]:
        # Another file may have been renamed from the one wanted; whether it is sound matters only to who names it.
        with contextlib.nullcontext() if file in namesakes else contextlib.suppress(StudioError):
            body = _loaded(file)
            if body.identity.fingerprint == identity.fingerprint:
                return body
    if namesakes:
        raise StudioError(
            f"{namesakes[0]} is another edition of {identity.name} than the one that is needed",
            hint=f"let {ENVIRONMENT_VARIABLE} name the edition with fingerprint {identity.fingerprint}",
        )
    raise StudioError(
        f"the body file {identity.name}.npz is needed and not at hand",
        hint=f"let {ENVIRONMENT_VARIABLE} name it or its folder",
    )


def _find_builtin(identity: BodyIdentity) -> BodyModel:
    body = builtin_body()
    if body.identity.name != identity.name:
        raise StudioError(
            f"the body {identity.name} is needed, this program makes {body.identity.name}",
            hint="open it with the version of the program that made it, or go on with the present built-in body",
        )
    return body


def _loaded(path: Path) -> BodyModel:
    status = path.stat() if path.exists() else None
    return _load(path, 0 if status is None else status.st_mtime_ns, 0 if status is None else status.st_size)


@lru_cache(maxsize=2)
def _load(path: Path, _modified: int, _size: int) -> BodyModel:
    """Read once as long as the file does not change."""
    return load_body(path)
