"""The real program on a virtual screen; what can be asked of one run shares it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from desktop import Program, Screen, Settled

WINDOW_SIZE = "1280x720"


@pytest.fixture(scope="session")
def screen(tmp_path_factory) -> Iterator[Screen]:
    missing = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"window tests need {' and '.join(missing)}; `make test` installs them where it may")
    screen = Screen(tmp_path_factory.mktemp("screen"))
    yield screen
    screen.close()


@pytest.fixture(scope="session")
def start(screen, builtin_path, tmp_path_factory) -> Iterator[Callable[..., Program]]:
    """Start the program; it is ended after the tests."""
    programs = []

    def start(*arguments: str, **environment: str) -> Program:
        folder = tmp_path_factory.mktemp("program")
        programs.append(Program(screen, folder, "--size", WINDOW_SIZE, *arguments, **environment))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.fixture(scope="session")
def program(start) -> Program:
    """The window with the default avatar; tests leave it as they found it, the last of test_window.py closes it."""
    program = start()
    program.wait_until_open()
    return program


@pytest.fixture
def at_rest(program) -> Settled:
    """The program as a test finds it: the whole body in view, nothing unsaved, nothing moving."""
    program.come_to_the_front()
    settled = program.after(lambda: program.key("f"))
    assert not settled.fields["unsaved"]
    return settled
