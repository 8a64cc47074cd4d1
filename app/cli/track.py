"""`nlfgs-studio track`: a camera, film, folder or photo to a motion file."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ...core.body.body_registry import default_body
from ...core.errors import StudioError
from ...core.paths import check_writable
from ...core.storage.motion_npz import write_motion
from .output import write_json
from .progress import ProgressLine, asked_to_stop
from .session import session

if TYPE_CHECKING:
    from ...core.body.model import BodyModel
    from ...core.tracking.offline import Track

_SELDOM = 0.5
"""Part of the pictures below which it is said how often somebody was seen."""


def track(options: argparse.Namespace) -> None:
    """Write the motion that the options name.

    Raises:
        StudioError: nobody is seen; or pictures could not be read: what came of the others is written all the same.
        Cancelled, KeyboardInterrupt: it was stopped; once somebody was seen, that is written all the same.
    """
    from ...core.tracking.offline import OFFLINE_SMOOTHING, track_source
    from ...core.tracking.smoothing import Smoothing
    from ...core.tracking.sources import open_source
    from ...core.tracking.tracker import prepare
    from ...core.tracking.tracker_settings import TrackerSettings

    started = time.monotonic()
    for path in (options.output, options.json):
        if path is not None and path != Path("-"):
            check_writable(path)
    amount = options.smoothing
    smoothing = OFFLINE_SMOOTHING if amount is None else Smoothing(head=amount, face=amount, body=amount, hands=amount)
    with contextlib.closing(open_source(options.source)) as source:
        body, betas = _avatar(options)
        with ProgressLine() as line:
            prepare(body, line.show)
        with ProgressLine() as line, asked_to_stop(line, "finishing: what has been seen is kept") as stopped:
            result = track_source(
                source,
                body,
                betas=betas,
                settings=TrackerSettings(parts=options.parts, method=options.tracker, smoothing=smoothing),
                field_of_view=options.fov,
                mirror=options.mirror,
                report=line.show,
                stopped=stopped,
            )
            write_motion(options.output, result.motion)
    if options.json is not None:
        write_json(options.json, _figures(result, time.monotonic() - started))
    print(_in_words(options.output, result), file=sys.stderr if options.json == Path("-") else sys.stdout)
    if result.trouble is not None:
        num_frames = result.motion.num_frames
        message = f"{result.trouble.message}; {options.output} holds the {num_frames} pictures that could be read"
        raise StudioError(message, hint=result.trouble.hint)
    if not (result.is_whole or source.live):  # of a camera it is the usual end
        raise KeyboardInterrupt


def _avatar(options: argparse.Namespace) -> tuple[BodyModel, torch.Tensor | None]:
    """The body to move, and the betas to keep; without an avatar the built-in body takes the person's shape."""
    if options.avatar is None:
        with ProgressLine() as line:
            return default_body(line.show), None
    with session(options.avatar, drawing=False) as services:
        document = services.store.state.document
    if document.body is None:
        raise StudioError(f"{options.avatar} has no rig to be moved", hint="name an avatar, or leave it out")
    return document.body, None if options.identity == "tracked" else torch.tensor(document.betas)


def _in_words(path: Path, result: Track) -> str:
    motion = result.motion
    lines = [f"wrote {path}: {motion.num_frames} frame{'s' * (motion.num_frames != 1)} at {motion.fps:g} a second"]
    face, somebody = result.seen[0], result.somebody_seen
    if result.num_faces > 1:
        lines.append(f"{result.num_faces} faces are in the picture: the largest was followed; crop it for another one")
    if face == 0.0:
        lines.append("the face was never seen: it stays neutral")
    elif somebody < _SELDOM:
        lines.append(f"somebody was seen in {100.0 * somebody:.0f} % of the pictures only, else the avatar rests")
    return "\n".join(lines)


def _figures(result: Track, seconds: float) -> dict[str, Any]:
    motion, person = result.motion, result.person
    face, body, left, right = result.seen
    return {
        "frames": motion.num_frames,
        "fps": motion.fps,
        "seconds": seconds,
        "seen": {"face": face, "body": body, "left_hand": left, "right_hand": right},
        "face_residual": None if person is None else person.residual,
        "milliseconds": dict(result.milliseconds),
        "complete": result.trouble is None,
    }
