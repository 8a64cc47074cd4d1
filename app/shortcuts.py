"""What can be asked for from anywhere: by its keys, and by the menu, which shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import dearpygui.dearpygui as dpg

CONTROL_KEYS = frozenset({dpg.mvKey_LControl, dpg.mvKey_RControl})
SHIFT_KEYS = frozenset({dpg.mvKey_LShift, dpg.mvKey_RShift})


Menu = Literal["File", "Capture", "Edit", "View", "Timeline", "Drive", "Refine", "Help"]

KEY_NAMES = {
    dpg.mvKey_Spacebar: "Space",
    dpg.mvKey_Delete: "Delete",
    dpg.mvKey_F1: "F1",
    dpg.mvKey_Open_Brace: "[",
    dpg.mvKey_Close_Brace: "]",
    **{getattr(dpg, f"mvKey_{letter}"): letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing to ask for. The menu, the help and the keyboard all read the same list of these."""

    label: str
    menu: Menu
    action: Callable[[], object]
    key: int | None = None
    """One of DearPyGui's; without it there is only the menu."""
    control: bool = False
    shift: bool = False
    is_possible: Callable[[], bool] | None = None
    """Whether it can be done now; always where there is none."""

    @property
    def can_be_done(self) -> bool:
        return self.is_possible is None or self.is_possible()

    @property
    def keys(self) -> str:
        """In words, such as "Ctrl+Shift+Z"."""
        if self.key is None:
            return ""
        return "+".join([*["Ctrl"] * self.control, *["Shift"] * self.shift, KEY_NAMES[self.key]])


class Shortcuts:
    """Listens to the keyboard; silent while a text is being typed or a question is open (Escape and Enter answer that).

    A stroke may be over before its callback runs, so which keys are down is followed from the events themselves.
    DearPyGui gives those of one frame in the order in which the handlers were made: modifiers go down first, up last.
    """

    def __init__(
        self,
        deeds: tuple[Deed, ...],
        *,
        is_busy: Callable[[], bool],
        cancel: Callable[[], None],
        accept: Callable[[], None],
    ) -> None:
        self._deeds = tuple(deed for deed in deeds if deed.key is not None)
        self._is_busy = is_busy
        self._answers = {dpg.mvKey_Escape: cancel, dpg.mvKey_Return: accept, dpg.mvKey_NumPadEnter: accept}
        self._down: set[int] = set()
        modifiers = CONTROL_KEYS | SHIFT_KEYS
        with dpg.handler_registry():
            for key in modifiers:
                dpg.add_key_press_handler(key, callback=lambda _sender, key: self._down.add(key))
            for key in {deed.key for deed in self._deeds if deed.key is not None} | set(self._answers):
                dpg.add_key_press_handler(key, callback=self._pressed)
            for key in modifiers:
                dpg.add_key_release_handler(key, callback=lambda _sender, key: self._down.discard(key))

    def _pressed(self, _sender: int | str, key: int) -> None:
        if key in self._answers:
            self._answers[key]()
            return
        if self._is_busy():
            return
        control, shift = bool(self._down & CONTROL_KEYS), bool(self._down & SHIFT_KEYS)
        for deed in self._deeds:
            if (deed.key, deed.control, deed.shift) == (key, control, shift):
                deed.action()


def is_typing() -> bool:
    """Whether the keyboard belongs to a field: then a letter is text, not a command."""
    item = dpg.get_focused_item()
    # Some items, such as menus, can have the focus but are never active.
    return dpg.does_item_exist(item) and bool(dpg.get_item_state(item).get("active"))
