"""Curves over time in the window's colours; they change with the look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dearpygui.dearpygui as dpg

from ..theme import CLEAR, FRAME, LINE, MUTED, TEXT, Colour, Item, Theme

HEIGHT = 100
LINE_WIDTH = 2.0
OVERHANG = 14
"""Of the design: the last number of an axis has its middle below the plot's edge."""
ROOM = 0.08
"""Of the height, above the highest and below the lowest point."""

Points = Sequence[tuple[float, float]]


class Curves:
    """One plot: a line for each name, over seconds."""

    def __init__(self, theme: Theme, name: str, *, width: int, tones: Mapping[str, Colour], digits: int) -> None:
        """`width` in pixels."""
        self._lines: dict[str, Item] = {}
        with dpg.plot(
            tag=name,
            height=theme.px(HEIGHT),
            width=width - theme.px(OVERHANG),
            no_menus=True,
            no_mouse_pos=True,
            no_box_select=True,
            no_title=True,
            no_inputs=True,
        ) as self.item:
            if len(tones) > 1:
                dpg.add_plot_legend(location=dpg.mvPlot_Location_SouthEast, no_buttons=True, horizontal=True)
            self._x = dpg.add_plot_axis(dpg.mvXAxis, no_highlight=True, no_menus=True)
            self._y = dpg.add_plot_axis(dpg.mvYAxis, no_highlight=True, no_menus=True, tick_format=f"%.{digits}f")
            for label, tone in tones.items():
                line = dpg.add_line_series((), (), label=label, parent=self._y)
                dpg.bind_item_theme(line, _line_theme(theme, tone))
                self._lines[label] = line
        dpg.bind_item_font(self.item, theme.fonts.tiny)
        dpg.bind_item_theme(self.item, _plot_theme(theme))

    def show(self, curves: Mapping[str, Points]) -> None:
        """Draw these points, and fit the axes to them."""
        for label, points in curves.items():
            dpg.set_value(self._lines[label], [[x for x, _ in points], [y for _, y in points]])
            dpg.configure_item(self._lines[label], show=bool(points))
        heights = [y for points in curves.values() for _, y in points]
        lengths = [x for points in curves.values() for x, _ in points]
        if not heights:
            return
        margin = ROOM * (max(heights) - min(heights)) or 0.5 * abs(heights[0]) or 1.0
        dpg.set_axis_limits(self._x, 0.0, max(*lengths, 1.0))
        dpg.set_axis_limits(self._y, min(heights) - margin, max(heights) + margin)


def _plot_theme(theme: Theme) -> Item:
    colours = {
        "FrameBg": CLEAR, "PlotBg": FRAME, "PlotBorder": CLEAR, "LegendBg": CLEAR, "LegendBorder": CLEAR,
        "LegendText": TEXT, "AxisText": MUTED, "AxisGrid": LINE, "AxisTick": LINE, "AxisBg": CLEAR,
        "AxisBgHovered": CLEAR, "AxisBgActive": CLEAR,
    }  # fmt: skip
    with dpg.theme() as item_theme, dpg.theme_component(dpg.mvPlot):
        for name, colour in colours.items():
            dpg.add_theme_color(getattr(dpg, f"mvPlotCol_{name}"), colour, category=dpg.mvThemeCat_Plots)
        for name in ("PlotPadding", "LegendPadding", "LabelPadding"):
            dpg.add_theme_style(
                getattr(dpg, f"mvPlotStyleVar_{name}"), theme.px(4), theme.px(4), category=dpg.mvThemeCat_Plots
            )
    return item_theme


def _line_theme(theme: Theme, tone: Colour) -> Item:
    with dpg.theme() as item_theme, dpg.theme_component(dpg.mvLineSeries):
        dpg.add_theme_color(dpg.mvPlotCol_Line, tone, category=dpg.mvThemeCat_Plots)
        dpg.add_theme_style(dpg.mvPlotStyleVar_LineWeight, LINE_WIDTH * theme.scale, category=dpg.mvThemeCat_Plots)
    return item_theme
