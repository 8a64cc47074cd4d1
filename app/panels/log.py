"""Log: everything the program has said, newest last."""

from __future__ import annotations

import time

import dearpygui.dearpygui as dpg

from ..lettering import show, spelled
from ..state import Kind, LogEntry, State
from ..theme import ERROR, MUTED, TEXT, WARNING, Colour, Icons, Item
from .controls import icon_button, sentence, small_text
from .desk import Desk

COLOURS: dict[Kind, Colour] = {"info": TEXT, "warning": WARNING, "error": ERROR}


class LogPanel:
    name = "Log"
    icon = Icons.LOG

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: tuple[LogEntry, ...] = ()
        self._newest: LogEntry | None = None

    def build(self, parent: Item) -> None:
        self._list = dpg.add_child_window(width=-1, height=-1, parent=parent)
        dpg.bind_item_theme(self._list, self._desk.theme.scroll_area)

    def actions(self) -> None:
        icon_button(self._desk.theme, Icons.COPY, "Copy the log", self._copy)
        icon_button(self._desk.theme, Icons.CLOSE, "Clear the log", lambda: self._desk.run("clear_log"))

    def _copy(self) -> None:
        dpg.set_clipboard_text("\n".join(_as_text(entry) for entry in self._shown))

    def sync(self, state: State) -> None:
        if state.log is self._shown:
            return
        # Entries are only ever added at the end and dropped at the start: keep the rows that stay.
        fresh = state.log
        if self._newest is not None and self._newest in state.log:
            fresh = state.log[state.log.index(self._newest) + 1 :]
        else:
            dpg.delete_item(self._list, children_only=True)
        self._shown, self._newest = state.log, state.log[-1] if state.log else None
        dpg.push_container_stack(self._list)
        for entry in fresh:
            self._add(entry)
        dpg.pop_container_stack()
        for surplus in (dpg.get_item_children(self._list, 1) or [])[: -len(state.log) or None]:
            dpg.delete_item(surplus)
        dpg.set_y_scroll(self._list, -1.0)

    def _add(self, entry: LogEntry) -> None:
        theme = self._desk.theme
        with dpg.group() as group:
            dpg.bind_item_theme(group, theme.tight)
            small_text(theme, time.strftime("%H:%M:%S", time.localtime(entry.time)))
            message = dpg.add_text(wrap=self._desk.inner_width, color=COLOURS[entry.status.kind])
            show(theme, message, sentence(entry.status.message))
            if entry.status.hint:
                hint = dpg.add_text(spelled(sentence(entry.status.hint)), wrap=self._desk.inner_width, color=MUTED)
                dpg.bind_item_font(hint, theme.fonts.small)
            dpg.add_spacer(height=theme.px(4))


def _as_text(entry: LogEntry) -> str:
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.time))
    hint = f" ({entry.status.hint})" if entry.status.hint else ""
    return f"{stamp} {entry.status.kind}: {entry.status.message}{hint}"
