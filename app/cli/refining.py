"""Refining without a window: the avatar's file is brought up to date again and again, so that little is ever lost."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import StudioError
from ...core.jobs import JobRunner
from ...core.storage.avatar_npz import write_avatar
from .progress import ProgressLine, asked_to_stop

if TYPE_CHECKING:
    from ...core.training.refine import RefineRequest, Snapshot

SECONDS_BETWEEN_FILES = 20.0
"""What a power cut costs at most, with room for what the writing takes."""
_NAME = "refine"
_SNAPSHOT_EVERY = 1.0
"""Seconds; nobody watches."""
_GLANCE = 0.05
"""Seconds between looks at what the job says."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refined:
    """What came of refining."""

    last: Snapshot
    moments: dict[float, Snapshot]
    """The first snapshot at or after each of the seconds that were asked for."""
    is_whole: bool
    """False where it was asked to stop before its time."""


def refined(request: RefineRequest, path: Path | None, *, moments: Sequence[float] = ()) -> Refined:
    """Refine for as long as the request says, or until Ctrl-C; `path` is kept up to date, and last holds the result.

    Raises:
        StudioError: the file cannot be written at the end. In between that is only said: the file before it stands.
    """
    from ...core.training.refine import RefineWires, refine

    runner, wires = JobRunner(), RefineWires(snapshot_every=_SNAPSHOT_EVERY)
    kept: dict[float, Snapshot] = {}
    written, is_refused, stopping = time.monotonic(), False, False
    with ProgressLine() as line, asked_to_stop(line, "finishing: what was refined is kept") as asked:
        runner.start(_NAME, lambda context: refine(context, request, wires))
        try:
            while True:
                time.sleep(_GLANCE)
                if asked() and not stopping:
                    stopping = True
                    wires.wishes.put("stop")
                progress, finished = runner.drain()
                for each in progress:
                    line.show(each.fraction, each.message, each.seconds_left)
                wires.figures.drain()
                snapshot: Snapshot | None = wires.snapshots.take()
                if finished:
                    (job,) = finished
                    if job.error is not None:
                        if snapshot is not None and path is not None:
                            write_avatar(path, snapshot.avatar)
                        raise job.error
                    snapshot = job.result
                if snapshot is not None:
                    for moment in moments:
                        if moment not in kept and snapshot.figures.seconds >= moment:
                            kept[moment] = snapshot
                    if path is not None and time.monotonic() - written > SECONDS_BETWEEN_FILES:
                        is_refused = not _kept(path, snapshot, line, is_said=is_refused)
                        written = time.monotonic()
                if finished:
                    break
        finally:
            runner.close()
    assert snapshot is not None
    if path is not None:
        write_avatar(path, snapshot.avatar)
    return Refined(last=snapshot, moments=kept, is_whole=not stopping)


def _kept(path: Path, snapshot: Snapshot, line: ProgressLine, *, is_said: bool) -> bool:
    """Whether it could be written; that it could not is told unless it `is_said`."""
    try:
        write_avatar(path, snapshot.avatar)
    except StudioError as error:
        if not is_said:
            line.clear()
            print(f"{error.message}; refining goes on, and writes it as soon as that is possible", file=sys.stderr)
        return False
    return True
