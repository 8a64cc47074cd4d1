"""Avatar: who it is. A number draws a person; every choice can be made by hand; parts can be hidden and tinted."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from ...core.avatar.look import CHOICES, RANGES, Look
from ...core.avatar.part_styles import PartStyle
from ..actions import SetPartStyle
from ..dressing import present_look
from ..state import Document, State
from ..theme import Icons, Item
from .controls import TO_THE_RIGHT, heading, icon_button, labelled, small_text, text_button, tooltip
from .desk import Desk

if TYPE_CHECKING:
    from ...core.avatar.avatar import Avatar

HIGHEST_SEED = 9999
SECTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "Face": (
        ("Skin", "skin"), ("Lips", "lips"), ("Cheeks", "cheeks"), ("Freckles", "freckles"), ("Eyes", "iris"),
        ("Beard", "beard"),
    ),
    "Hair": (("Shape", "hair_shape"), ("Colour", "hair"), ("Grey", "grey"), ("Volume", "hair_volume")),
    "Top": (
        ("Cut", "top"), ("Colour", "shirt"), ("Pattern", "top_pattern"), ("Second", "top_second"),
        ("Sleeves", "sleeve"),
    ),
    "Bottom": (("Cut", "bottom"), ("Colour", "trousers"), ("Pattern", "bottom_pattern"), ("Second", "bottom_second")),
    "Shoes": (("Kind", "shoe"), ("Colour", "shoes"), ("Soles", "soles")),
    "Extras": (("Glasses", "glasses"), ("Frames", "frames"), ("Hat", "hat"), ("Hat colour", "hat_colour")),
}  # fmt: skip
"""Labels and the fields of a `Look` under them."""


class AvatarPanel:
    name = "Avatar"
    icon = Icons.AVATAR

    def __init__(self, desk: Desk, show_panel: Callable[[str], object]) -> None:
        self._desk = desk
        self._show_panel = show_panel
        self._look: Look | None = None
        self._shown: tuple[Avatar | None, tuple[PartStyle, ...]] | None = None
        self._parts_of: tuple[str, ...] = ()
        self._fields: dict[str, Item] = {}
        self._edited: dict[Item, Callable[[], None]] = {}
        self._rows: dict[str, tuple[Item, Item]] = {}

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            text_button(
                theme,
                "Make one of yourself…",
                lambda: self._show_panel("Capture"),
                width=self._desk.inner_width,
                primary=True,
                tip="Pictures of yourself become your avatar",
                tag="avatar of yourself",
            )
            with dpg.group() as self._wardrobe:
                self._build_seed()
                for title, fields in SECTIONS.items():
                    heading(theme, title)
                    for label, field in fields:
                        self._build_field(label, field)
            self._foreign = small_text(
                theme,
                "This avatar was not dressed here: its parts can be hidden and tinted.",
                wrap=self._desk.inner_width,
            )
            heading(theme, "Parts")
            self._parts = dpg.add_group()

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _build_seed(self) -> None:
        desk = self._desk
        with labelled(desk, "Person") as width, dpg.group(horizontal=True, horizontal_spacing=desk.theme.px(4)):
            self._seed = dpg.add_input_int(
                tag="avatar seed",
                min_value=0,
                max_value=HIGHEST_SEED,
                min_clamped=True,
                max_clamped=True,
                step=1,
                width=width - desk.theme.px(44),
                callback=lambda _sender, seed: desk.run("draw_person", seed=seed),
            )
            tooltip(desk.theme, self._seed, "Every number is somebody; 0 is the person that the program starts with")
            icon_button(desk.theme, Icons.DICE, "Draw somebody", self._throw_dice)

    def _throw_dice(self) -> None:
        seed = random.randint(1, HIGHEST_SEED)
        dpg.set_value(self._seed, seed)
        self._desk.run("draw_person", seed=seed)

    def _build_field(self, label: str, field: str) -> None:
        desk, name = self._desk, f"look {field}"
        with labelled(desk, label) as width:
            if field in CHOICES:
                self._fields[field] = dpg.add_combo(
                    [_spoken(word) for word in CHOICES[field]],
                    tag=name,
                    width=width,
                    callback=lambda _sender, word: self._change(field, word.lower()),
                )
                return
            if field in RANGES:
                item = dpg.add_slider_float(
                    tag=name, max_value=RANGES[field], format=f"{TO_THE_RIGHT}%.3g", width=width
                )
                self._when_edited(item, lambda: self._change(field, float(dpg.get_value(item))))
            else:
                item = _colour_button(name)
                self._when_edited(item, lambda: self._change(field, _colour_in(item)))
            self._fields[field] = item

    def _when_edited(self, item: Item, then: Callable[[], None]) -> None:
        """When a slider or a colour is let go: dressing takes too long to follow a drag."""
        with dpg.item_handler_registry() as handlers:
            dpg.add_item_deactivated_after_edit_handler(callback=lambda: then())
        dpg.bind_item_handler_registry(item, handlers)

    def _change(self, field: str, value: object) -> None:
        if self._look is not None and getattr(self._look, field) != value:
            self._desk.run("set_look", **{field: value})

    def sync(self, state: State) -> None:
        document = state.document
        look = present_look(self._desk.services)
        if look is not self._look or self._shown is None:
            self._look = look
            self._show_look(look)
        if self._shown is None or self._shown[0] is not document.avatar or self._shown[1] is not document.part_styles:
            self._shown = (document.avatar, document.part_styles)
            self._show_parts(document)

    def _show_look(self, look: Look | None) -> None:
        dpg.configure_item(self._wardrobe, show=look is not None)
        dpg.configure_item(self._foreign, show=look is None)
        if look is None:
            return
        if not dpg.is_item_active(self._seed):
            dpg.set_value(self._seed, look.seed)
        for field, item in self._fields.items():
            value = getattr(look, field)
            if field in CHOICES:
                dpg.set_value(item, _spoken(value))
            elif field in RANGES:
                dpg.set_value(item, value)
            else:
                dpg.set_value(item, [255.0 * channel for channel in value or (0.0, 0.0, 0.0)])

    def _show_parts(self, document: Document) -> None:
        names: tuple[str, ...] = ()
        if document.avatar is not None and document.body is not None:
            from ...core.avatar.styles import groups_of

            names = groups_of(document.avatar, document.body).names
        if names != self._parts_of:
            self._parts_of = names
            dpg.delete_item(self._parts, children_only=True)
            dpg.push_container_stack(self._parts)
            self._rows = {name: self._build_part(name) for name in names}
            dpg.pop_container_stack()
        styles = {style.group: style for style in document.part_styles}
        for name, (visible, tint) in self._rows.items():
            style = styles.get(name, PartStyle(group=name))
            dpg.set_value(visible, style.visible)
            if not dpg.is_item_active(tint):
                dpg.set_value(tint, [255.0 * channel for channel in style.tint])

    def _build_part(self, name: str) -> tuple[Item, Item]:
        desk = self._desk
        with labelled(desk, name.capitalize()), dpg.group(horizontal=True, horizontal_spacing=desk.theme.px(14)):
            visible = dpg.add_checkbox(
                label="Shown",
                tag=f"part {name}",
                callback=lambda _sender, shown: desk.run("set_part_style", group=name, visible=shown),
            )
            tint = _colour_button(f"tint {name}", callback=lambda: self._tint(name))
            tooltip(desk.theme, tint, "Tint: the colours of the part are multiplied by it; white leaves them")
        return visible, tint

    def _tint(self, name: str) -> None:
        """While the colour is dragged every value is shown; together they are one step of undo."""
        tint = self._rows[name][1]
        styles = {style.group: style for style in self._desk.store.state.document.part_styles}
        visible = styles.get(name, PartStyle(group=name)).visible
        style = PartStyle(group=name, visible=visible, tint=_colour_in(tint))
        self._desk.send_while_held(tint, SetPartStyle(style=style))


def _colour_button(name: str, callback: Callable[[], None] | None = None) -> Item:
    return dpg.add_color_edit(
        tag=name,
        no_alpha=True,
        no_inputs=True,
        no_label=True,
        callback=(lambda: callback()) if callback is not None else None,
    )


def _colour_in(item: Item) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, max(0.0, channel / 255.0)) for channel in dpg.get_value(item)[:3])
    return red, green, blue


def _spoken(word: str) -> str:
    return word.capitalize()
