"""Choosing a file to open or a name to save under, in the window's own look: not every desktop offers a dialog."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg

from ..endings import ending_of
from ..lettering import bind, show
from ..theme import ERROR, WARNING, Item, Theme
from .controls import small_text, text_button, tooltip
from .modal import Modal

WIDTH, HEIGHT = 760, 500
PLACES_WIDTH = 150
DOUBLE_CLICK_SECONDS = 0.45
MAX_ENTRIES = 2000
"""More would make the list slow; the person can type a name."""


class FileBrowser:
    """One modal for opening and saving; remembers the folder between uses."""

    def __init__(
        self,
        theme: Theme,
        folder: Callable[[], Path],
        *,
        recent: Callable[[], tuple[Path, ...]],
        chosen: Callable[[Path], object],
    ) -> None:
        """`folder` says where to begin, `recent` which files were used last; `chosen` is told each file's folder."""
        self._theme = theme
        self._first_folder = folder
        self._recent = recent
        self._chosen_in = chosen
        self._folder: Path | None = None
        self._modal = Modal(theme, width=WIDTH, height=HEIGHT)
        self._last_click: tuple[Path | None, float] = (None, 0.0)

    @property
    def is_open(self) -> bool:
        return self._modal.is_open

    def close(self) -> None:
        self._modal.close()

    def layout(self) -> None:
        self._modal.layout()

    def accept(self) -> None:
        """Enter was pressed: take the file, unless the person has just typed a folder."""
        if not dpg.is_item_focused(self._path):
            self._accepted()

    def show(
        self, title: str, suffixes: tuple[str, ...], then: Callable[[Path], object], *, saving_as: str | None = None
    ) -> None:
        """Ask for a file that ends in one of `suffixes`; with `saving_as` for a name, that one suggested.

        Without `suffixes` it is a folder that is asked for.
        """
        self._suffixes, self._then, self._saving = suffixes, then, saving_as is not None
        theme = self._theme
        with self._modal.content(title):
            self._path = dpg.add_input_text(width=-1, on_enter=True, callback=lambda _s, text: self._go(Path(text)))
            list_height = -theme.px(120)
            with dpg.group(horizontal=True):
                with dpg.child_window(width=theme.px(PLACES_WIDTH), height=list_height) as places:
                    dpg.bind_item_theme(places, theme.scroll_area)
                    if self._wanted_recent():
                        dpg.add_selectable(label="Recent files", callback=self._show_recent)
                    for label, folder in _places().items():
                        dpg.add_selectable(label=label, callback=self._go_to_place, user_data=folder)
                self._list = dpg.add_child_window(width=-1, height=list_height, always_use_window_padding=True)
                dpg.bind_item_theme(self._list, theme.list_area)
            self._name = dpg.add_input_text(
                width=-1,
                hint="Name of the file" if suffixes else "This folder, or the name of one in it",
                default_value=saving_as or "",
                callback=lambda: self._check(is_typing=True),
            )
            self._notice = small_text(theme, wrap=theme.px(WIDTH - 40))
            with dpg.group(horizontal=True, xoffset=theme.px(WIDTH - 40 - 2 * 120 - 8)):
                dpg.add_spacer()
                with dpg.group(horizontal=True):
                    text_button(theme, "Cancel", self.close, width=theme.px(120))
                    self._accept = text_button(
                        theme, "Save" if self._saving else "Open", self._accepted, width=theme.px(120), primary=True
                    )
        folder = self._folder or self._first_folder()
        self._go(folder if folder.is_dir() else Path.home())
        dpg.focus_item(self._name)

    def _go_to_place(self, sender: Item, _value: bool, folder: Path) -> None:
        dpg.set_value(sender, False)
        self._go(folder)

    def _wanted_recent(self) -> list[Path]:
        return [path for path in self._recent() if path.suffix.lower() in self._suffixes and path.is_file()]

    def _show_recent(self, sender: Item) -> None:
        """The files used last in place of a folder's; the one that is clicked takes the browser to its folder."""
        dpg.set_value(sender, False)
        dpg.delete_item(self._list, children_only=True)
        for entry in self._wanted_recent():
            row = dpg.add_selectable(parent=self._list, callback=self._clicked, user_data=entry)
            show(self._theme, row, f"{entry.name}   {entry.parent}", as_label=True)
            tooltip(self._theme, row, str(entry))

    def _go(self, folder: Path) -> None:
        folder = folder.expanduser()
        if folder.is_file():
            dpg.set_value(self._name, folder.name)
            folder = folder.parent
        try:
            entries = _entries(folder, self._suffixes)
        except OSError as error:
            self._say(f"{folder}: {error.strerror}", is_error=True)
            return
        self._folder = folder.absolute()
        dpg.set_value(self._path, str(self._folder))
        bind(self._theme, self._path, str(self._folder))
        dpg.delete_item(self._list, children_only=True)
        dpg.push_container_stack(self._list)
        if self._folder.parent != self._folder:
            dpg.add_selectable(label="..", callback=self._clicked, user_data=self._folder.parent)
        for entry in entries:
            label = f"{entry.name}/" if entry.is_dir() else entry.name
            row = dpg.add_selectable(callback=self._clicked, user_data=entry)
            show(self._theme, row, label, as_label=True)
        if not entries:
            files = f" and no {' or '.join(self._suffixes)} files" if self._suffixes else ""
            small_text(self._theme, f"No folders{files} here.")
        dpg.pop_container_stack()
        self._check()

    def _clicked(self, sender: Item, _value: bool, entry: Path) -> None:
        dpg.set_value(sender, False)
        if entry.is_dir():
            self._go(entry)
            return
        before, when = self._last_click
        self._last_click = (entry, time.monotonic())
        if entry.parent != self._folder:
            self._go(entry.parent)
        dpg.set_value(self._name, entry.name)
        bind(self._theme, self._name, entry.name)
        self._check()
        if before == entry and time.monotonic() - when < DOUBLE_CLICK_SECONDS:
            self._accepted()

    def _chosen(self) -> Path | None:
        name = dpg.get_value(self._name).strip()
        if not name:
            return None if self._suffixes else self._folder
        path = (self._folder or Path.cwd()) / Path(name).expanduser()
        if self._saving and not ending_of(path):
            path = path.with_name(path.name + self._suffixes[0])
        return path

    def _check(self, *, is_typing: bool = False) -> bool:
        """Say what stands against the name, or what it will do; whether it can be accepted."""
        if not self.is_open:
            return False  # it was closed with a key's callback still to come
        path = self._chosen()
        replaces = self._saving and path is not None and path.is_file()
        if self._saving:
            dpg.configure_item(self._accept, label="Replace" if replaces else "Save")
        if path is None:
            self._say("")
            return False
        refusal = objection(path, self._suffixes, is_saving=self._saving, is_typing=is_typing)
        self._say(refusal or (f"{path.name} exists and will be replaced" if replaces else ""), is_error=bool(refusal))
        return not refusal

    def _say(self, text: str, *, is_error: bool = False) -> None:
        dpg.set_value(self._notice, text)
        dpg.configure_item(self._notice, color=ERROR if is_error else WARNING)

    def _accepted(self) -> None:
        path = self._chosen()
        if path is not None and path.is_dir() and self._suffixes:
            dpg.set_value(self._name, "")
            self._go(path)
        elif path is not None and self._check():
            self.close()
            self._chosen_in(path.parent)
            self._then(path)


def objection(path: Path, suffixes: tuple[str, ...], *, is_saving: bool, is_typing: bool) -> str:
    """What stands against taking it; nothing yet against a folder, or a name without an ending, that `is_typing`.

    Without `suffixes` it is a folder that is wanted.
    """
    if path.is_dir() or (is_typing and not (suffixes and path.suffix)):
        return ""
    if not suffixes:
        return "There is no such folder"
    if path.suffix.lower() not in suffixes:
        return f"The name has to end in {' or '.join(suffixes)}"
    return "" if is_saving or path.is_file() else "There is no such file here"


def _places() -> dict[str, Path]:
    home = Path.home()
    wanted = {
        "Home": home,
        "Desktop": home / "Desktop",
        "Documents": home / "Documents",
        "Downloads": home / "Downloads",
        "Started from": Path.cwd(),
        "Computer": Path(home.anchor),
    }
    return {label: folder for label, folder in wanted.items() if folder.is_dir()}


def _entries(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Folders, then the files that can be chosen, each by name; what is hidden stays so."""
    visible = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    wanted = [entry for entry in visible if entry.is_dir() or entry.suffix.lower() in suffixes]
    return sorted(wanted, key=lambda entry: (not entry.is_dir(), entry.name.lower()))[:MAX_ENTRIES]
