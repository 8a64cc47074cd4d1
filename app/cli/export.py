"""`nlfgs-studio export`: an avatar, in its pose or a motion's, as PLY, NPZ or project."""

from __future__ import annotations

import argparse

from ...core.errors import StudioError
from ..commands import run
from ..projects import is_project
from .session import finish, is_posed, pose, session


def export(options: argparse.Namespace) -> None:
    """Write the file that the options name.

    Raises:
        StudioError: a file cannot be read or written, or the motion has no such frame.
    """
    if options.output.suffix.lower() == ".npz" and (options.motion or is_posed(options)):
        raise StudioError("an avatar file holds no pose", hint="export to a PLY file")
    with session(options.avatar, options.motion, stand_in=options.stand_in, drawing=False) as services:
        if options.motion is None and not is_project(options.output):
            run(services, "close_motion")  # of a project: its own pose is what was asked for
        pose(services, options)
        motion = services.store.state.playback.motion
        if motion is not None and options.motion is not None:
            if options.frame >= motion.num_frames:
                raise StudioError(
                    f"{options.motion.name} has no frame {options.frame}",
                    hint=f"its frames are 0 to {motion.num_frames - 1}",
                )
            run(services, "scrub", seconds=options.frame / motion.fps)
        run(services, "export", path=options.output, rigged=options.rigged, up=options.up)
        finish(services)
        print(f"wrote {options.output}")
