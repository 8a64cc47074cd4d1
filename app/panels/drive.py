"""Drive: a camera or a film moves the avatar; what is seen, how well, and what can be made of it."""

from __future__ import annotations

import time

import dearpygui.dearpygui as dpg

from ..driven import Driving
from ..state import State
from ..theme import Icons, Item
from ..viewport.hud import duration
from ..viewport.source_picture import SourcePicture
from .controls import heading, sentence, small_text, text_button, tooltip
from .desk import Desk
from .drive_choices import DriveChoices
from .source_choice import SourceChoice
from .trouble_lines import TroubleLines

PICTURE_HEIGHT = 236
"""Of the design, at most."""
CONFIDENCES = {"Face": "face", "Body": "body", "Left hand": "left_hand", "Right hand": "right_hand"}
FIGURES_SECONDS = 0.3
"""Numbers that change faster cannot be read."""


class DrivePanel:
    name = "Drive"
    icon = Icons.CAMERA

    def __init__(self, desk: Desk, source: SourcePicture) -> None:
        self._desk = desk
        self._source = source
        self._choice = SourceChoice(
            desk,
            tag="drive source",
            tip="Who moves the avatar: a camera, or a film in its place",
            question="A film or a photo to drive",
            chosen=self._choose,
            chosen_file=lambda path: desk.run("start_driving", source=path),
        )
        self._choices = DriveChoices(desk)
        self._shown: tuple[object, ...] = ()
        self._picture_size: tuple[int, int] | None = None
        self._figures_at = 0.0

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            self._build_source()
            self._build_progress()
            self._trouble = TroubleLines(
                self._desk, retry=lambda: self._desk.run("retry_driving"), tip="Opens the camera or the film again"
            )
            self._build_sight()
            self._build_recording()
            self._choices.build()
            dpg.add_spacer(height=theme.px(8))

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _build_source(self) -> None:
        desk, theme = self._desk, self._desk.theme
        self._choice.build()
        self._start = dpg.add_button(
            label="Start",
            tag="drive start",
            width=desk.inner_width,
            height=theme.px(34),
            callback=lambda: self.toggle_driving(),
        )
        dpg.bind_item_theme(self._start, theme.primary_button)
        tooltip(theme, self._start, "Start or stop driving (D)")

    def _build_progress(self) -> None:
        desk, theme = self._desk, self._desk.theme
        with dpg.group(show=False) as self._progress:
            self._bar = dpg.add_progress_bar(width=desk.inner_width, height=theme.px(8))
            self._doing = small_text(theme, wrap=desk.inner_width)

    def _build_sight(self) -> None:
        desk, theme = self._desk, self._desk.theme
        gap = theme.px(8)
        half = (desk.inner_width - gap) // 2
        with dpg.group(show=False) as self._sight:
            self._image = dpg.add_image(self._source.tag, width=1, height=1)
            self._source.show_in(self._image)
            labels = list(CONFIDENCES)
            self._bars: dict[str, Item] = {}
            for pair in (labels[:2], labels[2:]):
                with dpg.group(horizontal=True, horizontal_spacing=gap):
                    for label in pair:
                        self._bars[label] = self._build_confidence(label, half)
            self._figures = small_text(theme, wrap=desk.inner_width)
            with dpg.group(horizontal=True, horizontal_spacing=gap):
                text_button(
                    theme,
                    "Calibrate",
                    lambda: desk.run("calibrate_driving"),
                    width=half,
                    tip="Look into the camera with a calm face and press this: that face is the neutral one",
                )
                text_button(
                    theme,
                    "Forget it",
                    lambda: desk.run("forget_calibration"),
                    width=half,
                    tip="Take the face as it is seen, as before the calibration",
                )
            with dpg.group(show=False) as self._held:
                back = text_button(theme, "", lambda: desk.run("hand_back"), width=desk.inner_width)
                tooltip(theme, back, "Joints and actions whose sliders you moved follow the camera again")
                self._held_button = back

    def _build_confidence(self, label: str, width: int) -> Item:
        theme = self._desk.theme
        with dpg.group(horizontal=True, xoffset=width // 2):
            small_text(theme, label)
            with dpg.group():
                dpg.add_spacer(height=0)  # to the middle of the words
                bar = dpg.add_progress_bar(width=width - width // 2, height=theme.px(8))
            tooltip(theme, bar, f"How well the {label.lower()} is seen")
        return bar

    def _build_recording(self) -> None:
        desk, theme = self._desk, self._desk.theme
        heading(theme, "Record")
        gap = theme.px(8)
        third = (desk.inner_width - 2 * gap) // 3
        with dpg.group(horizontal=True, horizontal_spacing=gap):
            self._record = text_button(
                theme, "Record", self._toggle_recording, width=third, tip="What the avatar does becomes a clip (R)"
            )
            self._play = text_button(
                theme, "Play", lambda: desk.run("play_recording"), width=third, tip="Show what was recorded last"
            )
            self._save = text_button(
                theme, "Save…", self._save_recording, width=third, tip="Write what was recorded last as a motion (NPZ)"
            )

    # What its buttons do

    def toggle_driving(self) -> None:
        """Start with the source that is chosen, or stop."""
        if self._desk.store.state.driving.is_on:
            self._desk.run("stop_driving")
        else:
            self._desk.run("start_driving", source=self._choice.source or None)

    def _choose(self, source: str) -> None:
        """What drives now goes over to another source."""
        if self._desk.store.state.driving.is_on:
            self._desk.run("start_driving", source=source)

    def _toggle_recording(self) -> None:
        self._desk.run("stop_recording" if self._desk.store.state.recording else "start_recording")

    def _save_recording(self) -> None:
        self._desk.dialogs.choose_to_save(
            "Save the recording", (".npz",), "recording.npz", lambda path: self._desk.run("save_recording", path=path)
        )

    # Keeping up

    def sync(self, state: State) -> None:
        driving = state.driving
        self._choice.sync(state, driving.source if driving.is_on else "")
        self._choices.sync(state)
        self._show_sight(driving)
        progress = self._desk.services.driver.progress
        shown = (driving.phase, driving.trouble, driving.held_joints, driving.held_actions, progress, state.recording)
        shown = (*shown, state.recorded, state.document.body)
        if shown == self._shown:
            return
        self._shown = shown
        dpg.configure_item(self._start, label="Stop" if driving.is_on else "Start")
        dpg.configure_item(self._start, enabled=state.document.body is not None)
        self._show_progress(driving)
        self._trouble.show(driving.trouble)
        held = len(driving.held_joints) + len(driving.held_actions)
        dpg.configure_item(self._held, show=held > 0)
        dpg.configure_item(self._held_button, label=f"Hand back {held} that you hold")
        dpg.configure_item(self._record, label="Stop" if state.recording else "Record")
        dpg.configure_item(self._record, enabled=state.document.body is not None)
        for button in (self._play, self._save):
            dpg.configure_item(button, enabled=state.recorded is not None)

    def _show_progress(self, driving: Driving) -> None:
        progress = self._desk.services.driver.progress
        is_waiting = driving.phase == "preparing" and driving.trouble is None
        dpg.configure_item(self._progress, show=is_waiting or driving.phase == "stopping")
        if driving.phase == "stopping":
            dpg.set_value(self._doing, "Letting go")
        elif is_waiting:
            left = "" if progress is None or progress.seconds_left is None else f", {duration(progress.seconds_left)}"
            message = "opening the source" if progress is None else progress.message
            dpg.set_value(self._bar, 0.0 if progress is None else progress.fraction)
            dpg.set_value(self._doing, f"{sentence(message)}{left}")

    def _show_sight(self, driving: Driving) -> None:
        size = self._source.size if driving.is_on else None
        dpg.configure_item(self._sight, show=size is not None)
        sight, driver = driving.sight, self._desk.services.driver
        if size is None or sight is None:
            return
        if size != self._picture_size:
            self._picture_size = size
            room = self._desk.inner_width, self._desk.theme.px(PICTURE_HEIGHT)
            share = min(room[0] / size[0], room[1] / size[1])
            dpg.configure_item(self._image, width=round(share * size[0]), height=round(share * size[1]))
        for label, field in CONFIDENCES.items():
            dpg.set_value(self._bars[label], getattr(sight.confidence, field))
        now = time.monotonic()
        if now - self._figures_at >= FIGURES_SECONDS:
            self._figures_at = now
            late = "" if driver.latency is None else f"   {driver.latency:.0f} ms till it is seen"
            rate = "" if driver.rate is None else f"   {driver.rate:.0f} a second"
            dpg.set_value(self._figures, f"tracker {sight.milliseconds['all']:.0f} ms{late}{rate}")
