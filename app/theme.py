"""How the window looks: one palette, one accent, fonts that ship with the program, all lengths times one scale."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import dearpygui.dearpygui as dpg

from .. import assets

Colour = tuple[int, int, int, int]
Item = int | str


def _colour(hexadecimal: str, alpha: int = 255) -> Colour:
    red, green, blue = (int(hexadecimal[i : i + 2], 16) for i in (0, 2, 4))
    return (red, green, blue, alpha)


BACKGROUND = _colour("15171c")
PANEL = _colour("1b1e25")
CARD = _colour("232730")
FRAME = _colour("2b303b")
FRAME_HOVERED = _colour("363c4a")
FRAME_ACTIVE = _colour("404758")
LINE = _colour("2c313c")
TEXT = _colour("e8ebf1")
MUTED = _colour("949cac")
FAINT = _colour("666e7e")
DISABLED = _colour("434957")
ACCENT = _colour("6f8cff")
ACCENT_HOVERED = _colour("859eff")
ACCENT_ACTIVE = _colour("5a78f0")
ACCENT_QUIET = _colour("6f8cff", 46)
GRAB = _colour("6f8cff", 150)
"""Of sliders whose value is written over the grab."""
GRAB_ACTIVE = _colour("859eff", 190)
WARNING = _colour("f0b35a")
ERROR = _colour("ff7a76")
CLEAR: Colour = (0, 0, 0, 0)
WHITE: Colour = (255, 255, 255, 255)

DOCK_WIDTH = 352
PANEL_PADDING = 14
SCROLLBAR = 10
"""Lengths of the design that panels reckon with; a `Theme` turns them into pixels."""


class Icons:
    """Code points of the icons in assets/MaterialIcons.ttf."""

    PLAY = "\ue037"
    PAUSE = "\ue034"
    TO_START = "\ue045"
    REPEAT = "\ue040"
    UNDO = "\ue166"
    REDO = "\ue15a"
    OPEN = "\ue2c8"
    SAVE = "\ue161"
    EXPORT = "\ue171"
    RESET = "\ue042"
    MIRROR = "\ue3e8"
    BODY = "\ue92c"
    FACE = "\ue87c"
    HAND = "\ue764"
    EXPRESSION = "\ue7f2"
    SHAPE = "\ue41c"
    VIEW = "\ue8f4"
    FILE = "\ue24d"
    LOG = "\uef42"
    CLOSE = "\ue5cd"
    COPY = "\ue14d"
    MOTION = "\ue566"
    WARNING = "\ue002"
    ERROR = "\ue001"
    INFO = "\ue88e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    text: Item
    small: Item
    tiny: Item
    strong: Item
    title: Item
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
    primary_button: Item
    """The one thing to do here."""
    small_icon_button: Item
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
    """Lines that belong together stand closer."""
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


def make_theme(scale: float) -> Theme:
    """Load the fonts and make the themes; binds the global ones. Needs a DearPyGui context."""

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
        primary_button=_button_theme(ACCENT, ACCENT_HOVERED, ACCENT_ACTIVE, text=WHITE, rounding=px(7)),
        small_icon_button=_button_theme(CLEAR, FRAME, FRAME_HOVERED, text=MUTED, rounding=px(5), padding=0),
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
            icons=font("MaterialIcons.ttf", 22),
            small_icons=font("MaterialIcons.ttf", 16),
        )


def _global_theme(scale: float) -> Item:
    colours = {
        "Text": TEXT, "TextDisabled": FAINT, "WindowBg": BACKGROUND, "ChildBg": CLEAR, "PopupBg": CARD,
        "Border": LINE, "BorderShadow": CLEAR, "ModalWindowDimBg": (8, 9, 12, 150),
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
        with dpg.theme_component(dpg.mvCollapsingHeader):
            dpg.add_theme_style(dpg.mvStyleVar_FramePadding, round(5 * scale), round(6 * scale))
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
        dpg.add_theme_style(dpg.mvStyleVar_ItemSpacing, horizontal, vertical)
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
