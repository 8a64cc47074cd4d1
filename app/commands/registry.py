"""What a command is, and how it is called by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from ...core.body.model import BodyModel
from ...core.errors import StudioError
from ..services import Services

Effect = Literal["document", "history", "nothing"]
"""What a command does to the document: a change that undo takes back, a move in the history, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    name: str
    label: str
    """What a button or a menu says."""
    help: str
    run: Callable[..., None]
    effect: Effect
    example: Mapping[str, Any]
    """Arguments of a call that does something; names of files stand for files that have to exist."""


_commands: dict[str, Command] = {}
COMMANDS: Mapping[str, Command] = MappingProxyType(_commands)


def command(
    label: str, *, effect: Effect = "nothing", **example: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function under its name; its docstring is the help."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = function.__name__.rstrip("_")
        assert function.__doc__
        assert name not in _commands
        _commands[name] = Command(
            name=name, label=label, help=function.__doc__, run=function, effect=effect, example=example
        )
        return function

    return register


def run(services: Services, name: str, /, **arguments: Any) -> None:
    """Do it.

    Raises:
        StudioError: it cannot be done now, for a reason that the person can mend.
        ValueError: values that make no sense, or no such command.
    """
    if name not in COMMANDS:
        raise ValueError(f"there is no command {name!r}")
    COMMANDS[name].run(services, **arguments)


def attempt(services: Services, name: str, /, **arguments: Any) -> bool:
    """Do it, or tell the person why not; whether it was done. For the window, which goes on either way."""
    try:
        run(services, name, **arguments)
    except StudioError as error:
        services.report(error.message, hint=error.hint, kind="error")
        return False
    return True


def body_of(services: Services) -> BodyModel:
    """The body of the document.

    Raises:
        StudioError: nothing that has a body is open.
    """
    body = services.store.state.document.body
    if body is None:
        raise StudioError("there is no avatar to change", hint="open an avatar first")
    return body
