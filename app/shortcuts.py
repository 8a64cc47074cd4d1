"""Keys: each does what a button does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dearpygui.dearpygui as dpg

CONTROL_KEYS = frozenset({dpg.mvKey_LControl, dpg.mvKey_RControl})
SHIFT_KEYS = frozenset({dpg.mvKey_LShift, dpg.mvKey_RShift})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    key: int
    action: Callable[[], object]
    control: bool = False
    shift: bool = False


class Shortcuts:
    """Listens to the keyboard; silent while a text is being typed or a question is open (Escape and Enter answer that).

    A stroke may be over before its callback runs, so which keys are down is followed from the events themselves.
    DearPyGui gives those of one frame in the order in which the handlers were made: modifiers go down first, up last.
    """

    def __init__(
        self,
        shortcuts: tuple[Shortcut, ...],
        *,
        is_busy: Callable[[], bool],
        cancel: Callable[[], None],
        accept: Callable[[], None],
    ) -> None:
        self._shortcuts = shortcuts
        self._is_busy = is_busy
        self._answers = {dpg.mvKey_Escape: cancel, dpg.mvKey_Return: accept, dpg.mvKey_NumPadEnter: accept}
        self._down: set[int] = set()
        modifiers = CONTROL_KEYS | SHIFT_KEYS
        with dpg.handler_registry():
            for key in modifiers:
                dpg.add_key_press_handler(key, callback=lambda _sender, key: self._down.add(key))
            for key in {shortcut.key for shortcut in shortcuts} | set(self._answers):
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
        for shortcut in self._shortcuts:
            if (shortcut.key, shortcut.control, shortcut.shift) == (key, control, shift):
                shortcut.action()


def is_typing() -> bool:
    """Whether the keyboard belongs to a field: then a letter is text, not a command."""
    item = dpg.get_focused_item()
    return dpg.does_item_exist(item) and dpg.is_item_active(item)
