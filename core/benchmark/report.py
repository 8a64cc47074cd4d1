"""The figures of `run_benchmark`, to be read: in a terminal, or as a page of the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import StudioError
from ..machine import in_words
from .on_cuda import cuda_lines

FRAMES = ("driven", "camera", "training", "refining")
"""The measurements that have frames a second."""
MEANINGS = {
    "driven": "every joint and every action of the face moves",
    "camera": "the avatar stands, the camera turns",
    "training": "a picture and the gradients of all that Gaussians are made of",
    "refining": "a step on one picture, its pose corrected too, colours of degree 3",
}


def read_figures(path: Path) -> dict[str, Any]:
    """What an earlier run wrote as JSON.

    Raises:
        StudioError: there is no such file, or it holds something else.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        markdown(result)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudioError(
            f"{path.name} holds no figures of `nlfgs-studio bench --json`", hint="measure again with --json FILE"
        ) from error
    return result


def table(result: dict[str, Any]) -> str:
    """Lines for a terminal."""
    lines = [
        in_words(result["machine"]),
        f"{result['gaussians']:,} Gaussians; milliseconds are medians, [10 % .. 90 %] of the frames beside",
        "",
        f"{'':8} {'renderer':10} {'size':>5} {'fps':>7}  {'frame':>22}  stages",
        *(_line(*row) for row in _rows(result)),
        *_growth_lines(result),
        *_other_facts(result),
    ]
    return "\n".join(lines)


def markdown(result: dict[str, Any]) -> str:
    """The page that `nlfgs-studio bench --markdown` writes."""
    about = result["machine"]
    versions = ", ".join(f"{name} {about[name]}" for name in ("python", "torch", "numba", "nlfgs-studio"))
    lines = [
        "# Benchmarks",
        "",
        "Written by `nlfgs-studio bench --growth --markdown docs/benchmarks.md`; do not edit.",
        "",
        f"{in_words(about)}. {about['platform']}; {versions}. The default avatar, {result['gaussians']:,} Gaussians,"
        " framed whole, at full resolution. Milliseconds are medians; the range in brackets holds 80 % of the frames.",
    ]
    for kind in FRAMES:
        rows = [row for row in _rows(result) if row[0] == kind]
        if rows:
            lines += ["", f"## {kind.capitalize()}: {MEANINGS[kind]}", ""]
            lines += ["| renderer | size | fps | frame, ms | stages, ms |", "|---|---|---|---|---|"]
            lines += [_markdown_row(*row[1:]) for row in rows]
    for name, sizes in result["growth"].items():
        counts = list(next(iter(sizes.values())))
        lines += ["", f"## How the cost of {name} grows: ms a picture (ns a Gaussian)", ""]
        lines += [f"| size | {' | '.join(f'{int(count):,}' for count in counts)} |", "|---" * (len(counts) + 1) + "|"]
        for size, figures in sizes.items():
            cells = (f"{each['ms']['frame']:.1f} ({each['ns_per_gaussian']:.0f})" for each in figures.values())
            lines.append(f"| {size}² | {' | '.join(cells)} |")
    facts = _other_facts(result)
    if facts:
        lines += ["", "## Besides", "", *(f"- {fact}" for fact in facts)]
    return "\n".join(lines) + "\n"


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for kind in FRAMES:
        for name, sizes in result[kind].items():
            for size, figures in sizes.items():
                yield kind, name, size, figures


def _stages(figures: dict[str, Any]) -> str:
    return "  ".join(f"{stage} {value:.1f}" for stage, value in figures["ms"].items() if stage != "frame")


def _line(kind: str, name: str, size: str, figures: dict[str, Any]) -> str:
    low, high = figures["spread_ms"]["frame"]
    frame = f"{figures['ms']['frame']:6.1f} [{low:5.1f} .. {high:5.1f}]"
    return f"{kind:8} {name:10} {size:>5} {figures['fps']:7.1f}  {frame:>22}  {_stages(figures)}"


def _markdown_row(name: str, size: str, figures: dict[str, Any]) -> str:
    low, high = figures["spread_ms"]["frame"]
    frame = f"{figures['ms']['frame']:.1f} [{low:.1f} .. {high:.1f}]"
    return f"| {name} | {size}² | {figures['fps']:.1f} | {frame} | {_stages(figures).replace('  ', ', ')} |"


def _growth_lines(result: dict[str, Any]) -> Iterator[str]:
    for name, sizes in result["growth"].items():
        for size, figures in sizes.items():
            cells = (
                f"{int(count):,}: {each['ms']['frame']:.1f} ms, {each['ns_per_gaussian']:.0f} ns each"
                for count, each in figures.items()
            )
            yield f"growth   {name:10} {size:>5}  {'   '.join(cells)}"


def _other_facts(result: dict[str, Any]) -> list[str]:
    facts = [
        f"{name}: {each['ours_ms']:.2f} ms against {each['theirs_ms']:.2f} ms, {each['ratio']:.1f} times as fast"
        for name, each in result["ratios"].items()
    ]
    facts += [
        f"{name}, frames 0.5° apart: a pixel changes by {each['largest_pixel']:.0f}/255 at most,"
        f" a square of 16 pixels by {each['largest_block']:.1f}/255"
        for name, each in result["popping"].items()
    ]
    facts += [
        f"{name}: {each['growth_mib']:+.1f} MiB after {each['frames']} frames"
        for name, each in result["memory"].items()
        if each["growth_mib"] is not None
    ]
    facts.append(f"a snapshot of the avatar while it is refined: {result['snapshot_ms']:.1f} ms")
    facts += cuda_lines(result["cuda"])
    if result["peak_memory_mib"] is not None:
        facts.append(f"at most {result['peak_memory_mib']:,.0f} MiB of memory, every measurement included")
    facts += [f"{name} does not run here: {reason}" for name, reason in result["unavailable"].items()]
    return facts
