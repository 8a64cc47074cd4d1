"""A store and services without a window: opens what a command names, poses it, and closes everything at the end."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

from ...core.errors import StudioError
from ...core.jobs import Progress
from ..commands import run
from ..services import Services
from ..store import Store
from .progress import ProgressLine


@contextlib.contextmanager
def session(
    source: str, motion: Path | None = None, *, stand_in: bool = False, drawing: bool = True
) -> Iterator[Services]:
    """Services with the avatar open and the motion, if any, held at its beginning.

    Raises:
        StudioError: a file cannot be read.
    """
    services = Services(Store(), drawing=drawing, keeps_recent=False)
    try:
        run(services, "open", source=source, stand_in=stand_in)
        finish(services)
        if motion is not None:
            if services.store.state.document.avatar is None:
                raise StudioError(f"{source} has no rig, so no motion can move it", hint="open an avatar instead")
            run(services, "open_motion", path=motion, playing=False)
            finish(services)
        yield services
    finally:
        services.close()


def finish(services: Services) -> None:
    """Wait for the jobs, showing how far they are; raises the first one's error."""
    with ProgressLine() as line:

        def show(jobs: tuple[Progress, ...]) -> None:
            line.show(jobs[0].fraction, jobs[0].message, jobs[0].seconds_left)

        services.wait(show)


def is_posed(options: argparse.Namespace) -> bool:
    """Whether the options give the avatar a pose or an expression of its own."""
    return bool(options.pose or options.expression or options.pose_preset or options.expression_preset)


def pose(services: Services, options: argparse.Namespace) -> None:
    """Take the presets that the options name, then turn joints and set actions of the face one by one.

    Raises:
        StudioError: no such preset, joint or action, or nothing that can be posed.
    """
    if options.pose_preset is not None:
        run(services, "set_pose_preset", name=options.pose_preset)
    if options.expression_preset is not None:
        run(services, "set_expression_preset", name=options.expression_preset)
    for joint, rotation in options.pose:
        run(services, "set_joint", joint=joint, rotation=rotation)
    for action, value in options.expression:
        run(services, "set_expression", action=action, value=value)
        finish(services)
