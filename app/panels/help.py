"""Help: every key, and what the mouse does where."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..shortcuts import Deed
from ..state import State
from ..theme import MUTED, Icons, Item
from ..viewport.navigation import MOUSE
from .controls import heading, small_text
from .desk import Desk

KEYS_SHARE = 0.42
"""Of a panel's width, for the keys or the gesture."""


class HelpPanel:
    name = "Help"
    icon = Icons.HELP

    def __init__(self, desk: Desk, deeds: tuple[Deed, ...]) -> None:
        self._desk = desk
        self._deeds = deeds

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            for menu in dict.fromkeys(deed.menu for deed in self._deeds if deed.keys):
                heading(theme, menu)
                self._table([(keys, label) for label, keys in self._keys_of(menu).items()])
            for place, gestures in MOUSE.items():
                heading(theme, place)
                self._table(list(gestures.items()))
            dpg.add_spacer(height=theme.px(8))

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _keys_of(self, menu: str) -> dict[str, str]:
        """What each label of that menu is typed by."""
        keys: dict[str, str] = {}
        for deed in self._deeds:
            if deed.menu == menu and deed.keys:
                keys[deed.label] = f"{keys[deed.label]}\n{deed.keys}" if deed.label in keys else deed.keys
        return keys

    def _table(self, rows: list[tuple[str, str]]) -> None:
        desk = self._desk
        left = round(KEYS_SHARE * desk.inner_width)
        with dpg.group() as group:
            dpg.bind_item_theme(group, desk.theme.tight)
            for how, what in rows:
                with dpg.group(horizontal=True, xoffset=left):
                    small_text(desk.theme, how, wrap=left - desk.theme.px(10), muted=False)
                    item = dpg.add_text(what, wrap=desk.inner_width, color=MUTED)
                    dpg.bind_item_font(item, desk.theme.fonts.small)

    def sync(self, state: State) -> None:
        """The same whatever is open."""
