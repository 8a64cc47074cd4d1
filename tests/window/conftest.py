"""The real program on a virtual screen. What can be asked of one run shares it; no more than two run at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from desktop import Program, Screen, Settled

WINDOW_SIZE = "1280x720"

Start = Callable[..., Program]


@pytest.fixture(scope="session")
def screen(builtin_path, tmp_path_factory) -> Iterator[Screen]:
    missing = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"window tests need {' and '.join(missing)}; `make test` installs them where it may")
    screen = Screen(tmp_path_factory.mktemp("screen"))
    yield screen
    screen.close()


@contextmanager
def _starting(make: Start) -> Iterator[Start]:
    """Each start ends the program before it, for an idle window costs a quarter of a core; the block ends the last."""
    programs: list[Program] = []

    def start(*arguments: str, **environment: str) -> Program:
        if programs:
            programs[-1].close()
        programs.append(make("--size", WINDOW_SIZE, *arguments, **environment))
        return programs[-1]

    yield start
    for program in programs[-1:]:
        program.close()


@pytest.fixture(scope="module")
def start(screen, tmp_path_factory) -> Iterator[Start]:
    """Start the program, with settings of its own."""
    with _starting(lambda *a, **b: Program(screen, tmp_path_factory.mktemp("program"), *a, **b)) as start:
        yield start


@pytest.fixture
def start_again(screen, tmp_path) -> Iterator[Start]:
    """Start the program, each time with what the one before has left."""

    def make(*arguments: str, **environment: str) -> Program:
        for file in ("trace.jsonl", "stderr.txt"):
            (tmp_path / file).unlink(missing_ok=True)
        return Program(screen, tmp_path, *arguments, NLFGS_STUDIO_AUTOSAVE_SECONDS="1", **environment)

    with _starting(make) as start:
        yield start


@pytest.fixture(scope="session")
def program(screen, tmp_path_factory) -> Iterator[Program]:
    """The window with the default avatar, for all files; begin with `at_rest`."""
    program = Program(screen, tmp_path_factory.mktemp("program"), "--size", WINDOW_SIZE)
    program.wait_until_open()
    yield program
    program.close()


@pytest.fixture
def at_rest(program) -> Settled:
    """The shared program as a test finds it: nothing chosen or unsaved, the whole body in view, nothing moving."""
    program.come_to_the_front()
    program.key("Escape")
    settled = program.after(lambda: program.key("f"))
    for _ in range(5):
        if not settled.fields["unsaved"]:
            break
        # Where a test has saved what it changed, nothing is left to take back: that the view is asked for answers.
        settled = program.after(lambda: program.key(*["ctrl+z"] * 4, "f"))
    return settled
