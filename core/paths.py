"""Where the program's own files live, and how files are written: whole or not at all.

`NLFGS_STUDIO_HOME` moves caches, settings, recovery files and pictures below one folder (tests and portable installs
use it).
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from .errors import StudioError

APPLICATION = "nlfgs-studio"
TEMPORARY = f".{APPLICATION}."
"""How the names of unfinished files begin; a part of the finished one's name follows."""
NAME_LENGTH = 40
STALE_SECONDS = 24 * 3600.0


def _home(kind: str, default: str) -> Path:
    home = os.environ.get("NLFGS_STUDIO_HOME")
    folder = Path(home) / kind if home else Path(default)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(
            f"cannot make the folder {folder}: {error.strerror}",
            hint="set NLFGS_STUDIO_HOME to a folder that you may write to",
        ) from error
    return folder


def cache_directory() -> Path:
    """Files that can be made again: the built-in body, compiled kernels, measurements."""
    return _home("cache", platformdirs.user_cache_dir(APPLICATION, appauthor=False))


def settings_directory() -> Path:
    """What the person chose: recent files, window layout."""
    return _home("settings", platformdirs.user_config_dir(APPLICATION, appauthor=False))


def recovery_directory() -> Path:
    """What is kept of unsaved work in case the program dies."""
    return _home("recovery", str(Path(platformdirs.user_state_dir(APPLICATION, appauthor=False)) / "recovery"))


def pictures_directory() -> Path:
    """Pictures of people that belong to no saved project yet."""
    return _home("pictures", str(Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)) / "pictures"))


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block succeeds it is synced and renamed onto `path`.

    When the block fails, or the process dies, an older file at `path` is untouched.

    Raises:
        StudioError: the folder is missing or read-only, or the disk is full.
    """
    path = Path(os.path.realpath(path))  # a link stays a link: what it points to is replaced
    temporary: Path | None = None
    try:
        prefix = f"{TEMPORARY}{path.stem[:NAME_LENGTH]}."
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _sync(temporary)
        temporary.chmod(_mode_for(path))
        temporary.replace(path)
    except OSError as error:
        raise _write_error(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Find out before long work whether its result can be written there.

    Raises:
        StudioError: as `atomic_write`.
    """
    path = Path(os.path.realpath(path))
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=path.parent, prefix=TEMPORARY):
            pass
    except OSError as error:
        raise _write_error(path, error) from error


def sweep(folder: Path) -> None:
    """Remove what `atomic_write` left in a folder when the program was killed; what is younger may be in use."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{TEMPORARY}*"):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


#: Read once: asking means setting it for a moment, for all threads.
_UMASK = _umask()


def _mode_for(path: Path) -> int:
    """The mode of the file that is replaced, else what the person's umask allows."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_UMASK


def _write_error(path: Path, error: OSError) -> StudioError:
    reasons = {
        errno.ENOSPC: ("the disk is full", "free some space and save again; nothing was overwritten"),
        errno.EACCES: ("the folder may not be written to", "choose another folder"),
        errno.EPERM: ("the folder may not be written to", "choose another folder"),
        errno.EROFS: ("the folder is read-only", "choose another folder"),
        errno.ENOENT: ("the folder does not exist", "make the folder first, or choose another"),
        errno.EISDIR: ("that is a folder", "give the name of a file"),
        errno.ENOTDIR: ("a part of the path is not a folder", "choose another folder"),
    }
    reason, hint = reasons.get(error.errno or 0, (error.strerror or str(error), "choose another place"))
    return StudioError(f"cannot write {path}: {reason}", hint=hint)
