"""The source's small picture in the window: one texture, for whoever shows what a camera or a film gives."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..palette import BACKDROP
from ..state import State
from ..theme import Item, Theme
from .texture import ViewportTexture

INSET_SHARE = 0.24
"""Of the viewport's width and height, at most."""
MARGIN, FRAME = 14, 3


class SourcePicture:
    """Lives as long as the window; main thread only."""

    def __init__(self, *, force_raw: bool = False) -> None:
        self._texture = ViewportTexture(force_raw=force_raw)
        self._is_on = False
        self._shown: object = None
        self._images: list[Item] = []

    @property
    def tag(self) -> Item:
        return self._texture.tag

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels; None while no source gives pictures."""
        return self._texture.size if self._is_on else None

    def adopt(self) -> None:
        """After the first presented frame."""
        self._texture.adopt()

    def show_in(self, image: Item) -> None:
        """Keep an image showing this picture, whichever texture it lies in."""
        self._images.append(image)

    def forget_images(self) -> None:
        """The window's content is made anew."""
        self._images.clear()

    def sync(self, state: State) -> None:
        """Take over the newest picture of what drives, or of who is captured: never both are on."""
        driving, capturing = state.driving, state.capturing
        if capturing.is_on:
            picture = None if capturing.glance is None else capturing.glance.picture
        else:
            picture = None if driving.sight is None or not driving.is_on else driving.sight.picture
        self._is_on = picture is not None
        if picture is None or picture is self._shown:
            return
        self._shown = picture
        if self._texture.upload(picture):
            for image in self._images:
                dpg.configure_item(image, texture_tag=self._texture.tag)


class Inset:
    """The source in the top right corner of the viewport."""

    def __init__(self, theme: Theme, drawlist: Item, source: SourcePicture) -> None:
        self._theme = theme
        self._source = source
        self._place: tuple[object, ...] = ()
        self._layer = dpg.add_draw_layer(parent=drawlist, show=False)
        self._frame = dpg.draw_rectangle((0, 0), (1, 1), fill=BACKDROP, color=(0, 0, 0, 0), parent=self._layer)
        self._image = dpg.draw_image(source.tag, (0, 0), (1, 1), parent=self._layer)
        source.show_in(self._image)

    def sync(self, viewport_size: tuple[int, int], *, is_wanted: bool) -> None:
        size = self._source.size if is_wanted else None
        place = (size, viewport_size)
        if place == self._place:
            return
        self._place = place
        dpg.configure_item(self._layer, show=size is not None)
        if size is None:
            return
        px = self._theme.px
        share = INSET_SHARE * min(viewport_size[0] / size[0], 1.5 * viewport_size[1] / size[1])
        right, top = viewport_size[0] - px(MARGIN), px(MARGIN)
        left, bottom = right - round(share * size[0]), top + round(share * size[1])
        edge = px(FRAME)
        dpg.configure_item(
            self._frame, pmin=(left - edge, top - edge), pmax=(right + edge, bottom + edge), rounding=px(6)
        )
        dpg.configure_item(self._image, pmin=(left, top), pmax=(right, bottom))
