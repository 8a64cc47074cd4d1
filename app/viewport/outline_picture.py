"""The picture whose outline is corrected, in place of the avatar: what is painted on it, and the brush."""

from __future__ import annotations

from pathlib import Path

import dearpygui.dearpygui as dpg

from ..commands import attempt
from ..corrected import Correcting, Says
from ..outline_shade import ME_COLOUR, NOT_ME_COLOUR
from ..palette import BACKDROP, BACKGROUND
from ..services import Services
from ..state import Point, State
from ..theme import CLEAR, MUTED, WHITE, Colour, Item, Theme
from .texture import ViewportTexture

MARGIN, WORDS_HEIGHT = 18, 34
"""Of the design, around the picture and below it."""
WORDS = "Drag: paint      Shift or right button: take back      Wheel, [ ]: size of the brush      Escape: done"
_INK, _OPACITY = 3, 150
"""How thick the brush is drawn, in the design; and of a stroke that the outline does not follow yet."""

COLOURS: dict[Says, Colour] = {"me": (*ME_COLOUR, 255), "not me": (*NOT_ME_COLOUR, 255), "nothing": WHITE}


class OutlinePicture:
    """Draws into a list of its own, and takes the mouse while a picture is open; call `sync` in every frame."""

    def __init__(self, services: Services, theme: Theme, drawlist: Item, texture: ViewportTexture) -> None:
        self._services = services
        self._theme = theme
        self._texture = texture
        self._layer = dpg.add_draw_layer(parent=drawlist, show=False)
        self._ground = dpg.draw_rectangle((0, 0), (1, 1), fill=BACKGROUND, color=CLEAR, parent=self._layer)
        self._image = dpg.draw_image(texture.tag, (0, 0), (1, 1), parent=self._layer, show=False)
        self._words = dpg.draw_text((0, 0), WORDS, color=MUTED, size=theme.px(14), parent=self._layer)
        dpg.bind_item_font(self._words, theme.fonts.small)
        self._strokes = dpg.add_draw_layer(parent=drawlist, show=False)
        self._brush = dpg.add_draw_layer(parent=drawlist, show=False)
        self._laid_out: tuple[object, ...] = ()
        self._path: Path | None = None
        """Of the picture that is shown."""
        self._outline: object = None
        self._place: tuple[float, float, float] = (0.0, 0.0, 1.0)
        """Left and top of the picture, and how many pixels of the window one of its own takes."""
        self._stroke: list[Point] = []
        """Of the picture's width and height, since the button went down; until the outline follows."""
        self._held: Says | None = None
        """What the stroke says that is being painted."""
        self._is_painting = False

    @property
    def is_shown(self) -> bool:
        return self._services.store.state.correcting is not None

    def sync(self, state: State, size: tuple[int, int], mouse: Point | None) -> None:
        """For a viewport of that size in pixels; `mouse` where it is over it."""
        correcting = state.correcting
        for layer in (self._layer, self._strokes, self._brush):
            dpg.configure_item(layer, show=correcting is not None)
        path = None if correcting is None else correcting.path
        if path != self._path:
            self._path, self._outline = path, None
            self.released()
            self._clear_stroke()
        if correcting is None:
            return
        self._show_picture(correcting, size)
        if not self._is_painting and correcting.is_up_to_date and self._stroke:
            self._clear_stroke()
        dpg.delete_item(self._brush, children_only=True)
        if mouse is not None and correcting.outline is not None:
            self._draw_brush(correcting, mouse)

    def _show_picture(self, correcting: Correcting, size: tuple[int, int]) -> None:
        outline = correcting.outline
        if outline is not None and outline is not self._outline and self._texture.upload(outline.shown):
            dpg.configure_item(self._image, texture_tag=self._texture.tag)
        self._outline = outline
        px, (width, height) = self._theme.px, size
        rows, columns = correcting.labels.shape
        laid_out = (size, rows, columns, outline is None)
        if laid_out == self._laid_out:
            return
        self._laid_out = laid_out
        room = width - 2 * px(MARGIN), height - 2 * px(MARGIN) - px(WORDS_HEIGHT)
        share = max(1e-3, min(room[0] / columns, room[1] / rows))
        left, top = (width - share * columns) / 2, px(MARGIN) + (room[1] - share * rows) / 2
        self._place = (left, top, share)
        dpg.configure_item(self._ground, pmax=size)
        corner = (left + share * columns, top + share * rows)
        dpg.configure_item(self._image, pmin=(left, top), pmax=corner, show=outline is not None)
        wide = (dpg.get_text_size(WORDS, font=self._theme.fonts.small) or (0.0, 0.0))[0]
        below = height - px(MARGIN) - px(WORDS_HEIGHT) / 2
        dpg.configure_item(self._words, pos=((width - wide) / 2, below), show=outline is not None)

    def _draw_brush(self, correcting: Correcting, mouse: Point) -> None:
        is_erasing = dpg.is_key_down(dpg.mvKey_LShift) or dpg.is_key_down(dpg.mvKey_RShift)
        says: Says = self._held or ("nothing" if is_erasing else correcting.says)
        radius, px = self._radius(correcting), self._theme.px
        dpg.draw_circle(mouse, radius, color=BACKDROP, thickness=px(_INK) + 2, parent=self._brush)
        dpg.draw_circle(mouse, radius, color=COLOURS[says], thickness=px(_INK) - 1, parent=self._brush)

    def _radius(self, correcting: Correcting) -> float:
        """Of the brush, in pixels of the window."""
        return max(1.0, correcting.radius * max(correcting.labels.shape) * self._place[2])

    # The mouse

    def pressed(self, position: Point, *, says: Says | None) -> None:
        """Begin a stroke that says this, or what the brush does."""
        correcting = self._services.store.state.correcting
        if correcting is None or correcting.outline is None:
            return
        self._is_painting, self._held = True, says or correcting.says
        self._clear_stroke()
        self._paint(position)

    def moved(self, position: Point) -> None:
        if self._is_painting:
            self._paint(position)

    def released(self) -> None:
        self._is_painting, self._held = False, None

    def resize_brush(self, notches: float) -> None:
        """Larger, or smaller where it is less than nothing."""
        attempt(self._services, "resize_outline_brush", notches=notches)

    def _clear_stroke(self) -> None:
        self._stroke = []
        dpg.delete_item(self._strokes, children_only=True)

    def _paint(self, position: Point) -> None:
        correcting, before = self._services.store.state.correcting, self._stroke[-1:]
        if correcting is None or self._held is None:
            return
        left, top, share = self._place
        rows, columns = correcting.labels.shape
        point = ((position[0] - left) / (share * columns), (position[1] - top) / (share * rows))
        if [point] == before:
            return
        self._stroke.append(point)
        self._draw_stroke(correcting, position, self._held)
        attempt(self._services, "paint_outline", points=(*before, point), says=self._held, goes_on=bool(before))

    def _draw_stroke(self, correcting: Correcting, position: Point, says: Says) -> None:
        """At once, for the outline takes a moment to follow."""
        red, green, blue, _ = COLOURS[says]
        colour, radius = (red, green, blue, _OPACITY), self._radius(correcting)
        dpg.delete_item(self._strokes, children_only=True)
        left, top, share = self._place
        rows, columns = correcting.labels.shape
        places = [(left + x * share * columns, top + y * share * rows) for x, y in self._stroke]
        if len(places) == 1:
            dpg.draw_circle(position, radius, fill=colour, color=CLEAR, parent=self._strokes)
        else:
            dpg.draw_polyline(places, color=colour, thickness=2.0 * radius, parent=self._strokes)
