"""Keeps the pictures of the person whose avatar is open; belongs to the main thread, touches the disk in jobs.

They lie beside the project (`NAME.pictures`), and before there is one in the program's own folder. What is asked for is
done one after another, so that nothing is written into a folder that the pictures are just leaving; what was painted
goes first, beside an import too, and is tried again until it lies there.
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

    _Work = Callable[[JobContext, PictureFolder], Status | None]

IMPORT = "import"
SUFFIX = ".pictures"
_KEEP, _CORRECT = "pictures", "corrections"
RETRY_SECONDS = 5.0
"""Until what was painted is written again where it could not be."""

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
        self.leaving: Callable[[], None] = lambda: None
        """Called before the document goes to another folder: what is still to be kept in this one is handed in."""
        self._store = store
        self._make_observer = make_observer
        self._jobs = JobRunner()
        self._waiting: deque[tuple[str, _Work]] = deque()
        """Jobs with what they do in the folder; each may give a word for the person."""
        self._corrections: dict[Path, Labels] = {}
        """What was painted on pictures, until it lies beside them."""
        self._writing: tuple[Path, Labels] | None = None
        """The one of them that is being written."""
        self._trouble: StudioError | None = None
        """Why the last one could not be written."""
        self._next_try = 0.0
        self._is_closing = False
        self._is_awake = False
        self._origin: int | None = None
        self._taken_beside: int | None = None
        """The origin of the document that was open when the last pictures came."""

    @property
    def is_busy(self) -> bool:
        return bool(self._jobs.running or self._waiting) or self.is_correcting

    @property
    def is_importing(self) -> bool:
        return IMPORT in (*self._jobs.running, *(name for name, _ in self._waiting))

    @property
    def is_correcting(self) -> bool:
        """Whether what was painted is on its way to the disk; what could not be written only waits."""
        return bool(self._corrections) and self._trouble is None

    def check_corrected(self) -> None:
        """
        Raises:
            StudioError: what was painted cannot be written.
        """
        if self._corrections and self._trouble is not None:
            raise StudioError(f"what you painted is not kept yet: {self._trouble.message}", hint=self._trouble.hint)

    def painted_on(self, path: Path) -> Labels | None:
        """What does not lie beside that picture yet."""
        return self._corrections.get(path)

    # What is asked for

    def begin(self) -> None:
        """Look into the folder from now on, and go where the document goes."""
        self._is_awake = True

    def add(self, image: UInt8[np.ndarray, "H W 3"], shot: Shot, source: str) -> None:
        self._taken_beside = self._store.state.document.origin

        def keep(_: JobContext, folder: PictureFolder) -> None:
            folder.add(image, shot, source)

        self._ask(_KEEP, keep)

    def correct(self, path: Path, labels: Labels) -> None:
        """Keep what was painted on a picture."""
        self._corrections[path] = labels
        self._next_try = 0.0
        self._begin_next()

    def delete(self, name: str) -> None:
        folder = self._store.state.capturing.folder
        if folder is not None:
            self._corrections.pop(folder / name, None)
        self._ask(_KEEP, lambda _, folder: folder.delete(name))

    def delete_all(self) -> None:
        """Also those that are still waiting to be kept."""
        self._waiting.clear()
        folder = self._store.state.capturing.folder
        self._corrections = {path: labels for path, labels in self._corrections.items() if path.parent != folder}

        def delete(_: JobContext, folder: PictureFolder) -> Status:
            folder.delete_all()
            return Status(message="the pictures are deleted")

        self._ask(_KEEP, delete)

    def import_(self, paths: Sequence[Path]) -> None:
        """Look through photos, folders and films, and keep a copy of the best pictures."""
        make_observer = self._make_observer
        self._taken_beside = self._store.state.document.origin

        def look_through(context: JobContext, folder: PictureFolder) -> Status:
            from ..core.capture.importing import check_readable, import_pictures, told

            check_readable(paths)
            context.report(0.0, "loading the detectors")
            with closing(make_observer(context.report)) as observer:
                message, hint = told(import_pictures(paths, observer, folder.add, report=context.report))
            return Status(message=message, hint=hint, kind="warning" if hint else "info")

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
        if folder != before:
            self.leaving()
            state = self._store.state
        if self._jobs.running or self.is_correcting or (self._waiting and before is not None):
            return  # what was asked for is meant for the folder before
        is_saved, self._origin = state.document.origin == self._origin, state.document.origin
        if folder == before:
            return
        is_old = is_saved and state.capturing.outlines_changed
        self._store.dispatch(
            SetCapturing(
                capturing=replace(state.capturing, folder=folder, outlines_changed=is_old, import_trouble=None)
            )
        )
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
        is_time = self._trouble is None or time.monotonic() >= self._next_try
        if self._corrections and is_time and set(self._jobs.running) <= {IMPORT}:
            self._write(*next(iter(self._corrections.items())))
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
                return None, error, there.pictures(known)

        self._jobs.start(name, done)

    def _write(self, path: Path, labels: Labels) -> None:
        def write(_: JobContext) -> None:
            from ..core.capture.picture_folder import PictureFolder

            PictureFolder(path.parent).correct(path.name, labels)

        self._writing = path, labels
        self._jobs.start(_CORRECT, write)

    def _wrote(self, error: BaseException | None) -> None:
        assert self._writing is not None
        (path, labels), self._writing = self._writing, None
        was_told, self._trouble = self._trouble is not None, None
        if error is None:
            if self._corrections.get(path) is labels:
                del self._corrections[path]
            self._mark(path, is_corrected=bool(labels.any()))
            return
        logger.error("what was painted on %s could not be kept", path, exc_info=error)
        last = self._corrections.pop(path, None)
        if last is None or self._is_closing:
            return
        self._corrections[path] = last  # after the others
        self._trouble = error if isinstance(error, StudioError) else StudioError(str(error), hint="this is our mistake")
        self._next_try = time.monotonic() + RETRY_SECONDS
        if not was_told:
            said = f"what you painted is not kept yet: {self._trouble.message}"
            self._say(said, hint=f"{self._trouble.hint}; it is tried again by itself", kind="error")

    def _mark(self, path: Path, *, is_corrected: bool) -> None:
        capturing = self._store.state.capturing
        if any(each.path == path and each.is_corrected is not is_corrected for each in capturing.pictures):
            pictures = tuple(
                replace(each, is_corrected=is_corrected) if each.path == path else each for each in capturing.pictures
            )
            self._store.dispatch(SetCapturing(capturing=replace(capturing, pictures=pictures)))

    def _finish(self, job: JobFinished) -> None:
        if job.name == _CORRECT:
            self._wrote(job.error)
            return
        if job.error is not None:
            logger.error("the pictures could not be kept", exc_info=job.error)
            self._say(f"the pictures could not be kept: {job.error}", hint="this is a mistake of ours", kind="error")
            return
        said, error, pictures = job.result
        if isinstance(error, StudioError):
            said = Status(message=error.message, hint=error.hint, kind="error")
        elif error is not None:
            said = Status(message="the import was stopped", hint="what it had kept stays")
        capturing = replace(self._store.state.capturing, pictures=pictures)
        if job.name == IMPORT:
            trouble = None
            if said is not None and said.kind != "info":
                trouble = StudioError(said.message, hint=said.hint)
            capturing = replace(capturing, import_trouble=trouble)
        self._store.dispatch(SetCapturing(capturing=capturing))
        if said is not None:
            self._say(said.message, hint=said.hint, kind=said.kind)

    def _say(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        self._store.dispatch(Report.now(message, hint=hint, kind=kind))

    def close(self) -> None:
        """Nothing that was taken or painted is lost, but an import ends."""
        self._is_closing, self._trouble = True, None
        self._waiting = deque((name, work) for name, work in self._waiting if name != IMPORT)
        self.cancel_import()
        while self.is_busy:
            self._begin_next()
            for job in self._jobs.drain()[1]:
                self._finish(job)
            time.sleep(0.005)
