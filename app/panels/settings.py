"""Settings: how the window looks, how often work is kept, and where the program's own files lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg

from ...core.errors import StudioError
from ...core.paths import cache_directory, recovery_directory, settings_directory
from ..actions import Action, Report
from ..doctor import clear_cache
from ..keeping import Keeping
from ..settings import LOOKS, Look, Settings
from ..state import State
from ..theme import Icons, Item
from .controls import heading, labelled, small_text, text_button, tooltip
from .desk import Desk

LOOK_NAMES: dict[Look, str] = {"dark": "Dark", "light": "Light"}
FONT_SIZES = {"Small": 14, "Normal": 16, "Large": 18, "Larger": 20}
INTERVALS = {"10 seconds": 10.0, "30 seconds": 30.0, "1 minute": 60.0, "5 minutes": 300.0}


class SettingsPanel:
    name = "Settings"
    icon = Icons.SETTINGS

    def __init__(self, desk: Desk, keeping: Keeping) -> None:
        self._desk = desk
        self._keeping = keeping
        self._shown: Settings | None = None

    def build(self, parent: Item) -> None:
        desk, theme = self._desk, self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            heading(theme, "Window")
            self._look = self._choice("Colours", "look", {LOOK_NAMES[look]: look for look in LOOKS})
            self._font = self._choice("Text", "font_size", FONT_SIZES)
            tooltip(theme, self._font, "Everything in the window grows with its text")
            heading(theme, "Unsaved work")
            self._interval = self._choice("Keep a copy", "autosave_seconds", INTERVALS)
            small_text(
                theme,
                "A change is kept after this time, so that a crash costs no more than that.",
                wrap=desk.inner_width,
            )
            heading(theme, "Files of the program")
            self._show_folders()
            text_button(
                theme,
                "Clear the cache",
                self._clear_cache,
                width=desk.inner_width,
                tip="Frees the disk; the next start takes longer",
            )
            small_text(
                theme, "The built-in body and compiled kernels; they are made again when needed.", wrap=desk.inner_width
            )

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _choice(self, label: str, field: str, values: dict[str, Any]) -> Item:
        def choose(_sender: Item, chosen: str) -> None:
            self._keeping.choose(**{field: values[chosen]})

        with labelled(self._desk, label) as width:
            return dpg.add_combo(tuple(values), width=width, callback=choose, tag=f"settings {field}")

    def _show_folders(self) -> None:
        theme, width = self._desk.theme, self._desk.inner_width
        folders = {"Cache": cache_directory, "Settings": settings_directory, "Kept copies": recovery_directory}
        for label, folder in folders.items():
            with dpg.group() as group:
                dpg.bind_item_theme(group, theme.tight)
                small_text(theme, label, muted=False)
                try:
                    place = str(folder())
                except StudioError as error:
                    place = error.message
                item = small_text(theme, _broken(place), wrap=width)
                tooltip(theme, item, place)

    def _clear_cache(self) -> None:
        def finish(said: str) -> tuple[Action, ...]:
            return (Report.now(said),)

        try:
            self._desk.services.start("cache", lambda _: clear_cache(), finish)
        except StudioError as error:
            self._desk.services.report(error.message, hint=error.hint, kind="error")

    def sync(self, state: State) -> None:
        settings = state.settings
        if settings is self._shown:
            return
        self._shown = settings
        dpg.set_value(self._look, LOOK_NAMES[settings.look])
        dpg.set_value(self._font, _label(FONT_SIZES, settings.font_size, f"{settings.font_size} px"))
        dpg.set_value(
            self._interval, _label(INTERVALS, settings.autosave_seconds, f"{settings.autosave_seconds:g} seconds")
        )


def _label(values: dict[str, Any], value: Any, otherwise: str) -> str:
    return next((label for label, known in values.items() if known == value), otherwise)


def _broken(path: str) -> str:
    """A path that can be wrapped: lines break at blanks only, so long ones get some after their slashes."""
    parts, lines = Path(path).parts, [""]
    for part in parts:
        piece = part if part.endswith(("/", "\\")) else f"{part}/"
        if len(lines[-1]) + len(piece) > 40:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines).rstrip("/")
