"""Keeps the pictures of the person whose avatar is open; belongs to the main thread, touches the disk in jobs.

They lie beside the project (`NAME.pictures`), and before there is one in the program's own folder. What is asked for is
done one after another, so that nothing is written into a folder that the pictures are just leaving.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from jaxtyping import UInt8

from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from ..core.paths import pictures_directory
from .actions import Report, SetCapturing
from .projects import is_project
from .state import DocumentFile, Kind, Status
from .store import Store

if TYPE_CHECKING:
    from ..core.capture.picture_folder import PictureFolder
    from ..core.capture.shot import Shot

IMPORT = "import"
SUFFIX = ".pictures"
_KEEP = "pictures"

logger = logging.getLogger(__name__)


class Observing(Protocol):
    """What is used of `core.capture.shot.ShotObserver`."""

    def observe(self, frame: Any) -> Shot: ...

    def close(self) -> None: ...


def pictures_folder(file: DocumentFile) -> Path:
    """Where the pictures lie that belong to the documents of a file."""
    if file.path is not None and is_project(file.path):
        return file.path.with_suffix(SUFFIX)
    return file.pictures or pictures_directory()


class PictureKeeper:
    """`tick` once a frame; `close` at the end waits until what was taken is kept."""

    def __init__(self, store: Store, make_observer: Callable[[Callable[[float, str], None]], Observing]) -> None:
        self.progress: Progress | None = None
        """Of an import, while it goes on."""
        self._store = store
        self._make_observer = make_observer
        self._jobs = JobRunner()
        self._waiting: deque[tuple[str, Callable[[JobContext, PictureFolder], str]]] = deque()
        """Jobs with what they do in the folder; each may give a word for the person."""
        self._is_awake = False
        self._origin: int | None = None

    @property
    def is_busy(self) -> bool:
        return bool(self._jobs.running or self._waiting)

    # What is asked for

    def begin(self) -> None:
        """Look into the folder from now on, and go where the document goes."""
        self._is_awake = True

    def add(self, image: UInt8[np.ndarray, "H W 3"], shot: Shot, source: str) -> None:
        self._ask(_KEEP, lambda _, folder: _silent(folder.add(image, shot, source)))

    def delete(self, name: str) -> None:
        self._ask(_KEEP, lambda _, folder: _silent(folder.delete(name)))

    def delete_all(self) -> None:
        """Also those that are still waiting to be kept."""
        self._waiting.clear()

        def delete(_: JobContext, folder: PictureFolder) -> str:
            folder.delete_all()
            return "the pictures are deleted"

        self._ask(_KEEP, delete)

    def import_(self, paths: Sequence[Path]) -> None:
        """Look through photos, folders and films, and keep a copy of the best pictures."""
        make_observer = self._make_observer

        def look_through(context: JobContext, folder: PictureFolder) -> str:
            from ..core.capture.importing import import_pictures

            context.report(0.0, "loading the detectors")
            with closing(make_observer(context.report)) as observer:
                num_kept = import_pictures(
                    paths,
                    observer,
                    folder.add,
                    report=context.report,
                )
            return f"{num_kept} {'picture' if num_kept == 1 else 'pictures'} came in"

        self._ask(IMPORT, look_through)

    def cancel_import(self) -> None:
        self._jobs.cancel(IMPORT)

    def _ask(self, job: str, work: Callable[[JobContext, PictureFolder], str]) -> None:
        self.begin()
        self._waiting.append((job, work))
        self._begin_next()

    # Frames

    def tick(self) -> None:
        """Go where the document went, take in what was done, begin the next."""
        progress, finished = self._jobs.drain()
        self.progress = progress[-1] if progress else self.progress
        for job in finished:
            self._finish(job)
        if IMPORT not in self._jobs.running or self.progress is None or self.progress.name != IMPORT:
            self.progress = None
        if self._is_awake:
            self._follow()
        self._begin_next()

    def _follow(self) -> None:
        """A document that is saved to another file takes its pictures along; another document has others."""
        state = self._store.state
        folder, before = pictures_folder(state.file), state.capturing.folder
        if self._jobs.running or (self._waiting and before is not None):
            return  # what was asked for is meant for the folder before
        is_saved, self._origin = state.document.origin == self._origin, state.document.origin
        if folder == before:
            return
        self._store.dispatch(SetCapturing(capturing=replace(state.capturing, folder=folder)))
        keeps = before != pictures_directory()  # another project's pictures stay with it

        def move(_: JobContext, there: PictureFolder) -> str:
            if not is_saved or before is None:
                return ""
            from ..core.capture.picture_folder import PictureFolder as Folder

            Folder(before).copy_to(there)
            if not keeps:
                Folder(before).delete_all()
            return ""

        self._ask(_KEEP, move)

    def _begin_next(self) -> None:
        capturing = self._store.state.capturing
        folder, known = capturing.folder, capturing.pictures
        if not self._waiting or self._jobs.running or folder is None:
            return
        name, work = self._waiting.popleft()

        def done(context: JobContext) -> Any:
            from ..core.capture.picture_folder import PictureFolder

            there = PictureFolder(folder)
            try:
                return work(context, there), None, there.pictures(known)
            except (StudioError, Cancelled) as error:
                return "", error, there.pictures(known)

        self._jobs.start(name, done)

    def _finish(self, job: JobFinished) -> None:
        if job.error is not None:
            logger.error("the pictures could not be kept", exc_info=job.error)
            self._say(f"the pictures could not be kept: {job.error}", hint="this is a mistake of ours", kind="error")
            return
        word, error, pictures = job.result
        self._store.dispatch(SetCapturing(capturing=replace(self._store.state.capturing, pictures=pictures)))
        if isinstance(error, StudioError):
            self._say(error.message, hint=error.hint, kind="error")
        elif error is not None:
            self._say("the import was stopped", hint="what it had kept stays")
        elif word:
            self._say(word)

    def _say(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        self._store.dispatch(Report(status=Status(message=message, hint=hint, kind=kind), time=time.time()))

    def close(self) -> None:
        """Nothing that was taken is lost, but an import ends."""
        self._waiting = deque((name, work) for name, work in self._waiting if name != IMPORT)
        self.cancel_import()
        while self._jobs.running or self._waiting:
            self._begin_next()
            for job in self._jobs.drain()[1]:
                self._finish(job)
            time.sleep(0.005)


def _silent(_: object) -> str:
    return ""
