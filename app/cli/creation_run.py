"""One way from pictures to an avatar: made, written, refined."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.storage.avatar_npz import write_avatar
from .progress import ProgressLine
from .refining import Refined, refined

if TYPE_CHECKING:
    from ...core.avatar.avatar import Avatar
    from ...core.body.model import BodyModel
    from ...core.creation.creator import Creation
    from ...core.creation.fitted import FittedPicture
    from ...core.creation.taken import Taken

_PREPARING, _MAKING = 0.3, 0.6
"""Of the work before refining: where the creator stands, and where the first avatar does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What came of it."""

    creation: Creation
    tracked: tuple[FittedPicture, ...]
    """What was held out: its motion alone was found, once the avatar stood."""
    refined: Refined | None

    @property
    def avatar(self) -> Avatar:
        return self.creation.avatar if self.refined is None else self.refined.last.avatar

    @property
    def is_whole(self) -> bool:
        """False where refining was asked to stop before its time."""
        return self.refined is None or self.refined.is_whole


def run(
    options: argparse.Namespace,
    taken: Taken,
    body: BodyModel,
    *,
    base: Avatar | None,
    with_prior: bool,
    path: Path | None,
    moments: Sequence[float] = (),
) -> Run:
    """As the options say; with `base` that avatar is refined. `path` holds the avatar from the first moment on.

    Raises:
        StudioError: nobody is seen, or the file cannot be written.
    """
    from ...core.creation.creator import avatar_creator

    with ProgressLine() as line:

        def report(first: float, last: float, fraction: float, message: str) -> None:
            line.show(first + (last - first) * fraction, message)

        with avatar_creator(
            body, options.weights, with_prior=with_prior, report=lambda *done: report(0.0, _PREPARING, *done)
        ) as creator:
            if base is None:
                creation = creator.create(
                    taken.pictures,
                    options.output.stem,
                    field_of_view=options.fov,
                    report=lambda *done: report(_PREPARING, _MAKING, *done),
                )
            else:
                creation = creator.fit(
                    base,
                    taken.pictures,
                    field_of_view=options.fov,
                    report=lambda *done: report(_PREPARING, _MAKING, *done),
                )
            if path is not None:
                write_avatar(path, creation.avatar)
            tracked: tuple[FittedPicture, ...] = ()
            if taken.held_out:
                tracked = creator.fit_more(
                    creation,
                    taken.held_out,
                    first=len(creation.pictures),
                    report=lambda *done: report(_MAKING, 1.0, *done),
                )
    if options.refine is None:
        return Run(creation=creation, tracked=tracked, refined=None)
    return Run(creation=creation, tracked=tracked, refined=_refined(creation, options.refine, path, moments))


def _refined(creation: Creation, seconds: float, path: Path | None, moments: Sequence[float]) -> Refined:
    from ...core.training.refine import RefineRequest

    request = RefineRequest(
        body=creation.body, avatar=creation.avatar, observations=creation.observations, seconds=seconds
    )
    return refined(request, path, moments=moments)
