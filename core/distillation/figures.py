"""The figures of `evaluate`, to be read: in a terminal, or as a page of the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import StudioError
from ..machine import in_words
from ..synthetic.framing import Framing
from .evaluation import AVERAGE, BLIND, CEILING, FITTED, GIVEN, TRUE_POSE, WITH, WITHOUT
from .in_use import CORRECTED, DETECTED
from .pointwise import FRAMINGS

BY_HAND = "<!-- Below this line the page is written by hand and kept when the figures are written anew. -->"


_VIEWS = (("input", "photo's view"), ("aside", "45° aside"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    """The first cell of each is its name."""


def read_figures(path: Path) -> dict[str, Any]:
    """What an earlier run wrote as JSON.

    Raises:
        StudioError: there is no such file, or it holds something else.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        table(result)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudioError(
            f"{path.name} holds no figures of `nlfgs-studio train-prior --evaluate --json`",
            hint="measure again with --evaluate --json FILE",
        ) from error
    return result


def table(result: Mapping[str, Any]) -> str:
    """Lines for a terminal."""
    lines = [in_words(result["machine"]), _of_whom(result)]
    for section in _sections(result):
        cells = [("", *section.columns), *section.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
        lines += ["", section.title]
        for name, *others in cells:
            values = (f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True))
            lines.append("  ".join([f"  {name:<{widths[0]}}", *values]).rstrip())
    return "\n".join(lines)


def markdown(result: Mapping[str, Any], before: str = "") -> str:
    """The page of `nlfgs-studio train-prior --evaluate --markdown`; what the page `before` it says by hand stays."""
    facts = result["weights"]
    lines = [
        "# The prior: a network trained on made-up people",
        "",
        "Written by `nlfgs-studio train-prior --evaluate --markdown docs/prior.md`, but for what ends it.",
        "",
        "## How the weights were made",
        "",
        *(f"- {name}: {_typed(value) if name == 'command' else value}" for name, value in sorted(facts.items())),
        "",
        "![The losses and errors while it was trained](pictures/prior_curve.png)",
        "",
        "## How they are judged",
        "",
        f"{_of_whom(result)} No training has seen these people. Every figure is a median, with the 90th percentile in"
        " brackets (of likeness the 10th: its worse end). Points are drawn from the Gaussians so that every part of the"
        " body has its share; those outside the frame are left out. *Visible* is what nothing but clothes hides.",
        "",
        f"Beside the network stand: *{BLIND}*, the best constant for each point over other people's photos; *{GIVEN}*,"
        " the evidence itself, a body fitted to landmarks with the errors of such a fit.",
        "",
        f"Measured on {in_words(result['machine'])}.",
    ]
    for section in _sections(result):
        lines += ["", f"## {section.title}", "", section.about, ""]
        lines += [f"| {' | '.join(['', *section.columns])} |", "|---" * (1 + len(section.columns)) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in section.rows]
    by_hand = before.partition(BY_HAND)[2].strip()
    return "\n".join([*lines, "", BY_HAND, *(["", by_hand] if by_hand else [])]) + "\n"


def _typed(command: str) -> str:
    """Without the folder that the program was started from."""
    program, _, arguments = command.partition(" ")
    return f"`{Path(program).name} {arguments}`"


def _of_whom(result: Mapping[str, Any]) -> str:
    whom = result["held_out"]
    told = (
        f"{whom['people']} made-up people (seed {whom['seed']}), {whom['photos']} photos for points,"
        f" {whom['avatars']} for bodies and avatars."
    )
    if result["in_use"] is None:
        told += " Not measured: what the program makes of its own evidence, since MediaPipe is not installed."
    return told


def _sections(result: Mapping[str, Any]) -> Iterator[_Section]:
    yield _wanted(result)
    yield from _places(
        result["points"],
        ("pixels", "Points in the photo, pixels at 256²", "Distance from the true place in the crop.", 1),
        ("about_middle_mm", "Points in space, millimetres", "Once the middle of the photo's points is right.", 0),
        ("absolute_mm", "Points before the camera, millimetres", "The camera is known; nothing is aligned.", 0),
    )
    yield _by_given_fit(result["by_given_fit"])
    in_use = result["in_use"]
    if in_use is not None and in_use["points"] is not None:
        about = (
            "The evidence is the fit that the program itself makes from MediaPipe's landmarks, the crop is its own, and"
            f" the camera is guessed. In {in_use['seen']} of {in_use['photos']} photos the detectors saw somebody."
        )
        yield from _places(
            in_use["points"],
            ("pixels", "As the program uses it, pixels at 256²", about, 1),
            ("about_middle_mm", "As the program uses it, millimetres", "In space, the middle right, as above.", 0),
        )
    points = result["points"]
    yield _Section(
        title="Whether sigma tells the error",
        about="Correlation of sigma with the distance from the truth, over all points in the frame.",
        columns=["pixels", "pixels, ranks", "in space", "in space, ranks"],
        rows=[
            [
                name,
                *(
                    _number(each[quantity][kind], 2)
                    for quantity in ("pixels", "about_middle_mm")
                    for kind in ("pearson", "spearman")
                ),
            ]
            for name, each in points["sigma"].items()
        ],
    )
    yield from _bodies(result["bodies"])
    yield from _likeness(result["likeness"])
    cost = result["cost"]
    yield _Section(
        title="Cost",
        about="From a crop to all Gaussians and the body, in a process of its own that has loaded all before.",
        columns=["seconds", "most memory, MiB", "Gaussians"],
        rows=[["photo to avatar", _cell(cost["seconds"], 2), f"{cost['peak_memory_mib']}", f"{cost['gaussians']:,}"]],
    )


def _places(points: Mapping[str, Any], *tables: tuple[str, str, str, int]) -> Iterator[_Section]:
    """Each table by its quantity, title, what it is about, and digits."""
    groups = [(kind, group) for kind in ("visible", "hidden") for group in ("all", *FRAMINGS)]
    columns = [kind if group == "all" else f"{kind}, {group}" for kind, group in groups]
    for quantity, title, about, digits in tables:
        rows = [
            [name, *(_cell(each[kind][group], digits) for kind, group in groups)]
            for name, each in points[quantity].items()
        ]
        yield _Section(title=title, about=about, columns=columns, rows=rows)


def _by_given_fit(bands: Sequence[Mapping[str, Any]]) -> _Section:
    columns, above = [], 0.0
    for band in bands:
        limits = f"over {above:g}" if band["up_to"] >= 1e6 else f"{above:g} to {band['up_to']:g}"
        columns.append(f"{limits} px ({band['photos']} photos)")
        above = band["up_to"]
    return _Section(
        title="Good fits and bad ones, pixels of visible points",
        about="Photos sorted by the median error of the fit that was given: what becomes of it.",
        columns=columns,
        rows=[
            [name, *(_cell(band["visible_pixels"][name], 1) for band in bands)]
            for name in (GIVEN, WITH, WITHOUT, BLIND)
        ],
    )


def _bodies(bodies: Mapping[str, Any]) -> Iterator[_Section]:
    yield _Section(
        title="Whole bodies, millimetres a vertex",
        about="Mean distance of all vertices, in the frame or not, once the pelvis is right; over photos.",
        columns=["all", *FRAMINGS],
        rows=[
            [name, *(_cell(groups[group], 0) for group in ("all", *FRAMINGS))]
            for name, groups in bodies["vertices_mm"].items()
        ],
    )
    names = list(bodies["joints_mm"])
    yield _Section(
        title="Joints, millimetres",
        about="Of photos that show the whole body, once the pelvis is right; left and right together.",
        columns=names,
        rows=[
            [joint.replace("spine", "spine "), *(_cell(bodies["joints_mm"][name][joint], 0) for name in names)]
            for joint in bodies["joints_mm"][names[0]]
        ],
    )


def _likeness(likeness: Mapping[str, Any]) -> Iterator[_Section]:
    yield _Section(
        title="Likeness",
        about="Pictures of the avatar beside pictures of the person, within the person's outline. *True pose*: on the"
        " true body, so that only the looks are judged; *fitted pose*: on the body that the same reading found."
        f" *{CEILING}*: what the person looks like told on these Gaussians, the best that can be reached.",
        columns=[f"{figure}, {view}" for _, view in _VIEWS for figure in ("PSNR in dB", "SSIM")],
        rows=[
            [
                name,
                *(
                    _cell(likeness[figure][name][view]["all"], digits, worse="p10")
                    for view, _ in _VIEWS
                    for figure, digits in (("psnr", 1), ("ssim", 3))
                ),
            ]
            for name in likeness["psnr"]
        ],
    )
    yield _Section(
        title="Likeness gained over the average avatar, dB",
        about="Differences of PSNR in the same photo, on the same body.",
        columns=[view if group == "all" else f"{view}, {group}" for _, view in _VIEWS for group in ("all", *FRAMINGS)],
        rows=[
            [name, *(_cell(each[view][group], 1, worse="p10") for view, _ in _VIEWS for group in ("all", *FRAMINGS))]
            for name, each in likeness["gain_db"].items()
        ],
    )


def _wanted(result: Mapping[str, Any]) -> _Section:
    points, cost = result["points"], result["cost"]
    pixels = {name: points["pixels"][name]["visible"]["all"]["median"] for name in (WITH, WITHOUT, GIVEN, BLIND)}
    interval = points["visible_pixels_interval"]
    sigma = points["sigma"][WITH]["about_middle_mm"]["pearson"]
    body = result["bodies"]["vertices_mm"][f"{FITTED}, {WITH}"][Framing.WHOLE.value]
    gains, sure = (result["likeness"][name][f"{WITH}, {TRUE_POSE}"] for name in ("gain_db", "gain_interval_db"))
    rows = [
        _judged("visible points with evidence, pixels", pixels[WITH], 10.0, 1, interval=interval[WITH]),
        _judged("the same, of the error of the fit that was given", pixels[WITH] / pixels[GIVEN], 0.5, 2),
        _told("visible points without evidence, pixels", pixels[WITHOUT], interval[WITHOUT], BLIND, pixels[BLIND]),
        *_used(result["in_use"]),
        _judged("correlation of sigma and error in space, with evidence", sigma, 0.5, 2, more=True),
        _judged("whole bodies, fitted, with evidence, mm a vertex", body and body["median"], 60.0, 0),
        *(
            _judged(
                f"likeness over the {AVERAGE}, {seen}, dB",
                gains[view]["all"]["median"],
                3.0,
                1,
                more=True,
                interval=sure[view],
            )
            for view, seen in _VIEWS
        ),
        _judged("photo to avatar, seconds", cost["seconds"]["median"], 2.0, 2),
        _judged("most memory, MiB", cost["peak_memory_mib"], 2048.0, 0),
    ]
    return _Section(
        title="Wanted and reached",
        about="Medians; the tables below say what each is. In brackets: where 9 of 10 draws of other people would have"
        " them.",
        columns=["reached", "wanted", "met"],
        rows=rows,
    )


def _used(in_use: Mapping[str, Any] | None) -> list[list[str]]:
    if in_use is None or in_use["points"] is None:
        return []
    points = in_use["points"]
    detected, corrected = (points["pixels"][name]["visible"]["all"]["median"] for name in (DETECTED, CORRECTED))
    interval = points["visible_pixels_interval"][CORRECTED]
    return [_told("visible points with the program's own evidence, pixels", corrected, interval, DETECTED, detected)]


def _told(name: str, value: float, interval: Sequence[float], other: str, its_value: float) -> list[str]:
    """Nothing was wanted of it; beside another."""
    return [name, _with_interval(value, 1, interval), f"{other}: {its_value:.1f}", ""]


def _judged(
    name: str,
    value: float | None,
    limit: float,
    digits: int,
    *,
    more: bool = False,
    interval: Sequence[float] | None = None,
) -> list[str]:
    wanted = f"{limit:g} or {'more' if more else 'less'}"
    if value is None:
        return [name, "not measured", wanted, "no"]
    met = value >= limit if more else value <= limit
    return [name, _with_interval(value, digits, interval), wanted, "yes" if met else "no"]


def _with_interval(value: float, digits: int, interval: Sequence[float] | None) -> str:
    if interval is None:
        return _number(value, digits)
    return f"{_number(value, digits)} ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})"


def _cell(spread: Mapping[str, float] | None, digits: int, *, worse: str = "p90") -> str:
    return "none" if spread is None else f"{spread['median']:.{digits}f} ({spread[worse]:.{digits}f})"


def _number(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"
