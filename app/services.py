"""What works behind the state: jobs, loaded bodies, the scene and the renderers; all called from the main thread.

Reading and writing happen in jobs. Their inputs are captured when they start; what they bring back becomes actions in
`tick`, so a file that cannot be read never touches the open document.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.channels import EventQueue
from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from ..core.paths import atomic_write, settings_directory
from .actions import (
    MAX_RECENT,
    Action,
    DocumentSaved,
    OfferStandIn,
    OpenDocument,
    Report,
    SetJobs,
    SetPlayback,
    SetRecent,
    SetView,
    ShowMotion,
)
from .documents import DEFAULT, BodyMissingError, read_document, saved_avatar
from .scene import Scene, prepared
from .state import Document, Kind, State, Status
from .store import Store

if TYPE_CHECKING:
    from ..core.body.parameters import BodyPose
    from ..core.gaussians import Gaussians
    from ..core.rendering.renderer import Renderer

MAX_STEP_SECONDS = 1.0
"""A motion never jumps farther than this between two frames, however long the program was held up."""

PROGRAM_LOGGER = __name__.partition(".")[0]

Finish = Callable[[Any], Iterable[Action]]
"""What a job's result, or its error, means for the state."""

logger = logging.getLogger(__name__)


class _WarningQueue(logging.Handler):
    """Keeps what the program's modules warn of, on any thread, until the main thread shows it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._messages: EventQueue[str] = EventQueue()

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is None:  # errors with their trace are reported by whoever caught them
            self._messages.put(record.getMessage())

    def drain(self) -> list[str]:
        return self._messages.drain()


class Services:
    """Owns everything that lives longer than a frame beside the store; close it at the end."""

    def __init__(self, store: Store, *, drawing: bool = True, keeps_recent: bool = True) -> None:
        """Without `drawing` nothing is made ready to be drawn, without `keeps_recent` no list of files is kept."""
        self.store = store
        self.scene = Scene()
        self._drawing = drawing
        self._keeps_recent = keeps_recent
        self._warnings = _WarningQueue()
        logging.getLogger(PROGRAM_LOGGER).addHandler(self._warnings)
        self._jobs = JobRunner()
        self._finishers: dict[str, tuple[Finish, Finish]] = {}
        self._progress: dict[str, Progress] = {}
        self._failed: list[BaseException] = []
        self._renderers: dict[str, Renderer] = {}
        self._last_tick: float | None = None
        if keeps_recent:
            self.store.dispatch(SetRecent(paths=tuple(_read_recent())))

    # Frames

    def tick(self, now: float) -> State:
        """Take in what the jobs brought and move the motion on; once a frame, `now` in seconds of a steady clock."""
        progress, finished = self._jobs.drain()
        for job in finished:
            self._finish(job)
        for message in self._warnings.drain():
            self.report(message, kind="warning")
        self._progress.update({each.name: each for each in progress})
        running = tuple(
            self._progress.get(name) or Progress(name=name, fraction=0.0, message="", seconds_left=None)
            for name in self._jobs.running
        )
        if running != self.store.state.jobs:
            self.store.dispatch(SetJobs(jobs=running))
        step = 0.0 if self._last_tick is None else min(max(0.0, now - self._last_tick), MAX_STEP_SECONDS)
        self._last_tick = now
        self._advance(step)
        return self.store.state

    def _advance(self, seconds: float) -> None:
        playback = self.store.state.playback
        if playback.motion is None or not playback.playing or seconds == 0.0:
            return
        duration = playback.motion.seconds
        after = playback.seconds + seconds * playback.speed
        if after < duration:
            self.store.dispatch(SetPlayback(seconds=after))
        elif playback.loop and duration > 0.0:
            self.store.dispatch(SetPlayback(seconds=after % duration))
        else:
            self.store.dispatch(SetPlayback(seconds=duration, playing=False))

    def current_pose(self, state: State) -> BodyPose | None:
        return self.scene.pose(state)

    def gaussians(self, state: State) -> Gaussians | None:
        """What to draw for that state; the same object while nothing that counts has changed."""
        return self.scene.gaussians(state)

    @property
    def timings(self) -> dict[str, float]:
        return self.scene.timings

    def renderer(self, name: str) -> Renderer:
        """The renderer of that name, made once.

        Raises:
            StudioError: this machine cannot run it.
        """
        from ..core.rendering.registry import make_renderer

        if name not in self._renderers:
            self._renderers[name] = make_renderer(name)
        return self._renderers[name]

    def renderer_or_fallback(self, state: State) -> Renderer:
        """The renderer that the view asks for; where it cannot run, say so once and let the program choose."""
        try:
            return self.renderer(state.view.renderer)
        except StudioError as error:
            if state.view.renderer == "auto":
                raise
            self.store.dispatch(SetView(renderer="auto"))
            self.report(error.message, hint=error.hint, kind="warning")
            return self.renderer("auto")

    # Files

    def open(self, source: str | Path, *, stand_in: bool = False) -> None:
        """Start to open an avatar, a splat file, or `default`; see `documents.read_document`."""
        path = None if str(source) == DEFAULT else Path(source).absolute()
        drawing = self._drawing

        def read(context: JobContext) -> tuple[Document, Scene]:
            document = read_document(
                path or DEFAULT,
                lambda fraction, message: context.report(0.6 * fraction, message),
                stand_in=stand_in,
            )
            context.report(0.6, "preparing to draw")  # the first time on a machine kernels are compiled
            return document, prepared(document, drawing=drawing)

        def finish(result: tuple[Document, Scene]) -> Iterable[Action]:
            document, self.scene = result
            yield OpenDocument(document=document, path=None if stand_in else path)
            if path is not None:
                yield self._used(path)
            yield _said(f"opened {source if path is None else path.name}")

        def fail(error: BaseException) -> Iterable[Action]:
            if isinstance(error, BodyMissingError):
                yield OfferStandIn(source=path)

        self._start("open", read, finish, fail)

    def save(self, path: Path) -> None:
        """Start to write the document's avatar to an NPZ file, which becomes the document's file."""
        document, path = self.store.state.document, _with_suffix(path, ".npz").absolute()

        def finish(_: None) -> Iterable[Action]:
            yield DocumentSaved(document=document, path=path)
            yield self._used(path)
            yield _said(f"saved {path.name}")

        self._start("save", _avatar_writer(document, path), finish)

    def export_npz(self, path: Path) -> None:
        """Start to write a copy of the avatar; the document keeps its file."""
        path = _with_suffix(path, ".npz")
        finish = _exported(path)
        self._start("export", _avatar_writer(self.store.state.document, path), finish)

    def export_ply(self, path: Path, *, rigged: bool, up: str) -> None:
        """Start to write the Gaussians as they are shown, or with `rigged` the avatar with its binding.

        Raises:
            StudioError: there is nothing to export, or no rig.
        """
        from ..core.storage.gaussian_ply import write_ply, write_rigged_ply

        path, state = _with_suffix(path, ".ply"), self.store.state
        gaussians = self.gaussians(state)
        if gaussians is None:
            raise StudioError("there is nothing to export", hint="open an avatar first")
        if not rigged:
            self._start("export", lambda _: write_ply(path, gaussians, up=up), _exported(path))
            return
        avatar = saved_avatar(state.document)
        self._start("export", lambda _: write_rigged_ply(path, avatar, gaussians, up=up), _exported(path))

    def open_motion(self, path: Path, *, playing: bool = True) -> None:
        """Start to read a motion and show it."""
        path = Path(path).absolute()

        def read(context: JobContext) -> Any:
            from ..core.storage.motion_npz import read_motion

            context.report(0.0, f"reading {path.name}")
            return read_motion(path)

        def finish(motion: Any) -> Iterable[Action]:
            yield ShowMotion(motion=motion, path=path, playing=playing)
            yield _said(f"{path.name}: {motion.seconds:.1f} s at {motion.fps:g} frames a second")

        self._start("motion", read, finish)

    # Jobs

    def _start(self, name: str, work: Callable[[JobContext], Any], finish: Finish, fail: Finish = lambda _: ()) -> None:
        if name in self._jobs.running:
            raise StudioError(f"the program is still busy: {name}", hint="wait for it, or cancel it")
        self._finishers[name] = finish, fail
        self._jobs.start(name, work)

    def cancel(self, name: str) -> None:
        """Ask a job to stop; it ends at its next step."""
        self._jobs.cancel(name)

    def _finish(self, job: JobFinished) -> None:
        finish, fail = self._finishers.pop(job.name)
        self._progress.pop(job.name, None)
        for action in finish(job.result) if job.error is None else fail(job.error):
            self.store.dispatch(action)
        if job.error is None:
            return
        self._failed.append(job.error)
        if isinstance(job.error, StudioError):
            self.report(job.error.message, hint=job.error.hint, kind="error")
        elif isinstance(job.error, Cancelled):
            self.report(f"stopped: {job.name}")
        else:
            logger.error("job %s failed", job.name, exc_info=job.error)
            self.report(
                f"{job.name} failed inside the program: {type(job.error).__name__}: {job.error}",
                hint="this is a mistake of ours; the document is untouched",
                kind="error",
            )

    def wait(self, show: Callable[[tuple[Progress, ...]], None] = lambda _: None) -> None:
        """Until no job runs, `show` told how far they are; for the command line, which has no frames.

        Raises:
            the first job's error, if one failed.
        """
        self._failed.clear()
        while True:
            state = self.tick(time.monotonic())
            if not state.jobs:
                break
            show(state.jobs)
            time.sleep(0.02)
        if self._failed:
            raise self._failed.pop(0)

    def close(self) -> None:
        """Stop every job and give back the renderers."""
        logging.getLogger(PROGRAM_LOGGER).removeHandler(self._warnings)
        self._jobs.close()
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()

    # The person

    def report(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        """Say something in the status bar and the log."""
        self.store.dispatch(_said(message, hint=hint, kind=kind))

    def _used(self, path: Path) -> Action:
        recent = SetRecent(paths=(path, *self.store.state.recent))
        if self._keeps_recent:
            _write_recent(recent.paths[:MAX_RECENT])
        return recent


def _said(message: str, *, hint: str = "", kind: Kind = "info") -> Report:
    return Report(status=Status(message=message, hint=hint, kind=kind), time=time.time())


def _exported(path: Path) -> Finish:
    return lambda _: [_said(f"exported {path.name}")]


def _avatar_writer(document: Document, path: Path) -> Callable[[JobContext], None]:
    from ..core.storage.avatar_npz import write_avatar

    avatar = saved_avatar(document)
    return lambda _: write_avatar(path, avatar)


def _with_suffix(path: Path, suffix: str) -> Path:
    """The path as the person gave it; a missing ending is added, another one refused."""
    path = Path(path)
    if not path.suffix:
        return path.with_name(path.name + suffix)
    if path.suffix.lower() != suffix:
        raise StudioError(f"{path.name} does not end in {suffix}", hint=f"give a name that ends in {suffix}")
    return path


def _read_recent() -> list[Path]:
    try:
        stored = json.loads((settings_directory() / "recent.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, StudioError):
        return []
    return [Path(each) for each in stored if isinstance(each, str)] if isinstance(stored, list) else []


def _write_recent(paths: Iterable[Path]) -> None:
    try:
        with atomic_write(settings_directory() / "recent.json") as temporary:
            temporary.write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")
    except StudioError as error:
        logger.warning("the list of recent files is not kept: %s", error)
