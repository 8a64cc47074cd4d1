"""How often the window is presented: at full rate while the person is at work, else seldom, to spare the processor."""

from __future__ import annotations

import time

import dearpygui.dearpygui as dpg

BUSY_SECONDS = 0.5
"""After the last input or change the window is presented at full rate for so long, then at the idle rate."""
BUSY_INTERVAL, IDLE_INTERVAL = 1.0 / 60.0, 1.0 / 10.0
REFINING_INTERVAL = 1.0 / 15.0
"""While only refining changes what is seen: it has something new 10 times a second, and needs the processor itself."""


class Pace:
    def __init__(self) -> None:
        self._busy_until = 0.0
        self._mouse: tuple[float, ...] = ()

    def wake(self) -> None:
        """Present at the full rate for a while: the person is at work."""
        self._busy_until = time.monotonic() + BUSY_SECONDS

    def rest(self, started: float, *, is_busy: bool, is_refining: bool) -> None:
        """Leave the processor to others until the frame after the one that `started` is due; with vsync it is."""
        mouse = tuple(dpg.get_mouse_pos(local=False))
        is_busy = is_busy and not is_refining
        if is_busy or mouse != self._mouse or any(dpg.is_mouse_button_down(button) for button in range(3)):
            self.wake()
        self._mouse = mouse
        resting_interval = REFINING_INTERVAL if is_refining else IDLE_INTERVAL
        interval = BUSY_INTERVAL if started < self._busy_until else resting_interval
        time.sleep(max(0.0, started + interval - time.monotonic()))
