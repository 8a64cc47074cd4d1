"""A virtual screen, and the real program on it, driven as a person would: by mouse, keys and looking at the pixels."""

from __future__ import annotations

import ctypes
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

SCREEN_SIZE = (2000, 1200)
START_SECONDS = 300.0
"""On a fresh machine the kernels are compiled first."""
ANSWER_SECONDS = 40.0
KEY_MILLISECONDS = 120
"""Between two keys: DearPyGui takes one character a frame, and frames are slow on a busy machine."""
FRAMES_TO_SEE = 3
"""The one that goes on while an input is made, the one that sees it, and the one that shows it."""
AFTERMATH_SECONDS = 0.3
"""The program sees an input at the latest so long after it was made."""


class Screen:
    """An Xvfb of our own, on a number that is free; its pixels can be read from a file."""

    def __init__(self, folder: Path) -> None:
        reading, writing = os.pipe()
        width, height = SCREEN_SIZE
        arguments = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-fbdir", str(folder)]
        self._server = subprocess.Popen(
            [*arguments, "-nolisten", "tcp"],
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.name = f":{pipe.readline().strip()}"
        self._pixels = folder / "Xvfb_screen0"

    def pixels(self) -> np.ndarray:
        """What stands on the screen: (H, W, 3) RGB bytes."""
        data = self._pixels.read_bytes()
        header_size, *_ = np.frombuffer(data, ">u4", 1).tolist()
        header = np.frombuffer(data, ">u4", 25)
        width, height, row_bytes, num_colours = (int(header[index]) for index in (4, 5, 12, 19))
        start = header_size + 12 * num_colours
        rows = np.frombuffer(data, np.uint8, row_bytes * height, start).reshape(height, row_bytes)
        return rows[:, : 4 * width].reshape(height, width, 4)[..., 2::-1].copy()

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The program when nothing has changed for a moment."""

    picture: str
    """Digest of the viewport's pixels."""
    document: str
    """Digest of the document's values."""
    fields: dict[str, Any]
    """All that the trace tells."""

    @property
    def rectangles(self) -> dict[str, tuple[float, float, float, float]]:
        """Left, top, width, height of the named widgets in sight, in the window's pixels."""
        return self.fields["rectangles"]


class Program:
    """`nlfgs-studio` in a process of its own, with settings of its own and the person's cache."""

    def __init__(self, screen: Screen, folder: Path, *arguments: str, **environment: str) -> None:
        from nlfgs_studio.core.paths import cache_directory

        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)  # a program that is started again finds what it left
        if not (home / "cache").exists():
            (home / "cache").symlink_to(cache_directory())
        self.folder = folder
        """Where it was started."""
        self._screen = screen
        self._trace_path = folder / "trace.jsonl"
        self._errors = folder / "stderr.txt"
        self._environment = {
            **os.environ,
            "DISPLAY": screen.name,
            "NLFGS_STUDIO_HOME": str(home),
            "NLFGS_STUDIO_TRACE": str(self._trace_path),
            **environment,
        }
        self._environment.pop("WAYLAND_DISPLAY", None)
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nlfgs_studio.app.cli", *arguments],
                env=self._environment,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    @property
    def errors(self) -> str:
        """What it wrote to the terminal."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    def trace(self) -> list[dict[str, Any]]:
        """The lines so far, without one that is still being written."""
        if not self._trace_path.exists():
            return []
        whole, _, _ = self._trace_path.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def frames(self, start: float, end: float) -> list[dict[str, Any]]:
        """What each frame between two moments (`time.monotonic`) took, in milliseconds."""
        whole, _, _ = (self.folder / "trace.jsonl.frames").read_text(encoding="utf-8").rpartition("\n")
        lines = [json.loads(line) for line in whole.splitlines()]
        return [line for line in lines if start <= line["time"] <= end]

    def wait_for(self, condition: Callable[[], Any], what: str, *, seconds: float = ANSWER_SECONDS) -> Any:
        """Until `condition` gives something true; that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := condition():
                return result
            assert self.process.poll() is None, f"the program ended while waiting for {what}:\n{self.errors}"
            time.sleep(0.05)
        raise AssertionError(f"no {what} within {seconds:.0f} s\n{self.errors}")

    def wait_until_open(self) -> Settled:
        """Until an avatar stands in the window and nothing moves."""

        def stands(line: dict[str, Any]) -> bool:
            assert not line["errors"], f"{line['errors']}\n{self.errors}"
            return line["has_avatar"]

        return self.settled(stands, since=0, seconds=START_SECONDS)

    def settled(
        self,
        condition: Callable[[dict[str, Any]], bool] = lambda _: True,
        *,
        since: int,
        seconds: float = ANSWER_SECONDS,
    ) -> Settled:
        """The next time that nothing moves, after the trace had `since` lines."""

        def newest() -> dict[str, Any] | None:
            lines = [line for line in self.trace()[since:] if line["event"] == "settled" and condition(line)]
            return lines[-1] if lines else None

        fields = self.wait_for(newest, "quiet window", seconds=seconds)
        return Settled(picture=fields["picture"], document=fields["document"], fields=fields)

    def after(self, act: Callable[[], object]) -> Settled:
        """The program once it has taken in what `act` does, which changes something that the trace tells of."""
        since = len(self.trace())
        act()
        ended = time.monotonic()

        def quiet() -> bool:
            lines = self.trace()
            # A slow `act` may leave time to settle in its middle: what counts is the quiet after its end.
            if len(lines) <= since or lines[-1]["event"] != "settled":
                return False
            # On a busy machine the newest line may be of what came before `act`: frames tell of their own moment.
            frames = self.frames(ended + AFTERMATH_SECONDS, math.inf)
            return bool(frames) and frames[-1]["is_settled"]

        self.wait_for(quiet, "quiet window")
        return self.settled(since=since)

    def xdotool(self, *arguments: object) -> str:
        command = ["xdotool", *(str(argument) for argument in arguments)]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout

    @cached_property
    def window(self) -> str:
        """X's name of the window."""
        found = self.xdotool("search", "--all", "--pid", self.process.pid, "--name", "nlfgs studio")
        return found.split()[-1]

    def come_to_the_front(self) -> None:
        """Over the windows of other runs, with the keyboard: no window manager does it here."""
        self.xdotool("windowraise", self.window)
        self.xdotool("windowfocus", self.window)
        time.sleep(0.1)

    def origin(self) -> tuple[int, int]:
        """Where the window stands on the screen."""
        lines = self.xdotool("getwindowgeometry", "--shell", self.window).splitlines()
        place = dict(line.split("=", 1) for line in lines)
        return int(place["X"]), int(place["Y"])

    def key(self, *keys: str) -> None:
        for key in keys:
            self._input("key", key)

    def _num_frames(self) -> int:
        frames = Path(f"{self._trace_path}.frames")
        return frames.read_bytes().count(b"\n") if frames.exists() else 0

    def _input(self, *command: object) -> None:
        """What xdotool does, and time for the program to take it in: frames are slow on a busy machine."""
        before = self._num_frames()
        self.xdotool(*command)
        end = time.monotonic() + ANSWER_SECONDS
        while self._num_frames() < before + FRAMES_TO_SEE and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)

    def type(self, text: str) -> None:
        self.xdotool("type", "--delay", KEY_MILLISECONDS, text)
        time.sleep(1.0)

    def point_at(self, x: float, y: float) -> None:
        self._input("mousemove", "--window", self.window, round(x), round(y))

    def click(self, x: float, y: float) -> None:
        self.point_at(x, y)
        self._input("mousedown", 1)
        self._input("mouseup", 1)
        time.sleep(AFTERMATH_SECONDS)

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, button: int = 1, steps: int = 4) -> None:
        """Press at `start`, move to `end` in steps, let go."""
        self.point_at(*start)
        self._input("mousedown", button)
        for step in range(1, steps + 1):
            share = step / steps
            self.point_at(*(a + share * (b - a) for a, b in zip(start, end, strict=True)))
        self._input("mouseup", button)

    def pixels(self, rectangle: tuple[float, float, float, float]) -> np.ndarray:
        """What stands on the screen in a rectangle of the window."""
        left, top = self.origin()
        x, y, width, height = (round(value) for value in rectangle)
        return self._screen.pixels()[top + y : top + y + height, left + x : left + x + width]

    def ask_to_close(self) -> None:
        """What a window manager does when the person closes the window."""
        _send_delete(self._screen.name, int(self.window))

    def cpu_seconds(self) -> float:
        """Processor time used so far, by all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it, however it stands."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("room_for_any_event", ctypes.c_char * 128),
    )


def _send_delete(display_name: str, window: int) -> None:
    """Send WM_DELETE_WINDOW (ICCCM 4.2.8.1); no tool that is installed everywhere can."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.argtypes, x11.XInternAtom.restype = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int], ctypes.c_ulong
    x11.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(display_name.encode())
    client_message, words = 33, 32
    event = _ClientMessage(type=client_message, display=display, window=window, format=words)
    event.message_type = x11.XInternAtom(display, b"WM_PROTOCOLS", 0)
    event.data[0] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    x11.XSendEvent(display, window, 0, 0, ctypes.byref(event))
    x11.XCloseDisplay(display)
