"""Changes of what surrounds the document: files, drags, view, playback, messages."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.body.joints import NUM_JOINTS
from ...core.cameras import OrbitCamera
from ...core.rendering.display import Display
from ..settings import Settings
from ..state import Document, DocumentFile, Kind, LogEntry, Playback, State, Status, Vector, View
from .document import SetPose
from .values import all_values, between, check_index, check_timeline, number, vector

if TYPE_CHECKING:
    from ...core.body.motion import Motion
    from ...core.jobs import Progress
    from ..localized import LocalizedPhoto

MAX_LOG_ENTRIES = 500
MAX_RECENT = 10


class StateAction:
    """A change of the state that undo does not cover."""

    __slots__ = ()

    def reduced(self, state: State) -> State:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDocument(StateAction):
    """Put another document in place of the present one; undo brings the present one back."""

    document: Document
    path: Path | None = None
    """The file it came from; None for one that was made here."""
    title: str = ""
    """What one without a file is called."""
    is_saved: bool = True
    """Whether it can be opened again as it is; a recovered one cannot."""
    has_view: bool = False
    localized: LocalizedPhoto | None = None
    """The photo from which the avatar was made."""
    pictures: Path | None = None
    """The folder of the pictures that it was made of."""
    is_of_face: bool = False
    notes: tuple[str, ...] = ()

    def reduced(self, state: State) -> State:
        _check_document(self.document)
        document = replace(self.document, origin=len(state.files))
        saved = document if self.is_saved else None
        file = DocumentFile(
            path=self.path,
            title=self.title,
            saved=saved,
            has_view=self.has_view,
            localized=self.localized,
            pictures=self.pictures,
            is_of_face=self.is_of_face,
            notes=self.notes,
        )
        return replace(state, document=document, files=(*state.files, file), stand_in_offered=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSaved(StateAction):
    """`document` now lies in the file at `path`; the person may have changed the present one since."""

    document: Document
    path: Path
    pictures: Path | None = None
    """The folder of the pictures that it was made of, where it was another project's."""

    def reduced(self, state: State) -> State:
        files = list(state.files)
        before = files[self.document.origin]
        files[self.document.origin] = DocumentFile(
            path=self.path,
            saved=self.document,
            localized=before.localized,
            notes=before.notes,
            pictures=self.pictures or before.pictures,
        )
        return replace(state, files=tuple(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSession(StateAction):
    """Look at the document, and show a motion on it, as when it was saved; what is None stays."""

    view: View | None
    playback: Playback | None

    def reduced(self, state: State) -> State:
        if self.view is not None:
            view = self.view
            known = [field.name for field in fields(SetView) if hasattr(view, field.name)]
            SetView(**{name: getattr(view, name) for name in known}).reduced(state)  # refuses what makes no sense
            state = replace(state, view=replace(view, renderer=state.view.renderer))
        if self.playback is not None:
            shown = self.playback
            SetPlayback(seconds=shown.seconds, speed=shown.speed).reduced(state)
            state = replace(state, playback=replace(shown, playing=False))
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginDrag:
    """A slider was taken hold of: until `EndDrag` all changes are one step of undo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDrag:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Redo:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetView(StateAction):
    """Change how the document is looked at; what is None stays."""

    orbit: OrbitCamera | None = None
    background: Vector | None = None
    """RGB in [0, 1]."""
    renderer: str | None = None
    """By name; "auto" leaves the choice to the program."""
    splat_scale: float | None = None
    max_sh_degree: int | None = None
    display: Display | None = None

    def reduced(self, state: State) -> State:
        view = state.view
        if self.orbit is not None:
            vector(self.orbit.target, "target")
            for value in (self.orbit.yaw, self.orbit.pitch, self.orbit.distance, self.orbit.vertical_fov):
                number(value, "camera")
            view = replace(view, orbit=self.orbit)
        if self.background is not None:
            red, green, blue = (between(value, 0.0, 1.0, "a colour") for value in self.background)
            view = replace(view, background=(red, green, blue))
        if self.renderer is not None:
            view = replace(view, renderer=self.renderer)
        if self.splat_scale is not None:
            view = replace(view, splat_scale=between(self.splat_scale, 0.01, 10.0, "the splat scale"))
        if self.max_sh_degree is not None:
            check_index(self.max_sh_degree, 4, "degree")
            view = replace(view, max_sh_degree=self.max_sh_degree)
        if self.display is not None:
            view = replace(view, display=self.display)
        return replace(state, view=view)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectJoint(StateAction):
    """Choose the joint that the gizmo turns; None: no joint."""

    joint: int | None

    def reduced(self, state: State) -> State:
        if self.joint is not None:
            check_index(self.joint, NUM_JOINTS, "joint")
        return replace(state, selected_joint=self.joint)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMotion(StateAction):
    """Show a motion in place of the document's pose, from its beginning; None shows the document again."""

    motion: Motion | None
    path: Path | None = None
    playing: bool = True

    def reduced(self, state: State) -> State:
        playing = self.playing and self.motion is not None
        old = state.playback
        playback = Playback(motion=self.motion, path=self.path, playing=playing, loop=old.loop, speed=old.speed)
        return replace(state, playback=playback)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlayback(StateAction):
    """Change how the motion plays; what is None stays."""

    seconds: float | None = None
    playing: bool | None = None
    loop: bool | None = None
    speed: float | None = None

    def reduced(self, state: State) -> State:
        playback = state.playback
        if self.seconds is not None:
            playback = replace(playback, seconds=max(0.0, number(self.seconds, "time")))
        if self.speed is not None:
            playback = replace(playback, speed=between(self.speed, 0.01, 10.0, "the speed"))
        if self.playing is not None:
            has_something = playback.motion is not None or not state.document.timeline.is_empty
            playback = replace(playback, playing=self.playing and has_something)
        if self.loop is not None:
            playback = replace(playback, loop=self.loop)
        return replace(state, playback=playback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(StateAction):
    """Tell the person something: in the status bar, and in the log where `time` (since the epoch) stands beside it."""

    status: Status
    time: float

    @classmethod
    def now(cls, message: str, *, hint: str = "", kind: Kind = "info") -> Report:
        return cls(status=Status(message=message, hint=hint, kind=kind), time=time.time())

    def reduced(self, state: State) -> State:
        entries = (*state.log, LogEntry(time=self.time, status=self.status))
        return replace(state, status=self.status, log=entries[-MAX_LOG_ENTRIES:])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearLog(StateAction):
    def reduced(self, state: State) -> State:
        return replace(state, log=(), status=Status(message=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetJobs(StateAction):
    """What runs in the background now."""

    jobs: tuple[Progress, ...]

    def reduced(self, state: State) -> State:
        return replace(state, jobs=self.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecent(StateAction):
    """The files opened or saved last, newest first."""

    paths: tuple[Path, ...]

    def reduced(self, state: State) -> State:
        return replace(state, recent=tuple(dict.fromkeys(self.paths))[:MAX_RECENT])


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSettings(StateAction):
    """What the person chooses for the program from now on."""

    settings: Settings

    def reduced(self, state: State) -> State:
        return state if self.settings == state.settings else replace(state, settings=self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferStandIn(StateAction):
    """Ask whether another body shall stand in for the one that the avatar at `source` wants; None: no longer."""

    source: Path | None

    def reduced(self, state: State) -> State:
        return replace(state, stand_in_offered=self.source)


def _check_document(document: Document) -> None:
    """A document as a whole: its parts fit each other."""
    if (document.avatar is None) != (document.body is None):
        raise ValueError("an avatar and its body come together")
    if document.body is not None:
        all_values(document.betas, (0.0,) * document.body.num_betas, "betas")
        all_values(document.expression, (0.0,) * document.body.num_expression, "expression")
    SetPose(rotations=document.rotations, translation=document.translation).changed(document)
    check_timeline(document)
