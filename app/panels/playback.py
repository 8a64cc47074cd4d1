"""The bar under the picture while a motion is shown: where it is, how fast it plays, what can be made of it."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..lettering import show
from ..state import Playback, State
from ..theme import Icons, Item
from .controls import icon_button, small_text, tooltip
from .desk import Desk

SPEEDS = {"0.25x": 0.25, "0.5x": 0.5, "1x": 1.0, "1.5x": 1.5, "2x": 2.0}
BAR_HEIGHT = 64
"""Of the design."""
BUTTON_WIDTH, SPEED_WIDTH, TIME_WIDTH = 36, 80, 94


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths, rounded down so that the clip's end is not passed."""
    tenths = int(seconds * 10.0 + 1e-6)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


class PlaybackBar:
    def __init__(self, desk: Desk, toggle: Callable[[], object]) -> None:
        """`toggle` plays what is held and holds what plays."""
        self._desk = desk
        self._toggle = toggle
        self._shown: Playback | None = None
        self._width = 0

    def build(self, parent: Item) -> None:
        with dpg.group(parent=parent, show=False) as self._full:
            self._build_transport()

    def _build_transport(self) -> None:
        theme, desk = self._desk.theme, self._desk
        self._play = icon_button(theme, Icons.PLAY, "Play or pause (space)", self._toggle)
        to_start = icon_button(theme, Icons.TO_START, "To the start", lambda: desk.run("scrub", seconds=0.0))
        self._loop = icon_button(theme, Icons.REPEAT, "Start over at the end", self._toggle_loop)
        self._at_left = (to_start, self._play, self._loop)
        self._name = small_text(theme, muted=False)
        self._time = small_text(theme)
        self._scrub = dpg.add_slider_float(
            tag="scrub",
            format="",
            min_value=0.0,
            max_value=1.0,
            callback=lambda _sender, seconds: desk.run("scrub", seconds=seconds),
        )
        dpg.bind_item_theme(self._scrub, theme.track)
        self._speed = dpg.add_combo(
            tuple(SPEEDS),
            width=theme.px(SPEED_WIDTH),
            callback=lambda _sender, label: desk.run("set_playback", speed=SPEEDS[label]),
        )
        tooltip(theme, self._speed, "Speed")
        place = icon_button(theme, Icons.TO_TIMELINE, "Put it on the timeline", lambda: desk.run("place_clip"))
        take = icon_button(theme, Icons.BODY, "Take this pose over into the avatar", lambda: desk.run("take_pose"))
        close = icon_button(theme, Icons.CLOSE, "Close the motion", lambda: desk.run("close_motion"))
        self._at_right = (place, take, close)

    def layout(self, width: int) -> None:
        """Fit a bar that is `width` pixels wide."""
        if width == self._width:
            return
        self._width = width
        px = self._desk.theme.px
        step, top = px(BUTTON_WIDTH + 4), px(14)
        for place, button in enumerate(self._at_left):
            dpg.set_item_pos(button, [px(14) + place * step, top])
        for place, button in enumerate(reversed(self._at_right), start=1):
            dpg.set_item_pos(button, [width - px(10) - place * step, top])
        speed_left = width - px(10) - len(self._at_right) * step - px(SPEED_WIDTH + 8)
        dpg.set_item_pos(self._speed, [speed_left, px(18)])
        track_left = px(14) + len(self._at_left) * step + px(10)
        track_right = speed_left - px(18)
        dpg.set_item_width(self._scrub, track_right - track_left)
        dpg.set_item_pos(self._scrub, [track_left, px(34)])
        dpg.set_item_pos(self._name, [track_left, px(6)])
        dpg.set_item_pos(self._time, [track_right - px(TIME_WIDTH), px(6)])

    def _toggle_loop(self) -> None:
        self._desk.run("set_playback", loop=not self._desk.store.state.playback.loop)

    def sync(self, state: State) -> None:
        playback, before = state.playback, self._shown
        if playback is before:
            return
        self._shown = playback
        motion = playback.motion
        if motion is None:
            dpg.hide_item(self._full)
            return
        old = before if before is not None and before.motion is motion else None
        if old is None:
            dpg.show_item(self._full)
            show(self._desk.theme, self._name, _shortened(playback.path.name if playback.path else motion.name))
            dpg.configure_item(self._scrub, max_value=max(motion.seconds, 1e-3))
        dpg.set_value(self._scrub, playback.seconds)
        dpg.set_value(self._time, f"{clock(playback.seconds)} / {clock(motion.seconds)}")
        if old is None or old.playing is not playback.playing:
            dpg.configure_item(self._play, label=Icons.PAUSE if playback.playing else Icons.PLAY)
        if old is None or old.loop is not playback.loop:
            theme = self._desk.theme
            dpg.bind_item_theme(self._loop, theme.selected_button if playback.loop else theme.quiet_button)
        if old is None or old.speed != playback.speed:
            label = next((label for label, speed in SPEEDS.items() if speed == playback.speed), f"{playback.speed:g}x")
            dpg.set_value(self._speed, label)


def _shortened(name: str, longest: int = 44) -> str:
    """The name with its middle left out where it is long."""
    if len(name) <= longest:
        return name
    half = longest // 2
    return f"{name[: half - 1]}…{name[-half:]}"
