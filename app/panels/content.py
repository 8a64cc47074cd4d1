"""All that stands in the window: made anew, whole, for another size of text or of the dock."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..keeping import Keeping
from ..services import Services
from ..shortcuts import Shortcuts, is_typing
from ..state import State
from ..theme import Theme
from ..viewport.source_picture import SourcePicture
from ..viewport.texture import ViewportTexture
from ..viewport.viewport import Viewport
from .avatar import AvatarPanel
from .bars import STATUS_HEIGHT, TITLE_HEIGHT, StatusBar, TitleBar
from .capture import CapturePanel
from .deeds import deeds_of
from .desk import Desk, Panel
from .dialogs import WindowDialogs
from .dock import Dock
from .drive import DrivePanel
from .expression import ExpressionPanel
from .file import FileActions, FilePanel
from .help import HelpPanel
from .log import LogPanel
from .pose import PosePanel
from .recovery import RecoveryQuestion
from .refine import RefinePanel
from .settings import SettingsPanel
from .shape import ShapePanel
from .timeline import TimelinePanel
from .view import ViewPanel


class Content:
    """A dock at the left, the picture, the bar of the timeline under it, a bar at the top and one at the bottom."""

    def __init__(
        self,
        services: Services,
        kept: Keeping,
        theme: Theme,
        *,
        texture: ViewportTexture,
        source: SourcePicture,
        outlined: ViewportTexture,
        dock_width: int,
        leave: Callable[[], object],
    ) -> None:
        """`dock_width` in lengths of the design; `leave` ends the program."""
        self._kept = kept
        self._theme = theme
        self._leave = leave
        self._laid_out: tuple[int, ...] = ()
        desk = self.desk = Desk(services, theme, dock_width=dock_width)
        files = FileActions(desk)
        desk.dialogs = self._dialogs = WindowDialogs(desk, files)
        self.viewport = Viewport(services, theme, texture, source, outlined)
        self.viewport.show_figures(services.store.state.settings.figures)
        self._timeline = TimelinePanel(desk, files)
        drive = DrivePanel(desk, source)
        capture = CapturePanel(desk, source, create_from_photo=files.create_from_photo, show_panel=self._show_panel)
        deeds = deeds_of(
            desk,
            files,
            self._timeline,
            drive,
            capture,
            frame=self.viewport.frame,
            show_panel=self._show_panel,
            leave=self.leave,
        )
        self._title = TitleBar(desk, files, deeds, show_panel=self._show_panel)
        self._status = StatusBar(desk)
        self._recovery = RecoveryQuestion(kept, self._dialogs)
        view = ViewPanel(
            desk,
            frame=self.viewport.frame,
            show_figures=self._show_figures,
            picture_size=lambda: self.viewport.size,
        )
        panels: tuple[Panel, ...] = (
            capture,
            AvatarPanel(desk, show_panel=self._show_panel),
            RefinePanel(desk, show_panel=self._show_panel),
            PosePanel(desk),
            ExpressionPanel(desk),
            ShapePanel(desk),
            drive,
            view,
            FilePanel(desk, files),
            SettingsPanel(desk, kept),
            LogPanel(desk),
            HelpPanel(desk, deeds),
        )
        self._dock = Dock(
            desk,
            panels,
            chosen=services.store.state.settings.panel,
            on_choice=self._chosen,
            on_width=lambda width: kept.choose(dock_width=width),
        )
        self._build()
        self._shortcuts = Shortcuts(
            deeds,
            is_busy=lambda: self._dialogs.is_open or is_typing(),
            cancel=self._dialogs.close,
            accept=self._dialogs.accept,
        )

    def _build(self) -> None:
        with dpg.window(no_scrollbar=True) as self.root:
            self._title.build(self.root)
            self._dock.build(self.root)
            with dpg.child_window(no_scrollbar=True, no_scroll_with_mouse=True) as self._picture_area:
                self.viewport.build(self._picture_area)
            with dpg.child_window(no_scrollbar=True, always_use_window_padding=True) as self._timeline_area:
                self._timeline.build(self._timeline_area)
            self._status.build(self.root)
        dpg.bind_item_theme(self._picture_area, self._theme.plain)
        dpg.bind_item_theme(self._timeline_area, self._theme.bar)
        dpg.set_primary_window(self.root, True)

    def _chosen(self, panel: str) -> None:
        self._kept.choose(panel=panel)
        if panel != CapturePanel.name:  # who goes elsewhere is done with the picture
            self.desk.run("finish_outline")

    def _show_panel(self, name: str) -> None:
        self._dock.choose(name)

    def _show_figures(self, shown: bool) -> None:
        self.viewport.show_figures(shown)
        self._kept.choose(figures=shown)

    def leave(self) -> None:
        """The person wants the program to end: first it is asked what becomes of unsaved work."""
        self._dialogs.settle_unsaved("closing", self._leave)

    def sync(self, state: State) -> None:
        """Make the widgets show this state."""
        for part in (self._title, self._dock, self._timeline, self._status, self._dialogs, self._recovery):
            part.sync(state)

    def layout(self) -> None:
        """Fit everything into the window when its size has changed."""
        px = self._theme.px
        size = (dpg.get_viewport_client_width(), dpg.get_viewport_client_height(), px(self._timeline.height))
        if size == self._laid_out:
            return
        self._laid_out = size
        self._kept.window_has_size(dpg.get_viewport_width(), dpg.get_viewport_height())
        width, height, bar_height = size
        top, status_top = px(TITLE_HEIGHT), height - px(STATUS_HEIGHT)
        left, bar_top = self._dock.width, status_top - bar_height
        self._title.layout(width, top)
        self._dock.layout(top, status_top - top)
        dpg.configure_item(self._picture_area, pos=(left, top), width=width - left, height=bar_top - top)
        dpg.configure_item(self._timeline_area, pos=(left, bar_top), width=width - left, height=bar_height)
        self.viewport.layout(width - left, bar_top - top)
        self._timeline.layout(width - left)
        self._status.layout(status_top, width, px(STATUS_HEIGHT))
        self._dialogs.layout()
