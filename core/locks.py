"""Files that the operating system locks for as long as a process lives, however it ends."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import StudioError

FOLDER_LOCK = ".lock"

logger = logging.getLogger(__name__)


def try_to_lock(file: IO[bytes]) -> bool:
    """Whether the lock is ours until the file is closed; never where the file system knows no locks."""
    try:
        _lock(file)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other process that asks for it works in that folder meanwhile; where no locks are known, nobody can tell.

    Raises:
        StudioError: one does, or the folder cannot be written to.
    """
    try:
        file = (folder / FOLDER_LOCK).open("ab")
    except OSError as error:
        raise StudioError(f"cannot write into {folder}: {error.strerror}", hint="choose another folder") from error
    with file:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError) as error:
            hint = "wait until it ends, or choose another folder"
            raise StudioError(f"another process works in {folder}", hint=hint) from error
        except OSError as error:
            logger.warning("%s cannot be kept from other processes: %s", folder, error.strerror)
        yield


def _lock(file: IO[bytes]) -> None:
    """
    Raises:
        BlockingIOError, PermissionError: another process has it.
        OSError: the file system knows no locks.
    """
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
