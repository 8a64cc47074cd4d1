"""The one window: a dock at the left, the picture, the playback bar under it, a status bar; and the frame loop.

Only the main thread comes here. `Window._frame` is the order of everything that happens in a frame.
"""

from __future__ import annotations

import inspect
import logging
import os
import time
from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg
import numpy as np
import torch

from ..core.errors import StudioError
from ..core.images import write_png
from .doctor import display_problem
from .panels.bars import STATUS_HEIGHT, TITLE_HEIGHT, StatusBar, TitleBar
from .panels.desk import Desk
from .panels.dialogs import WindowDialogs
from .panels.dock import Dock
from .panels.expression import ExpressionPanel
from .panels.file import FileActions, FilePanel
from .panels.log import LogPanel
from .panels.playback import BAR_HEIGHT, PlaybackBar
from .panels.pose import PosePanel
from .panels.shape import ShapePanel
from .panels.view import ViewPanel
from .services import Services
from .shortcuts import Shortcut, Shortcuts, is_typing
from .state import State
from .store import Store
from .theme import BACKGROUND, Display, Item, Theme, find_display, make_theme
from .viewport.texture import ViewportTexture, prepare_environment
from .viewport.trace import Trace
from .viewport.viewport import Viewport

MIN_SIZE = (1280, 720)
DEFAULT_SIZE = (1440, 900)
BUSY_SECONDS = 0.5
"""After the last input or change the window is presented at full rate for so long, then at the idle rate."""
BUSY_INTERVAL, IDLE_INTERVAL = 1.0 / 60.0, 1.0 / 10.0
SCREENSHOT_SECONDS, STILL_SECONDS = 1.5, 0.7
"""The avatar has stood for so long, and the picture has been the same for so long: the screenshot can be taken."""

logger = logging.getLogger(__name__)


def run_window(
    *,
    source: str = "default",
    motion: Path | None = None,
    screenshot: Path | None = None,
    size: tuple[int, int] | None = None,
    renderer: str = "auto",
) -> int:
    """Open the window and stay until it closes; with `screenshot`, until the avatar stands and the PNG is written.

    Returns:
        The exit code of the program.

    Raises:
        StudioError: no window can be opened here, or `source` cannot for the screenshot.
    """
    problem = display_problem()
    if problem is not None:
        raise StudioError(problem, hint="`nlfgs-studio render default -o picture.png` draws without a window")
    prepare_environment()
    services = Services(Store())
    try:
        services.renderer(renderer)
        window = Window(services, find_display(), size=size)
        try:
            window.run(source=source, motion=motion, renderer=renderer, screenshot=screenshot)
        finally:
            window.close()
    finally:
        services.close()
    return 0


class Window:
    """Owns DearPyGui's context and everything made in it."""

    def __init__(self, services: Services, display: Display, *, size: tuple[int, int] | None) -> None:
        self._services = services
        self._closing = False
        self._busy_until = 0.0
        self._mouse: tuple[float, ...] = ()
        self._laid_out: tuple[int, int] = (0, 0)
        self._seen: State | None = None
        self._broken: State | None = None
        self._framed_origin = 0
        self._standing_since: float | None = None
        dpg.create_context()
        dpg.configure_app(manual_callback_management=True)
        width, height = size or _first_size(display)
        dpg.create_viewport(
            title="nlfgs studio",
            width=width,
            height=height,
            min_width=min(width, MIN_SIZE[0]),
            min_height=min(height, MIN_SIZE[1]),
            x_pos=max(0, (display.width - width) // 2),
            y_pos=max(0, (display.height - height) // 2),
            clear_color=list(BACKGROUND),
            disable_close=True,
        )
        dpg.setup_dearpygui()
        self._theme: Theme = make_theme(display.scale)
        self._build()
        self._trace = Trace()

    def _build(self) -> None:
        desk = self._desk = Desk(self._services, self._theme)
        files = FileActions(desk)
        desk.dialogs = self._dialogs = WindowDialogs(desk, files)
        force_raw = bool(os.environ.get("NLFGS_STUDIO_RAW_TEXTURE"))
        self._viewport = Viewport(self._services, self._theme, ViewportTexture(force_raw=force_raw))
        self._title, self._status = TitleBar(desk, files), StatusBar(desk)
        self._playback = PlaybackBar(desk, files)
        view = ViewPanel(desk, frame=self._viewport.frame, show_figures=self._viewport.show_figures)
        panels = (
            PosePanel(desk),
            ExpressionPanel(desk),
            ShapePanel(desk),
            view,
            FilePanel(desk, files),
            LogPanel(desk),
        )
        self._dock = Dock(self._theme, panels)
        with dpg.window(no_scrollbar=True) as root:
            self._title.build(root)
            self._dock.build(root)
            with dpg.child_window(no_scrollbar=True, no_scroll_with_mouse=True) as self._picture_area:
                self._viewport.build(self._picture_area)
            with dpg.child_window(no_scrollbar=True, always_use_window_padding=True) as self._playback_area:
                self._playback.build(self._playback_area)
            self._status.build(root)
        dpg.bind_item_theme(self._picture_area, self._theme.plain)
        dpg.bind_item_theme(self._playback_area, self._theme.bar)
        dpg.set_primary_window(root, True)
        dpg.set_exit_callback(lambda: self._asked_to_close())
        self._shortcuts = Shortcuts(
            self._keys(desk, files),
            is_busy=lambda: self._dialogs.is_open or is_typing(),
            cancel=self._dialogs.close,
            accept=self._dialogs.accept,
        )

    def _keys(self, desk: Desk, files: FileActions) -> tuple[Shortcut, ...]:
        viewport = self._viewport
        return (
            Shortcut(key=dpg.mvKey_Z, control=True, action=lambda: desk.run("undo")),
            Shortcut(key=dpg.mvKey_Z, control=True, shift=True, action=lambda: desk.run("redo")),
            Shortcut(key=dpg.mvKey_Y, control=True, action=lambda: desk.run("redo")),
            Shortcut(key=dpg.mvKey_N, control=True, action=files.new),
            Shortcut(key=dpg.mvKey_O, control=True, action=files.open),
            Shortcut(key=dpg.mvKey_S, control=True, action=files.save),
            Shortcut(key=dpg.mvKey_S, control=True, shift=True, action=files.save_as),
            Shortcut(key=dpg.mvKey_Spacebar, action=self._playback.toggle),
            Shortcut(key=dpg.mvKey_F, action=lambda: viewport.frame("body")),
            Shortcut(key=dpg.mvKey_H, action=lambda: viewport.frame("head")),
        )

    def _asked_to_close(self) -> None:
        self._dialogs.settle_unsaved("closing", self._end)

    def _end(self) -> None:
        self._closing = True

    def run(self, *, source: str, motion: Path | None, renderer: str, screenshot: Path | None) -> None:
        """Open what is asked for and present frames until the window closes or the screenshot is written."""
        dpg.show_viewport()
        dpg.render_dearpygui_frame()
        self._viewport.adopt()
        self._desk.run("set_view", renderer=renderer)
        self._desk.run("open", source=source)
        if motion is not None:
            self._desk.run("open_motion", path=motion)
        while dpg.is_dearpygui_running() and not self._closing:
            self._frame()
            if screenshot is not None and self._is_settled():
                self._save_screenshot(screenshot)
                self._end()

    def _frame(self) -> None:
        """What happens in a frame, in this order only."""
        started = time.monotonic()
        before = self._services.store.state
        # 1. What the person did since the last frame.
        self._run_callbacks()
        self._desk.end_drag_when_released()
        after = self._services.store.state
        if after.document is not before.document or after.view is not before.view:
            self._viewport.latency.input_changed_something()
        # 2. What the jobs brought; a playing motion moves on.
        self._services.tick(time.monotonic())
        self._frame_new_document()
        # 3. One state for all that follows.
        state = self._services.store.state
        # 4. The widgets show it.
        self._layout()
        self._sync(state)
        # 5. The picture shows it, drawn anew only if something in it has changed.
        new_picture = self._draw(state)
        # 6. Present, and ask for input.
        self._viewport.latency.polled(time.monotonic())
        dpg.render_dearpygui_frame()
        self._viewport.presented(time.monotonic(), new_picture=new_picture)
        self._trace.frame(state, self._viewport, new_picture=new_picture)
        self._rest(started, is_busy=new_picture or bool(state.jobs) or state is not self._seen)
        self._seen = state

    def _run_callbacks(self) -> None:
        """Each for itself: a mistake of ours in one must not take the person's unsaved work with it."""
        for function, *arguments in dpg.get_callback_queue() or ():
            if function is None:
                continue
            try:
                function(*arguments[: len(inspect.signature(function).parameters)])
            except Exception as error:
                self._say_broken(error)

    def _say_broken(self, error: Exception) -> None:
        if isinstance(error, StudioError):
            self._services.report(error.message, hint=error.hint, kind="error")
            return
        logger.error("the window failed", exc_info=error)
        self._services.report(
            f"that failed inside the program: {type(error).__name__}: {error}",
            hint="this is a mistake of ours; the document is untouched",
            kind="error",
        )

    def _frame_new_document(self) -> None:
        """A document that was just opened is brought into view; undo and redo leave the camera alone."""
        state = self._services.store.state
        newest = len(state.files) - 1
        if newest > self._framed_origin and state.document.origin == newest:
            self._framed_origin = newest
            self._viewport.frame("body")

    def _sync(self, state: State) -> None:
        for part in (self._title, self._dock, self._playback, self._status, self._dialogs):
            part.sync(state)

    def _draw(self, state: State) -> bool:
        """Whether there is a new picture. A state that cannot be drawn is said once and left alone until it changes."""
        if state is self._broken:
            return False
        try:
            return self._viewport.draw(state)
        except Exception as error:
            self._say_broken(error)
            self._broken = self._services.store.state
            return False

    def _layout(self) -> None:
        """Fit everything into the window when its size has changed."""
        size = (dpg.get_viewport_client_width(), dpg.get_viewport_client_height())
        if size == self._laid_out:
            return
        self._laid_out = size
        px = self._theme.px
        width, height = size
        top, status_top = px(TITLE_HEIGHT), height - px(STATUS_HEIGHT)
        left, bar_top = self._dock.width, status_top - px(BAR_HEIGHT)
        self._title.layout(width, top)
        self._dock.layout(top, status_top - top)
        dpg.configure_item(self._picture_area, pos=(left, top), width=width - left, height=bar_top - top)
        dpg.configure_item(self._playback_area, pos=(left, bar_top), width=width - left, height=px(BAR_HEIGHT))
        self._viewport.layout(width - left, bar_top - top)
        self._playback.layout(width - left)
        self._status.layout(status_top, width, px(STATUS_HEIGHT))
        self._dialogs.layout()

    def _rest(self, started: float, *, is_busy: bool) -> None:
        """Leave the processor to others until the next frame is due; a display with vsync has waited already."""
        mouse = tuple(dpg.get_mouse_pos(local=False))
        if is_busy or mouse != self._mouse or any(dpg.is_mouse_button_down(button) for button in range(3)):
            self._busy_until = started + BUSY_SECONDS
        self._mouse = mouse
        interval = BUSY_INTERVAL if started < self._busy_until else IDLE_INTERVAL
        time.sleep(max(0.0, started + interval - time.monotonic()))

    def _is_settled(self) -> bool:
        """Whether the window shows what was asked for, whole.

        Raises:
            StudioError: it never will, because opening failed.
        """
        state = self._services.store.state
        if state.jobs:
            return False
        if state.document.avatar is None and state.document.static is None:
            raise StudioError(state.status.message or "nothing was opened", hint=state.status.hint)
        now = time.monotonic()
        self._standing_since = self._standing_since or now
        is_still = state.playback.playing or self._viewport.still_for(STILL_SECONDS)
        return is_still and now - self._standing_since >= SCREENSHOT_SECONDS

    def _save_screenshot(self, path: Path) -> None:
        """Write the window as a person sees it."""
        taken: list[np.ndarray] = []

        def take(_sender: Item, buffer: Any) -> None:
            size = (buffer.get_height(), buffer.get_width(), 4)
            taken.append(np.frombuffer(buffer, np.float32).reshape(size).copy())

        dpg.output_frame_buffer(callback=take)
        while not taken and dpg.is_dearpygui_running():
            self._frame()
        if taken:
            write_png(path, torch.from_numpy(taken[0][..., :3].copy()))

    def close(self) -> None:
        self._trace.close()
        dpg.destroy_context()


def _first_size(display: Display) -> tuple[int, int]:
    """The design's size at the display's scale, or what the display has room for."""
    width, height = (round(side * display.scale) for side in DEFAULT_SIZE)
    return (min(width, display.width), min(height, display.height))
