"""Changes of the timeline, and of the moment of it that is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...core.body.timeline import Moment, Timeline
from ..state import Document, DocumentFile, State
from .document import DocumentAction
from .session import StateAction
from .values import check_timeline, number

if TYPE_CHECKING:
    from ...core.body.motion import Motion


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimeline(DocumentAction):
    """Put another timeline in place of the present one."""

    timeline: Timeline

    def changed(self, document: Document) -> Document:
        changed = replace(document, timeline=self.timeline)
        check_timeline(changed)
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMoment(StateAction):
    """Put what the timeline shows at a moment into the document and the view.

    The document's pose is what stands at the playhead. Moving the playhead is no work of the person's: no step of undo,
    and a document that was saved still is.
    """

    seconds: float
    moment: Moment
    playing: bool | None = None
    """None: as before."""

    def reduced(self, state: State) -> State:
        playback = replace(state.playback, seconds=max(0.0, number(self.seconds, "time")))
        if self.playing is not None:
            playback = replace(playback, playing=self.playing)
        state = replace(state, playback=playback)
        if self.moment.orbit is not None and self.moment.orbit != state.view.orbit:
            state = replace(state, view=replace(state.view, orbit=self.moment.orbit))
        before, after = state.document, self._shown_on(state.document)
        if after == before:
            return state
        files = state.files
        if files[before.origin].saved == before:
            changed: list[DocumentFile] = list(files)
            changed[before.origin] = replace(files[before.origin], saved=after)
            files = tuple(changed)
        return replace(state, document=after, files=files)

    def _shown_on(self, document: Document) -> Document:
        pose, expression = self.moment.pose, self.moment.expression
        if pose is not None:
            document = replace(document, rotations=pose.rotations, translation=pose.translation)
        if expression is not None:
            document = replace(document, expression=expression)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecording(StateAction):
    """Whether what is shown is being recorded, and what that gave, where it has just ended."""

    recording: bool
    recorded: Motion | None = None

    def reduced(self, state: State) -> State:
        return replace(state, recording=self.recording, recorded=self.recorded or state.recorded)
