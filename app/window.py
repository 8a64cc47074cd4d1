"""The one window: a dock at the left, the picture, the playback bar under it, a status bar; and the frame loop.

Only the main thread comes here. `Window._frame` is the order of everything that happens in a frame.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
import threading
import time
from pathlib import Path

import dearpygui.dearpygui as dpg

from ..core.body.presets import pose_preset
from ..core.errors import StudioError
from .doctor import display_problem
from .keeping import Keeping, keeping
from .lettering import find_system_fonts
from .panels.content import Content
from .panels.dock import fitting_width
from .panels.renewal import forget_content, make_room
from .services import Services
from .settings import DEFAULT_SETTINGS, Settings
from .state import State
from .store import Store
from .theme import BACKGROUND, Display, change_look, find_display, make_theme
from .viewport.arrivals import Arrivals
from .viewport.pace import Pace
from .viewport.screenshot import Screenshot
from .viewport.source_picture import SourcePicture
from .viewport.texture import ViewportTexture, prepare_environment
from .viewport.trace import Trace

MIN_SIZE = (1280, 720)
STANCE = "Relaxed"
"""The pose of an avatar that comes without one."""
SWITCH_SECONDS = 1e-3
"""For so long a job may keep Python to itself while a frame waits for it."""

logger = logging.getLogger(__name__)


def run_window(
    *,
    source: str = "default",
    motion: Path | None = None,
    drive: str | None = None,
    screenshot: Path | None = None,
    size: tuple[int, int] | None = None,
    renderer: str = "auto",
    interop: bool = True,
) -> int:
    """Open the window and stay until it closes; with `screenshot`, until the avatar stands and the PNG is written.

    `source` is what is opened, `drive` the camera or film that moves it.

    Returns:
        The exit code of the program.

    Raises:
        StudioError: no window can be opened here, or what is asked for cannot be shown for the screenshot.
    """
    problem = display_problem()
    if problem is not None:
        raise StudioError(problem, hint="`nlfgs-studio render default -o picture.png` draws without a window")
    prepare_environment()
    sys.setswitchinterval(SWITCH_SECONDS)
    threading.Thread(target=find_system_fonts, name="fonts", daemon=True).start()
    services = Services(Store(), stance=pose_preset(STANCE))
    try:
        services.renderers.begin(renderer, uses_interop=interop)
        with keeping(services, offers_lost=screenshot is None) as kept:
            window = Window(services, kept, find_display(), size=size)
            try:
                window.open(source=source, motion=motion, drive=drive, renderer=renderer)
                driven = drive is not None
                window.run(screenshot=None if screenshot is None else Screenshot(screenshot, driven=driven))
            finally:
                window.close()
    finally:
        services.close()
    return 0


class Window:
    """Owns DearPyGui's context and everything made in it."""

    def __init__(self, services: Services, kept: Keeping, display: Display, *, size: tuple[int, int] | None) -> None:
        self._services = services
        self._kept = kept
        self._worn = settings = services.store.state.settings
        self._display = display
        self._closing = False
        self._pace = Pace()
        self._seen: State | None = None
        self._broken: State | None = None
        dpg.create_context()
        dpg.configure_app(manual_callback_management=True)
        width, height = size or display.window_size(settings.window)
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
        force_raw = bool(os.environ.get("NLFGS_STUDIO_RAW_TEXTURE"))
        self._texture = ViewportTexture(force_raw=force_raw)
        self._source = SourcePicture(force_raw=force_raw)
        self._outlined = ViewportTexture(force_raw=force_raw)
        self._build()
        self._arrivals = Arrivals(services, lambda: self._content.viewport)
        self._trace = Trace()
        dpg.show_viewport()
        dpg.render_dearpygui_frame()
        self._content.viewport.adopt()
        self._source.adopt()
        self._outlined.adopt()

    def _build(self) -> None:
        theme = make_theme(self._display.scale * self._text_scale, self._worn.look)
        self._dock_width = self._fitting_dock_width()
        self._content = Content(
            self._services,
            self._kept,
            theme,
            texture=self._texture,
            source=self._source,
            outlined=self._outlined,
            dock_width=self._dock_width,
            leave=self._end,
        )
        dpg.set_exit_callback(lambda: self._content.leave())
        with dpg.handler_registry():
            dpg.add_key_press_handler(callback=lambda: self._pace.wake())

    def _end(self) -> None:
        self._closing = True

    def open(self, *, source: str, motion: Path | None, drive: str | None, renderer: str) -> None:
        """Start to open what is asked for."""
        self._content.desk.run("set_view", renderer=renderer)
        self._arrivals.open(source=source, motion=motion, drive=drive)

    def run(self, *, screenshot: Screenshot | None) -> None:
        """Present frames until the window closes or the screenshot is written."""
        while dpg.is_dearpygui_running() and not self._closing:
            self._frame()
            if screenshot is not None and screenshot.is_due(self._services.store.state, self._content.viewport):
                screenshot.save(self._frame)
                self._end()

    def _frame(self) -> None:
        """What happens in a frame, in this order only."""
        started = time.monotonic()
        before = self._services.store.state
        # 1. What the person did since the last frame.
        self._run_callbacks()
        self._content.desk.end_drag_when_released()
        after = self._services.store.state
        if after.document is not before.document or after.view is not before.view:
            self._content.viewport.latency.input_changed_something()
        # 2. What the jobs brought; a playing motion moves on.
        self._services.tick(time.monotonic())
        self._kept.tick(time.monotonic())
        self._arrivals.tick()
        # 3. One state for all that follows.
        state = self._services.store.state
        # 4. The widgets show it.
        self._wear(state.settings)
        self._content.layout()
        self._source.sync(state)
        self._content.sync(state)
        # 5. The picture shows it, drawn anew only if something in it has changed.
        new_picture = self._draw(state)
        # 6. Present, and ask for input.
        worked = time.monotonic()
        self._content.viewport.latency.polled(worked)
        dpg.render_dearpygui_frame()
        self._content.viewport.presented(time.monotonic(), new_picture=new_picture)
        self._services.driver.presented(time.monotonic())
        self._trace.frame(state, self._content.viewport, new_picture=new_picture, started=started, worked=worked)
        self._pace.rest(
            started,
            is_busy=new_picture or bool(state.jobs) or state is not self._seen,
            is_refining=state.refining.is_on and not (state.driving.is_on or state.playback.playing or state.recording),
        )
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

    def _wear(self, settings: Settings) -> None:
        """Colours change as the window stands; for other sizes of text or dock all but the texture is made anew."""
        before, self._worn = self._worn, settings
        if settings.look != before.look:
            change_look(settings.look)
        if settings.font_size != before.font_size or self._fitting_dock_width() != self._dock_width:
            self._content.viewport.close()
            forget_content(self._content.root)
            self._source.forget_images()
            self._build()
            make_room(self._display, *(round(self._text_scale * side) for side in MIN_SIZE))

    def _fitting_dock_width(self) -> int:
        width = dpg.get_viewport_width() / (self._display.scale * self._text_scale)
        return fitting_width(self._worn.dock_width, width)

    @property
    def _text_scale(self) -> float:
        return self._worn.font_size / DEFAULT_SETTINGS.font_size

    def _draw(self, state: State) -> bool:
        """Whether there is a new picture. A state that cannot be drawn is said once and left alone until it changes."""
        if state is self._broken:
            return False
        try:
            return self._content.viewport.draw(state)
        except Exception as error:
            self._say_broken(error)
            self._broken = self._services.store.state
            return False

    def close(self) -> None:
        self._content.viewport.close()
        self._trace.close()
        dpg.destroy_context()
