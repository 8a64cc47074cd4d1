"""What stands over the picture: the measured figures, and in the middle what the program waits for."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ...core.jobs import Progress
from ..lettering import spelled
from ..palette import BACKDROP, ON_AIR, TRACK
from ..state import State
from ..theme import ACCENT, CLEAR, MUTED, TEXT, WHITE, Colour, Item, Theme
from .figures import Figures

LINE_HEIGHT, TEXT_SIZE, PADDING, WIDTH, MARGIN = 19, 14, 12, 218, 14
SIGN_HEIGHT = 32
STAGES = ("body", "rig", "project", "bin", "sort", "raster", "mesh", "floor", "upload")
NOT_MEASURED = "-"
JOB_TITLES = {
    "open": "Opening",
    "motion": "Reading the motion",
    "save": "Saving",
    "export": "Exporting",
    "drive": "Getting ready to drive",
    "outline": "Looking for your outline",
}


def duration(seconds: float) -> str:
    """Time left, as people say it."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    return f"{int(seconds // 60)} min {round(seconds % 60):02d} s left"


def sign_of(state: State) -> str:
    """What must be said of the source; a camera is told until it is closed."""
    driving = state.driving
    if state.is_camera_open:
        return "CAMERA ON"
    return f"driven by {spelled(driving.title)}" if driving.is_on and not driving.is_camera else ""


def figure_lines(figures: Figures) -> list[tuple[str, str]]:
    """Names and values, top to bottom."""
    lines = [
        ("new images", f"{figures.images_per_second:.0f} / s"),
        ("latency", NOT_MEASURED if figures.latency is None else f"{figures.latency:.0f} ms"),
        ("Gaussians", f"{figures.num_gaussians:,}"),
        ("picture", f"{figures.width} x {figures.height}"),
        ("renderer", figures.renderer or NOT_MEASURED),
    ]
    if figures.fallback:
        lines.append(("texture", "fallback, a frame late"))
    lines += [(stage, f"{figures.stages[stage]:.1f} ms") for stage in STAGES if stage in figures.stages]
    return lines


class Overlay:
    """Draws on layers above the picture; redrawn only when what it says changes."""

    def __init__(self, theme: Theme, drawlist: Item) -> None:
        self._theme = theme
        self._figures = _Layer(theme, drawlist)
        self._waiting = _Layer(theme, drawlist)
        self._sign = _Layer(theme, drawlist)

    def show_figures(self, figures: Figures | None, size: tuple[int, int]) -> None:
        """The figures at the bottom right of a picture of this size in pixels; None hides them."""
        lines = [] if figures is None else figure_lines(figures)
        layer, px = self._figures, self._theme.px
        if not layer.clear_unless_shown((lines, size)) or not lines:
            return
        height = 2 * px(PADDING) + px(LINE_HEIGHT) * len(lines) - px(4)
        left, top = size[0] - px(MARGIN) - px(WIDTH), size[1] - px(MARGIN) - height
        layer.box(left, top, px(WIDTH), height)
        for number, (name, value) in enumerate(lines):
            y = top + px(PADDING) + number * px(LINE_HEIGHT)
            layer.text(left + px(PADDING), y, name, MUTED)
            layer.text(left + px(WIDTH) - px(PADDING), y, value, TEXT, to_the_left=True)

    def show_sign(self, state: State) -> None:
        """At the top left, whenever something drives the avatar: red while a camera is open."""
        is_on_air = state.is_camera_open
        sign, layer, px = sign_of(state), self._sign, self._theme.px
        if not layer.clear_unless_shown(sign) or not sign:
            return
        left = top = px(MARGIN)
        text_left = left + px(PADDING) + (px(18) if is_on_air else 0)
        width = text_left - left + layer.text_width(sign) + px(PADDING)
        layer.box(left, top, width, px(SIGN_HEIGHT), ON_AIR if is_on_air else BACKDROP)
        if is_on_air:
            layer.dot(left + px(PADDING + 5), top + px(SIGN_HEIGHT) / 2, px(5), WHITE)
        layer.text(text_left, top + px(7), sign, WHITE if is_on_air else TEXT, strong=True)

    def show_waiting(self, title: str, job: Progress | None, size: tuple[int, int]) -> None:
        """What is awaited, in the middle, with a bar where its progress is known; nothing for an empty title."""
        fraction = min(1.0, round(job.fraction, 3)) if job else None
        message = job.message if job else ""
        time_left = duration(job.seconds_left) if job and job.seconds_left is not None else ""
        layer, px = self._waiting, self._theme.px
        if not layer.clear_unless_shown((title, fraction, message, time_left, size)) or not title:
            return
        width, height = px(400), px(60 if fraction is None else 108)
        left, top = (size[0] - width) // 2, (size[1] - height) // 2
        layer.box(left, top, width, height)
        layer.text(left + px(20), top + px(20), title, TEXT, strong=True)
        if fraction is None:
            return
        bar_left, bar_width, bar_top = left + px(20), width - 2 * px(20), top + px(54)
        layer.bar(bar_left, bar_top, bar_width, TRACK)
        layer.bar(bar_left, bar_top, max(px(6), round(fraction * bar_width)), ACCENT)
        layer.text(bar_left, bar_top + px(16), message, MUTED)
        layer.text(bar_left + bar_width, bar_top + px(16), time_left, MUTED, to_the_left=True)


class _Layer:
    """One layer of the drawing, with the shapes that the overlay is made of."""

    def __init__(self, theme: Theme, drawlist: Item) -> None:
        self._theme = theme
        self._layer = dpg.add_draw_layer(parent=drawlist)
        self._shown: object = None

    def clear_unless_shown(self, content: object) -> bool:
        """Empty the layer when it is to show something else than it does; whether it has to be drawn."""
        if content == self._shown:
            return False
        self._shown = content
        dpg.delete_item(self._layer, children_only=True)
        return True

    def box(self, left: float, top: float, width: float, height: float, colour: Colour = BACKDROP) -> None:
        self._rectangle(left, top, width, height, colour, self._theme.px(9))

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        dpg.draw_circle((x, y), radius, fill=colour, color=CLEAR, parent=self._layer)

    def text_width(self, text: str) -> float:
        """Of strong text."""
        return (dpg.get_text_size(text, font=self._theme.fonts.strong) or (0.0, 0.0))[0]

    def bar(self, left: float, top: float, width: float, colour: Colour) -> None:
        self._rectangle(left, top, width, self._theme.px(6), colour, self._theme.px(3))

    def _rectangle(self, left: float, top: float, width: float, height: float, colour: Colour, rounding: int) -> None:
        dpg.draw_rectangle(
            (left, top), (left + width, top + height), fill=colour, color=CLEAR, rounding=rounding, parent=self._layer
        )

    def text(
        self, x: float, y: float, text: str, colour: Colour, *, strong: bool = False, to_the_left: bool = False
    ) -> None:
        """Text that begins at x, or ends there."""
        font = self._theme.fonts.strong if strong else self._theme.fonts.small
        if to_the_left:
            x -= (dpg.get_text_size(text, font=font) or (0.0, 0.0))[0]
        size = self._theme.px(16 if strong else TEXT_SIZE)
        item = dpg.draw_text((round(x), y), text, color=colour, size=size, parent=self._layer)
        dpg.bind_item_font(item, font)
