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
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from ..core.paths import pictures_directory
from .actions import Report, SetCapturing
from .projects import is_project
from .state import Document, DocumentFile, Kind, Status
from .store import Store

if TYPE_CHECKING:
    from ..core.capture.importing import Observer
    from ..core.capture.picture_folder import PictureFolder
    from ..core.capture.said import Labels
    from ..core.capture.shot import Shot

    _Work = Callable[[JobContext, PictureFolder], str | None]

IMPORT = "import"
SUFFIX = ".pictures"
_KEEP, _CORRECT = "pictures", "corrections"

logger = logging.getLogger(__name__)


def pictures_of(file: DocumentFile) -> Path | None:
    """Where the pictures lie that the avatar of a file was made of; None where that is not known."""
    return beside(file.path) if file.path is not None and is_project(file.path) else file.pictures


def pictures_folder(file: DocumentFile) -> Path:
    """Where pictures are kept while the file's document is open."""
    return pictures_of(file) or pictures_directory()


def beside(project: Path) -> Path:
    return project.with_suffix(SUFFIX)


def is_made_of_pictures(document: Document) -> bool:
    avatar = document.avatar
    return avatar is not None and any(name == "photos" for name, _ in avatar.provenance.details)


def check_unclaimed(path: Path, file: DocumentFile) -> None:
    """Whether the documents of a file can be saved as a project there; called in jobs.

    Raises:
        StudioError: pictures of another avatar lie beside it, which would pass for theirs.
    """
    from ..core.capture.picture_folder import PictureFolder

    folder = beside(path)
    if is_project(path) and folder != pictures_of(file) and PictureFolder(folder).pictures():
        raise StudioError(f"{folder.name} holds the pictures of another avatar", hint="save under another name")


class PictureKeeper:
    """`tick` once a frame; `close` at the end waits until what was taken is kept."""

    def __init__(self, store: Store, make_observer: Callable[[Callable[[float, str], None]], Observer]) -> None:
        self.progress: Progress | None = None
        """Of an import, while it goes on."""
        self._store = store
        self._make_observer = make_observer
        self._jobs = JobRunner()
        self._waiting: deque[tuple[str, _Work]] = deque()
        """Jobs with what they do in the folder; each may give a word for the person."""
        self._is_awake = False
        self._origin: int | None = None
        self._taken_beside: int | None = None
        """The origin of the document that was open when the last pictures came."""

    @property
    def is_busy(self) -> bool:
        return bool(self._jobs.running or self._waiting)

    @property
    def is_correcting(self) -> bool:
        """Whether what was painted on a picture is still on its way to the disk."""
        return _CORRECT in (*self._jobs.running, *(name for name, _ in self._waiting))

    # What is asked for

    def begin(self) -> None:
        """Look into the folder from now on, and go where the document goes."""
        self._is_awake = True

    def add(self, image: UInt8[np.ndarray, "H W 3"], shot: Shot, source: str) -> None:
        self._taken_beside = self._store.state.document.origin

        def keep(_: JobContext, folder: PictureFolder) -> None:
            folder.add(image, shot, source)

        self._ask(_KEEP, keep)

    def correct(self, name: str, labels: Labels) -> None:
        """Keep what was painted on a picture."""
        self._ask(_CORRECT, lambda _, folder: folder.correct(name, labels))

    def delete(self, name: str) -> None:
        self._ask(_KEEP, lambda _, folder: folder.delete(name))

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
        self._taken_beside = self._store.state.document.origin

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

    def _ask(self, job: str, work: _Work) -> None:
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
        """A document that is saved to another file takes its pictures along; another document has others.

        Those in the program's own folder leave it with the avatar that was made of them, or that they were taken
        beside. Another document has a copy, unless its avatar was made of other pictures.
        """
        state = self._store.state
        folder, before = pictures_folder(state.file), state.capturing.folder
        if self._jobs.running or (self._waiting and before is not None):
            return  # what was asked for is meant for the folder before
        is_saved, self._origin = state.document.origin == self._origin, state.document.origin
        if folder == before:
            return
        self._store.dispatch(SetCapturing(capturing=replace(state.capturing, folder=folder, outlines_changed=False)))
        is_own = before == pictures_directory()  # another project's pictures stay with it
        belongs = state.file.pictures == before or self._taken_beside == self._origin
        copies = is_saved and (not is_own or belongs or not is_made_of_pictures(state.document))

        def move(_: JobContext, there: PictureFolder) -> None:
            if not copies or before is None:
                return
            from ..core.capture.picture_folder import PictureFolder as Folder

            Folder(before).copy_to(there)
            if is_own and belongs:
                Folder(before).delete_all()

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
