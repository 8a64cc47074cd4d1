"""Take the pictures of the window that the documentation shows: python scripts/window_pictures.py docs.

Drives the real program on a virtual screen (Xvfb, xdotool), as the window tests do. The motion is made from nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from desktop import Program, Screen, Settled  # noqa: E402 - lies beside the tests
from motions import amass_arrays, walk_cycle  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))
FIRST_LINE, LINE = 30, 24
"""Pixels from the middle of a combo to the first line of its list, and from line to line."""
MODES = ("splats", "points", "rings", "depth", "normals", "parts", "mesh")
PANELS = ("Avatar", "Pose", "Expression", "Shape", "View", "File", "Settings", "Log", "Help")
MODES_SECONDS = 60.0
"""The kernels of the modes may have to be compiled first."""


class Studio:
    """One run of the program, with the gestures that the pictures need."""

    def __init__(self, program: Program, size: tuple[int, int], folder: Path) -> None:
        self.program = program
        self._size = size
        self._folder = folder
        self.now: Settled = program.wait_until_open()
        program.come_to_the_front()

    def do(self, act: Callable[[], object]) -> None:
        self.now = self.program.after(act)

    def at(self, name: str, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        left, top, width, height = self.now.rectangles[name]
        return left + across * width, top + down * height

    def click(self, name: str) -> None:
        """Click a widget; the pointer goes back to where it explains nothing."""

        def act() -> None:
            self.program.click(*self.at(name))
            self.program.point_at(*self.at("picture", 0.02, 0.02))

        self.do(act)

    def choose(self, panel: str) -> None:
        self.click(f"rail {panel}")

    def choose_line(self, combo: str, line: int) -> None:
        """The line of that number in the list of a combo."""
        x, y = self.at(combo)

        def act() -> None:
            self.program.click(x, y)
            time.sleep(0.4)
            self.program.click(x, y + FIRST_LINE + LINE * line)
            self.program.point_at(*self.at("picture", 0.02, 0.02))

        self.do(act)

    def key(self, key: str) -> None:
        self.do(lambda: self.program.key(key))

    def save(self, name: str) -> None:
        time.sleep(0.8)
        width, height = self._size
        picture = Image.fromarray(self.program.pixels((0, 0, width, height)))
        path = self._folder / f"{name}-{height}.png"
        picture.save(path, optimize=True)
        print(path, flush=True)


@contextmanager
def running(screen: Screen, size: tuple[int, int], folder: Path, *arguments: str) -> Iterator[Studio]:
    with tempfile.TemporaryDirectory() as run_folder:
        program = Program(screen, Path(run_folder) / "run", "--size", f"{size[0]}x{size[1]}", *arguments)
        try:
            yield Studio(program, size, folder)
        finally:
            program.close()


def take_panels(studio: Studio) -> None:
    studio.choose("Pose")
    studio.save("window")
    for panel in PANELS:
        studio.choose(panel)
        studio.save(f"panel-{panel.lower()}")


def take_menu(studio: Studio) -> None:
    studio.program.click(*studio.at("menu File"))
    studio.save("menu")
    studio.program.key("Escape")
    studio.program.click(*studio.at("picture", 0.02, 0.02))
    studio.key("f")


def take_work(studio: Studio) -> None:
    """A pose, a joint's rings, a face, and a timeline from one pose to another."""
    studio.choose("Pose")
    studio.click("pose Wave")
    studio.save("posed")
    studio.do(lambda: studio.program.click(*studio.at("picture", 0.5, 0.4)))
    studio.save("gizmo")
    studio.key("Escape")
    studio.key("k")
    studio.do(lambda: studio.program.click(*studio.at("timeline", 0.6, 0.05)))
    studio.click("pose Hands on hips")
    studio.key("k")
    studio.do(lambda: studio.program.click(*studio.at("timeline", 0.4, 0.05)))
    studio.save("timeline")
    studio.choose("Expression")
    studio.click("face Happy")
    studio.key("h")
    studio.save("expression")
    studio.key("f")


def take_modes(studio: Studio) -> None:
    studio.choose("View")
    for line, mode in enumerate(MODES):
        studio.choose_line("view mode", line)
        if line == 1:
            before = studio.now.picture
            studio.program.wait_for(
                lambda: studio.program.trace()[-1].get("picture", before) != before, "mode", seconds=MODES_SECONDS
            )
        studio.save(f"mode-{mode}")
    studio.choose_line("view mode", 0)


def take_light(studio: Studio) -> None:
    studio.choose("Settings")
    studio.choose_line("settings look", 1)
    studio.choose("Pose")
    studio.save("light")


def take_motion(screen: Screen, size: tuple[int, int], folder: Path, motion: Path) -> None:
    with running(screen, size, folder, "--motion", str(motion)) as studio:
        studio.do(lambda: studio.program.drag(studio.at("picture"), studio.at("picture", 0.65, 0.52)))
        studio.save("motion")


def make_motion(path: Path) -> None:
    from nlfgs_studio.core.body.builtin import builtin_body_path
    from nlfgs_studio.core.body.loader import load_body

    np.savez(path, **amass_arrays(walk_cycle(load_body(builtin_body_path()))))


def main() -> None:
    documents = Path(sys.argv[1])
    folder = documents / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        motion = Path(work) / "walk.npz"
        make_motion(motion)
        screen = Screen(Path(work))
        try:
            for size in SIZES:
                with running(screen, size, folder) as studio:
                    take_panels(studio)
                    take_menu(studio)
                    take_modes(studio)
                    take_work(studio)
                    take_light(studio)
                take_motion(screen, size, folder, motion)
        finally:
            screen.close()
    (documents / "window.png").write_bytes((folder / f"window-{SIZES[0][1]}.png").read_bytes())


if __name__ == "__main__":
    main()
