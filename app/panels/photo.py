"""Making an avatar from one photo, and what was found in the best picture of an avatar: a part of the Capture panel."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg
import numpy as np

from ..lettering import show
from ..localized import UNSURE, Colouring, LocalizedPhoto, overlay
from ..state import State
from ..theme import Item
from .controls import heading, labelled, small_text, text_button, tooltip
from .desk import Desk

COLOURINGS: dict[str, Colouring] = {"By place on the body": "place", "By uncertainty": "sigma", "Hidden": "none"}
TALLEST = 420
"""Of the design; the photo is no taller."""


class PhotoSection:
    def __init__(self, desk: Desk, create: Callable[[], object]) -> None:
        self._desk = desk
        self._create = create
        self._colouring: Colouring = "place"
        self._has_outline = True
        self._shown: tuple[object, ...] = (None, self._colouring, self._has_outline)
        self._image: Item | None = None
        self._textures: Item | None = None

    def build(self) -> None:
        desk, theme = self._desk, self._desk.theme
        heading(theme, "From one photo")
        text_button(
            theme,
            "Avatar from a photo…",
            self._create,
            width=desk.inner_width,
            tip="Makes the avatar of the person in a picture (JPEG, PNG, WebP) at once; no copy of it is kept",
            tag="photo create",
        )
        with dpg.group(show=False) as self._result:
            with labelled(desk, "Points") as width:
                combo = dpg.add_combo(
                    tuple(COLOURINGS),
                    default_value=next(iter(COLOURINGS)),
                    tag="photo points",
                    width=width,
                    callback=lambda _sender, label: self._choose(COLOURINGS[label]),
                )
                tooltip(theme, combo, f"Uncertainty: blue is sure, red may be {100 * UNSURE:.0f} cm off or more")
            outline = dpg.add_checkbox(
                label="Outline of the person",
                default_value=self._has_outline,
                tag="photo outline",
                callback=lambda _sender, on: self._show_outline(on),
            )
            tooltip(
                theme, outline, "What lies inside is taken for the person. Pictures that are kept can be corrected."
            )
            self._place = dpg.add_group()
            self._name = small_text(theme, wrap=desk.inner_width)

    def _choose(self, colouring: Colouring) -> None:
        self._colouring = colouring

    def _show_outline(self, on: bool) -> None:
        self._has_outline = on

    def sync(self, state: State) -> None:
        photo = state.file.localized
        shown = (photo, self._colouring, self._has_outline)
        if shown != self._shown:
            self._shown = shown
            dpg.configure_item(self._result, show=photo is not None)
            if photo is not None:
                self._show(photo)

    def _show(self, photo: LocalizedPhoto) -> None:
        height, width = photo.picture.shape[:2]
        share = min(self._desk.inner_width / width, self._desk.theme.px(TALLEST) / height)
        size = (max(1, round(share * width)), max(1, round(share * height)))
        picture = overlay(photo, self._colouring, size, outline=self._has_outline).astype(np.float32) / 255.0
        values = np.concatenate([picture, np.ones_like(picture[..., :1])], axis=2)
        dpg.delete_item(self._place, children_only=True)
        if self._textures is not None:
            dpg.delete_item(self._textures)
        with dpg.texture_registry() as self._textures:
            texture = dpg.add_static_texture(*size, values.ravel())
        dpg.add_image(texture, width=size[0], height=size[1], parent=self._place)
        show(self._desk.theme, self._name, photo.name)
