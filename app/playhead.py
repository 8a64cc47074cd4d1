"""Moves the moment that is shown, of a motion or of the timeline, and records what is shown; once a frame.

Belongs to the main thread; owned by the services.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from ..core.body.motion import Motion
from ..core.body.recording import PoseSample, recorded_motion
from ..core.body.timeline import Moment
from ..core.errors import StudioError
from .actions import SetPlayback, SetRecording, ShowMoment
from .scene import Scene
from .state import State
from .store import Store

MAX_RECORDED_SECONDS = 600.0
"""A recording that is forgotten ends by itself."""
LONGEST_WAIT_SECONDS = 0.15
"""Between two pictures of a camera that sees somebody."""


class Playhead:
    def __init__(self, store: Store, scene: Callable[[], Scene]) -> None:
        """`scene` gives the one that is at work now."""
        self._store = store
        self._scene = scene
        self._shown: Moment | None = None
        self._samples: list[PoseSample] = []
        self._recorded_from = self._recorded_seconds = 0.0

    def advance(self, seconds: float) -> None:
        """Play on for that long, at the speed that is set; a timeline whose pose is touched stops."""
        state = self._store.state
        if state.recording:
            self._record(state, seconds)
        playback = self._store.state.playback
        if not playback.playing or seconds == 0.0:
            return
        if playback.motion is None and (state.document.timeline.is_empty or self.is_touched(state)):
            self._store.dispatch(SetPlayback(playing=False))
            return
        length = state.playing_seconds
        after = playback.seconds + seconds * playback.speed
        if after < length:
            self.show(after)
        elif playback.loop and length > 0.0:
            self.show(after % length)
        else:
            self.show(length, playing=False)

    def show(self, seconds: float, *, playing: bool | None = None) -> None:
        """Put the playhead to a moment of what is shown: of the motion, else of the timeline."""
        state = self._store.state
        if state.playback.motion is not None or state.document.body is None:
            self._store.dispatch(SetPlayback(seconds=seconds, playing=playing))
            return
        self._shown = self._scene().moment(state.document, seconds)
        self._store.dispatch(ShowMoment(seconds=seconds, moment=self._shown, playing=playing))

    def is_touched(self, state: State) -> bool:
        """Whether the person has changed what the timeline put at the playhead: it is lost unless a key keeps it."""
        shown, document = self._shown, state.document
        if shown is None or document.timeline.is_empty or state.playback.motion is not None:
            return False
        pose = shown.pose
        is_posed = pose is not None and (pose.rotations, pose.translation) != (document.rotations, document.translation)
        return is_posed or (shown.expression is not None and shown.expression != document.expression)

    def keep(self) -> None:
        """What stands at the playhead now is what the timeline shows there: a key has just been set."""
        state = self._store.state
        if state.playback.motion is None and state.document.body is not None:
            self._shown = self._scene().moment(state.document, state.playback.seconds)

    # Recording

    def start_recording(self) -> None:
        """From now on every frame's pose is kept.

        Raises:
            StudioError: there is nobody whose pose could be recorded, or a recording goes on.
        """
        state = self._store.state
        if state.document.body is None:
            raise StudioError("there is no avatar to record", hint="open an avatar first")
        if state.recording:
            raise StudioError("a recording goes on already", hint="stop it first")
        self._samples, self._recorded_seconds = [], 0.0
        self._recorded_from = state.playback.seconds if state.playback.motion is None else 0.0
        if state.playback.motion is None:
            self._store.dispatch(SetPlayback(playing=False))
        self._store.dispatch(SetRecording(recording=True))
        self._record(self._store.state, 0.0)

    def _record(self, state: State, seconds: float) -> None:
        pose = self._scene().pose(state)
        now = self._recorded_seconds = self._recorded_seconds + seconds
        if pose is None or now > MAX_RECORDED_SECONDS:
            self._store.dispatch(SetRecording(recording=False))
            return
        # A camera gives fewer poses than there are frames: between two of them nobody stood still.
        is_between = (
            state.driving.pose is not None
            and bool(self._samples)
            and self._samples[-1].pose is pose
            and now - self._samples[-1].seconds < LONGEST_WAIT_SECONDS
        )
        if not is_between:
            self._samples.append(PoseSample(seconds=now, pose=pose))
        if state.playback.motion is None:
            self._store.dispatch(SetPlayback(seconds=self._recorded_from + now))

    def recorded(self) -> tuple[Motion, float] | None:
        """End the recording: what was recorded, and the moment of the timeline at which it began; None for nothing."""
        state = self._store.state
        samples, self._samples = self._samples, []
        self._store.dispatch(SetRecording(recording=False))
        body = state.document.body
        if not samples or body is None or samples[-1].pose.expression.shape[-1] != body.num_expression:
            return None
        number = 1 + sum(clip.motion.name.startswith("recording") for clip in state.document.timeline.clips)
        motion = recorded_motion(
            samples,
            name=f"recording {number}",
            pelvis=self._scene().pelvis(state.document),
            expression_names=body.expression_names,
        )
        motion = replace(motion, betas=torch.tensor(state.document.betas, dtype=torch.float32))
        self._store.dispatch(SetRecording(recording=False, recorded=motion))
        return motion, self._recorded_from
