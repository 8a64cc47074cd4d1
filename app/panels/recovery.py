"""Offers what a crash left behind, one after the other, before anything else is done."""

from __future__ import annotations

from ..keeping import Keeping
from ..recovery import Lost
from ..state import State
from .dialogs import WindowDialogs

MAX_NAME = 48
"""Characters of a file's name; a longer one is cut in its middle."""


class RecoveryQuestion:
    """Asked when the window has come to rest after its start; closing the question means "later"."""

    def __init__(self, keeping: Keeping, dialogs: WindowDialogs) -> None:
        self._keeping = keeping
        self._dialogs = dialogs
        self._asked: Lost | None = None

    def sync(self, state: State) -> None:
        if self._dialogs.is_open:
            return
        if self._asked is not None:
            self._asked.slot.release()
            self._asked = None
        if not state.jobs and (state.document.avatar is not None or state.document.static is not None):
            lost = self._keeping.next_lost()
            if lost is not None:
                self._ask(lost)

    def _ask(self, lost: Lost) -> None:
        self._asked = lost
        self._dialogs.ask(
            "The program ended before it could save",
            f"What was changed in {_shortened(lost.name)} until {lost.when} can be recovered.",
            {"Discard": self._discard, "Recover": self._recover},
            cancel="Later",
        )

    def _taken(self) -> Lost:
        lost, self._asked = self._asked, None
        assert lost is not None
        self._dialogs.close()
        return lost

    def _discard(self) -> None:
        lost = self._taken()
        lost.slot.discard()
        lost.slot.release()

    def _recover(self) -> None:
        self._keeping.recover(self._taken())


def _shortened(name: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    half = MAX_NAME // 2
    return f"{name[:half]}…{name[-half:]}"
