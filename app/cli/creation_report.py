"""The report of `create`: how like the person the avatar is in pictures that were held out, while it is refined."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .creation_run import Run
from .progress import ProgressLine

if TYPE_CHECKING:
    from ...core.creation.held_out import HeldPicture
    from ...core.creation.measurement import Judge
    from ...core.creation.taken import Taken

MOMENTS = (10.0, 60.0, 300.0, 600.0)
"""Seconds of refining at which the avatar is judged; and at first, and at the end."""
WITH, WITHOUT, AGAIN = "with the prior", "without the prior", "refined further"
"""How a run began."""
REGIONS = ("head", "person", "before white")
"""As in `creation.measurement`."""
MEASURED = (
    "Whole pictures, the shorter side scaled to 512 pixels, RGB in [0, 1], laid over grey by their masks; the avatar "
    "in the tracked pose before the tracked camera, uncorrected, before the same grey. PSNR of the mean squared error "
    "over channels and pixels of which the mask has more than half, picture by picture, then the mean; SSIM (Wang et "
    "al. 2004, window 11, sigma 1.5) likewise, both white outside the mask. Masks come from the pictures alone. "
    "Seconds of refining do not count the judging."
)


def held_out(options: argparse.Namespace, taken: Taken) -> list[HeldPicture]:
    """What is judged by, with its masks, which are written where the options say so.

    Raises:
        StudioError: the folder for the masks cannot be written to.
    """
    from ...core.creation.held_out import held_pictures, write_masks

    with ProgressLine() as line:
        held = held_pictures(taken.held_out, report=line.show)
    if options.report_masks is not None:
        write_masks(options.report_masks, held)
    return held


def report(taken: Taken) -> dict[str, Any]:
    """For JSON; no run is judged yet."""
    from ...core.machine import machine

    return {
        "measured": MEASURED,
        "machine": machine(),
        "used": [picture.name for picture in taken.pictures],
        "held_out": [picture.name for picture in taken.held_out],
        "runs": {},
    }


def judged(told: Mapping[str, Any], held: list[HeldPicture], begun: str, run: Run) -> dict[str, Any]:
    """The report with one run more, by how it began."""
    from ...core.creation.measurement import Judge

    with Judge(run.creation.body, held, run.tracked) as judge, ProgressLine() as line:
        reason = judge.without_lpips
        of_run = {
            "pictures": len(run.creation.pictures),
            "judged": len(judge.judged),
            "first_avatar_seconds": dict(run.creation.seconds),
            "moments": _moments(run, judge, line.show),
        }
    lpips = reason or "AlexNet, version 0.1, as the package computes it"
    return {**told, "lpips": lpips, "runs": {**told["runs"], begun: of_run}}


def _moments(run: Run, judge: Judge, show: Callable[[float, str], None]) -> list[dict[str, Any]]:
    from ...core.creation.measurement import as_plain

    avatars = [(run.creation.avatar, {"seconds": 0.0, "steps": 0})]
    if run.refined is not None:
        snapshots = dict.fromkeys((*run.refined.moments.values(), run.refined.last))
        avatars += [
            (each.avatar, {"seconds": round(each.figures.seconds, 1), "steps": each.figures.step}) for each in snapshots
        ]
    told = []
    for index, (avatar, when) in enumerate(avatars):
        scores = judge.scores(avatar, lambda done, words, index=index: show((index + done) / len(avatars), words))
        facts = {"gaussians": avatar.template.num_gaussians, "sh_degree": avatar.parameters.sh_degree}
        told.append({**when, **facts, "scores": as_plain(scores)})
    return told


def table(told: Mapping[str, Any]) -> str:
    """For a terminal or a page (Markdown)."""
    lines = ["| | seconds | steps | " + " | ".join(f"{region}: dB | SSIM" for region in REGIONS) + " |"]
    lines.append("|---" * (3 + 2 * len(REGIONS)) + "|")
    for begun, run in told["runs"].items():
        for moment in run["moments"]:
            cells = [f"{moment['seconds']:.0f}", f"{moment['steps']:,}"]
            for region in REGIONS:
                score = moment["scores"].get(region)
                cells += ["", ""] if score is None else [f"{score['psnr']:.2f}", f"{score['ssim']:.3f}"]
            lines.append(f"| {begun} | {' | '.join(cells)} |")
    judged = ", ".join(f"{run['judged']} {begun}" for begun, run in told["runs"].items())
    return "\n".join([*lines, "", f"Of {len(told['held_out'])} pictures judged: {judged}. LPIPS: {told['lpips']}."])
