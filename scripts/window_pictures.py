"""Take the pictures of the window that the documentation shows: python scripts/window_pictures.py docs.

Drives the real program on a virtual screen (Xvfb, xdotool), as the window tests do. The motion is made from nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import astronaut

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from desktop import START_SECONDS, Program, Screen, Settled  # noqa: E402 - lies beside the tests
from motions import amass_arrays, walk_cycle  # noqa: E402
from nlfgs_studio.app.viewport.outline_picture import MARGIN, WORDS_HEIGHT  # noqa: E402
from own_film import make_own_film  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))
FIRST_LINE, LINE = 30, 24
"""Pixels from the middle of a combo to the first line of its list, and from line to line."""
MODES = ("splats", "points", "rings", "depth", "normals", "parts", "mesh")
PANELS = ("Avatar", "Refine", "Pose", "Expression", "Shape", "Drive", "View", "File", "Settings", "Log", "Help")
MOTION_PICTURES, DRIVEN_PICTURES = 40, 30
NUM_COLOURS = 256
"""Of a PNG's palette: a third of the bytes, and hardly to be seen."""
FILE_MENU = (166, 26)
"""In the top bar: menus tell nobody where they are."""
DRIVE_PANEL = (42, 388)
"""On the rail; while somebody drives nothing settles, so nothing tells where it is."""
FILM_SECONDS, FILM_SIZE = 3.0, (640, 480)
PHOTO, PHOTO_SECONDS = "astronaut.png", 240.0
REFINE_SECONDS = 60.0
HELMET = (((0.72, 0.86), (0.86, 0.82)), ((0.72, 0.71), (0.92, 0.76)))
"""Strokes over its visor and its rim, in parts of the photo."""
LOOK_SECONDS = 6.0
"""Until somebody who sits before the camera is seen, and told what to do."""


class Studio:
    """One run of the program, with the gestures that the pictures need."""

    def __init__(self, program: Program, size: tuple[int, int], folder: Path) -> None:
        self.program = program
        self._size = size
        self._folder = folder
        self.now: Settled = program.wait_until_open()
        self._places = dict(self.now.rectangles)
        program.come_to_the_front()

    def do(self, act: Callable[[], object]) -> None:
        self.now = self.program.after(act)
        self._places |= self.now.rectangles

    def at(self, name: str, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        left, top, width, height = self._places[name]  # also of what an open list covers
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
        save(self.program, self._size, self._folder, name)


def save(program: Program, size: tuple[int, int], folder: Path, name: str) -> None:
    time.sleep(0.8)
    path = folder / f"{name}-{size[1]}.png"
    picture = Image.fromarray(program.pixels((0, 0, *size)))
    picture.quantize(NUM_COLOURS, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)
    print(path, flush=True)


@contextmanager
def running(screen: Screen, size: tuple[int, int], *arguments: str) -> Iterator[Program]:
    with tempfile.TemporaryDirectory() as folder:
        program = Program(screen, Path(folder) / "run", "--size", f"{size[0]}x{size[1]}", *arguments)
        try:
            yield program
        finally:
            program.close()


def take_panels(studio: Studio) -> None:
    studio.choose("Pose")
    studio.save("window")
    for panel in PANELS:
        studio.choose(panel)
        studio.save(f"panel-{panel.lower()}")


def take_menu(studio: Studio) -> None:
    studio.program.click(*FILE_MENU)
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
        studio.save(f"mode-{mode}")
    studio.choose_line("view mode", 0)


def take_light(studio: Studio) -> None:
    studio.choose("Settings")
    studio.choose_line("settings look", 1)
    studio.choose("Pose")
    studio.save("light")


def take_motion(screen: Screen, size: tuple[int, int], folder: Path, motion: Path) -> None:
    """While it plays nothing ever settles: there is nothing to wait for but pictures."""
    with running(screen, size, "--motion", str(motion)) as program:
        program.wait_for(lambda: len(program.trace()) > MOTION_PICTURES, "the motion", seconds=START_SECONDS)
        program.come_to_the_front()
        width, height = size
        program.drag((0.7 * width, 0.5 * height), (0.78 * width, 0.52 * height))
        program.key("f")
        save(program, size, folder, "motion")


def take_driven(screen: Screen, size: tuple[int, int], folder: Path, film: Path) -> None:
    """A film of the avatar itself drives it: nobody's picture enters the documentation."""
    with running(screen, size, "--source", str(film)) as program:

        def is_followed() -> bool:
            return sum(line.get("seen", 0.0) > 0.0 for line in program.trace()) > DRIVEN_PICTURES

        program.wait_for(is_followed, "driving", seconds=2.0 * START_SECONDS)
        program.come_to_the_front()
        program.click(*DRIVE_PANEL)
        program.point_at(0.5 * size[0], 0.97 * size[1])
        save(program, size, folder, "drive")


def take_capture(screen: Screen, size: tuple[int, int], folder: Path) -> None:
    """A portrait of Eileen Collins by NASA, which is free of rights, before the camera, and the avatar made of it."""
    with running(screen, size) as program:
        studio = Studio(program, size, folder)
        Image.fromarray(astronaut()).save(program.folder / PHOTO)
        studio.save("panel-capture")  # what the window shows first
        studio.choose("Refine")
        studio.click("refine by itself")  # while it refines nothing settles
        studio.choose("Capture")
        program.click(*studio.at("capture source file"))
        time.sleep(1.0)
        program.type(PHOTO)
        program.key("Return")
        pictures = program.folder / "home" / "pictures"
        program.wait_for(lambda: list(pictures.glob("*.json")), "a picture", seconds=PHOTO_SECONDS)
        program.point_at(*studio.at("picture", 0.02, 0.02))
        time.sleep(LOOK_SECONDS)
        studio.save("capture")
        studio.key("p")
        take_outline(studio)
        program.click(*studio.at("capture make"))
        program.point_at(*studio.at("picture", 0.02, 0.02))
        program.settled(lambda line: line["unsaved"], since=0, seconds=PHOTO_SECONDS)
        studio.key("h")
        studio.save("made")
        take_refined(studio)
        x, y = studio.at("capture import")
        program.point_at(x, y)
        program.xdotool("click", "--repeat", 60, 5)  # the wheel: down to what was found
        program.point_at(*studio.at("picture", 0.02, 0.02))
        studio.save("panel-photo")


def take_outline(studio: Studio) -> None:
    """The helmet on her arm is taken for her, until two strokes say that it is not."""
    (picture,) = (studio.program.folder / "home" / "pictures").glob("*.jpg")
    studio.click(f"kept {picture.name}")
    left, top, width, height = studio.now.rectangles["picture"]
    side = min(width - 2 * MARGIN, height - 2 * MARGIN - WORDS_HEIGHT)
    corner = left + 0.5 * (width - side), top + MARGIN + 0.5 * (height - 2 * MARGIN - WORDS_HEIGHT - side)
    for stroke in HELMET:
        ends = [(corner[0] + across * side, corner[1] + down * side) for across, down in stroke]
        studio.do(lambda ends=ends: studio.program.drag(*ends, steps=8))
    studio.save("outline")
    studio.key("Escape")


def take_refined(studio: Studio) -> None:
    """The avatar that was just made, while it gets better."""
    program = studio.program
    studio.choose("Refine")
    program.click(*studio.at("refine start"))
    program.point_at(*studio.at("picture", 0.02, 0.02))
    time.sleep(REFINE_SECONDS)
    studio.save("refine")
    studio.key("g")
    studio.key("ctrl+z")
    studio.choose("Capture")


def make_motion(path: Path) -> None:
    from nlfgs_studio.core.body.builtin import builtin_body_path
    from nlfgs_studio.core.body.loader import load_body

    walk = walk_cycle(load_body(builtin_body_path()))
    translation = walk.translation.clone()
    translation[:, [0, 2]] = 0.0  # on the spot, so that it stays in the picture
    np.savez(path, **amass_arrays(replace(walk, translation=translation)))


def main() -> None:
    documents = Path(sys.argv[1])
    folder = documents / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        motion = Path(work) / "walk.npz"
        make_motion(motion)
        film = Path(work) / "talk.mp4"
        make_own_film(film, seconds=FILM_SECONDS, size=FILM_SIZE)
        screen = Screen(Path(work))
        try:
            for size in SIZES:
                take_motion(screen, size, folder, motion)
                take_driven(screen, size, folder, film)
                take_capture(screen, size, folder)
                with running(screen, size) as program:
                    studio = Studio(program, size, folder)
                    take_panels(studio)
                    take_menu(studio)
                    take_modes(studio)
                    take_work(studio)
                    take_light(studio)
        finally:
            screen.close()
    (documents / "window.png").write_bytes((folder / f"window-{SIZES[0][1]}.png").read_bytes())


if __name__ == "__main__":
    main()
