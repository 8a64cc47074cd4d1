"""The pictures that were taken: small copies with what is wrong with each, more from files, and where they lie."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import numpy as np
from PIL import Image

from ...core.capture.guidance import missing
from ...core.capture.picture_folder import KeptPicture
from ..lettering import show
from ..picture_keeper import IMPORT
from ..state import State
from ..theme import WARNING, Icons, Item
from .controls import heading, icon_button, sentence, small_text, text_button, tooltip
from .desk import Desk
from .trouble_lines import TroubleLines

COLUMNS, SHAPE = 3, 4 / 3
"""Width of a small copy over its height."""
FACES_WIDE = 3.0
"""Of a small copy that shows a face."""
BIN_WIDTH = 24
"""Of the design, as `icon_button` makes a small one."""
FRONT_FACE = "front with the mouth closed"
"""A smile is another view."""
TEXTURES, CLICKS = "captured pictures", "clicks on captured pictures"
MADE_IN_A_FRAME = 6
"""Small copies; more would be felt."""


class KeptPictures:
    """A part of the Capture panel."""

    def __init__(self, desk: Desk, import_file: Callable[[], object]) -> None:
        self._desk = desk
        self._import_file = import_file
        self._cells: dict[str, Item] = {}
        self._textures: dict[str, Item] = {}
        self._shown: tuple[object, ...] = ()
        self._shown_of_files: tuple[object, ...] = ()
        self._pictures: tuple[KeptPicture, ...] = ()
        self._gap = desk.theme.px(6)
        width = (desk.inner_width - (COLUMNS - 1) * self._gap) // COLUMNS
        self._size = (width, round(width / SHAPE))

    def build(self) -> None:
        desk, theme = self._desk, self._desk.theme
        for registry in (TEXTURES, CLICKS):
            if dpg.does_item_exist(registry):
                dpg.delete_item(registry)  # of the content before this one
        dpg.add_texture_registry(tag=TEXTURES)
        with dpg.item_handler_registry(tag=CLICKS):
            dpg.add_item_clicked_handler(dpg.mvMouseButton_Left, callback=self._clicked)
        heading(theme, "Pictures")
        self._wanted = small_text(theme, wrap=desk.inner_width)
        self._grid = dpg.add_group()
        with dpg.group(show=False) as self._job:
            self._bar = dpg.add_progress_bar(width=desk.inner_width, height=theme.px(8))
            half = desk.inner_width // 2
            with dpg.group(horizontal=True, xoffset=half):
                self._doing = small_text(theme, wrap=half)
                text_button(theme, "Cancel", lambda: desk.run("cancel", job=IMPORT), width=half)
        half = (desk.inner_width - theme.px(8)) // 2
        with dpg.group(horizontal=True, horizontal_spacing=theme.px(8)):
            self._import = text_button(
                theme,
                "Photo or film…",
                self._import_file,
                width=half,
                tip="Keeps a copy of a photo, or of the best pictures of a film; the file itself stays as it is",
                tag="capture import",
            )
            text_button(
                theme,
                "Folder…",
                self._import_folder,
                width=half,
                tip="The best pictures of a folder's photos and films",
            )
        self._trouble = TroubleLines(desk)
        self._where = small_text(theme, wrap=desk.inner_width)
        self._delete = text_button(
            theme,
            "Delete all pictures…",
            self._ask_to_delete,
            width=desk.inner_width,
            tip="For good; an avatar that was made of them stays",
            tag="capture delete",
        )

    def _clicked(self, _sender: Item, clicked: tuple[int, Item]) -> None:
        """On a small copy."""
        self._desk.run("correct_outline", name=dpg.get_item_user_data(clicked[1]))

    def _import_folder(self) -> None:
        self._desk.dialogs.choose_folder(
            "A folder with photos or films of yourself",
            lambda path: self._desk.run("import_pictures", paths=(path,)),
        )

    def _ask_to_delete(self) -> None:
        dialogs, count = self._desk.dialogs, len(self._pictures)
        is_refined = self._desk.store.state.refining.is_on
        then = "Refining ends, and the avatar keeps what it made so far" if is_refined else "The avatar stays as it is"

        def delete() -> None:
            dialogs.close()
            self._desk.run("delete_pictures")

        dialogs.ask(
            "Delete all pictures",
            f"{count} {'picture' if count == 1 else 'pictures'} of yourself will be deleted for good. "
            f"{then}, but cannot be refined further.",
            {"Delete them": delete},
            destroys=True,
        )

    def sync(self, state: State) -> None:
        capturing = state.capturing
        job = next((job for job in state.jobs if job.name == IMPORT), None)
        dpg.configure_item(self._job, show=job is not None)
        if job is not None:
            dpg.set_value(self._bar, job.fraction)
            dpg.set_value(self._doing, sentence(job.message))
        trouble = capturing.import_trouble if job is None else None
        is_first = state.driving.cameras == () and not (capturing.pictures or capturing.is_on)
        if (trouble, is_first) != self._shown_of_files:
            self._shown_of_files = trouble, is_first
            self._trouble.show(trouble)
            dpg.bind_item_theme(self._import, self._desk.theme.primary_button if is_first else 0)
        shown = (capturing.pictures, capturing.folder, state.settings.capture.mode)
        if shown != self._shown:
            self._shown, self._pictures = shown, capturing.pictures
            self._show_words(state)
            self._lay_out()
        lacking = [each for each in self._pictures if each.name not in self._textures]
        for picture in lacking[:MADE_IN_A_FRAME]:
            self._build_cell(picture)

    def _show_words(self, state: State) -> None:
        theme, capturing = self._desk.theme, state.capturing
        mode = state.settings.capture.mode
        shots = [each.shot for each in capturing.pictures if each.shot.mode == mode]
        lacking = missing(shots, mode)
        if not capturing.pictures:
            words = "One is enough, more make it better. Take some above, or choose photos or a film."
        elif lacking:
            names = [FRONT_FACE if (mode, view.name) == ("face", "front") else view.name for view in lacking]
            words = f"{len(lacking)} more would help: {', '.join(names)}"
        else:
            words = "All views are there."
        dpg.set_value(self._wanted, words)
        where = "" if capturing.folder is None else f" They lie in {capturing.folder}"
        show(theme, self._where, f"Your pictures never leave this machine, and are not in the avatar.{where}")
        dpg.configure_item(self._delete, enabled=bool(capturing.pictures))

    def _lay_out(self) -> None:
        """Cells of pictures that are gone go; the others stand in rows again."""
        names = [picture.name for picture in self._pictures]
        for name in set(self._textures) - set(names):
            dpg.delete_item(self._textures.pop(name))
        dpg.delete_item(self._grid, children_only=True)
        self._cells = {}
        for first in range(0, len(names), COLUMNS):
            with dpg.group(parent=self._grid, horizontal=True, horizontal_spacing=self._gap):
                for picture in self._pictures[first : first + COLUMNS]:
                    self._cells[picture.name] = dpg.add_group()
                    if picture.name in self._textures:
                        self._fill(picture)
                    else:
                        dpg.add_spacer(width=self._size[0], height=self._size[1], parent=self._cells[picture.name])

    def _build_cell(self, picture: KeptPicture) -> None:
        copy = _small_copy(picture, self._size)
        self._textures[picture.name] = dpg.add_static_texture(*self._size, copy.ravel(), parent=TEXTURES)
        self._fill(picture)

    def _fill(self, picture: KeptPicture) -> None:
        theme, cell, (width, height) = self._desk.theme, self._cells[picture.name], self._size
        dpg.delete_item(cell, children_only=True)
        dpg.push_container_stack(cell)
        image = dpg.add_image(
            self._textures[picture.name], width=width, height=height, user_data=picture.name, tag=f"kept {picture.name}"
        )
        dpg.bind_item_handler_registry(image, CLICKS)
        troubles = picture.shot.troubles
        said = [sentence(each.message) for each in troubles]  # advice for who takes pictures comes too late here
        useless = () if picture.shot.is_usable else ("Your avatar is made without it",)
        about = "\n".join((picture.source, *said, *useless))
        tooltip(theme, image, about)
        with dpg.group(horizontal=True, xoffset=width - theme.px(BIN_WIDTH)):
            with dpg.group(horizontal=True, horizontal_spacing=0):
                self._brush_button(picture)
                sign = dpg.add_text(Icons.WARNING if troubles else "", color=WARNING)
                dpg.bind_item_font(sign, theme.fonts.small_icons)
                if troubles:
                    tooltip(theme, sign, about)
            icon_button(
                theme,
                Icons.DELETE,
                "Delete this picture",
                lambda: self._desk.run("delete_picture", name=picture.name),
                small=True,
                tag=f"delete {picture.name}",
            )
        dpg.pop_container_stack()

    def _brush_button(self, picture: KeptPicture) -> None:
        theme = self._desk.theme
        brush = icon_button(
            theme,
            Icons.BRUSH,
            "Its outline is corrected by hand" if picture.is_corrected else "See its outline, and correct it",
            lambda: self._desk.run("correct_outline", name=picture.name),
            small=True,
            tag=f"correct {picture.name}",
        )
        if picture.is_corrected:
            dpg.bind_item_theme(brush, theme.selected_button)


def _small_copy(picture: KeptPicture, size: tuple[int, int]) -> np.ndarray:
    """As large as its cell, with the face in its middle; RGBA in [0, 1]."""
    thumbnail, shot = picture.thumbnail, picture.shot
    height, width = thumbnail.shape[:2]
    x, y = width / 2, height / 2
    if shot.face is not None:
        left, top, right, bottom = shot.face.box
        x, y = 0.5 * (left + right) * width / shot.width, 0.5 * (top + bottom) * height / shot.height
    wide = min(width, height * size[0] / size[1])
    if shot.mode == "face" and shot.face is not None:
        wide = min(wide, FACES_WIDE * (shot.face.box[2] - shot.face.box[0]) * width / shot.width)
    tall = wide * size[1] / size[0]
    left, top = min(max(0.0, x - wide / 2), width - wide), min(max(0.0, y - tall / 2), height - tall)
    box = (left, top, left + wide, top + tall)
    copy = Image.fromarray(thumbnail).resize(size, Image.Resampling.LANCZOS, box=box)
    return np.asarray(copy.convert("RGBA"), np.float32) / 255.0
