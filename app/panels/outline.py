"""Correcting the outline of one picture by hand: a part of the Capture panel, there while a picture is open."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..corrected import LARGEST, SMALLEST, Says
from ..lettering import show
from ..state import State
from ..theme import Item
from .controls import heading, labelled, small_text, text_button, tooltip
from .desk import Desk

CHOICES: dict[Says, tuple[str, str]] = {
    "not me": ("This is not me", "Paint over what is bright and is not you: a flag, a chair, somebody's arm"),
    "me": ("This is me", "Paint over what lies in the shade and is you: hair, a hand, a shoe"),
}
"""Labels and what they mean."""
WHAT = (
    "What is bright is taken for you. Where that is wrong, paint a stroke over it: what has the same colours and hangs "
    "together with it follows."
)


class OutlineSection:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._buttons: dict[Says, Item] = {}
        self._shown: tuple[object, ...] = ()

    def build(self) -> None:
        desk, theme = self._desk, self._desk.theme
        half = (desk.inner_width - theme.px(8)) // 2
        with dpg.group(show=False) as self._group:
            heading(theme, "The outline")
            small_text(theme, WHAT, wrap=desk.inner_width)
            with dpg.group(horizontal=True, horizontal_spacing=theme.px(8)):
                for says, (label, tip) in CHOICES.items():
                    self._buttons[says] = text_button(
                        theme, label, self._chooser(says), width=half, tip=tip, tag=f"outline {says}"
                    )
            with labelled(desk, "Brush") as width:
                self._radius = dpg.add_slider_float(
                    tag="outline radius",
                    width=width,
                    min_value=100.0 * SMALLEST,
                    max_value=100.0 * LARGEST,
                    format="%.1f %%",
                    callback=lambda _sender, percent: desk.run("set_outline_brush", radius=percent / 100.0),
                )
                tooltip(theme, self._radius, "How thick, of the picture's longer side; also the wheel over the picture")
            with dpg.group(horizontal=True, horizontal_spacing=theme.px(8)):
                self._back = text_button(
                    theme,
                    "Step back",
                    lambda: desk.run("step_outline_back"),
                    width=half,
                    tip="Takes back the last stroke (Ctrl+Z)",
                    tag="outline back",
                )
                self._forget = text_button(
                    theme,
                    "Forget corrections",
                    lambda: desk.run("forget_outline"),
                    width=half,
                    tip="The outline is as it was found",
                    tag="outline forget",
                )
            self._done = text_button(
                theme,
                "Done",
                lambda: desk.run("finish_outline"),
                width=desk.inner_width,
                primary=True,
                tip="What was painted is kept beside the picture, and deleted with it (Escape)",
                tag="outline done",
            )
            self._name = small_text(theme, wrap=desk.inner_width)

    def _chooser(self, says: Says) -> Callable[[], bool]:
        return lambda: self._desk.run("set_outline_brush", says=says)

    def sync(self, state: State) -> None:
        correcting = state.correcting
        dpg.configure_item(self._group, show=correcting is not None)
        if correcting is None:
            self._shown = ()
            return
        is_found = correcting.outline is not None
        has_past, has_said = bool(correcting.past), is_found and bool(correcting.labels.any())
        shown = (correcting.path, correcting.says, correcting.radius, is_found, has_past, has_said)
        if shown == self._shown:
            return
        self._shown = shown
        for says, button in self._buttons.items():
            dpg.bind_item_theme(button, self._desk.theme.chosen_button if says == correcting.says else 0)
        dpg.set_value(self._radius, 100.0 * correcting.radius)
        dpg.configure_item(self._back, enabled=has_past)
        dpg.configure_item(self._forget, enabled=has_said)
        source = next((each.source for each in state.capturing.pictures if each.path == correcting.path), "")
        show(self._desk.theme, self._name, source if is_found else "Looking for your outline…")
