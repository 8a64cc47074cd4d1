"""Keeps unsaved work in a recovery file, so that a crash costs seconds; belongs to the main thread, writes in jobs."""

from __future__ import annotations

import logging

from ..core.errors import StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner
from . import recovery
from .recovery import Lost, Slot
from .services import Services
from .settings import autosave_seconds
from .state import Document, State
from .troubles import Trouble

_WRITE, _FORGET = "autosave", "forget"
REFINING_SECONDS = 20.0
"""What refining has made waits no longer, however long the person lets other changes wait: with what the writing takes
no more than half a minute is ever lost."""

logger = logging.getLogger(__name__)


class Autosave:
    """A change is written when it has waited for the interval; nothing is kept while nothing is unsaved."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._jobs = JobRunner()
        self._slot: Slot | None = None
        self._writing: Document | None = None
        self._kept: Document | None = None
        """The document in the slot."""
        self._adopted: list[Lost] = []
        """Recovered work: its files go when it is kept elsewhere."""
        self._due: float | None = None
        self._trouble = Trouble(self._say, what="keeping a copy of unsaved work")

    def _say(self, message: str, hint: str, is_trouble: bool) -> None:
        self._services.report(message, hint=hint, kind="error" if is_trouble else "info")

    def adopt(self, lost: Lost) -> None:
        """The person takes this work up again."""
        self._adopted.append(lost)

    def tick(self, now: float) -> None:
        """Once a frame, `now` in seconds of a steady clock."""
        _, finished = self._jobs.drain()
        for job in finished:
            self._finish(job)
        state = self._services.store.state.kept
        is_settling = any(job.name in ("open", "save") for job in state.jobs)  # soon it is known what is unsaved
        if self._jobs.running or is_settling:
            return
        if not state.unsaved:
            self._due = None
            self._forget()
        elif state.document == self._kept:
            self._due = None
        else:
            seconds = autosave_seconds(state.settings)
            if state.refining.is_on:
                seconds = min(seconds, REFINING_SECONDS)
            self._due = now + seconds if self._due is None else min(self._due, now + seconds)
            if now >= self._due:
                self._due = None
                self._write(state)

    def _write(self, state: State) -> None:
        self._writing = state.document

        def write(_: JobContext) -> Slot:
            slot = self._slot or recovery.new_slot()
            try:
                recovery.write(slot, state)
            except BaseException:
                if slot is not self._slot:
                    slot.release()
                raise
            return slot

        self._jobs.start(_WRITE, write)

    def _forget(self) -> None:
        """Remove what is kept no longer for anything."""
        slots = [lost.slot for lost in self._adopted]
        self._adopted = []
        if self._kept is not None and self._slot is not None:
            slots.append(self._slot)
        self._kept = None
        if slots:
            own = self._slot
            self._jobs.start(_FORGET, lambda _: _discard(slots, but_keep=own))

    def _finish(self, job: JobFinished) -> None:
        if job.name != _WRITE:
            return
        if job.error is None:
            self._slot, self._kept = job.result, self._writing
            self._trouble.over()
            adopted, self._adopted = self._adopted, []
            if adopted:
                slots = [lost.slot for lost in adopted]
                self._jobs.start(_FORGET, lambda _: _discard(slots))
        else:
            if not isinstance(job.error, StudioError):
                logger.error("autosave failed", exc_info=job.error)
            self._trouble.met(job.error)
        self._writing = None

    def close(self, *, is_clean: bool) -> None:
        """At the end: what the person gave up is removed; after a failure it is kept for the next start."""
        self._jobs.close()
        for job in self._jobs.drain()[1]:
            if job.name == _WRITE and job.error is None:
                self._slot, self._kept = job.result, self._writing
        state = self._services.store.state.kept
        if not is_clean and state.unsaved and state.document != self._kept:
            try:
                self._slot = self._slot or recovery.new_slot()
                recovery.write(self._slot, state)
                self._kept = state.document
            except StudioError as error:
                logger.error("the unsaved work could not be kept: %s", error)
        slots = [lost.slot for lost in self._adopted] + ([self._slot] if self._slot else [])
        if is_clean:
            _discard(slots)
        else:
            for slot in slots:
                slot.release()
        self._adopted, self._slot = [], None


def _discard(slots: list[Slot], *, but_keep: Slot | None = None) -> None:
    """Remove what lies in the slots, and the slots; that of this program stays, empty."""
    for slot in slots:
        slot.discard()
        if slot is not but_keep:
            slot.release()
