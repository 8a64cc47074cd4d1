"""What every panel has at hand: the store, the services, the theme, and the ways to change something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import dearpygui.dearpygui as dpg

from .. import commands
from ..actions import Action, BeginDrag, EndDrag
from ..services import Services
from ..state import State
from ..store import Store
from ..theme import PANEL_PADDING, SCROLLBAR, Item, Theme

SCROLLBAR_GAP = 4


class Dialogs(Protocol):
    """Questions that cover the window until they are answered."""

    def choose_to_open(self, title: str, suffixes: tuple[str, ...], then: Callable[[Path], object]) -> None: ...

    def choose_to_save(
        self, title: str, suffixes: tuple[str, ...], suggestion: str, then: Callable[[Path], object]
    ) -> None:
        """A name without an ending gets the first of `suffixes`."""
        ...

    def choose_folder(self, title: str, then: Callable[[Path], object]) -> None: ...

    def ask(
        self,
        title: str,
        text: str,
        answers: dict[str, Callable[[], None]],
        *,
        cancel: str = "Cancel",
        destroys: bool = False,
    ) -> None:
        """The last of the answers is proposed, unless it `destroys` something; each has to `close` the question."""
        ...

    def close(self) -> None: ...

    def settle_unsaved(self, doing: str, then: Callable[[], object]) -> None:
        """Go on at once where nothing is unsaved, else when the person has saved or given the work up."""
        ...


class Panel(Protocol):
    """One page of the dock."""

    name: str
    icon: str

    def build(self, parent: Item) -> None:
        """Make the widgets, once."""
        ...

    def actions(self) -> None:
        """Make the buttons beside the panel's title, once."""
        ...

    def sync(self, state: State) -> None:
        """Make the widgets show this state; called every frame, so it compares by identity first."""
        ...


class Desk:
    """Given to every panel; knows which widget is held, so that one drag is one step of undo."""

    def __init__(self, services: Services, theme: Theme, *, dock_width: int) -> None:
        """`dock_width` of the panels, in lengths of the design."""
        self.services = services
        self.theme = theme
        self.dock_width = dock_width
        self.dialogs: Dialogs
        self._held: Item | None = None

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def inner_width(self) -> int:
        """Pixels that a panel's content may be wide, with a gap between it and the scrollbar."""
        px = self.theme.px
        return px(self.dock_width) - 2 * px(PANEL_PADDING) - px(SCROLLBAR) - px(SCROLLBAR_GAP)

    def run(self, command: str, **arguments: Any) -> bool:
        """Run a command of the registry; what the person can mend is said in the status bar."""
        return commands.attempt(self.services, command, **arguments)

    def send(self, action: Action) -> None:
        self.store.dispatch(action)

    def send_while_held(self, item: Item, action: Action) -> None:
        """A change made by a widget that is held: until it is let go, all its changes are one step."""
        if self._held != item:
            self.store.dispatch(BeginDrag())
            self._held = item
        self.store.dispatch(action)

    def end_drag_when_released(self) -> None:
        """Once a frame, after the callbacks: a drag's last change arrives in the frame of its release."""
        if self._held is not None and not (dpg.does_item_exist(self._held) and dpg.is_item_active(self._held)):
            self._held = None
            self.store.dispatch(EndDrag())
