"""Corrects by hand who of a picture is the person; belongs to the main thread, looks for the outline in jobs.

What is painted is kept beside the picture soon after each stroke: nothing has to be saved, and closing loses nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from ..core.capture.said import LONGEST_SIDE, Labels, painted, read_said
from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from .actions import Report, SetCapturing, SetCorrecting
from .corrected import LABELS, LARGEST, SMALLEST, Correcting, Outline, Says, outline_of
from .held_creator import HeldCreator
from .picture_keeper import PictureKeeper, is_made_of_pictures
from .refining import Refining
from .state import Status
from .store import Store

if TYPE_CHECKING:
    from ..core.creation.creator import AvatarCreator, Creation
    from ..core.tracking.mediapipe_graphs import PersonSegmenter

JOB = "outline"
_FOLLOW = "follow"
KEEP_SECONDS = 0.5
"""After the last stroke it is kept."""
MOST_STEPS = 40
"""That can be taken back."""
_PLACING = 0.8
"""Of the work of finding an outline, where the body is found first."""

Point = tuple[float, float]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """What does not change while somebody paints."""

    name: str
    picture: UInt8[np.ndarray, "H W 3"]
    coarse: Float[np.ndarray, "H W"]
    body: Float[np.ndarray, "H W"] | None
    """The silhouette of the body, where it is known who it is."""

    def outline(self, labels: Labels) -> Outline:
        from ..core.capture.segmentation import refined_mask

        mask = refined_mask(self.picture, self.coarse, body_alpha=self.body, said=labels)
        return outline_of(self.picture, mask, labels)


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
        self._found: _Found | None = None
        self._first: Labels | None = None
        """What had been said when the picture was opened."""
        self._kept: Labels | None = None
        self._changed_at = 0.0

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
        self._due = path
        self._store.dispatch(SetCorrecting(correcting=Correcting(name=name, labels=np.zeros((1, 1), np.uint8))))
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

    def paint(self, points: Sequence[Point], *, says: Says | None = None, goes_on: bool = False) -> None:
        """A stroke along points in 0..1 of the picture's width and height; what `goes_on` is part of the one before.

        Raises:
            StudioError: no picture is open.
        """
        correcting = self._ready
        height, width = correcting.labels.shape
        label = LABELS[says or correcting.says]
        places = [(x * width, y * height) for x, y in points]
        radius = correcting.radius * max(height, width)
        self._say_anew(painted(correcting.labels, places, radius=radius, label=label), is_step=not goes_on)

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
        correcting = self._store.state.correcting
        self._due = None
        self._jobs.cancel(JOB)
        if correcting is None:
            return
        self._keep()
        first, self._first, self._found = self._first, None, None
        self._store.dispatch(SetCorrecting(correcting=None))
        if first is not None and not np.array_equal(first, correcting.labels):
            self._tell_others(correcting.name)

    def _tell_others(self, name: str) -> None:
        self._refining.look_again((name,))
        state = self._store.state
        if is_made_of_pictures(state.document) and not state.capturing.outlines_changed:
            self._store.dispatch(SetCapturing(capturing=replace(state.capturing, outlines_changed=True)))

    def _say_anew(self, labels: Labels, *, is_step: bool) -> None:
        correcting = self._ready
        past = (*correcting.past, correcting.labels)[-MOST_STEPS:] if is_step else correcting.past
        self._changed_at = time.monotonic()
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
        progress, finished = self._jobs.drain()
        for job in finished:
            self._finish(job)
        self._begin_when_free()
        newest = [each for each in progress if each.name == JOB]
        self.progress = (newest[-1] if newest else self.progress) if JOB in self._jobs.running else None
        correcting = self._store.state.correcting
        if correcting is None:
            return
        if correcting.name not in {each.name for each in self._store.state.capturing.pictures}:
            self._kept = correcting.labels  # it was deleted, or belongs to another document
            self.finish()
            return
        if correcting.outline is None:
            return
        if not correcting.is_up_to_date and self._found is not None and _FOLLOW not in self._jobs.running:
            found, labels = self._found, correcting.labels
            self._jobs.start(_FOLLOW, lambda _: (found, found.outline(labels)))
        if now - self._changed_at >= KEEP_SECONDS:
            self._keep()

    def _keep(self) -> None:
        """Beside the picture."""
        correcting = self._store.state.correcting
        if correcting is not None and correcting.outline is not None and correcting.labels is not self._kept:
            self._kept = correcting.labels
            self._keeper.correct(correcting.name, correcting.labels)

    def _begin_when_free(self) -> None:
        path = self._due
        if path is None or JOB in self._jobs.running:
            return
        self._due = None
        person, creator, make = self._refining.person, self._creator, self.make_segmenter

        def find(context: JobContext) -> tuple[_Found, Outline]:
            context.report(0.0, "reading the picture")
            found, labels = _found(path, person, creator, make, context.report)
            return found, found.outline(labels)

        self._jobs.start(JOB, find)

    def _finish(self, job: JobFinished) -> None:
        correcting = self._store.state.correcting
        if isinstance(job.error, Cancelled) or correcting is None:
            return
        if job.error is not None:
            self._fail(job.error)
            return
        found, outline = job.result
        if job.name == JOB and found.name == correcting.name and self._due is None:
            self._found, self._first, self._kept = found, outline.labels, outline.labels
            self._set(labels=outline.labels, outline=outline)
        elif found is self._found:
            self._set(outline=outline)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, StudioError):
            logger.error("an outline could not be found", exc_info=error)
            error = StudioError(f"the outline could not be found: {error}", hint="this is a mistake of ours")
        self._store.dispatch(SetCorrecting(correcting=None))
        status = Status(message=error.message, hint=error.hint, kind="error")
        self._store.dispatch(Report(status=status, time=time.time()))

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetCorrecting(correcting=replace(self._open, **changes)))

    def close(self) -> None:
        self.finish()
        self._jobs.close()


def _segmenter() -> PersonSegmenter:
    from ..core.tracking.mediapipe_graphs import PersonSegmenter

    return PersonSegmenter()


def _found(
    path: Path,
    person: Creation | None,
    held: HeldCreator,
    make_segmenter: Callable[[], PersonSegmenter],
    report: Callable[[float, str], None],
) -> tuple[_Found, Labels]:
    """
    Raises:
        StudioError: the picture cannot be read, or people cannot be found on this machine.
    """
    from ..core.capture.picture_files import read_photo
    from ..core.capture.segmentation import found_mask

    picture = read_photo(path, longest_side=LONGEST_SIDE)
    body = None if person is None else _body(path.name, picture, person, held, report)
    report(_PLACING, "looking for the outline")
    with closing(make_segmenter()) as segmenter:
        coarse = found_mask(segmenter, picture, body_alpha=body)
    report(0.5 * (1.0 + _PLACING), "looking for the outline")
    said = read_said(path, *picture.shape[:2])
    labels = np.zeros(picture.shape[:2], np.uint8) if said is None else said
    return _Found(name=path.name, picture=picture, coarse=coarse, body=body), labels


def _body(
    name: str,
    picture: UInt8[np.ndarray, "H W 3"],
    person: Creation,
    held: HeldCreator,
    report: Callable[[float, str], None],
) -> Float[np.ndarray, "H W"] | None:
    """Where the person's body is found, as when an avatar is made; None where it is not."""
    from ..core.creation.silhouette import silhouette
    from ..core.creation.taken import TakenPicture

    taken = TakenPicture(name=name, image=picture)

    def place(creator: AvatarCreator, report: Callable[[float, str], None]) -> Any:
        return creator.fit_more(person, [taken], first=0, report=report)

    try:
        fitted = held.use(place, lambda fraction, message: report(_PLACING * fraction, message))
    except StudioError as error:
        logger.warning("the outline of %s is looked for without the body: %s", name, error.message)
        return None
    return silhouette(person.body, person.avatar.betas, fitted[0], *picture.shape[:2]) if fitted else None
