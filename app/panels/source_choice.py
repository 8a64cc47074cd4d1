"""Which camera, film or photo to look at: a list, a button for files, and one that looks for cameras again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg

from ...core.tracking.camera_source import CameraDevice, is_camera
from ...core.tracking.file_source import FILM_SUFFIXES, PHOTO_SUFFIXES
from ..lettering import bind, spelled
from ..state import State
from ..theme import Icons
from .controls import icon_button, tooltip
from .desk import Desk

LIST_HEIGHT = 28
"""Of the design, as the list is high."""
NO_SOURCE = "Choose a camera or a film"


class SourceChoice:
    def __init__(
        self,
        desk: Desk,
        *,
        tag: str,
        tip: str,
        question: str,
        chosen: Callable[[str], object],
        chosen_file: Callable[[Path], object],
    ) -> None:
        """`chosen` is told what the list gave, `chosen_file` what the `question` for a file gave."""
        self._desk = desk
        self._tag = tag
        self._tip = tip
        self._question = question
        self._tell = chosen
        self._tell_file = chosen_file
        self.source = ""
        """The one to start with."""
        self._file = ""
        """The last one that was chosen: it stays in the list beside the cameras."""
        self._names: dict[str, str] = {}
        self._listed: tuple[object, ...] = ()

    def build(self) -> None:
        desk, theme = self._desk, self._desk.theme
        with dpg.group(horizontal=True, horizontal_spacing=theme.px(4)):
            self._combo = dpg.add_combo(
                (),
                default_value=NO_SOURCE,
                tag=self._tag,
                width=desk.inner_width - 2 * theme.px(40),
                callback=lambda _sender, label: self._choose(self._names.get(label, "")),
            )
            tooltip(theme, self._combo, self._tip)
            file = icon_button(
                theme, Icons.OPEN, "Choose a film or a photo…", self._choose_file, tag=f"{self._tag} file"
            )
            again = icon_button(theme, Icons.REPEAT, "Look for cameras again", lambda: desk.run("find_cameras"))
            for button in (file, again):
                dpg.configure_item(button, height=theme.px(LIST_HEIGHT))

    def _choose(self, source: str) -> None:
        self.source = source
        self._tell(source)

    def _choose_file(self) -> None:
        def take(path: Path) -> None:
            self.source = str(path)
            self._tell_file(path)

        self._desk.dialogs.choose_to_open(self._question, (*FILM_SUFFIXES, *PHOTO_SUFFIXES), take)

    def sync(self, state: State, open_source: str) -> None:
        """`open_source`: the one that is in use, if any."""
        cameras = state.driving.cameras
        if cameras is None and not any(job.name == "cameras" for job in state.jobs):
            self._desk.run("find_cameras")
        self.source = open_source or self.source
        listed = (cameras, self.source)
        if listed != self._listed:
            self._listed = listed
            self._list(cameras or ())

    def _list(self, cameras: tuple[CameraDevice, ...]) -> None:
        names = {f"{device.name} ({device.number})": f"camera:{device.number}" for device in cameras}
        if not self.source:
            self.source = next(iter(names.values()), "")
        if not is_camera(self.source):
            self._file = self.source
        elif self.source not in names.values():
            names[self.source] = self.source
        if self._file:
            names[Path(self._file).name] = self._file
        if not bind(self._desk.theme, self._combo, "".join(names)):
            names = {spelled(name): source for name, source in names.items()}
        self._names = names
        dpg.configure_item(self._combo, items=tuple(names))
        dpg.set_value(self._combo, next((n for n, s in names.items() if s == self.source), NO_SOURCE))
