"""A question in the middle of the window, which waits dimmed behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dearpygui.dearpygui as dpg

from ..theme import Item, Theme


class Modal:
    """Made anew each time it opens; stays in the middle when the window's size changes."""

    def __init__(self, theme: Theme, *, width: int, height: int) -> None:
        self._theme = theme
        self._size = (theme.px(width), theme.px(height))
        self._window: Item | None = None

    @property
    def is_open(self) -> bool:
        return self._window is not None

    @contextmanager
    def content(self, title: str) -> Iterator[None]:
        """Open it; the widgets made inside the block are its content."""
        self.close()
        width, height = self._size
        with dpg.window(
            modal=True,
            no_title_bar=True,
            no_resize=True,
            no_move=True,
            no_saved_settings=True,
            no_scrollbar=True,
            no_open_over_existing_popup=False,
            width=width,
            height=height,
            pos=self._position(),
        ) as self._window:
            dpg.bind_item_theme(self._window, self._theme.modal)
            dpg.bind_item_font(dpg.add_text(title), self._theme.fonts.title)
            yield

    def layout(self) -> None:
        if self._window is not None:
            dpg.set_item_pos(self._window, self._position())

    def _position(self) -> list[int]:
        width, height = self._size
        return [
            max(0, (dpg.get_viewport_client_width() - width) // 2),
            max(0, (dpg.get_viewport_client_height() - height) // 2),
        ]

    def close(self) -> None:
        if self._window is not None:
            dpg.delete_item(self._window)
            self._window = None
