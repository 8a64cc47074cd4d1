"""File: the open avatar, what was open before, motion in, avatars and splats out."""

from __future__ import annotations

from pathlib import Path

import dearpygui.dearpygui as dpg

from ...core.tracking.file_source import PHOTO_SUFFIXES
from ..commands.files import SAVED
from ..documents import as_avatar_file
from ..lettering import show
from ..projects import is_project
from ..state import DocumentFile, State
from ..theme import ACCENT_HOVERED, MUTED, Icons, Item
from .controls import heading, labelled, small_text, text_button, tooltip
from .desk import Desk

OPENED = (*SAVED, ".ply")
MOTION_FILES = (".npz",)
UP_AXES = {"y up": "y", "y down": "-y", "z up": "z"}
NEW_AVATAR = "Default avatar"


def document_name(file: DocumentFile) -> str:
    return file.path.name if file.path else file.title or NEW_AVATAR


class FileActions:
    """Opening and saving with the questions that they need; buttons, keys and the panel share them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def new(self) -> None:
        self._desk.dialogs.settle_unsaved("making a new one", lambda: self._desk.run("new"))

    def open(self) -> None:
        self._desk.dialogs.choose_to_open("Open a project, an avatar or a splat file", OPENED, self.open_path)

    def open_path(self, path: Path) -> None:
        self._desk.dialogs.settle_unsaved("opening another", lambda: self._desk.run("open", source=path))

    def create_from_photo(self) -> None:
        def create(path: Path) -> None:
            self._desk.dialogs.settle_unsaved("making another", lambda: self._desk.run("create_avatar", photo=path))

        self._desk.dialogs.choose_to_open("A photo of a person", PHOTO_SUFFIXES, create)

    def save(self) -> None:
        """To the document's own file, if that can hold all of it; else a project is proposed."""
        if self._fits_its_file(self._desk.store.state):
            self._desk.run("save")
        else:
            self.save_as()

    def save_as(self) -> None:
        self._desk.dialogs.choose_to_save(
            "Save everything (.nlfgs), or the avatar alone (.npz)",
            SAVED,
            f"{self._stem()}{SAVED[0]}",
            lambda path: self._desk.run("save_as", path=path),
        )

    def export_ply(self, *, rigged: bool, up: str) -> None:
        title = "Export a rigged PLY" if rigged else "Export the splats as they stand"
        self._desk.dialogs.choose_to_save(
            title,
            (".ply",),
            f"{self._stem()}{'-rigged' if rigged else ''}.ply",
            lambda path: self._desk.run("export", path=path, rigged=rigged, up=up),
        )

    def export_npz(self) -> None:
        self._desk.dialogs.choose_to_save(
            "Export a copy of the avatar",
            (".npz",),
            f"{self._stem()}-copy.npz",
            lambda path: self._desk.run("export", path=path),
        )

    def open_motion(self) -> None:
        self._desk.dialogs.choose_to_open(
            "Open a motion", MOTION_FILES, lambda path: self._desk.run("open_motion", path=path)
        )

    def _stem(self) -> str:
        file = self._desk.store.state.file
        return file.path.stem if file.path else file.title or "avatar"

    def _fits_its_file(self, state: State) -> bool:
        path = state.file.path
        if path is None or path.suffix.lower() not in SAVED:
            return False
        return is_project(path) or state.document == as_avatar_file(state.document, self._desk.services.stance)


class FilePanel:
    name = "File"
    icon = Icons.FILE

    def __init__(self, desk: Desk, files: FileActions) -> None:
        self._desk = desk
        self._files = files
        self._shown: tuple[object, ...] = ()
        self._recent: tuple[Path, ...] | None = None
        self._up = "y"

    def build(self, parent: Item) -> None:
        theme, files = self._desk.theme, self._files
        gap = theme.px(8)
        half, full = (self._desk.inner_width - gap) // 2, self._desk.inner_width
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            self._build_card()
            with dpg.group(horizontal=True, horizontal_spacing=gap):
                text_button(theme, "New", files.new, width=half, tip="The person that the program starts with (Ctrl+N)")
                text_button(theme, "Open…", files.open, width=half, tip="A project, an avatar or splats (Ctrl+O)")
            with dpg.group(horizontal=True, horizontal_spacing=gap):
                text_button(theme, "Save", files.save, width=half, primary=True, tip="To its own file (Ctrl+S)")
                text_button(theme, "Save as…", files.save_as, width=half, tip="To another file (Ctrl+Shift+S)")
            heading(theme, "Motion")
            text_button(
                theme, "Open a motion…", files.open_motion, width=full, tip="Motion capture: AMASS or SMPL-X (NPZ)"
            )
            heading(theme, "Export")
            self._build_export(full)
            heading(theme, "Recent")
            self._recent_list = dpg.add_group()

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _build_card(self) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=self._desk.inner_width, auto_resize_y=True, always_use_window_padding=True) as card:
            dpg.bind_item_theme(card, theme.card)
            self._name = dpg.add_text("")
            dpg.bind_item_font(self._name, theme.fonts.strong)
            self._where = small_text(theme, wrap=self._desk.inner_width - 2 * theme.px(12))
            self._about = small_text(theme, wrap=self._desk.inner_width - 2 * theme.px(12))
            self._saved = small_text(theme)

    def _build_export(self, width: int) -> None:
        theme, files = self._desk.theme, self._files
        with labelled(self._desk, "World") as combo_width:
            up = dpg.add_combo(
                tuple(UP_AXES), default_value=next(iter(UP_AXES)), width=combo_width, callback=self._set_up
            )
            tooltip(theme, up, "Which way is up in the exported PLY; many viewers show splats y down")
        text_button(
            theme,
            "Splats as they stand (PLY)…",
            lambda: files.export_ply(rigged=False, up=self._up),
            width=width,
            tip="In this pose, for every viewer of Gaussian splats (Ctrl+E)",
        )
        text_button(
            theme,
            "Avatar with its rig (PLY)…",
            lambda: files.export_ply(rigged=True, up=self._up),
            width=width,
            tip="For splat viewers too, and opens here again as an avatar that moves",
        )
        text_button(
            theme,
            "Copy of the avatar (NPZ)…",
            files.export_npz,
            width=width,
            tip="Without the pose; the open file stays what it is",
        )

    def _set_up(self, _sender: Item, label: str) -> None:
        self._up = UP_AXES[label]

    def sync(self, state: State) -> None:
        document = state.document
        shown = (document.avatar, document.static, state.file.path, state.unsaved)
        if shown != self._shown:
            self._shown = shown
            self._show_document(state)
        if state.recent is not self._recent:
            self._recent = state.recent
            self._show_recent(state.recent)

    def _show_document(self, state: State) -> None:
        document = state.document
        empty = document.avatar is None and document.static is None
        theme, path = self._desk.theme, state.file.path
        show(theme, self._name, "Nothing is open" if empty else document_name(state.file))
        show(theme, self._where, str(path.parent) if path else "Not saved to a file yet")
        if document.avatar is not None:
            about = f"{document.avatar.template.num_gaussians:,} Gaussians on {document.avatar.body.name}"
        elif document.static is not None:
            about = f"{len(document.static):,} Gaussians without a rig: for viewing only"
        else:
            about = ""
        dpg.configure_item(self._about, default_value=about, show=bool(about))
        dpg.set_value(self._about, about)
        dpg.set_value(self._saved, "Unsaved changes" if state.unsaved else "No unsaved changes")
        dpg.configure_item(self._saved, color=ACCENT_HOVERED if state.unsaved else MUTED)

    def _show_recent(self, recent: tuple[Path, ...]) -> None:
        dpg.delete_item(self._recent_list, children_only=True)
        dpg.push_container_stack(self._recent_list)
        if not recent:
            small_text(self._desk.theme, "Files that you open or save appear here.")
        for path in recent:
            row = dpg.add_selectable(width=self._desk.inner_width, callback=self._open_recent, user_data=path)
            show(self._desk.theme, row, path.name, as_label=True)
            tooltip(self._desk.theme, row, str(path))
        dpg.pop_container_stack()

    def _open_recent(self, sender: Item, _value: bool, path: Path) -> None:
        dpg.set_value(sender, False)
        self._files.open_path(path)
