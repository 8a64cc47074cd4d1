"""`nlfgs-studio create`: photos and films to an avatar, which can be refined and judged."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ...core.body.body_registry import default_body
from ...core.paths import check_writable
from .creation_report import AGAIN, MOMENTS, WITH, WITHOUT, held_out, judged, report, table
from .creation_run import Run, run
from .output import write_json
from .progress import ProgressLine

if TYPE_CHECKING:
    from ...core.avatar.avatar import Avatar
    from ...core.body.model import BodyModel
    from ...core.creation.creator import Creation
    from ...core.creation.taken import Taken


def create(options: argparse.Namespace) -> None:
    """Write the avatar that the options name.

    Raises:
        StudioError: no picture can be read, nobody is seen in them, or a file cannot be written.
        KeyboardInterrupt: it was stopped; what was refined is written, and of a report each run that was whole.
    """
    from ...core.creation.taken import read_inputs

    _check_places(options)
    base, body = _begun(options)
    with ProgressLine() as line:
        taken = read_inputs(
            options.inputs, most=options.most, holdout=options.holdout or 0, body=body, report=line.show
        )
    moments = MOMENTS if options.report is not None else ()
    made = run(
        options, taken, body, base=base, with_prior=not options.without_prior, path=options.output, moments=moments
    )
    if options.overlay is not None:
        _write_overlay(options, made.creation)
    if options.json is not None:
        write_json(options.json, _figures(taken, made))
    words = sys.stderr if Path("-") in (options.json, options.report) else sys.stdout
    print(_in_words(options.output, taken, made), file=words)
    if not made.is_whole:
        raise KeyboardInterrupt
    if options.report is not None:
        _report(options, taken, body, made, words)


def _check_places(options: argparse.Namespace) -> None:
    for path in (options.output, options.overlay, options.json, options.report):
        if path is not None and path != Path("-"):
            check_writable(path)
    if options.report_masks is not None:
        from ...core.creation.held_out import write_masks

        write_masks(options.report_masks, ())
        check_writable(options.report_masks / "a mask")


def _report(options: argparse.Namespace, taken: Taken, body: BodyModel, made: Run, words: TextIO) -> None:
    """
    Raises:
        KeyboardInterrupt: the second run was stopped; the report has the first.
    """
    held = held_out(options, taken)
    begun = WITHOUT if options.without_prior else WITH if options.base is None else AGAIN
    told = judged(report(taken), held, begun, made)
    compares = begun == WITH and not options.no_comparison
    if compares and options.report != Path("-"):
        write_json(options.report, told)  # the second run takes as long as the first, and may be killed
    try:
        if compares:
            second = run(options, taken, body, base=None, with_prior=False, path=None, moments=MOMENTS)
            if not second.is_whole:
                raise KeyboardInterrupt
            told = judged(told, held, WITHOUT, second)
    finally:
        write_json(options.report, told)
        print(table(told), file=words)


def _begun(options: argparse.Namespace) -> tuple[Avatar | None, BodyModel]:
    """The avatar to go on with, if any, and the body."""
    with ProgressLine() as line:
        if options.base is None:
            return None, default_body(line.show)
        from ...core.storage.avatar_npz import read_avatar
        from ..documents import with_body

        return with_body(read_avatar(options.base), options.base, line.show, False)


def _write_overlay(options: argparse.Namespace, creation: Creation) -> None:
    import torch

    from ...core.images import write_png
    from ..localized import localized_photo, overlay

    if creation.localized is not None:
        drawn = overlay(localized_photo(creation.localized, creation.body), options.overlay_colours)
        write_png(options.overlay, torch.from_numpy(drawn).float() / 255.0)


def _in_words(path: Path, taken: Taken, made: Run) -> str:
    creation, num_used = made.creation, len(made.creation.pictures)
    refused = (*taken.refused, *creation.refused)
    lines = [
        f"wrote {path}: {made.avatar.template.num_gaussians:,} Gaussians, from {_counted(num_used, 'picture')}",
        *creation.warnings,
        *(f"left out: {each.name}: {each.reason}" for each in refused[:_MOST_LINES]),
    ]
    if len(refused) > _MOST_LINES:
        lines.append(f"and {len(refused) - _MOST_LINES} more were left out")
    if made.refined is not None:
        figures = made.refined.last.figures
        lines.append(f"refined for {figures.seconds:.0f} s, {_counted(figures.step, 'step')}")
    return "\n".join(lines)


_MOST_LINES = 8


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _figures(taken: Taken, made: Run) -> dict[str, Any]:
    creation = made.creation
    return {
        "gaussians": made.avatar.template.num_gaussians,
        "pictures": [picture.name for picture in creation.pictures],
        "refused": {each.name: each.reason for each in (*taken.refused, *creation.refused)},
        "warnings": list(creation.warnings),
        "people": max((picture.num_people for picture in creation.pictures), default=0),
        "betas": made.avatar.betas.tolist(),
        "seconds": dict(creation.seconds),
        "refined": None if made.refined is None else _of_refining(made),
    }


def _of_refining(made: Run) -> dict[str, Any]:
    assert made.refined is not None
    figures = made.refined.last.figures
    return {
        "seconds": figures.seconds,
        "steps": figures.step,
        "loss": figures.loss,
        "psnr": figures.psnr,
        "is_whole": made.is_whole,
    }
