"""What it takes to make the window's content anew at another size of text."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..theme import Display, Item


def forget_content(root: Item) -> None:
    """Delete all widgets and everything that listens to keys and mouse; textures, themes and fonts stay."""
    dpg.delete_item(root)
    types = {item: dpg.get_item_type(item) for item in dpg.get_all_items()}
    for item in (item for item, kind in types.items() if kind == "mvAppItemType::mvHandlerRegistry"):
        dpg.delete_item(item)


def make_room(display: Display, width: int, height: int) -> None:
    """Let the window be no smaller than this, as far as the display has room."""
    width, height = min(width, display.width), min(height, display.height)
    dpg.configure_viewport(0, min_width=width, min_height=height)
    dpg.set_viewport_width(max(width, dpg.get_viewport_width()))
    dpg.set_viewport_height(max(height, dpg.get_viewport_height()))
