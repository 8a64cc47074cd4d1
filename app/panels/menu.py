"""The menu in the top bar: everything that can be asked for, with its keys beside it."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..shortcuts import Deed
from ..theme import CLEAR, FRAME, FRAME_HOVERED, Item, Theme

WIDTH = 536
"""Of the design; has room for all titles."""


class MenuBar:
    """One menu for each name among the deeds, in their order."""

    def __init__(self, theme: Theme, deeds: tuple[Deed, ...]) -> None:
        self._theme = theme
        self._deeds = deeds
        self._conditional: list[tuple[Item, Deed]] = []
        self._possible: dict[Item, bool] = {}

    def build(self) -> None:
        """Make it in the container that is open."""
        theme = self._theme
        with (
            dpg.child_window(width=theme.px(WIDTH), height=theme.px(36), menubar=True, no_scrollbar=True) as self.area,
            dpg.menu_bar(),
        ):
            for name in dict.fromkeys(deed.menu for deed in self._deeds):
                with dpg.menu(label=name, tag=f"menu {name}"):
                    self._build_items([deed for deed in self._deeds if deed.menu == name])
        dpg.bind_item_theme(self.area, _menu_theme(theme))

    def _build_items(self, deeds: list[Deed]) -> None:
        labels = set()
        for deed in deeds:
            if deed.label in labels:
                continue
            labels.add(deed.label)
            item = dpg.add_menu_item(
                label=deed.label,
                tag=f"menu {deed.menu} {deed.label}",
                shortcut=deed.keys,
                callback=lambda _sender, _value, deed: deed.action(),
                user_data=deed,
            )
            if deed.is_possible is not None:
                self._conditional.append((item, deed))

    def sync(self) -> None:
        """Once a frame: what cannot be done now is faint."""
        for item, deed in self._conditional:
            is_possible = deed.can_be_done
            if self._possible.get(item) is not is_possible:
                self._possible[item] = is_possible
                dpg.configure_item(item, enabled=is_possible)


def _menu_theme(theme: Theme) -> Item:
    """No ground of its own, room around the lists."""
    with dpg.theme() as item_theme, dpg.theme_component(dpg.mvAll):
        dpg.add_theme_color(dpg.mvThemeCol_MenuBarBg, CLEAR)
        dpg.add_theme_color(dpg.mvThemeCol_Header, FRAME)
        dpg.add_theme_color(dpg.mvThemeCol_HeaderHovered, FRAME_HOVERED)
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, theme.px(12), theme.px(10))
        dpg.add_theme_style(dpg.mvStyleVar_ItemSpacing, theme.px(14), theme.px(10))
        dpg.add_theme_style(dpg.mvStyleVar_FramePadding, theme.px(4), theme.px(7))
    return item_theme
