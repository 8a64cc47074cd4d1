"""The window's own controls, made of DearPyGui's: sliders that are one step of undo a drag, icon buttons, headings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import dearpygui.dearpygui as dpg

from ..actions import Action, HandBack, TakeOver
from ..theme import MUTED, TEXT, Icons, Item, Theme
from .desk import Desk

LABEL_SHARE = 0.38
"""Of a panel's width, for the label of a control."""
NAME_SHARE = 0.52
"""The same for the long names of the face's actions."""
TO_THE_RIGHT = " " * 15
"""DearPyGui writes a value into the middle of its slider, where the grab rests: blanks push it to the free side."""


def sentence(text: str) -> str:
    """With a capital letter, unless it begins with the name of a file."""
    first, _, _ = text.partition(" ")
    return text if "." in first else text[:1].upper() + text[1:]


class DragSlider:
    """A slider of the document: while it is held, all its changes are one step of undo."""

    def __init__(
        self,
        desk: Desk,
        name: str,
        *,
        low: float,
        high: float,
        text: str,
        width: int,
        change: Callable[[float], Action],
        takes_over: TakeOver | None = None,
        is_narrow: bool = False,
    ) -> None:
        """What it `takes_over` is no longer driven by a camera once it is held; a narrow one has its value above it."""
        self._desk = desk
        self._change = change
        self._takes_over = takes_over
        self._shown = 0.0
        self._text = text
        self._value: Item | None = None
        options = {"tag": name, "min_value": low, "max_value": high, "width": width, "callback": self._changed}
        if not is_narrow:
            self.item: Item = dpg.add_slider_float(format=text, **options)
            return
        with dpg.group():
            self._value = small_text(desk.theme)
            self.item = dpg.add_slider_float(format=" ", **options)
        dpg.bind_item_font(self.item, desk.theme.fonts.tiny)
        dpg.bind_item_theme(self.item, desk.theme.track)
        self._write()

    def _write(self) -> None:
        if self._value is not None:
            dpg.set_value(self._value, (self._text % self._shown).replace(" -0°", " 0°"))

    def _changed(self, _sender: Item, value: float) -> None:
        if self._desk.store.state.document.body is None:
            dpg.set_value(self.item, self._shown)
            return
        self._shown = value
        self._write()
        change = self._change(value)  # from what is shown, whoever moved it there
        if self._takes_over is not None:
            self._desk.send(self._takes_over)
        self._desk.send_while_held(self.item, change)

    def show(self, value: float) -> None:
        """Show the document's value; what the person holds already stands there."""
        if value != self._shown:
            self._shown = value
            dpg.set_value(self.item, value)
            self._write()


def icon_button(
    theme: Theme, icon: str, tip: str, press: Callable[[], object], *, small: bool = False, tag: Item = 0
) -> Item:
    """A button without a frame, explained by a tooltip."""
    width, height = (theme.px(24), theme.px(19)) if small else (theme.px(36), theme.px(36))
    button = dpg.add_button(label=icon, tag=tag, width=width, height=height, callback=lambda: press())
    dpg.bind_item_font(button, theme.fonts.small_icons if small else theme.fonts.icons)
    dpg.bind_item_theme(button, theme.small_icon_button if small else theme.quiet_button)
    tooltip(theme, button, tip)
    return button


def hand_back_button(desk: Desk, back: HandBack) -> Item:
    """Beside what a slider took over from the camera; hidden at first."""
    button = icon_button(desk.theme, Icons.CAMERA, "Let the camera move it again", lambda: desk.send(back), small=True)
    dpg.hide_item(button)
    return button


def text_button(
    theme: Theme,
    label: str,
    press: Callable[[], object],
    *,
    tip: str = "",
    width: int = 0,
    primary: bool = False,
    tag: Item = 0,
) -> Item:
    """A button that says what it does; `tip` says what the label leaves open."""
    button = dpg.add_button(label=label, tag=tag, width=width, height=theme.px(34), callback=lambda: press())
    if primary:
        dpg.bind_item_theme(button, theme.primary_button)
    if tip:
        tooltip(theme, button, tip)
    return button


def tooltip(theme: Theme, item: Item, text: str) -> Item:
    """The text of it, for who changes that."""
    with dpg.tooltip(item, delay=0.4) as window:
        words = dpg.add_text(text)
    dpg.bind_item_theme(window, theme.tooltip)
    return words


def small_text(theme: Theme, text: str = "", *, wrap: int = -1, muted: bool = True) -> Item:
    item = dpg.add_text(text, wrap=wrap, color=MUTED if muted else TEXT)
    dpg.bind_item_font(item, theme.fonts.small)
    return item


def heading(theme: Theme, title: str) -> None:
    """The title of a part of a panel."""
    dpg.add_spacer(height=theme.px(4))
    dpg.bind_item_font(dpg.add_text(title), theme.fonts.strong)


@contextmanager
def labelled(desk: Desk, label: str) -> Iterator[int]:
    """A line with a label at the left; gives the width that is left for the control made inside."""
    label_width = round(LABEL_SHARE * desk.inner_width)
    with dpg.group(horizontal=True, xoffset=label_width):
        dpg.add_text(label, color=MUTED)
        yield desk.inner_width - label_width


def search_field(name: str, hint: str, changed: Callable[[str], None]) -> Item:
    """A field that narrows a list down while the person types."""
    return dpg.add_input_text(
        tag=name, hint=hint, width=-1, callback=lambda _sender, text: changed(text.strip().lower())
    )


class ValueRow:
    """A label and a slider beside it; the label is bright where the value is not zero."""

    def __init__(
        self,
        desk: Desk,
        name: str,
        label: str,
        *,
        low: float,
        high: float,
        change: Callable[[float], Action],
        takes_over: TakeOver | None = None,
    ) -> None:
        self.label = label.lower()
        self._shown = 0.0
        self._is_held = False
        label_width = round(NAME_SHARE * desk.inner_width)
        with dpg.group(horizontal=True, xoffset=label_width) as self.group:
            self._label = dpg.add_text(label, color=MUTED)
            self._width = desk.inner_width - label_width
            self._narrow = self._width - desk.theme.px(28)
            with dpg.group(horizontal=True, horizontal_spacing=desk.theme.px(4)):
                self._slider = DragSlider(
                    desk,
                    name,
                    low=low,
                    high=high,
                    text=f"{TO_THE_RIGHT}%.2f",
                    width=self._width,
                    change=change,
                    takes_over=takes_over,
                )
                self._back = (
                    None if takes_over is None else hand_back_button(desk, HandBack(actions=takes_over.actions))
                )
        tooltip(desk.theme, self._slider.item, f"{label}: {low:g} to {high:g}")

    def show(self, value: float) -> None:
        if value == self._shown:
            return
        self._shown = value
        self._slider.show(value)
        dpg.configure_item(self._label, color=TEXT if value else MUTED)

    def show_held(self, is_held: bool) -> None:
        """Whether the person took it over from the camera."""
        if self._back is not None and is_held is not self._is_held:
            self._is_held = is_held
            dpg.configure_item(self._slider.item, width=self._narrow if is_held else self._width)
            dpg.configure_item(self._back, show=is_held)


class Row(Protocol):
    """A line of a list that a search can hide."""

    label: str
    group: Item


class FoldingGroup:
    """Rows under a heading that folds; a search opens it and leaves only the rows it finds."""

    def __init__(self, title: str, *, is_open: bool, build: Callable[[], Sequence[Row]]) -> None:
        self._title = title.lower()
        self._open_when_unfiltered = is_open
        self._filtered = False
        with dpg.collapsing_header(label=title, default_open=is_open) as self._header:
            self._rows = build()

    def open(self) -> None:
        """Unfold it."""
        self._open_when_unfiltered = True
        dpg.set_value(self._header, True)

    def filter(self, text: str) -> None:
        """Leave the rows whose label, with the title before it, holds every word of `text`; all where it is empty."""
        if text and not self._filtered:
            self._open_when_unfiltered = bool(dpg.get_value(self._header))
        words = text.split()
        found = [all(word in f"{self._title} {row.label}" for word in words) for row in self._rows]
        for row, is_found in zip(self._rows, found, strict=True):
            dpg.configure_item(row.group, show=is_found)
        dpg.configure_item(self._header, show=any(found))
        dpg.set_value(self._header, True if text else self._open_when_unfiltered)
        self._filtered = bool(text)
