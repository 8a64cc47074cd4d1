"""Runs a command and turns what happens into an exit code: 0 done, 2 the person can mend it, 130 stopped by Ctrl-C."""

from __future__ import annotations

import argparse
import difflib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import Cancelled, StudioError
from .arguments import parse
from .output import write_json, write_text

EXIT_MENDABLE = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `nlfgs-studio` with these arguments (the process's own if None); the exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    try:
        return _COMMANDS[options.command](options)
    except StudioError as error:
        print(f"nlfgs-studio: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return EXIT_MENDABLE
    except (KeyboardInterrupt, Cancelled):
        print("\nnlfgs-studio: stopped; nothing was left half-written", file=sys.stderr)
        return EXIT_INTERRUPTED


def _open(options: argparse.Namespace) -> int:
    from ..doctor import display_problem

    if options.avatar != "default" and not Path(options.avatar).suffix and not Path(options.avatar).exists():
        near = difflib.get_close_matches(options.avatar, _COMMANDS, n=1)
        raise StudioError(
            f"there is no command and no file {options.avatar!r}",
            hint=f"did you mean `nlfgs-studio {near[0]}`?" if near else "`nlfgs-studio --help` lists the commands",
        )
    problem = display_problem()
    if problem is not None:
        raise StudioError(problem, hint="without a display: nlfgs-studio render default -o picture.png")
    from ..window import run_window

    return run_window(
        source=options.avatar,
        motion=options.motion,
        drive=options.source,
        screenshot=options.screenshot,
        size=options.size,
        renderer=options.renderer,
        interop=not options.no_interop,
    )


def _render(options: argparse.Namespace) -> int:
    from .render import render

    render(options)
    _mention_lost()
    return 0


def _export(options: argparse.Namespace) -> int:
    from .export import export

    export(options)
    _mention_lost()
    return 0


def _people(options: argparse.Namespace) -> int:
    from .people import people

    people(options)
    return 0


def _create(options: argparse.Namespace) -> int:
    from .create import create

    create(options)
    return 0


def _track(options: argparse.Namespace) -> int:
    from .track import track

    track(options)
    return 0


def _train_prior(options: argparse.Namespace) -> int:
    from .train_prior import train_prior

    train_prior(options)
    return 0


def _mention_lost() -> None:
    """Work that a crash left behind is offered by the window; here it is only said."""
    from ..recovery import find_lost

    for lost in find_lost():
        print(f"unsaved work on {lost.name} from {lost.when} can be recovered: open the window", file=sys.stderr)
        lost.slot.release()


def _bench(options: argparse.Namespace) -> int:
    from ...core.benchmark import markdown, read_figures, table

    result = read_figures(options.figures) if options.figures is not None else _measured(growth=options.growth)
    print(table(result))
    if options.json is not None:
        write_json(options.json, result)
    if options.markdown is not None:
        write_text(options.markdown, markdown(result))
    return 0


def _measured(*, growth: bool) -> dict[str, Any]:
    from ...core.benchmark import run_benchmark
    from .progress import ProgressLine
    from .session import session

    with session("default") as services, ProgressLine() as line:
        document = services.store.state.document
        assert document.avatar is not None
        assert document.body is not None
        return run_benchmark(document.avatar, document.body, report=line.show, growth=growth)


def _doctor(options: argparse.Namespace) -> int:
    from .. import doctor

    if options.clear_cache:
        print(doctor.clear_cache())
        return 0
    findings = doctor.examine()
    if options.json is not None:
        write_json(options.json, doctor.as_json(findings))
    else:
        print(doctor.in_words(findings))
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "open": _open,
    "render": _render,
    "export": _export,
    "people": _people,
    "create": _create,
    "track": _track,
    "train-prior": _train_prior,
    "bench": _bench,
    "doctor": _doctor,
}
