"""The bar at the top: what is open, undo and redo; and the bar at the bottom: what happens."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ...core.jobs import Progress
from ..lettering import show, spelled
from ..shortcuts import Deed
from ..state import Kind, State, Status
from ..theme import ACCENT, ERROR, FAINT, MUTED, TEXT, WARNING, Colour, Icons, Item
from ..viewport.hud import duration
from .controls import icon_button, sentence
from .desk import Desk
from .file import FileActions, document_name
from .menu import WIDTH as MENU_WIDTH
from .menu import MenuBar

TITLE_HEIGHT, STATUS_HEIGHT = 52, 32
MENU_LEFT = 134
"""Of the design, as the heights are."""
KIND_COLOURS: dict[Kind, Colour] = {"info": MUTED, "warning": WARNING, "error": ERROR}
KIND_ICONS: dict[Kind, str] = {"info": Icons.INFO, "warning": Icons.WARNING, "error": Icons.ERROR}
PROGRAM = "nlfgs studio"


class TitleBar:
    """The menu, the name of the document, and buttons for what is wanted most."""

    def __init__(
        self, desk: Desk, files: FileActions, deeds: tuple[Deed, ...], show_panel: Callable[[str], object]
    ) -> None:
        self._desk = desk
        self._files = files
        self._show_panel = show_panel
        self._undoing, self._redoing = (next(d for d in deeds if d.label == label) for label in ("Undo", "Redo"))
        self._menu = MenuBar(desk.theme, deeds)
        self._shown: tuple[object, ...] = ()

    def build(self, parent: Item) -> None:
        theme, files = self._desk.theme, self._files
        self._bar = dpg.add_child_window(parent=parent, no_scrollbar=True)
        dpg.bind_item_theme(self._bar, theme.bar)
        dpg.push_container_stack(self._bar)
        name = dpg.add_text(PROGRAM, pos=(theme.px(20), theme.px(10)))
        dpg.bind_item_font(name, theme.fonts.strong)
        self._menu.build()
        dpg.set_item_pos(self._menu.area, [theme.px(MENU_LEFT), theme.px(9)])
        self._document = dpg.add_text("", pos=(theme.px(MENU_LEFT + MENU_WIDTH + 16), theme.px(10)), color=MUTED)
        with dpg.group(horizontal=True, horizontal_spacing=theme.px(4)) as self._buttons:
            self._undo = icon_button(theme, Icons.UNDO, "Undo (Ctrl+Z)", self._undoing.action)
            self._redo = icon_button(theme, Icons.REDO, "Redo (Ctrl+Shift+Z)", self._redoing.action)
            dpg.add_spacer(width=theme.px(12))
            icon_button(theme, Icons.OPEN, "Open (Ctrl+O)", files.open)
            icon_button(theme, Icons.SAVE, "Save (Ctrl+S)", files.save)
            icon_button(theme, Icons.HELP, "Keys and mouse (F1)", lambda: self._show_panel("Help"))
        dpg.pop_container_stack()

    def layout(self, width: int, height: int) -> None:
        theme = self._desk.theme
        dpg.configure_item(self._bar, pos=(0, 0), width=width, height=height)
        buttons_width = 5 * theme.px(36) + theme.px(12) + 5 * theme.px(4)
        dpg.set_item_pos(self._buttons, [width - buttons_width - theme.px(12), theme.px(8)])

    def sync(self, state: State) -> None:
        self._menu.sync()
        on_air = state.is_camera_open
        can_undo, can_redo = self._undoing.can_be_done, self._redoing.can_be_done
        shown = (state.file.path, state.unsaved, state.document.origin, can_undo, can_redo, on_air)
        if shown == self._shown:
            return
        self._shown = shown
        is_empty = state.document.avatar is None and state.document.static is None
        title = "" if is_empty else document_name(state.file)
        show(self._desk.theme, self._document, f"{title}   unsaved" if state.unsaved else title)
        dpg.configure_item(self._document, color=TEXT if state.unsaved else MUTED)
        for button, is_possible in ((self._undo, can_undo), (self._redo, can_redo)):
            dpg.configure_item(button, enabled=is_possible)
        named = f"{title}{' *' if state.unsaved else ''} - {PROGRAM}" if title else PROGRAM
        # Also where the window is folded away or covered.
        dpg.set_viewport_title(f"CAMERA ON - {named}" if on_air else named)


class StatusBar:
    """The last thing said, and at the right what runs in the background."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: tuple[object, ...] = ()
        self._width = 0

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        self._bar = dpg.add_child_window(parent=parent, no_scrollbar=True)
        dpg.bind_item_theme(self._bar, theme.status_bar)
        dpg.push_container_stack(self._bar)
        self._icon = dpg.add_text("", pos=(theme.px(16), theme.px(2)))
        dpg.bind_item_font(self._icon, theme.fonts.small_icons)
        self._message = dpg.add_text("", pos=(theme.px(40), theme.px(3)))
        self._hint = dpg.add_text("", color=FAINT, pos=(theme.px(40), theme.px(3)))
        self._job = dpg.add_text("", color=ACCENT, pos=(theme.px(40), theme.px(3)))
        for item in (self._message, self._hint, self._job):
            dpg.bind_item_font(item, theme.fonts.small)
        self._cancel = icon_button(theme, Icons.CLOSE, "Cancel", self._cancel_job, small=True)
        with dpg.tooltip(self._message, delay=0.4) as tip:
            self._whole = dpg.add_text("", wrap=theme.px(600))
        dpg.bind_item_theme(tip, theme.tooltip)
        dpg.pop_container_stack()

    def layout(self, top: int, width: int, height: int) -> None:
        self._width = width
        self._shown = ()
        dpg.configure_item(self._bar, pos=(0, top), width=width, height=height)

    def sync(self, state: State) -> None:
        shown = (state.status, state.jobs)
        if shown == self._shown:
            return
        self._shown = shown
        theme = self._desk.theme
        job = _job_line(state.jobs[0]) if state.jobs else ""
        job_left = self._width - theme.px(44) - self._text_width(job)
        dpg.configure_item(self._cancel, show=bool(job))
        dpg.set_item_pos(self._cancel, [self._width - theme.px(38), theme.px(6)])
        dpg.set_value(self._job, job)
        dpg.set_item_pos(self._job, [job_left, theme.px(3)])
        self._show_status(state.status, room=job_left - theme.px(40) - theme.px(24))

    def _cancel_job(self) -> None:
        if self._desk.store.state.jobs:
            self._desk.run("cancel", job=self._desk.store.state.jobs[0].name)

    def _show_status(self, status: Status, *, room: float) -> None:
        theme = self._desk.theme
        dpg.set_value(self._icon, KIND_ICONS[status.kind] if status.message else "")
        dpg.configure_item(self._icon, color=KIND_COLOURS[status.kind])
        said, hint = spelled(sentence(status.message)), spelled(status.hint)
        message = self._fitted(said, room)
        width = self._text_width(message)
        dpg.set_value(self._message, message)
        dpg.configure_item(self._message, color=KIND_COLOURS[status.kind])
        dpg.set_value(self._hint, self._fitted(hint, room - width - theme.px(14)))
        dpg.set_item_pos(self._hint, [round(theme.px(40) + width + theme.px(14)), theme.px(3)])
        dpg.set_value(self._whole, f"{said}\n{hint}" if hint else said)

    def _text_width(self, text: str) -> float:
        size = dpg.get_text_size(text, font=self._desk.theme.fonts.small) if text else None
        return size[0] if size else 0.0

    def _fitted(self, text: str, room: float) -> str:
        """As much of the text as has room; the tooltip and the log have all of it."""
        text = text.replace("\n", " ")
        if self._text_width(text) <= room:
            return text
        while text and self._text_width(f"{text}…") > room:
            text = text[: -max(1, len(text) // 20)]
        return f"{text.rstrip()}…" if text else ""


def _job_line(job: Progress) -> str:
    left = "" if job.seconds_left is None else f"  {duration(job.seconds_left)}"
    return f"{sentence(job.message or job.name)}  {100.0 * job.fraction:.0f} %{left}"
