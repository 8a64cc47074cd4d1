"""How the window looks: fonts that ship with the program, themes of the palette's colours, lengths times one scale."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import dearpygui.dearpygui as dpg

from .. import assets
from .icons import Icons as Icons
from .palette import ACCENT as ACCENT
from .palette import (
    ACCENT_ACTIVE,
    ACCENT_HOVERED,
    ACCENT_QUIET,
    BACKGROUND,
    CARD,
    CLEAR,
    DIM,
    DISABLED,
    FAINT,
    FRAME,
    FRAME_ACTIVE,
    FRAME_HOVERED,
    GRAB,
    GRAB_ACTIVE,
    LINE,
    MUTED,
    PANEL,
    TEXT,
    WHITE,
    Colour,
    Tone,
    wear,
)
from .palette import ERROR as ERROR
from .palette import WARNING as WARNING
from .settings import Look

Item = int | str

WINDOW_SIZE = (1440, 900)
PANEL_PADDING = 14
SCROLLBAR = 10
"""Lengths of the design that panels reckon with; a `Theme` turns them into pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    text: Item
    small: Item
    tiny: Item
    strong: Item
    title: Item
    huge: Item
    """For the number of a countdown."""
    icons: Item
    small_icons: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Fonts and item themes at one scale; `px` turns a length of the design into pixels."""

    scale: float
    fonts: Fonts
    quiet_button: Item
    """No frame until the mouse is over it: icons."""
    selected_button: Item
    """A quiet button whose thing is on."""
    chosen_button: Item
    """As large as others; what it says is chosen."""
    primary_button: Item
    """The one thing to do here."""
    danger_button: Item
    """What cannot be undone."""
    small_icon_button: Item
    edge: Item
    plain: Item
    """A surface without frame or padding."""
    rail: Item
    rail_label: Item
    rail_label_chosen: Item
    panel: Item
    bar: Item
    status_bar: Item
    card: Item
    scroll_area: Item
    list_area: Item
    tight: Item
    tooltip: Item
    modal: Item
    track: Item
    """The slider of the playback bar: its line is thin."""

    def px(self, length: float) -> int:
        return round(length * self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """The screen that the window opens on."""

    width: int = 1440
    """Pixels that a window may fill."""
    height: int = 900
    scale: float = 1.0
    """How many pixels stand for one of the design."""

    def window_size(self, last: tuple[int, int] | None) -> tuple[int, int]:
        """As large as the window was last, else the design's size; or what there is room for."""
        width, height = last or (round(side * self.scale) for side in WINDOW_SIZE)
        return (min(width, self.width), min(height, self.height))


def find_display() -> Display:
    """What the desktop says of its main screen; NLFGS_STUDIO_SCALE overrules its scale."""
    display = _main_display()
    try:
        scale = float(os.environ["NLFGS_STUDIO_SCALE"])
    except (KeyError, ValueError):
        scale = display.scale
    return replace(display, scale=min(4.0, max(0.75, scale)))


def _main_display() -> Display:
    try:
        import glfw
    except ImportError:
        return Display()
    if not glfw.init():
        return Display()
    try:
        monitor = glfw.get_primary_monitor()
        if not monitor:
            return Display()
        _, _, width, height = glfw.get_monitor_workarea(monitor)
        # macOS scales windows itself: lengths there are not pixels.
        scale = 1.0 if sys.platform == "darwin" else glfw.get_monitor_content_scale(monitor)[0]
        return Display(width=width, height=height, scale=scale)
    finally:
        glfw.terminate()


def make_theme(scale: float, look: Look) -> Theme:
    """Load the fonts and make the themes; binds the global ones. Needs a DearPyGui context."""
    wear(look)

    def px(length: float) -> int:
        return round(length * scale)

    fonts = _load_fonts(scale)
    dpg.bind_font(fonts.text)
    dpg.bind_theme(_global_theme(scale))
    return Theme(
        scale=scale,
        fonts=fonts,
        quiet_button=_button_theme(CLEAR, FRAME, FRAME_HOVERED, text=MUTED, rounding=px(7), padding=0),
        selected_button=_button_theme(
            ACCENT_QUIET, ACCENT_QUIET, ACCENT_QUIET, text=ACCENT_HOVERED, rounding=px(7), padding=0
        ),
        chosen_button=_button_theme(ACCENT_QUIET, ACCENT_QUIET, ACCENT_QUIET, text=ACCENT_HOVERED, rounding=px(7)),
        primary_button=_button_theme(ACCENT, ACCENT_HOVERED, ACCENT_ACTIVE, text=WHITE, rounding=px(7)),
        danger_button=_button_theme(ERROR, ERROR, ERROR, text=BACKGROUND, rounding=px(7)),
        small_icon_button=_button_theme(CLEAR, FRAME, FRAME_HOVERED, text=MUTED, rounding=px(5), padding=0),
        edge=_button_theme(BACKGROUND, ACCENT, ACCENT_ACTIVE, text=MUTED, rounding=0, padding=0),
        plain=_surface_theme(BACKGROUND, padding=(0, 0), rounding=0),
        rail=_surface_theme(BACKGROUND, padding=(0, 0), rounding=0),
        rail_label=_button_theme(CLEAR, CLEAR, CLEAR, text=MUTED, rounding=0, padding=0),
        rail_label_chosen=_button_theme(CLEAR, CLEAR, CLEAR, text=TEXT, rounding=0, padding=0),
        panel=_surface_theme(PANEL, padding=(px(PANEL_PADDING), px(12)), rounding=0),
        bar=_surface_theme(PANEL, padding=(px(14), px(12)), rounding=0),
        status_bar=_surface_theme(BACKGROUND, padding=(0, 0), rounding=0),
        card=_surface_theme(CARD, padding=(px(12), px(10)), rounding=px(8), spacing=(px(8), px(3))),
        scroll_area=_surface_theme(CLEAR, padding=(0, 0), rounding=0),
        list_area=_surface_theme(BACKGROUND, padding=(px(8), px(8)), rounding=px(7)),
        tight=_tight_theme(px(8), px(3)),
        tooltip=_window_theme(dpg.mvTooltip, FRAME, px(10), px(7)),
        modal=_window_theme(dpg.mvWindowAppItem, CARD, px(20), px(18)),
        track=_track_theme(px(2)),
    )


def change_look(look: Look) -> None:
    """Wear another look: what stands in the window takes its colours, what is made later has them."""
    before = wear(look)
    for item in dpg.get_all_items():
        if dpg.get_item_type(item) == "mvAppItemType::mvThemeColor":
            tone = _tone_of(dpg.get_value(item), before, unit=1.0)
            if tone is not None:
                dpg.set_value(item, list(tone))
            continue
        configuration = dpg.get_item_configuration(item)
        for name in ("color", "fill"):
            tone = _tone_of(configuration.get(name), before, unit=255.0)
            if tone is not None:
                dpg.configure_item(item, **{name: tone})
    dpg.set_viewport_clear_color(list(BACKGROUND))


def _tone_of(value: object, tones: dict[tuple[int, int, int, int], Tone], *, unit: float) -> Tone | None:
    if not isinstance(value, list | tuple) or len(value) != 4:
        return None
    red, green, blue, opacity = (round(unit * part) for part in value)
    return tones.get((red, green, blue, opacity))


def _load_fonts(scale: float) -> Fonts:
    folder = Path(str(resources.files(assets)))

    def font(file: str, size: float) -> Item:
        return dpg.add_font(str(folder / file), round(size * scale))

    with dpg.font_registry():
        return Fonts(
            text=font("Inter-Regular.ttf", 16),
            small=font("Inter-Regular.ttf", 14),
            tiny=font("Inter-Regular.ttf", 13),
            strong=font("Inter-SemiBold.ttf", 16),
            title=font("Inter-SemiBold.ttf", 20),
            huge=font("Inter-SemiBold.ttf", 72),
            icons=font("MaterialIcons.ttf", 22),
            small_icons=font("MaterialIcons.ttf", 16),
        )


def _global_theme(scale: float) -> Item:
    colours = {
        "Text": TEXT, "TextDisabled": FAINT, "WindowBg": BACKGROUND, "ChildBg": CLEAR, "PopupBg": CARD,
        "Border": LINE, "BorderShadow": CLEAR, "ModalWindowDimBg": DIM,
        "FrameBg": FRAME, "FrameBgHovered": FRAME_HOVERED, "FrameBgActive": FRAME_ACTIVE,
        "TitleBg": CARD, "TitleBgActive": CARD, "TitleBgCollapsed": CARD,
        "Button": FRAME, "ButtonHovered": FRAME_HOVERED, "ButtonActive": FRAME_ACTIVE,
        "Header": CARD, "HeaderHovered": FRAME, "HeaderActive": FRAME_HOVERED,
        "CheckMark": ACCENT_HOVERED, "SliderGrab": GRAB, "SliderGrabActive": GRAB_ACTIVE,
        "ScrollbarBg": CLEAR, "ScrollbarGrab": FRAME, "ScrollbarGrabHovered": FRAME_HOVERED,
        "ScrollbarGrabActive": FRAME_ACTIVE, "Separator": LINE, "SeparatorHovered": LINE, "SeparatorActive": LINE,
        "TextSelectedBg": ACCENT_QUIET, "PlotHistogram": ACCENT, "NavCursor": ACCENT, "NavHighlight": ACCENT,
        "TableHeaderBg": PANEL, "TableBorderStrong": LINE, "TableBorderLight": LINE, "TableRowBgAlt": CLEAR,
        "ResizeGrip": CLEAR,
    }  # fmt: skip
    lengths = {
        "WindowPadding": (0, 0), "FramePadding": (10, 6), "ItemSpacing": (8, 8), "ItemInnerSpacing": (8, 6),
        "FrameRounding": (7,), "ChildRounding": (8,), "PopupRounding": (9,), "WindowRounding": (10,),
        "GrabRounding": (5,), "GrabMinSize": (10,), "ScrollbarSize": (SCROLLBAR,), "ScrollbarRounding": (6,),
        "IndentSpacing": (14,), "CellPadding": (6, 4),
    }  # fmt: skip
    borders = {"WindowBorderSize": 0, "ChildBorderSize": 0, "FrameBorderSize": 0, "PopupBorderSize": 1}
    with dpg.theme() as theme:
        with dpg.theme_component(dpg.mvCombo):  # of the list that opens
            dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, round(8 * scale), round(6 * scale))
        with dpg.theme_component(dpg.mvCollapsingHeader):
            dpg.add_theme_style(dpg.mvStyleVar_FramePadding, round(5 * scale), round(6 * scale))
        with dpg.theme_component(dpg.mvButton, enabled_state=False):
            dpg.add_theme_color(dpg.mvThemeCol_Text, DISABLED)
            for part in ("Button", "ButtonHovered", "ButtonActive"):
                dpg.add_theme_color(getattr(dpg, f"mvThemeCol_{part}"), FRAME)
        with dpg.theme_component(dpg.mvAll):
            for name, colour in colours.items():
                dpg.add_theme_color(getattr(dpg, f"mvThemeCol_{name}"), colour)
            for name, values in lengths.items():
                scaled = [round(value * scale) for value in values]
                dpg.add_theme_style(getattr(dpg, f"mvStyleVar_{name}"), *scaled)
            for name, width in borders.items():
                dpg.add_theme_style(getattr(dpg, f"mvStyleVar_{name}"), width)
    return theme


def _button_theme(
    rest: Colour, hovered: Colour, active: Colour, *, text: Colour, rounding: int, padding: int | None = None
) -> Item:
    with dpg.theme() as theme, dpg.theme_component(dpg.mvButton):
        dpg.add_theme_color(dpg.mvThemeCol_Button, rest)
        dpg.add_theme_color(dpg.mvThemeCol_ButtonHovered, hovered)
        dpg.add_theme_color(dpg.mvThemeCol_ButtonActive, active)
        dpg.add_theme_color(dpg.mvThemeCol_Text, text)
        dpg.add_theme_style(dpg.mvStyleVar_FrameRounding, rounding)
        if padding is not None:
            dpg.add_theme_style(dpg.mvStyleVar_FramePadding, padding, padding)
    with dpg.theme_component(dpg.mvButton, enabled_state=False, parent=theme):
        for part in (dpg.mvThemeCol_Button, dpg.mvThemeCol_ButtonHovered, dpg.mvThemeCol_ButtonActive):
            dpg.add_theme_color(part, CLEAR)
        dpg.add_theme_color(dpg.mvThemeCol_Text, DISABLED)
        dpg.add_theme_style(dpg.mvStyleVar_FramePadding, padding or 0, padding or 0)
    return theme


def _window_theme(kind: int, colour: Colour, horizontal: int, vertical: int) -> Item:
    with dpg.theme() as theme, dpg.theme_component(kind):
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, horizontal, vertical)
        dpg.add_theme_color(dpg.mvThemeCol_PopupBg, colour)
        dpg.add_theme_color(dpg.mvThemeCol_WindowBg, colour)
    return theme


def _tight_theme(horizontal: int, vertical: int) -> Item:
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        for style in (dpg.mvStyleVar_ItemSpacing, dpg.mvStyleVar_FramePadding):
            dpg.add_theme_style(style, horizontal, vertical)
    return theme


def _track_theme(padding: int) -> Item:
    with dpg.theme() as theme, dpg.theme_component(dpg.mvSliderFloat):
        dpg.add_theme_style(dpg.mvStyleVar_FramePadding, padding, padding)
        dpg.add_theme_color(dpg.mvThemeCol_SliderGrab, ACCENT)
        dpg.add_theme_color(dpg.mvThemeCol_SliderGrabActive, ACCENT_HOVERED)
    return theme


def _surface_theme(
    colour: Colour, *, padding: tuple[int, int], rounding: int, spacing: tuple[int, int] | None = None
) -> Item:
    with dpg.theme() as theme, dpg.theme_component(dpg.mvChildWindow):
        dpg.add_theme_color(dpg.mvThemeCol_ChildBg, colour)
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, *padding)
        dpg.add_theme_style(dpg.mvStyleVar_ChildRounding, rounding)
        if spacing is not None:
            dpg.add_theme_style(dpg.mvStyleVar_ItemSpacing, *spacing)
    return theme
