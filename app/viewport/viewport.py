"""The picture in the window: its size, its texture, the mouse over it, the figures on it."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import dearpygui.dearpygui as dpg

from ...core.cameras import OrbitCamera
from ..actions import SetView
from ..commands import attempt
from ..services import Services
from ..state import State
from ..subjects import render_settings
from ..theme import Item, Theme
from .choosing import AUTO, RendererChooser
from .direct import DirectDrawing
from .figures import Figures, LatencyClock, PictureClock
from .gizmo_layer import JointGizmo
from .guided_picture import METERS_HEIGHT, WORDS_HEIGHT, GuidedPicture
from .hud import JOB_TITLES, Overlay
from .navigation import Drag, gesture_of, zoomed_at
from .outline_picture import OutlinePicture
from .picture import Painter, Picture
from .source_picture import Inset, SourcePicture
from .texture import ViewportTexture

CHOOSING_SECONDS = 1.0
"""The picture has stood for so long: what a trial costs is not felt."""
FIGURES_SECONDS = 0.25
"""Numbers that change faster cannot be read."""
MIRROR_MARGIN = 12
"""Of the design, below the words of the mirror."""
CLICK_DISTANCE = 4.0
"""Pixels that the mouse may move between press and release of a click."""


class Viewport:
    """Main thread only. Once a frame: `handle_mouse`, then `draw`; after the first frame `adopt`."""

    def __init__(
        self,
        services: Services,
        theme: Theme,
        texture: ViewportTexture,
        source: SourcePicture,
        outlined: ViewportTexture,
    ) -> None:
        """`outlined` is for a picture that is painted on."""
        self._services = services
        self._outlined = outlined
        self._source = source
        self._theme = theme
        self.texture = texture
        self.latency = LatencyClock()
        self._shows_figures = True
        self._drawn_at = 0.0
        self._direct = DirectDrawing(services, texture, uses_interop=services.renderers.uses_interop)
        self._painter = Painter(services, self._direct)
        self._chooser = RendererChooser(services, texture)
        self._pictures = PictureClock()
        self._size = (1, 1)
        self._drag: Drag | None = None
        self._was_click = False
        self._figures = Figures()
        self._figures_at = 0.0
        self.num_pictures = 0
        """Drawn since the start."""

    def build(self, parent: Item) -> None:
        self._drawlist = dpg.add_drawlist(1, 1, parent=parent, tag="picture")
        self._image = dpg.draw_image(self.texture.tag, (0, 0), (1, 1), parent=self._drawlist)
        self._gizmo = JointGizmo(self._services, self._theme, self._drawlist)
        self._inset = Inset(self._theme, self._drawlist, self._source)
        self._mirror = GuidedPicture(self._theme, self._drawlist, self._source)
        self._outline = OutlinePicture(self._services, self._theme, self._drawlist, self._outlined)
        self._overlay = Overlay(self._theme, self._drawlist)
        with dpg.handler_registry():
            for button in (dpg.mvMouseButton_Left, dpg.mvMouseButton_Right, dpg.mvMouseButton_Middle):
                dpg.add_mouse_click_handler(button=button, callback=self._pressed)
                dpg.add_mouse_release_handler(button=button, callback=lambda: self._released())
            dpg.add_mouse_move_handler(callback=lambda: self._moved())
            dpg.add_mouse_wheel_handler(callback=self._wheel)
            dpg.add_key_press_handler(dpg.mvKey_Escape, callback=lambda: self._escaped())
            dpg.add_mouse_double_click_handler(button=dpg.mvMouseButton_Left, callback=lambda: self._double_clicked())

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def figures(self) -> Figures:
        return self._figures

    def layout(self, width: int, height: int) -> None:
        self._size = (max(1, width), max(1, height))
        dpg.configure_item(self._drawlist, width=self._size[0], height=self._size[1])
        dpg.configure_item(self._image, pmax=self._size)

    def adopt(self) -> None:
        """After the first presented frame: take over the texture, or say why not."""
        self.texture.adopt()
        if self.texture.fallback_reason:
            self.latency.frames_behind = 1
            self._services.report(
                f"pictures reach the window by a slower way: {self.texture.fallback_reason}", kind="warning"
            )

    def frame(self, part: str, *, from_front: bool = False) -> None:
        """Bring a part of the body into view."""
        width, height = self._size
        attempt(self._services, "frame", part=part, aspect=width / height, from_front=from_front)

    def show_figures(self, shown: bool) -> None:
        self._shows_figures = shown
        self._figures_at = 0.0

    def still_for(self, seconds: float) -> bool:
        """Whether the picture has been the same for so long."""
        return self.num_pictures > 0 and time.monotonic() - self._drawn_at >= seconds

    def draw(self, state: State) -> bool:
        """Draw and upload where something has changed; whether there is a new picture."""
        picture = self._painter.draw(state, *self._size)
        if picture is not None:
            stages = picture.stages
            if picture.rgba is not None:
                started = time.perf_counter()
                if self.texture.upload(picture.rgba):
                    dpg.configure_item(self._image, texture_tag=self.texture.tag)
                stages = stages | {"upload": 1e3 * (time.perf_counter() - started)}
            self._painter.took(stages)
            self._stream(picture)
            self.latency.drawn()
            self.num_pictures += 1
            self._drawn_at = time.monotonic()
            self._figures = Figures(
                stages=stages,
                num_gaussians=picture.num_gaussians,
                renderer=picture.renderer,
                fallback=bool(self.texture.fallback_reason),
                width=picture.size[0],
                height=picture.size[1],
            )
        else:
            self.latency.nothing_drawn()
            self._choose_renderer(state)
        is_free = self._drag is None and dpg.is_item_hovered(self._drawlist)
        self._gizmo.sync(state, self._size, self._mouse() if is_free else None)
        is_over = dpg.is_item_hovered(self._drawlist)
        self._outline.sync(state, self._size, self._mouse() if is_over else None)
        self._show_overlay(state)
        return picture is not None

    def _stream(self, picture: Picture) -> None:
        """Let other programs see it."""
        camera = self._services.virtual_camera
        if camera.is_on:
            camera.show(self.texture.read() if picture.rgba is None else picture.rgba)

    def _choose_renderer(self, state: State) -> None:
        """In idle frames, where the program is to choose: a picture of a trial, until it has chosen."""
        is_idle = not state.jobs and not state.playback.playing and self.still_for(CHOOSING_SECONDS)
        if self._chooser.is_settled or not is_idle or state.view.renderer != AUTO:
            return
        gaussians = self._services.gaussians(state)
        if gaussians is not None and len(gaussians):
            self._chooser.step(gaussians, state.view.orbit.camera(*self._size), render_settings(state.view))

    def close(self) -> None:
        """Give back what lives in the window's OpenGL context, while that is there."""
        self._chooser.close()
        self._direct.close()
        self._services.renderers.forget()

    def gizmo_handles(self, state: State) -> dict[str, list[float]]:
        """Where the rings of the chosen joint can be taken hold of, in pixels of the picture."""
        return self._gizmo.handles(state)

    def presented(self, now: float, *, new_picture: bool) -> None:
        """The frame stands on the screen."""
        if new_picture:
            self._pictures.tick(now)
        self.latency.presented(now)

    def _show_overlay(self, state: State) -> None:
        now = time.monotonic()
        if now - self._figures_at >= FIGURES_SECONDS:
            self._figures_at = now
            self._figures = replace(
                self._figures, images_per_second=self._pictures.rate(now), latency=self.latency.milliseconds
            )
            is_free = self._shows_figures and not (self._mirror.is_shown or self._outline.is_shown)
            self._overlay.show_figures(self._figures if is_free else None, self._size)
        self._overlay.show_sign(state)
        self._show_mirror(state)
        self._inset.sync(self._size, is_wanted=state.settings.drive.inset and state.driving.is_on)
        job = next((job for job in state.jobs if job.name in JOB_TITLES), None)
        is_empty = state.document.avatar is None and state.document.static is None
        if job is not None:
            self._overlay.show_waiting(JOB_TITLES[job.name], job, self._size)
        else:
            self._overlay.show_waiting("Nothing is open" if is_empty else "", None, self._size)

    def _show_mirror(self, state: State) -> None:
        """For somebody who stands some steps away, in place of the avatar."""
        size, glance = self._source.size, state.capturing.glance
        if size is None or glance is None or not state.capturing.is_on or state.settings.capture.mode != "body":
            self._mirror.hide()
            return
        px, (width, height) = self._theme.px, self._size
        share = min(width / size[0], (height - px(METERS_HEIGHT + WORDS_HEIGHT + MIRROR_MARGIN)) / size[1])
        shown = (round(share * size[0]), round(share * size[1]))
        words = glance.advice.text.partition(":")[0]
        place, words = ((width - shown[0]) // 2, 0), words[:1].upper() + words[1:]
        self._mirror.draw(state.capturing, place, shown, ground=self._size, words=words)

    def _mouse(self) -> tuple[float, float]:
        """Where the mouse is, in pixels of the picture."""
        x, y = dpg.get_mouse_pos(local=False)
        left, top = dpg.get_item_rect_min(self._drawlist)
        return (x - left, y - top)

    def _pressed(self, _sender: Item, button: int) -> None:
        if not dpg.is_item_hovered(self._drawlist):
            return
        shift = dpg.is_key_down(dpg.mvKey_LShift) or dpg.is_key_down(dpg.mvKey_RShift)
        control = dpg.is_key_down(dpg.mvKey_LControl) or dpg.is_key_down(dpg.mvKey_RControl)
        if self._outline.is_shown:
            self._outline.pressed(self._mouse(), says="nothing" if shift or button != 0 else None)
            return
        if button == dpg.mvMouseButton_Left and not (shift or control) and self._gizmo.pressed(self._mouse()):
            return
        self._drag = Drag(
            gesture=gesture_of(button, shift=shift, control=control),
            start=self._mouse(),
            orbit=self._services.store.state.view.orbit,
            height=self._size[1],
        )

    def _released(self) -> None:
        self._gizmo.released()
        self._outline.released()
        drag, self._drag = self._drag, None
        self._was_click = drag is not None and math.dist(drag.start, self._mouse()) < CLICK_DISTANCE
        if drag is not None and drag.gesture == "orbit" and self._was_click:
            self._look(drag.orbit)
            self._gizmo.clicked(drag.start)

    def _moved(self) -> None:
        self._gizmo.moved(self._mouse())
        self._outline.moved(self._mouse())
        if self._drag is not None:
            self._look(self._drag.camera(self._mouse()))

    def _escaped(self) -> None:
        if self._outline.is_shown:
            attempt(self._services, "finish_outline")
        else:
            self._gizmo.cancel()

    def _wheel(self, _sender: Item, notches: float) -> None:
        if self._outline.is_shown:
            if dpg.is_item_hovered(self._drawlist):
                self._outline.resize_brush(notches)
        elif dpg.is_item_hovered(self._drawlist):
            width, height = self._size
            orbit = self._services.store.state.view.orbit
            self._look(zoomed_at(orbit, notches, position=self._mouse(), width=width, height=height))

    def _double_clicked(self) -> None:
        # DearPyGui counts two presses at one place, though something was dragged in between.
        is_free = not (self._gizmo.is_turning or self._outline.is_shown)
        if self._was_click and is_free and dpg.is_item_hovered(self._drawlist):
            self._drag = None
            self.frame("body")

    def _look(self, orbit: OrbitCamera) -> None:
        self._services.store.dispatch(SetView(orbit=orbit))
