"""What went wrong and what helps, as panels say it; with a button where trying again may help."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ...core.errors import StudioError
from ..lettering import show
from ..theme import ERROR
from .controls import sentence, small_text, text_button
from .desk import Desk


class TroubleLines:
    """Hidden while there is no trouble."""

    def __init__(self, desk: Desk, *, retry: Callable[[], object] | None = None, tip: str = "") -> None:
        """`tip` says what the button does."""
        self._theme = desk.theme
        with dpg.group(show=False) as self._group:
            self._message = dpg.add_text("", color=ERROR, wrap=desk.inner_width)
            self._hint = small_text(desk.theme, wrap=desk.inner_width)
            if retry is not None:
                text_button(desk.theme, "Try again", retry, width=desk.inner_width, tip=tip)

    def show(self, trouble: StudioError | None) -> None:
        dpg.configure_item(self._group, show=trouble is not None)
        if trouble is not None:
            show(self._theme, self._message, sentence(trouble.message))
            show(self._theme, self._hint, sentence(trouble.hint))
