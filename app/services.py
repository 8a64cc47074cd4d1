"""What works behind the state: jobs, loaded bodies, the scene and the renderers; all called from the main thread.

Reading and writing happen in jobs. Their inputs are captured when they start; what they bring back becomes actions in
`tick`, so a file that cannot be read never touches the open document.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import Cancelled, StudioError
from ..core.jobs import JobContext, JobFinished, JobRunner, Progress
from .actions import (
    Action,
    DocumentSaved,
    OfferStandIn,
    Report,
    SetJobs,
    SetRecent,
    ShowMotion,
)
from .backdrops import Backdrops
from .capturing import Capturer
from .correcting import JOB as OUTLINE_JOB
from .correcting import Corrector
from .documents import DEFAULT, BodyMissingError, as_avatar_file, read_document, saved_avatar
from .driving import Driver
from .endings import with_ending
from .held_creator import HeldCreator
from .jobs_progress import JobsProgress
from .later import Later
from .picture_keeper import IMPORT, check_unclaimed, pictures_of
from .playhead import Playhead
from .projects import SUFFIX, Opened, arriving, is_project, open_project, save_project
from .recent import RecentFiles
from .refining import JOB as REFINE_JOB
from .refining import Refining
from .renderers import Renderers
from .scene import Scene, prepared
from .state import REST_ROTATIONS, Kind, State, Vector
from .store import Store
from .virtual_camera import VirtualCamera
from .warning_queue import WarningQueue

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


class Services:
    """Owns everything that lives longer than a frame beside the store; close it at the end."""

    def __init__(
        self,
        store: Store,
        *,
        drawing: bool = True,
        keeps_recent: bool = True,
        stance: tuple[Vector, ...] = REST_ROTATIONS,
    ) -> None:
        """Without `drawing` nothing is made ready to be drawn, without `keeps_recent` no list of files is kept."""
        self.store = store
        self.stance = stance
        """How an avatar stands that comes without a pose of its own."""
        self.scene = Scene()
        self.playhead = Playhead(store, lambda: self.scene)
        self.driver = Driver(store)
        self.capturer = Capturer(store)
        self.driver.may_open = lambda: not self.capturer.holds_source
        self.capturer.may_open = lambda: not self.driver.holds_source
        self.creator = HeldCreator()
        self.later = Later()
        self.virtual_camera = VirtualCamera(store)
        self.waits_for_cameras = ""
        """The command that comes again as soon as it is known which cameras there are."""
        self.drawing = drawing
        self._recent = RecentFiles() if keeps_recent else None
        self._warnings = WarningQueue()
        logging.getLogger(PROGRAM_LOGGER).addHandler(self._warnings)
        self._jobs = JobRunner()
        self.refining = Refining(store, self.start, self._jobs.cancel, self.creator)
        self.corrector = Corrector(store, self.capturer.keeper, self.refining, self.creator)
        self._finishers: dict[str, tuple[Finish, Finish]] = {}
        self._progress = JobsProgress()
        self._failed: list[BaseException] = []
        self.renderers = Renderers(store, lambda error: self.report(error.message, hint=error.hint, kind="warning"))
        self.backdrops = Backdrops(self.start)
        self._last_tick: float | None = None
        if self._recent is not None:
            self.store.dispatch(SetRecent(paths=self._recent.read()))

    # Frames

    def tick(self, now: float) -> State:
        """Take in what the jobs brought and move the motion on; once a frame, `now` in seconds of a steady clock."""
        progress, finished = self._jobs.drain()
        self._progress.take(progress, now)
        for job in finished:
            self._finish(job)
        for message in self._warnings.drain():
            self.report(message, kind="warning")
        self.driver.tick(now)
        self.capturer.tick(now)
        self.refining.tick(now)
        self.corrector.tick(now)
        self.virtual_camera.tick()
        self.later.tick()
        running = tuple(self._progress.of(name, now) for name in self._jobs.running)
        others = (self.driver.progress, self.capturer.progress, self.capturer.keeper.progress, self.corrector.progress)
        running += tuple(progress for progress in others if progress is not None)
        if running != self.store.state.jobs:
            self.store.dispatch(SetJobs(jobs=running))
        step = 0.0 if self._last_tick is None else min(max(0.0, now - self._last_tick), MAX_STEP_SECONDS)
        self._last_tick = now
        self.playhead.advance(step)
        return self.store.state

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
        return self.renderers.of(name)

    # Files

    def open(self, source: str | Path, *, stand_in: bool = False, is_recovery: bool = False) -> None:
        """Start to open a project, an avatar, a splat file, or `default`; see `documents.read_document`.

        What comes out of a recovery file belongs to the file that it was lost from, and is unsaved.
        """
        path = None if str(source) == DEFAULT else Path(source).absolute()
        drawing, stance, used = self.drawing, self.stance, None if is_recovery else path

        def read(context: JobContext) -> tuple[Opened, Scene]:
            def report(fraction: float, message: str) -> None:
                context.report(0.6 * fraction, message)

            if path is not None and is_project(path):
                opened = open_project(path, report, stand_in=stand_in)
            else:
                document = read_document(path or DEFAULT, report, stand_in=stand_in)
                opened = Opened(document=replace(document, rotations=stance))
            context.report(0.6, "preparing to draw")  # the first time on a machine kernels are compiled
            scene = prepared(opened.document, drawing=drawing)
            self._keep_recent(used)
            return opened, scene

        def finish(result: tuple[Opened, Scene]) -> Iterable[Action]:
            opened, self.scene = result
            belongs_to = opened.former_path if is_recovery else path
            yield from arriving(opened, None if stand_in else belongs_to, is_recovered=is_recovery)
            if used is not None:
                yield self._used(used)
            name = belongs_to.name if belongs_to else DEFAULT
            yield Report.now(f"recovered {name}; it is not saved yet" if is_recovery else f"opened {name}")

        def fail(error: BaseException) -> Iterable[Action]:
            if isinstance(error, BodyMissingError):
                yield OfferStandIn(source=path)

        self.start("open", read, finish, fail)

    def save(self, path: Path) -> None:
        """Start to write everything to a project, or the avatar alone to an NPZ file, which becomes its file."""
        state, path = self.store.state.kept, with_ending(path, SUFFIX, ".npz").absolute()
        held = state.document if is_project(path) else as_avatar_file(state.document, self.stance)
        write = _writer(state, path)

        def work(context: JobContext) -> None:
            check_unclaimed(path, state.file)
            write(context)
            self._keep_recent(path)

        def finish(_: None) -> Iterable[Action]:
            yield DocumentSaved(document=held, path=path, pictures=pictures_of(state.file))
            yield self._used(path)
            hint = "" if held == state.document else "pose, expression and timeline are not: a project holds them too"
            yield Report.now(f"saved {path.name}", hint=hint)

        self.start("save", work, finish)

    def export_copy(self, path: Path) -> None:
        """Start to write a copy of the avatar (NPZ) or of everything (a project); the document keeps its file."""
        path = with_ending(path, ".npz", SUFFIX)
        self.start("export", _writer(self.store.state.kept, path), _exported(path))

    def export_ply(self, path: Path, *, rigged: bool, up: str) -> None:
        """Start to write the Gaussians as they are shown, or with `rigged` the avatar with its binding.

        Raises:
            StudioError: there is nothing to export, or no rig.
        """
        from ..core.storage.gaussian_ply import write_ply, write_rigged_ply

        path, state = with_ending(path, ".ply"), self.store.state.kept
        gaussians = self.gaussians(state)
        if gaussians is None:
            raise StudioError("there is nothing to export", hint="open an avatar first")
        if not rigged:
            self.start("export", lambda _: write_ply(path, gaussians, up=up), _exported(path))
            return
        avatar = saved_avatar(state.document)
        self.start("export", lambda _: write_rigged_ply(path, avatar, gaussians, up=up), _exported(path))

    def open_motion(self, path: Path, *, playing: bool = True) -> None:
        """Start to read a motion and show it."""
        path = Path(path).absolute()

        def read(context: JobContext) -> Any:
            from ..core.storage.motion_npz import read_motion

            context.report(0.0, f"reading {path.name}")
            return read_motion(path)

        def finish(motion: Any) -> Iterable[Action]:
            yield ShowMotion(motion=motion, path=path, playing=playing)
            yield Report.now(f"{path.name}: {motion.seconds:.1f} s at {motion.fps:g} frames a second")

        self.start("motion", read, finish)

    # Jobs

    def is_running(self, name: str) -> bool:
        return name in self._jobs.running

    def start(self, name: str, work: Callable[[JobContext], Any], finish: Finish, fail: Finish = lambda _: ()) -> None:
        if self.is_running(name):
            raise StudioError(f"the program is still busy: {name}", hint="wait for it, or cancel it")
        self._finishers[name] = finish, fail
        self._jobs.start(name, work)

    def cancel(self, name: str) -> None:
        """Ask a job to stop; it ends at its next step."""
        stops = {
            Driver.name: self.driver.stop,
            Capturer.name: self.capturer.stop,
            IMPORT: self.capturer.keeper.cancel_import,
            REFINE_JOB: self.refining.stop,
            OUTLINE_JOB: self.corrector.finish,
        }
        stops.get(name, lambda: self._jobs.cancel(name))()

    def _finish(self, job: JobFinished) -> None:
        finish, fail = self._finishers.pop(job.name)
        self._progress.forget(job.name)
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
            if not state.jobs and not self.capturer.keeper.is_busy:
                break
            show(state.jobs)
            time.sleep(0.02)
        if self._failed:
            raise self._failed.pop(0)

    def close(self) -> None:
        """Stop every job and give back the renderers."""
        logging.getLogger(PROGRAM_LOGGER).removeHandler(self._warnings)
        self.driver.close()
        self.corrector.close()
        self.capturer.close()
        self.virtual_camera.close()
        self._jobs.close()
        self.creator.close()
        self.renderers.forget()

    # The person

    def report(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        """Say something in the status bar and the log."""
        self.store.dispatch(Report.now(message, hint=hint, kind=kind))

    def _used(self, path: Path) -> Action:
        return SetRecent(paths=(path, *self.store.state.recent))

    def _keep_recent(self, path: Path | None) -> None:
        """Remember a file beyond the end of the program; called in jobs, for a disk may be slow."""
        if path is not None and self._recent is not None:
            self._recent.add(path)


def _exported(path: Path) -> Finish:
    return lambda _: [Report.now(f"exported {path.name}")]


def _writer(state: State, path: Path) -> Callable[[JobContext], None]:
    from ..core.storage.avatar_npz import write_avatar

    if is_project(path):
        return lambda _: save_project(path, state)
    avatar = saved_avatar(state.document)
    return lambda _: write_avatar(path, avatar)
