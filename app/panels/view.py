"""View: what the viewport shows of the document, and how; nothing here changes the document."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import dearpygui.dearpygui as dpg

from ...core.rendering.display import Display, MeshLayer, MeshStyle, Mode
from ...core.rendering.registry import renderer_names
from ..state import DEFAULT_BACKGROUND, State, Vector, View
from ..theme import Icons, Item
from .controls import TO_THE_RIGHT, heading, labelled, small_text, text_button, tooltip
from .desk import Desk
from .pictures import PictureSection

BACKGROUNDS: dict[str, Vector] = {
    "Slate": DEFAULT_BACKGROUND,
    "Black": (0.0, 0.0, 0.0),
    "Grey": (0.5, 0.5, 0.5),
    "White": (1.0, 1.0, 1.0),
    "Green screen": (0.0, 0.69, 0.25),
}
PARTS = {"Body": "body", "Head": "head", "Left hand": "left hand", "Right hand": "right hand"}
PICTURE_FILES = (".png", ".jpg", ".jpeg", ".webp")
MODES: dict[str, Mode] = {
    "Splats": Mode.SPLATS,
    "Points": Mode.POINTS,
    "Rings": Mode.RINGS,
    "Depth": Mode.DEPTH,
    "Normals": Mode.NORMALS,
    "Body parts": Mode.PARTS,
    "Mesh alone": Mode.MESH,
}
MESH_LAYERS: dict[str, MeshLayer] = {
    "Hidden": MeshLayer.OFF,
    "Under the splats": MeshLayer.UNDER,
    "Over the splats": MeshLayer.OVER,
}
MESH_STYLES: dict[str, MeshStyle] = {
    "Shaded": MeshStyle.SHADED,
    "Wireframe": MeshStyle.WIREFRAME,
    "Shaded with lines": MeshStyle.BOTH,
}


class ViewPanel:
    name = "View"
    icon = Icons.VIEW

    def __init__(
        self,
        desk: Desk,
        *,
        frame: Callable[[str], None],
        show_figures: Callable[[bool], None],
        picture_size: Callable[[], tuple[int, int]],
    ) -> None:
        self._desk = desk
        self._automatic_words = ""
        self._frame = frame
        self._show_figures = show_figures
        self._view: View | None = None
        self._pictures = PictureSection(desk, picture_size)

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            heading(theme, "Look at")
            self._build_parts()
            heading(theme, "Show")
            self._build_display()
            heading(theme, "Background")
            self._build_background()
            heading(theme, "Pictures and films")
            self._pictures.build()
            heading(theme, "Figures")
            self._figures = dpg.add_checkbox(
                label="Speed and counts over the picture",
                default_value=self._desk.store.state.settings.figures,
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
                    text_button(
                        theme,
                        label,
                        lambda label=label: self._frame(PARTS[label]),
                        width=width,
                        tip=f"Bring the {PARTS[label]} into view",
                    )

    def _build_display(self) -> None:
        desk = self._desk
        self._mode = self._choice("Mode", "mode", MODES)
        self._mesh = self._choice("Mesh", "mesh", MESH_LAYERS)
        self._mesh_style = self._choice("Mesh style", "mesh_style", MESH_STYLES)
        with labelled(desk, "Ground"), dpg.group(horizontal=True, horizontal_spacing=desk.theme.px(18)):
            self._floor = self._switch("Floor", "floor", "A floor with a soft shadow under the feet")
            self._grid = self._switch("Grid", "grid", "Lines 25 cm apart; those of a metre are stronger")
        with labelled(desk, "Splat size") as width:
            self._splat_scale = dpg.add_slider_float(
                min_value=0.05,
                max_value=2.0,
                format=f"{TO_THE_RIGHT}%.2f",
                width=width,
                callback=lambda _sender, scale: desk.run("set_view", splat_scale=scale),
            )
            tooltip(desk.theme, self._splat_scale, "Below 1 shows the single Gaussians; also the size of points")
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
                min_value=8.0,
                max_value=90.0,
                format=f"{TO_THE_RIGHT}%.0f°",
                width=width,
                callback=lambda _sender, degrees: desk.run("set_fov", degrees=degrees),
            )
        with labelled(desk, "Renderer") as width:
            self._renderer = dpg.add_combo(
                renderer_names(),
                width=width,
                callback=lambda _sender, name: desk.run("set_view", renderer=name),
            )
        self._automatic = small_text(desk.theme, wrap=desk.inner_width)
        dpg.hide_item(self._automatic)

    def _choice(self, label: str, field: str, choices: Mapping[str, Mode | MeshLayer | MeshStyle]) -> Item:
        """A line to choose a value of the display with, under `field`."""
        with labelled(self._desk, label) as width:
            return dpg.add_combo(
                tuple(choices),
                tag=f"view {field}",
                width=width,
                callback=lambda _sender, chosen: self._desk.run("set_display", **{field: choices[chosen].value}),
            )

    def _switch(self, label: str, field: str, tip: str) -> Item:
        box = dpg.add_checkbox(
            label=label,
            tag=f"view {field}",
            callback=lambda _sender, on: self._desk.run("set_display", **{field: on}),
        )
        tooltip(self._desk.theme, box, tip)
        return box

    def _build_background(self) -> None:
        desk, theme = self._desk, self._desk.theme
        size, gap = theme.px(34), theme.px(8)
        with dpg.group(horizontal=True, horizontal_spacing=gap):
            for name, rgb in BACKGROUNDS.items():
                swatch = dpg.add_color_button(
                    default_value=[round(255 * value) for value in rgb] + [255],
                    width=size,
                    height=size,
                    no_border=False,
                    no_drag_drop=True,
                    callback=lambda _sender, _value, rgb: self._choose_colour(rgb),
                    user_data=rgb,
                )
                tooltip(theme, swatch, name)
        with labelled(desk, "Another colour") as width:
            self._background = dpg.add_color_edit(
                no_alpha=True, width=width, callback=self._set_background, input_mode=dpg.mvColorEdit_input_rgb
            )
        half = (desk.inner_width - gap) // 2
        with dpg.group(horizontal=True, horizontal_spacing=gap):
            text_button(theme, "Picture…", self._choose_picture, width=half, tip="Put a picture behind the avatar")
            text_button(
                theme,
                "No picture",
                lambda: desk.run("set_background_picture", path=None),
                width=half,
                tip="Back to the colour",
            )
        self._picture_name = small_text(theme, wrap=desk.inner_width)
        self._transparent = self._switch(
            "Transparent", "transparent", "A checkerboard here; saved pictures keep their transparency"
        )

    def _choose_colour(self, rgb: Vector) -> None:
        """A colour is seen at once: whatever lay over it goes."""
        self._desk.run("set_view", background=rgb)
        self._desk.run("set_background_picture", path=None)

    def _choose_picture(self) -> None:
        self._desk.dialogs.choose_to_open(
            "A picture behind the avatar",
            PICTURE_FILES,
            lambda path: self._desk.run("set_background_picture", path=path),
        )

    def _set_background(self, sender: Item, _value: object) -> None:
        red, green, blue = (min(1.0, max(0.0, value / 255.0)) for value in dpg.get_value(sender)[:3])
        self._desk.run("set_view", background=(red, green, blue))

    def sync(self, state: State) -> None:
        self._pictures.sync(state)
        self._show_automatic_choice(state.view.renderer == "auto")
        dpg.set_value(self._figures, state.settings.figures)
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
        self._show_display(view.display)

    def _show_automatic_choice(self, is_automatic: bool) -> None:
        words = self._desk.services.renderers.automatic_choice if is_automatic else ""
        if words != self._automatic_words:
            self._automatic_words = words
            dpg.set_value(self._automatic, words)
            dpg.configure_item(self._automatic, show=bool(words))

    def _show_display(self, display: Display) -> None:
        for item, choices, value in (
            (self._mode, MODES, display.mode),
            (self._mesh, MESH_LAYERS, display.mesh),
            (self._mesh_style, MESH_STYLES, display.mesh_style),
        ):
            dpg.set_value(item, next(label for label, choice in choices.items() if choice is value))
        dpg.set_value(self._floor, display.floor)
        dpg.set_value(self._grid, display.grid)
        dpg.set_value(self._transparent, display.transparent)
        dpg.configure_item(self._picture_name, show=display.picture is not None)
        dpg.set_value(self._picture_name, "" if display.picture is None else display.picture.name)
