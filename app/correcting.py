"""Corrects by hand who of a picture is the person; belongs to the main thread, looks for the outline in jobs.

What is painted is kept beside the picture within a moment: nothing has to be saved, and closing loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.capture.said import Labels, painted
from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from .actions import Report, SetCapturing, SetCorrecting
from .corrected import LABELS, LARGEST, SMALLEST, Correcting, Outline, Says
from .held_creator import HeldCreator
from .material import kept_pictures
from .outline_finding import Found, find
from .picture_keeper import PictureKeeper, is_made_of_pictures
from .refining import Refining
from .state import Point
from .store import Store

if TYPE_CHECKING:
    from ..core.tracking.mediapipe_graphs import PersonSegmenter

JOB = "outline"
_FOLLOW = "follow"
KEEP_SECONDS = 0.5
"""After the first stroke that is not kept yet; who paints on does not put it off."""
MOST_STEPS = 40
"""That can be taken back."""
LARGER = 1.2
"""A brush that is one notch larger."""

logger = logging.getLogger(__name__)


class Corrector:
    """`tick` once a frame; `close` at the end, before the keeper's."""

    def __init__(self, store: Store, keeper: PictureKeeper, refining: Refining, creator: HeldCreator) -> None:
        self.make_segmenter: Callable[[], PersonSegmenter] = _segmenter
        """What finds people in pictures; tests bring their own."""
        self.progress: Progress | None = None
        """Of looking for the outline, the first time."""
        self._store = store
        self._keeper = keeper
        self._refining = refining
        self._creator = creator
        self._jobs = JobRunner()
        self._due: Path | None = None
        """The picture to be looked into, once the one before is let go."""
        self._sought: Path | None = None
        """The one that was looked into last."""
        self._origin: int | None = None
        """Of the document beside which it was opened."""
        self._found: Found | None = None
        self._first: Labels | None = None
        """What had been said when the picture was opened."""
        self._handed_in: Labels | None = None
        """What the keeper was given last."""
        self._followed: tuple[Found, Labels] | None = None
        """What the outline was found for last, or is being found for."""
        self._is_stroke_on = False
        self._now = self._changed_at = 0.0
        keeper.leaving = self.finish

    # What the person asks for

    def open(self, name: str) -> None:
        """Show a picture of the folder with its outline, to paint on.

        Raises:
            StudioError: there is no such picture.
        """
        path = next((each.path for each in self._store.state.capturing.pictures if each.name == name), None)
        if path is None:
            raise StudioError(f"there is no picture {name}", hint="it may be deleted already")
        self.finish()
        self._due, self._origin = path, self._store.state.document.origin
        self._store.dispatch(SetCorrecting(correcting=Correcting(path=path, labels=np.zeros((1, 1), np.uint8))))
        self._begin_when_free()

    def choose(self, *, says: Says | None = None, radius: float | None = None) -> None:
        """The brush.

        Raises:
            StudioError: no picture is open, or there is no such brush.
        """
        correcting = self._open
        if says is not None and says not in LABELS:
            raise StudioError(f"a brush cannot say {says!r}", hint=f"it can say {', '.join(LABELS)}")
        if radius is not None and not radius > 0.0:
            raise StudioError(f"a brush of {radius} cannot be seen", hint="choose a larger one")
        radius = correcting.radius if radius is None else min(LARGEST, max(SMALLEST, radius))
        self._set(says=says or correcting.says, radius=radius)

    def resize(self, notches: float) -> None:
        """The brush: larger, or smaller where it is less than nothing.

        Raises:
            StudioError: no picture is open.
        """
        self.choose(radius=self._open.radius * LARGER**notches)

    def paint(self, points: Sequence[Point], *, says: Says | None = None, goes_on: bool = False) -> None:
        """A stroke along points in 0..1 of the picture's width and height; what `goes_on` is part of the one before.

        After a step back nothing goes on: what comes can be taken back alone.

        Raises:
            StudioError: no picture is open.
        """
        correcting = self._ready
        height, width = correcting.labels.shape
        label = LABELS[says or correcting.says]
        places = [(x * width, y * height) for x, y in points]
        radius = correcting.radius * max(height, width)
        is_step = not (goes_on and self._is_stroke_on)
        self._say_anew(painted(correcting.labels, places, radius=radius, label=label), is_step=is_step)
        self._is_stroke_on = True

    def step_back(self) -> None:
        """Take back the last stroke.

        Raises:
            StudioError: there is none.
        """
        correcting = self._ready
        if not correcting.past:
            raise StudioError("no stroke is left to take back", hint="Forget corrections takes back older ones")
        self._set(past=correcting.past[:-1])
        self._say_anew(correcting.past[-1], is_step=False)

    def forget(self) -> None:
        """Take back all that was ever said of this picture; a step that can be taken back itself.

        Raises:
            StudioError: no picture is open.
        """
        self._say_anew(np.zeros_like(self._ready.labels), is_step=True)

    def finish(self) -> None:
        """Put the picture away; nothing happens where none is open."""
        correcting, first = self._store.state.correcting, self._first
        self._hand_in()
        self._put_away()
        if correcting is not None and first is not None and not np.array_equal(first, correcting.labels):
            self._tell_others(correcting.path)

    def _put_away(self) -> None:
        self._due = self._first = self._found = None
        self._jobs.cancel(JOB)
        if self._store.state.correcting is not None:
            self._store.dispatch(SetCorrecting(correcting=None))

    def _tell_others(self, path: Path) -> None:
        """But not another document, whose avatar has nothing to do with the picture."""
        state = self._store.state
        if state.document.origin != self._origin and kept_pictures(state) != path.parent:
            return
        self._refining.look_again((path.name,))
        state = self._store.state
        if is_made_of_pictures(state.document) and not state.capturing.outlines_changed:
            self._store.dispatch(SetCapturing(capturing=replace(state.capturing, outlines_changed=True)))

    def _say_anew(self, labels: Labels, *, is_step: bool) -> None:
        correcting = self._ready
        past = (*correcting.past, correcting.labels)[-MOST_STEPS:] if is_step else correcting.past
        if correcting.labels is self._handed_in:
            self._changed_at = self._now
        self._is_stroke_on = False
        self._set(labels=labels, past=past)

    @property
    def _open(self) -> Correcting:
        """
        Raises:
            StudioError: there is none.
        """
        correcting = self._store.state.correcting
        if correcting is None:
            raise StudioError("no picture is open to be corrected", hint="choose one in the Capture panel")
        return correcting

    @property
    def _ready(self) -> Correcting:
        """
        Raises:
            StudioError: its outline is not found yet.
        """
        if self._open.outline is None:
            raise StudioError("the outline is still being looked for", hint="wait a moment")
        return self._open

    # Frames

    def tick(self, now: float) -> None:
        """Take in what the jobs found; `now` in seconds of a steady clock."""
        self._now = now
        progress, finished = self._jobs.drain()
        for job in finished:
            self._finish(job)
        self._begin_when_free()
        newest = [each for each in progress if each.name == JOB]
        self.progress = (newest[-1] if newest else self.progress) if JOB in self._jobs.running else None
        correcting = self._store.state.correcting
        if correcting is None:
            return
        if correcting.path not in {each.path for each in self._store.state.capturing.pictures}:
            self._put_away()  # it was deleted
            return
        self._follow(correcting)
        if now - self._changed_at >= KEEP_SECONDS:
            self._hand_in()

    def _follow(self, correcting: Correcting) -> None:
        found, labels, followed = self._found, correcting.labels, self._followed
        is_done = followed is not None and followed[0] is found and followed[1] is labels
        if found is None or is_done or _FOLLOW in self._jobs.running:
            return
        self._followed = found, labels
        self._jobs.start(_FOLLOW, lambda _: (found, found.outline(labels)))

    def _hand_in(self) -> None:
        """To the keeper, who does not let go of it until it lies beside the picture."""
        correcting = self._store.state.correcting
        if correcting is not None and correcting.outline is not None and correcting.labels is not self._handed_in:
            self._handed_in = correcting.labels
            self._keeper.correct(correcting.path, correcting.labels)

    def _begin_when_free(self) -> None:
        path = self._due
        if path is None or JOB in self._jobs.running:
            return
        self._due, self._sought = None, path
        person, creator, make = self._refining.person, self._creator, self.make_segmenter
        on_its_way = self._keeper.painted_on(path)

        def work(context: JobContext) -> tuple[Found, Outline]:
            found = find(path, person, creator, make, context.report)
            return found, found.outline(found.said() if on_its_way is None else on_its_way)

        self._jobs.start(JOB, work)

    def _finish(self, job: JobFinished) -> None:
        """What belongs to a picture that was put away meanwhile is nothing any more."""
        correcting = self._store.state.correcting
        if correcting is None or isinstance(job.error, Cancelled):
            return
        if job.name == JOB:
            if self._due is None and correcting.path == self._sought:
                self._show_found(job)
        elif self._followed is not None and self._followed[0] is self._found:
            if job.error is not None:  # it is tried again with the next stroke
                self._say_why(job.error)
            else:
                self._set(outline=job.result[1])

    def _show_found(self, job: JobFinished) -> None:
        if job.error is not None:
            self._put_away()
            self._say_why(job.error)
            return
        found, outline = job.result
        self._found, self._followed = found, (found, outline.labels)
        self._first = self._handed_in = outline.labels
        self._set(labels=outline.labels, outline=outline)

    def _say_why(self, error: BaseException) -> None:
        if not isinstance(error, StudioError):
            logger.error("an outline could not be found", exc_info=error)
            error = StudioError(f"the outline could not be found: {error}", hint="this is a mistake of ours")
        self._store.dispatch(Report.now(error.message, hint=error.hint, kind="error"))

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetCorrecting(correcting=replace(self._open, **changes)))

    def close(self) -> None:
        self.finish()
        self._jobs.close()


def _segmenter() -> PersonSegmenter:
    from ..core.tracking.mediapipe_graphs import PersonSegmenter

    return PersonSegmenter()
