"""View: what the viewport shows of the document, and how; nothing here changes the document."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import dearpygui.dearpygui as dpg

from ...core.rendering.registry import renderer_names
from ..actions import SetView
from ..state import DEFAULT_BACKGROUND, State, Vector, View
from ..theme import Icons, Item
from .controls import TO_THE_RIGHT, heading, labelled, text_button, tooltip
from .desk import Desk

BACKGROUNDS: dict[str, Vector] = {
    "Slate": DEFAULT_BACKGROUND,
    "Black": (0.0, 0.0, 0.0),
    "Grey": (0.5, 0.5, 0.5),
    "White": (1.0, 1.0, 1.0),
    "Green screen": (0.0, 0.69, 0.25),
}
PARTS = {"Body": "body", "Head": "head", "Left hand": "left hand", "Right hand": "right hand"}


class ViewPanel:
    name = "View"
    icon = Icons.VIEW

    def __init__(self, desk: Desk, *, frame: Callable[[str], None], show_figures: Callable[[bool], None]) -> None:
        self._desk = desk
        self._frame = frame
        self._show_figures = show_figures
        self._view: View | None = None

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            heading(theme, "Look at")
            self._build_parts()
            heading(theme, "Drawing")
            self._build_drawing()
            heading(theme, "Background")
            self._build_background()
            heading(theme, "Figures")
            dpg.add_checkbox(
                label="Speed and counts over the picture",
                default_value=True,
                callback=lambda _sender, shown: self._show_figures(shown),
            )

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _build_parts(self) -> None:
        theme = self._desk.theme
        gap = theme.px(8)
        width = (self._desk.inner_width - gap) // 2
        labels = list(PARTS)
        for left, right in zip(labels[::2], labels[1::2], strict=True):
            with dpg.group(horizontal=True, horizontal_spacing=gap):
                for label in (left, right):
                    text_button(theme, label, lambda label=label: self._frame(PARTS[label]), width=width)

    def _build_drawing(self) -> None:
        desk = self._desk
        with labelled(desk, "Renderer") as width:
            self._renderer = dpg.add_combo(
                renderer_names(),
                width=width,
                callback=lambda _sender, name: desk.run("set_view", renderer=name),
            )
        with labelled(desk, "Splat size") as width:
            self._splat_scale = dpg.add_slider_float(
                min_value=0.05,
                max_value=2.0,
                format=f"{TO_THE_RIGHT}%.2f",
                width=width,
                callback=lambda _sender, scale: desk.run("set_view", splat_scale=scale),
            )
            tooltip(desk.theme, self._splat_scale, "Below 1 shows the single Gaussians")
        with labelled(desk, "Colour detail") as width:
            self._degree = dpg.add_slider_int(
                min_value=0,
                max_value=3,
                format="degree %d",
                width=width,
                callback=lambda _sender, degree: desk.run("set_view", max_sh_degree=degree),
            )
            tooltip(
                desk.theme, self._degree, "Degree of the spherical harmonics: 0 shows the same colour from all sides"
            )
        with labelled(desk, "Field of view") as width:
            self._fov = dpg.add_slider_float(
                min_value=8.0, max_value=90.0, format=f"{TO_THE_RIGHT}%.0f°", width=width, callback=self._set_fov
            )

    def _set_fov(self, _sender: Item, degrees: float) -> None:
        """Widen or narrow the view while the avatar keeps its size in the picture."""
        orbit = self._desk.store.state.view.orbit
        fov = math.radians(degrees)
        distance = orbit.distance * math.tan(orbit.vertical_fov / 2.0) / math.tan(fov / 2.0)
        self._desk.send(SetView(orbit=replace(orbit, vertical_fov=fov, distance=distance)))

    def _build_background(self) -> None:
        desk, theme = self._desk, self._desk.theme
        size = theme.px(34)
        with dpg.group(horizontal=True, horizontal_spacing=theme.px(8)):
            for name, rgb in BACKGROUNDS.items():
                swatch = dpg.add_color_button(
                    default_value=[round(255 * value) for value in rgb] + [255],
                    width=size,
                    height=size,
                    no_border=False,
                    no_drag_drop=True,
                    callback=lambda _sender, _value, rgb: desk.run("set_view", background=rgb),
                    user_data=rgb,
                )
                tooltip(theme, swatch, name)
        with labelled(desk, "Another colour") as width:
            self._background = dpg.add_color_edit(
                no_alpha=True, width=width, callback=self._set_background, input_mode=dpg.mvColorEdit_input_rgb
            )

    def _set_background(self, sender: Item, _value: object) -> None:
        red, green, blue = (min(1.0, max(0.0, value / 255.0)) for value in dpg.get_value(sender)[:3])
        self._desk.run("set_view", background=(red, green, blue))

    def sync(self, state: State) -> None:
        view = state.view
        if view is self._view:
            return
        self._view = view
        dpg.set_value(self._renderer, view.renderer)
        dpg.set_value(self._splat_scale, view.splat_scale)
        dpg.set_value(self._degree, view.max_sh_degree)
        dpg.set_value(self._fov, math.degrees(view.orbit.vertical_fov))
        if not dpg.is_item_active(self._background):
            dpg.set_value(self._background, [255.0 * value for value in view.background] + [255.0])
