"""Recovery files: what would be lost if the program died now. One for each running program, found again by the next.

Each lies in the recovery folder as `PID-START.nlfgs` beside `PID-START.lock`. The operating system holds the lock for
as long as the program lives, however it ends; so what can be locked was left behind, and who locks it is alone with it.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..core.errors import StudioError
from ..core.locks import try_to_lock
from ..core.paths import TEMPORARY, recovery_directory
from .projects import SUFFIX, former_path, save_project
from .state import State

LOCK_SUFFIX = ".lock"
NUM_TRIES = 16
"""Names that are tried for a slot; more are refused only where the file system knows no locks."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slot:
    """A recovery file that this process has locked."""

    path: Path
    lock: IO[bytes]

    def discard(self) -> None:
        """Forget what lies in it; the slot stays ours."""
        for path in (
            self.path,
            *self.path.parent.glob(f"{TEMPORARY}{self.path.stem}.*"),
        ):  # what an atomic write left behind
            _remove(path)

    def release(self) -> None:
        """Leave it, with what lies in it, to the next program; an empty one is removed."""
        if not self.path.exists():
            self.discard()
            _remove(self.path.with_suffix(LOCK_SUFFIX))
        self.lock.close()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lost:
    """Work that a program left unsaved when it died."""

    slot: Slot
    belongs_to: Path | None
    """The file that it was a newer state of; None for what was never saved."""
    time: float
    """When it was written; seconds since the epoch."""

    @property
    def name(self) -> str:
        return self.belongs_to.name if self.belongs_to else "an avatar that was not saved yet"

    @property
    def when(self) -> str:
        """Hour and minute, with the day unless it is today's."""
        then, now = time.localtime(self.time), time.localtime()
        is_today = then[:3] == now[:3]
        return time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", then)


def new_slot() -> Slot:
    """A slot for this process.

    Raises:
        StudioError: the recovery folder cannot be written to, or nothing in it can be locked.
    """
    folder = recovery_directory()
    for _ in range(NUM_TRIES):
        path = folder / f"{os.getpid()}-{time.time_ns():x}{SUFFIX}"
        lock_path = path.with_suffix(LOCK_SUFFIX)
        try:
            lock = lock_path.open("ab")
        except OSError as error:
            raise StudioError(
                f"nothing can be kept against a crash in {folder}: {error.strerror}",
                hint="save often, or free the folder",
            ) from error
        # Between the two steps another program may have taken the file for one left behind, and removed it.
        if try_to_lock(lock) and _lies_at(lock, lock_path):
            return Slot(path=path, lock=lock)
        lock.close()
        _remove(lock_path)
    raise StudioError(
        f"nothing can be kept against a crash in {folder}: no file can be locked there",
        hint="save often, or set NLFGS_STUDIO_HOME to a folder on another disk",
    )


def write(slot: Slot, state: State) -> None:
    """Put what is open into the slot.

    Raises:
        StudioError: the place cannot be written to; what lay there stays.
    """
    save_project(slot.path, state, belongs_to=state.file.path, pictures=state.file.pictures)


def find_lost() -> list[Lost]:
    """What programs that died left behind, newest first, each locked for this process; `release` what is not taken.

    What cannot be read stays where it is and is said in the log.
    """
    lost = []
    try:
        locks = sorted(recovery_directory().glob(f"*{LOCK_SUFFIX}"))
    except (OSError, StudioError) as error:
        logger.warning("the recovery folder cannot be read: %s", error)
        return []
    for lock_path in locks:
        slot = _claimed(lock_path)
        if slot is None:
            continue
        found = _look_into(slot)
        if found is None:
            slot.release()
        else:
            lost.append(found)
    return sorted(lost, key=lambda each: each.time, reverse=True)


def _claimed(lock_path: Path) -> Slot | None:
    try:
        lock = lock_path.open("ab")
    except OSError:
        return None
    if not try_to_lock(lock):
        lock.close()
        return None
    return Slot(path=lock_path.with_suffix(SUFFIX), lock=lock)


def _look_into(slot: Slot) -> Lost | None:
    try:
        written = slot.path.stat().st_mtime
    except OSError:
        return None
    try:
        return Lost(slot=slot, belongs_to=former_path(slot.path), time=written)
    except StudioError as error:
        logger.warning("%s was left behind by a crash, but cannot be recovered: %s", slot.path, error)
        return None


def _lies_at(file: IO[bytes], path: Path) -> bool:
    """Whether the open file is still the one that the path names."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s could not be removed: %s", path, error)
