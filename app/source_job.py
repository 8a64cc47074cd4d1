"""A job that reads a source of pictures, as the main thread begins it, hears of it and lets it go.

A trouble of the source does not end the job: it is told, and waits for a retry.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from ..core.tracking.frame_reader import SourceEnded, SourceOpened, SourceRecovered, SourceTrouble
from .actions import Report
from .source_use import Phase, SourceUse
from .state import Kind
from .store import Store
from .watched_source import LetGo, Opens, Ready, SourceWires, title_of

Wires = TypeVar("Wires", bound=SourceWires[Any, Any])

logger = logging.getLogger(__name__)


class SourceJob(ABC, Generic[Wires]):
    """Belongs to the main thread and owns the one that reads; after `close` no thread and no camera is left."""

    name: ClassVar[str]
    deed: ClassVar[str]
    """What the thread does with the pictures, in a word."""
    sources: ClassVar[str]
    """What the person may choose."""
    untouched: ClassVar[str]
    """What a failure leaves as it was."""

    def __init__(self, store: Store, new_wires: Callable[[], Wires]) -> None:
        self.may_open: Callable[[], bool] = lambda: True
        """Whether nothing else holds a source open: a camera serves one at a time."""
        self.progress: Progress | None = None
        """How far the start is, while it goes on."""
        self._store = store
        self._jobs = JobRunner()
        self._new_wires = new_wires
        self._wires = new_wires()
        self._is_due = False
        """Whether it is to begin, once nothing holds a source open any more."""

    # What each kind of it says

    @property
    @abstractmethod
    def _use(self) -> SourceUse:
        """As the state has it now."""

    @abstractmethod
    def _set(self, **changes: Any) -> None:
        """Change these fields of it."""

    @abstractmethod
    def _begin(self) -> Callable[[JobContext], object] | None:
        """What the thread does with the wires, which are new; None: there is nothing to do it for any more."""

    @abstractmethod
    def _hear(self, event: Any) -> None:
        """An event of its own kind, of the source that serves now."""

    @abstractmethod
    def _end(self, phase: Phase) -> None:
        """No pictures come from now on."""

    # What the person asks for

    @property
    def holds_source(self) -> bool:
        """Whether a source may be open."""
        return self.name in self._jobs.running

    @abstractmethod
    def start(self, source: str) -> None:
        """Read this source from now on, in place of one that is open."""

    def _prepare(self, source: str, **changes: Any) -> None:
        self._set(phase="preparing", source=source, title=title_of(source), trouble=None, **changes)
        self._is_due = True
        self._jobs.cancel(self.name)
        self._begin_when_free()

    def stop(self) -> None:
        """Let go of the source; a camera is off as soon as the phase is."""
        self._is_due = False
        if self._use.is_on:
            is_running = self.holds_source
            self._jobs.cancel(self.name)
            self._end("stopping" if is_running else "off")

    def retry(self) -> None:
        """Try the source again, after a trouble.

        Raises:
            StudioError: nothing was tried yet, or `start` refuses.
        """
        use = self._use
        if not use.source:
            raise StudioError("nothing was tried yet", hint=f"choose {self.sources}")
        if self.holds_source and use.is_on:
            self._set(trouble=None, open_source=use.source)
            self._wires.wishes.put("retry")
        else:
            self.start(use.source)

    def close(self) -> None:
        self._is_due = False
        self._jobs.close()

    # Frames

    def _listen(self) -> None:
        """Take in what the thread brought, and begin what waits for a source."""
        progress, finished = self._jobs.drain()
        for event in self._wires.events.drain():
            self._take(event)
        for job in finished:
            self._finish(job)
        self._begin_when_free()
        self.progress = (progress[-1] if progress else self.progress) if self._use.phase == "preparing" else None

    def _begin_when_free(self) -> None:
        if not self._is_due or self.holds_source or not self.may_open():
            return
        self._is_due = False
        self._wires, self.progress = self._new_wires(), None
        work = self._begin()
        if work is None:
            self._end("off")
            return
        self._set(open_source=self._use.source)
        self._jobs.start(self.name, work)

    def _take(self, event: Any) -> None:
        if isinstance(event, Opens | LetGo):
            self._set(open_source=event.source if isinstance(event, Opens) else "")
            return
        if self._is_due or not self._use.is_on:
            return  # of a source that is being let go
        if isinstance(event, Ready):
            self._set(phase="running")
        elif isinstance(event, SourceOpened):
            self._set(title=event.description, trouble=None)
            if self._store.state.status.kind == "error":
                self._say(f"{event.description} is open")  # what was wrong before is over
        elif isinstance(event, SourceTrouble):
            self._tell_trouble(event.error)
        elif isinstance(event, SourceRecovered):
            self._say(f"{self._use.title} gives pictures again")
            self._set(trouble=None)
        elif isinstance(event, SourceEnded):
            self._say(f"{self._use.title} has ended")
        else:
            self._hear(event)

    def _finish(self, job: JobFinished) -> None:
        if self._is_due:
            return
        self._end("off")
        error = job.error
        if error is None or isinstance(error, Cancelled):
            return
        if not isinstance(error, StudioError):
            logger.error("%s failed", self.deed, exc_info=error)
            failure = f"{self.deed} failed inside the program: {type(error).__name__}: {error}"
            error = StudioError(failure, hint=f"try again; {self.untouched} untouched")
        self._tell_trouble(error)

    def _tell_trouble(self, error: StudioError) -> None:
        self._say(error.message, hint=error.hint, kind="error")
        self._set(trouble=error)

    def _say(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        self._store.dispatch(Report.now(message, hint=hint, kind=kind))
