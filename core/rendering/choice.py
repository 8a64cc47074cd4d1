"""Which renderer "auto" is: measured once on each machine, on what the person looks at, and remembered in the cache.

A trial draws one picture at each step, so that a window can go on in between. What draws OpenGL in software is never
tried: the processor's own renderer is faster.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from ..cameras import Camera
from ..errors import StudioError
from ..gaussians import Gaussians
from ..kernels import num_threads
from ..paths import atomic_write, cache_directory
from .renderer import Renderer, RenderSettings

FILE_NAME = "renderer-choice.json"
VERSION = 1
DEFAULT = "cpu"
SIDE = 512
"""Pixels of the pictures that are timed."""
NUM_WARM_UP, NUM_TIMED = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was found out."""

    renderer: str
    milliseconds: dict[str, float]
    """Of a picture; only of those that were timed."""
    reasons: dict[str, str]
    """Why the others were not."""
    machine: str
    """The processor's threads, CUDA's device and OpenGL's name for what draws."""

    def in_words(self) -> str:
        """Such as "opengl; cpu 31 ms, opengl 4 ms"."""
        timed = ", ".join(f"{name} {each:.0f} ms" for name, each in self.milliseconds.items())
        untimed = "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items())
        return "; ".join(part for part in (self.renderer, timed, untimed) if part)


def machine_key(opengl: str) -> str:
    """What a choice holds for; `opengl` is the name that `opengl_context.describe` gives, or "" for none."""
    cuda = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA"
    return f"{num_threads()} threads | {cuda} | {opengl or 'no OpenGL'}"


def remembered() -> Choice | None:
    """The last choice that was made, on whatever machine."""
    try:
        stored = json.loads((cache_directory() / FILE_NAME).read_text(encoding="utf-8"))
        if stored.pop("version") != VERSION:
            return None
        return Choice(
            renderer=str(stored["renderer"]),
            milliseconds={str(name): float(each) for name, each in stored["milliseconds"].items()},
            reasons={str(name): str(each) for name, each in stored["reasons"].items()},
            machine=str(stored["machine"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StudioError):
        return None


def remember(choice: Choice) -> None:
    """
    Raises:
        StudioError: the cache cannot be written.
    """
    with atomic_write(cache_directory() / FILE_NAME) as temporary:
        temporary.write_text(json.dumps({"version": VERSION, **asdict(choice)}, indent=2), encoding="utf-8")


def automatic_name() -> str:
    """What "auto" is now: the last choice where processor and CUDA are still those, else the processor.

    OpenGL is not asked for its name here, since that would need a context; whoever has one measures again.
    """
    last = remembered()
    if last is None or last.machine.split(" | ")[:2] != machine_key("").split(" | ")[:2]:
        return DEFAULT
    return last.renderer


class Trial:
    """Times some renderers on the same pictures, one picture a step."""

    def __init__(
        self,
        names: Sequence[str],
        make: Callable[[str], Renderer],
        gaussians: Gaussians,
        camera: Camera,
        settings: RenderSettings,
        *,
        opengl: str,
    ) -> None:
        """`make` gives a renderer or raises StudioError; they are closed when they have been timed."""
        self._waiting = list(names)
        self._make = make
        self._gaussians, self._settings = gaussians, settings
        self._camera = camera.resized(SIDE, SIDE)
        self._machine = machine_key(opengl)
        self._renderer: Renderer | None = None
        self._times: list[float] = []
        self._milliseconds: dict[str, float] = {}
        self._reasons: dict[str, str] = {}
        self._out = np.zeros((SIDE, SIDE, 4), np.uint8)

    def step(self) -> Choice | None:
        """Draw one picture; the choice once all are timed."""
        if not self._waiting:
            fastest = min(self._milliseconds, key=self._milliseconds.__getitem__, default=DEFAULT)
            return Choice(
                renderer=fastest, milliseconds=self._milliseconds, reasons=self._reasons, machine=self._machine
            )
        name = self._waiting[0]
        try:
            if self._renderer is None:
                self._renderer = self._make(name)
                if getattr(self._renderer, "is_software", False):
                    raise StudioError("it draws in software here")
            self._time(self._renderer)
        except StudioError as error:
            self._reasons[name] = error.message
            self._next()
            return None
        if len(self._times) == NUM_WARM_UP + NUM_TIMED:
            self._milliseconds[name] = round(statistics.median(self._times[NUM_WARM_UP:]), 2)
            self._next()
        return None

    def close(self) -> None:
        """Give up what is being timed."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _time(self, renderer: Renderer) -> None:
        # Another mean object each time, as when the avatar moves: what a renderer keeps does not count.
        gaussians = replace(self._gaussians, means=self._gaussians.means.clone())
        started = time.perf_counter()
        into_bytes = getattr(renderer, "render_rgba8", None)
        if into_bytes is not None:
            into_bytes(gaussians, self._camera, self._settings, self._out)
        else:
            renderer.render(gaussians, self._camera, self._settings)
        self._times.append(1e3 * (time.perf_counter() - started))

    def _next(self) -> None:
        self.close()
        self._times = []
        self._waiting.pop(0)


def measured(
    names: Sequence[str],
    make: Callable[[str], Renderer],
    gaussians: Gaussians,
    camera: Camera,
    settings: RenderSettings,
    *,
    opengl: str,
) -> Choice:
    """A whole trial at once, for programs without a window."""
    trial = Trial(names, make, gaussians, camera, settings, opengl=opengl)
    try:
        while (choice := trial.step()) is None:
            pass
    finally:
        trial.close()
    return choice
