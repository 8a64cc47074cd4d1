"""What a timeline or a motion shows on the body at hand, frame by frame, as a motion of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from ..core.body.motion import Motion
from ..core.errors import StudioError
from ..core.jobs import JobContext
from .actions import Report
from .scene import Scene
from .services import Services
from .state import State


def baked(state: State, *, fps: float, report: Callable[[float], None] = lambda _: None) -> Motion:
    """The whole of what plays, at `fps` frames a second; `report` is told how far it is and may stop the work.

    Raises:
        StudioError: there is nothing that plays.
    """
    document = state.document
    if document.body is None or (state.playback.motion is None and document.timeline.is_empty):
        raise StudioError("there is no motion to export", hint="set keyframes, record, or open a motion")
    scene = Scene()
    count = max(1, round(state.playing_seconds * fps))
    poses = []
    for index in range(count):
        poses.append(scene.pose(scene.state_at(state, index / fps)))
        report((index + 1) / count)
    rotations, translation, expression = (
        torch.stack([getattr(pose, name) for pose in poses]) for name in ("rotations", "translation", "expression")
    )
    return Motion(
        name=document.avatar.name if document.avatar is not None else "motion",
        fps=fps,
        rotations=rotations,
        translation=translation,
        pelvis=scene.pelvis(document).clone(),
        expression=expression,
        expression_names=document.body.expression_names,
        betas=torch.tensor(document.betas, dtype=torch.float32),
    )


def save_motion(services: Services, path: Path, *, fps: float) -> None:
    """Start to write what plays as a motion file.

    Raises:
        StudioError: there is nothing that plays.
    """
    state = services.store.state
    if state.playback.motion is None and state.document.timeline.is_empty:
        raise StudioError("there is no motion to export", hint="set keyframes, record, or open a motion")

    def work(context: JobContext) -> None:
        from ..core.storage.motion_npz import write_motion

        motion = baked(state, fps=fps, report=lambda done: context.report(0.95 * done, "sampling"))
        context.report(0.95, f"writing {path.name}")
        write_motion(path, motion)

    services.start("export", work, lambda _: [Report.now(f"exported the motion {path.name}")])
