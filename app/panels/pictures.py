"""Saving and copying what the viewport shows, and filming it: a part of the View panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg

from ..filming import MAX_SIDE, MIN_SIDE
from ..state import State
from .controls import labelled, small_text, text_button, tooltip
from .desk import Desk
from .file import document_name

FILM_FILES = (".mp4", ".mov", ".mkv")
SMOOTHNESS = {"1 sample a pixel": 1, "2 x 2 samples": 2, "3 x 3 samples": 3}
JOBS = {"picture": "picture", "film": "film"}
"""Names of the jobs that are shown here, with what they make."""
FIRST_SIZE = (1920, 1080)


class PictureSection:
    def __init__(self, desk: Desk, picture_size: Callable[[], tuple[int, int]]) -> None:
        self._desk = desk
        self._picture_size = picture_size
        self._samples = 1
        self._shown: tuple[object, ...] = ()

    def build(self) -> None:
        desk, theme = self._desk, self._desk.theme
        gap = theme.px(8)
        half = (desk.inner_width - gap) // 2
        with labelled(desk, "Width, height") as width:
            self._size = dpg.add_input_intx(
                size=2, tag="picture size", width=width, default_value=[*FIRST_SIZE, 0, 0], min_clamped=True
            )
            tooltip(theme, self._size, f"Pixels, {MIN_SIDE} to {MAX_SIDE}; a film wants even numbers")
        with labelled(desk, "Smoothness") as width:
            dpg.add_combo(
                tuple(SMOOTHNESS), default_value=next(iter(SMOOTHNESS)), width=width, callback=self._set_samples
            )
        with dpg.group(horizontal=True, horizontal_spacing=gap):
            text_button(
                theme,
                "Save picture…",
                self.save_picture,
                width=half,
                tip="What is seen now, as large as said above (PNG)",
            )
            copy = text_button(theme, "Copy picture", self.copy_picture, width=half)
            tooltip(theme, copy, "As large as it is in the window")
        with dpg.group(horizontal=True, horizontal_spacing=gap):
            turn = text_button(theme, "Film a turn…", lambda: self.save_film(turning=True), width=half)
            tooltip(theme, turn, "Once around the avatar")
            self._film_motion = text_button(
                theme, "Film the motion…", lambda: self.save_film(turning=False), width=half
            )
            tooltip(theme, self._film_motion, "The motion or the timeline, from where it is looked at now")
        with dpg.group(show=False) as self._job:
            self._progress = dpg.add_progress_bar(width=desk.inner_width, height=theme.px(8))
            with dpg.group(horizontal=True, xoffset=half + gap):
                self._left = small_text(theme, wrap=half)
                text_button(theme, "Cancel", self._cancel_jobs, width=half, tip="Stop; nothing is written")

    def _set_samples(self, _sender: object, label: str) -> None:
        self._samples = SMOOTHNESS[label]

    @property
    def size(self) -> tuple[int, int]:
        """What is written into the fields, as near as it can be made."""
        width, height = (min(max(side, MIN_SIDE), MAX_SIDE) for side in dpg.get_value(self._size)[:2])
        return width, height

    def save_picture(self) -> None:
        size, samples = self.size, self._samples

        def save(path: Path) -> None:
            self._desk.run("save_picture", path=path, size=size, samples=samples)

        self._desk.dialogs.choose_to_save("Save the picture", (".png",), f"{self._stem()}.png", save)

    def copy_picture(self) -> None:
        self._desk.run("copy_picture", size=self._picture_size())

    def save_film(self, *, turning: bool) -> None:
        width, height = self.size
        size = (width + width % 2, height + height % 2)

        def save(path: Path) -> None:
            self._desk.run("save_film", path=path, size=size, turning=turning)

        self._desk.dialogs.choose_to_save("Save the film", FILM_FILES, f"{self._stem()}.mp4", save)

    def _stem(self) -> str:
        return Path(document_name(self._desk.store.state.file)).stem.replace(" ", "-").lower()

    def _cancel_jobs(self) -> None:
        for job in self._desk.store.state.jobs:
            if job.name in JOBS:
                self._desk.run("cancel", job=job.name)

    def sync(self, state: State) -> None:
        plays = state.playback.motion is not None or not state.document.timeline.is_empty
        shown = (state.jobs, plays)
        if shown == self._shown:
            return
        self._shown = shown
        dpg.configure_item(self._film_motion, enabled=plays)
        job = next((job for job in state.jobs if job.name in JOBS), None)
        dpg.configure_item(self._job, show=job is not None)
        if job is not None:
            dpg.set_value(self._progress, job.fraction)
            left = "" if job.seconds_left is None else f", about {max(1, round(job.seconds_left))} s left"
            dpg.set_value(self._left, f"{job.message or JOBS[job.name]}{left}")
