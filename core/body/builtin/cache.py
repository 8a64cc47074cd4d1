"""Keeps the built-in body in the user's cache: built by one process at a time, and again when damaged."""

from __future__ import annotations

import contextlib
import importlib.metadata
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from ...errors import StudioError
from ...paths import atomic_write, cache_directory

FORMAT_VERSION = 1
"""Raise it when the file changes: cached bodies of other versions are made anew."""

Progress = Callable[[float, str], None]
"""Told the fraction done and what is being done; raises `Cancelled` to stop."""

_FILE_STEM = "builtin-body"
_POLL_SECONDS = 0.2


def builtin_body_path(progress: Progress | None = None) -> Path:
    """The NPZ of the built-in body (SMPL-X format), built at first use (about 20 s).

    Args:
        progress: called with the fraction done, 0 to 1, and what is being done. What it raises (`Cancelled`) ends the
            build and passes through; nothing is left behind.

    Raises:
        StudioError: the cache cannot be written.
    """
    report = progress or (lambda _fraction, _what: None)
    path = cache_directory() / f"{_FILE_STEM}-v{FORMAT_VERSION}-anny{importlib.metadata.version('anny')}.npz"
    if _is_whole(path):
        return path
    with _locked(path.with_suffix(".lock"), lambda: report(0.0, "waiting for another program that builds the body")):
        if not _is_whole(path):
            with atomic_write(path) as temporary:
                _build(temporary, report)
    return path


def clear_builtin_body() -> int:
    """Delete the cached bodies of all versions; returns the bytes freed."""
    freed = 0
    for path in cache_directory().glob(f"{_FILE_STEM}-*"):
        size = path.stat().st_size
        # A lock that another process holds cannot be deleted on Windows; it is empty anyway.
        with contextlib.suppress(PermissionError):
            path.unlink(missing_ok=True)
            freed += size
    return freed


def _build(path: Path, report: Progress) -> None:
    from .assembly import build

    build(path, FORMAT_VERSION, report)
    _seal(path)


def _seal(path: Path) -> None:
    """Put a checksum of the whole file into the archive's comment, its last bytes; readers of archives skip it.

    Testing the archive's own checksums would take half a second at each start, because it holds 190 MB of zeros.
    """
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = _seal_of(b"")
    content = path.read_bytes()[: -len(_seal_of(b""))]
    path.write_bytes(content + _seal_of(content))


def _seal_of(content: bytes) -> bytes:
    return b"crc32=%08x" % zlib.crc32(content)


def _is_whole(path: Path) -> bool:
    """Whether the file is there, complete and as it was sealed."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    length = len(_seal_of(b""))
    return content[-length:] == _seal_of(content[:-length])


@contextlib.contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file against other processes and other threads; the system frees it when a process dies."""
    try:
        file = path.open("ab")
    except OSError as error:
        raise StudioError(
            f"cannot write {path}: {error.strerror}", hint="set NLFGS_STUDIO_HOME to a folder that you may write to"
        ) from error
    with file:
        while not _try_lock(file):
            waiting()
            time.sleep(_POLL_SECONDS)
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: BinaryIO) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
