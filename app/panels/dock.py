"""The left side: a rail of icons, the panel that is chosen on it, and an edge that makes it wider or narrower."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..settings import DEFAULT_SETTINGS, MAX_DOCK_WIDTH, MIN_DOCK_WIDTH
from ..state import State
from ..theme import ACCENT, PANEL_PADDING, Item
from .desk import Desk, Panel

RAIL_WIDTH = 84
ENTRY_HEIGHT = 52
EDGE_WIDTH = 5
MIN_PICTURE_WIDTH = 830
"""What the bar under the picture needs."""


def fitting_width(wanted: int, window_width: float) -> int:
    """The width of the panels as the person wants it, as far as the picture keeps its room; lengths of the design."""
    room = round(window_width) - RAIL_WIDTH - EDGE_WIDTH - MIN_PICTURE_WIDTH
    return min(wanted, max(room, DEFAULT_SETTINGS.dock_width))


class Dock:
    """Panels that are not shown are not synchronised either: they catch up when they are chosen."""

    def __init__(
        self,
        desk: Desk,
        panels: tuple[Panel, ...],
        *,
        chosen: str,
        on_choice: Callable[[str], object],
        on_width: Callable[[int], object],
    ) -> None:
        """`chosen` names the panel that is shown first, if there is one of that name; `on_width` gets a new width."""
        self._theme = desk.theme
        self._panel_width = desk.dock_width
        self._on_width = on_width
        self._is_held = False
        self._panels = panels
        self._chosen = next((panel for panel in panels if panel.name == chosen), panels[0])
        self._on_choice = on_choice
        self._entries: dict[str, tuple[Item, Item]] = {}
        self._pages: dict[str, Item] = {}

    @property
    def width(self) -> int:
        """Pixels."""
        return sum(map(self._theme.px, (RAIL_WIDTH, self._panel_width, EDGE_WIDTH)))

    def build(self, parent: Item) -> None:
        theme = self._theme
        self._rail = dpg.add_child_window(parent=parent, no_scrollbar=True)
        dpg.bind_item_theme(self._rail, theme.rail)
        self._page_area = dpg.add_child_window(parent=parent, no_scrollbar=True, always_use_window_padding=True)
        dpg.bind_item_theme(self._page_area, theme.panel)
        self._edge = dpg.add_button(parent=parent, tag="dock edge")
        dpg.bind_item_theme(self._edge, theme.edge)
        for number, panel in enumerate(self._panels):
            self._build_entry(panel, top=theme.px(6) + number * theme.px(ENTRY_HEIGHT))
        for panel in self._panels:
            self._build_page(panel)
        self.choose(self._chosen.name)

    def _build_entry(self, panel: Panel, *, top: int) -> None:
        """An icon with its name below: two buttons that do the same."""
        theme = self._theme
        left, width = theme.px(8), theme.px(RAIL_WIDTH - 16)

        def choose() -> None:
            self.choose(panel.name)

        icon = dpg.add_button(
            label=panel.icon,
            parent=self._rail,
            width=width,
            height=theme.px(30),
            pos=(left, top),
            callback=choose,
            tag=f"rail {panel.name}",
        )
        dpg.bind_item_font(icon, theme.fonts.icons)
        name = dpg.add_button(
            label=panel.name,
            parent=self._rail,
            width=width,
            height=theme.px(18),
            pos=(left, top + theme.px(30)),
            callback=choose,
        )
        dpg.bind_item_font(name, theme.fonts.tiny)
        self._entries[panel.name] = (icon, name)

    def _build_page(self, panel: Panel) -> None:
        theme = self._theme
        with dpg.group(parent=self._page_area, show=False) as page:
            with dpg.group(horizontal=True, horizontal_spacing=theme.px(2)):
                title = dpg.add_text(panel.name)
                dpg.bind_item_font(title, theme.fonts.title)
            with dpg.group(horizontal=True, horizontal_spacing=theme.px(2)) as actions:
                panel.actions()
            children = dpg.get_item_children(actions, 1) or []
            num_actions = sum(dpg.get_item_type(child) == "mvAppItemType::mvButton" for child in children)
            right = theme.px(self._panel_width - PANEL_PADDING) - num_actions * theme.px(38)
            dpg.set_item_pos(actions, [right, theme.px(8)])
            dpg.add_spacer(height=theme.px(2))
            panel.build(page)
        self._pages[panel.name] = page

    def choose(self, name: str) -> None:
        """Show the panel of that name."""
        theme = self._theme
        self._chosen = next(panel for panel in self._panels if panel.name == name)
        self._on_choice(name)
        for other, (icon, label) in self._entries.items():
            is_chosen = other == name
            dpg.configure_item(self._pages[other], show=is_chosen)
            dpg.bind_item_theme(icon, theme.selected_button if is_chosen else theme.quiet_button)
            dpg.bind_item_theme(label, theme.rail_label_chosen if is_chosen else theme.rail_label)

    def layout(self, top: int, height: int) -> None:
        theme = self._theme
        rail_width, panel_width, edge_width = map(theme.px, (RAIL_WIDTH, self._panel_width, EDGE_WIDTH))
        dpg.configure_item(self._rail, pos=(0, top), width=rail_width, height=height)
        dpg.configure_item(self._page_area, pos=(rail_width, top), width=panel_width, height=height)
        dpg.configure_item(self._edge, pos=(rail_width + panel_width, top), width=edge_width, height=height)

    def sync(self, state: State) -> None:
        self._chosen.sync(state)
        self._follow_edge()

    def _follow_edge(self) -> None:
        """The edge goes with the mouse that holds it; let go, it is where the panels end from then on."""
        was_held, self._is_held = self._is_held, dpg.is_item_active(self._edge)
        if not (was_held or self._is_held):
            return
        x, _ = dpg.get_mouse_pos(local=False)
        wanted = round(x / self._theme.scale) - RAIL_WIDTH - EDGE_WIDTH // 2
        width = min(max(wanted, MIN_DOCK_WIDTH), MAX_DOCK_WIDTH)
        if not was_held:  # over everything else, and only for as long as it is dragged
            self._front = dpg.add_viewport_drawlist(front=True)
            self._line = dpg.draw_line((0, 0), (0, 0), color=ACCENT, thickness=self._theme.px(2), parent=self._front)
        if self._is_held:
            left, top = self._theme.px(RAIL_WIDTH + width), dpg.get_item_pos(self._edge)[1]
            dpg.configure_item(self._line, p1=(left, top), p2=(left, top + dpg.get_item_height(self._edge)))
        else:
            dpg.delete_item(self._front)
            self._on_width(width)
