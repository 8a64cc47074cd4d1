"""The bar under the picture: what plays, keyframes, recording, and the timeline that it unfolds to."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from ...core.body.interpolation import EASINGS
from ...core.body.timeline import ROWS, key_at
from ..state import State
from ..theme import Icons, Item
from .controls import icon_button, small_text, tooltip
from .desk import Desk
from .file import FileActions
from .playback import SPEED_WIDTH, SPEEDS, PlaybackBar, clock
from .timeline_geometry import ClipHit, KeyHit
from .timeline_track import LABELS, Track

FOLDED_HEIGHT, UNFOLDED_HEIGHT = 64, 184
"""Of the design."""
HEADER = 52
"""Of the design: where the drawing begins."""
BUTTON, TIME_WIDTH, KEY_WIDTH, CHOSEN_WIDTH, GAP = 36, 104, 84, 134, 4
CLIP_CHANGES: dict[str, dict[str, float]] = {f"Speed {label}": {"speed": speed} for label, speed in SPEEDS.items()} | {
    f"Fade in {seconds:g} s": {"fade": seconds} for seconds in (0.0, 0.2, 0.5, 1.0)
}
MOTION_FILES, FILM_FILES = (".npz",), (".mp4", ".mov", ".mkv")


class TimelinePanel:
    def __init__(self, desk: Desk, files: FileActions) -> None:
        self._desk = desk
        self._files = files
        self._track = Track(desk)
        self._motion_bar = PlaybackBar(desk, self.toggle)
        self._is_unfolded = False
        self._was_empty = True
        self._width = 0
        self._shown: tuple[Any, ...] = ()

    @property
    def height(self) -> int:
        """Of the design; changes when it is folded or unfolded."""
        is_shown = self._is_unfolded and self._desk.store.state.playback.motion is None
        return UNFOLDED_HEIGHT if is_shown else FOLDED_HEIGHT

    def build(self, parent: Item) -> None:
        self._motion_bar.build(parent)
        with dpg.group(parent=parent) as self._own:
            self._build_header()
            with dpg.group(show=False) as self._drawing:
                self._track.build(self._drawing)
                self._row_buttons = self._build_row_buttons()

    def _build_header(self) -> None:
        theme, desk = self._desk.theme, self._desk
        to_start = icon_button(theme, Icons.TO_START, "To the start", lambda: desk.run("scrub", seconds=0.0))
        self._play = icon_button(theme, Icons.PLAY, "Play or pause (space)", self.toggle)
        self._loop = icon_button(theme, Icons.REPEAT, "Start over at the end", self._toggle_loop)
        self._record = icon_button(theme, Icons.RECORD, "Record what the sliders do (R)", self.toggle_recording)
        self._time = small_text(theme, muted=False)
        self._speed = dpg.add_combo(
            tuple(SPEEDS),
            width=theme.px(SPEED_WIDTH),
            callback=lambda _sender, label: desk.run("set_playback", speed=SPEEDS[label]),
        )
        tooltip(theme, self._speed, "Speed")
        self._add = dpg.add_button(
            label="Add key",
            tag="add key",
            width=theme.px(KEY_WIDTH),
            height=theme.px(34),
            callback=lambda: self.add_key(),
        )
        tooltip(theme, self._add, "Keep pose and face at the playhead (K); the rows have keys of their own")
        width = theme.px(CHOSEN_WIDTH)
        self._easing = dpg.add_combo(
            EASINGS, width=width, tag="easing", callback=lambda _sender, name: self._set_easing(name)
        )
        tooltip(theme, self._easing, "How it goes from the chosen key to the next one")
        self._clip = dpg.add_combo(
            tuple(CLIP_CHANGES), width=width, tag="clip", callback=lambda _sender, name: self._change_clip(name)
        )
        tooltip(theme, self._clip, "How fast the chosen clip plays, and how it takes over from the one before it")
        self._remove = icon_button(theme, Icons.DELETE, "Remove the chosen key or clip (Delete)", self.remove_selected)
        self._at_left = (
            (to_start, BUTTON),
            (self._play, BUTTON),
            (self._loop, BUTTON),
            (self._record, BUTTON),
            (self._time, TIME_WIDTH),
            (self._speed, SPEED_WIDTH + 8),
            (self._add, KEY_WIDTH + 4),
            (self._easing, CHOSEN_WIDTH),
            (self._remove, BUTTON),
        )
        motion = icon_button(theme, Icons.MOTION, "Open a motion (SMPL-X or SMPL-H NPZ)…", self._files.open_motion)
        self._film = icon_button(theme, Icons.FILM, "Save a film…", self._save_film)
        self._export = icon_button(theme, Icons.EXPORT, "Export as a motion (NPZ)…", self._export_motion)
        self._fold = icon_button(theme, Icons.UNFOLD, "Show or hide the timeline", self._toggle_fold)
        self._at_right = (motion, self._film, self._export, self._fold)

    def _build_row_buttons(self) -> list[Item]:
        theme, desk = self._desk.theme, self._desk
        buttons = [
            icon_button(
                theme,
                Icons.PLUS,
                f"Add a key of the {LABELS[row].lower()} at the playhead",
                lambda row=row: desk.run("add_keyframe", what=row),
                small=True,
            )
            for row in ROWS
        ]
        place = icon_button(theme, Icons.PLUS, "Put a motion file on the timeline…", self._place_motion, small=True)
        return [*buttons, place]

    # What its buttons do

    def toggle(self) -> None:
        """Play what is held, hold what plays; nothing where nothing can play."""
        state = self._desk.store.state
        if state.playback.motion is not None or not state.document.timeline.is_empty:
            self._desk.run("pause" if state.playback.playing else "play")

    def add_key(self) -> None:
        """Keep what the body and the face do."""
        self._desk.run("add_keyframe", what="body")

    def remove_selected(self) -> None:
        chosen = self._track.selected
        if isinstance(chosen, KeyHit):
            self._desk.run("remove_keyframe", what=chosen.row, seconds=chosen.seconds)
        elif isinstance(chosen, ClipHit):
            self._desk.run("remove_clip", index=chosen.index)

    def toggle_recording(self) -> None:
        self._desk.run("stop_recording" if self._desk.store.state.recording else "start_recording")

    def _set_easing(self, name: str) -> None:
        chosen = self._track.selected
        if isinstance(chosen, KeyHit):
            self._desk.run("set_easing", what=chosen.row, seconds=chosen.seconds, easing=name)

    def _change_clip(self, name: str) -> None:
        """A clip that plays faster shows as much of its motion as before, in less time."""
        chosen = self._track.selected
        if not isinstance(chosen, ClipHit):
            return
        changes = dict(CLIP_CHANGES[name])
        if "speed" in changes:
            clip = self._desk.store.state.document.timeline.clips[chosen.index]
            changes["duration"] = clip.duration * clip.speed / changes["speed"]
        self._desk.run("change_clip", index=chosen.index, **changes)
        self._shown = ()

    def _toggle_loop(self) -> None:
        self._desk.run("set_playback", loop=not self._desk.store.state.playback.loop)

    def _toggle_fold(self) -> None:
        self._is_unfolded = not self._is_unfolded
        self._shown = ()

    def _place_motion(self) -> None:
        self._desk.dialogs.choose_to_open(
            "Put a motion on the timeline", MOTION_FILES, lambda path: self._desk.run("place_clip", path=path)
        )

    def _export_motion(self) -> None:
        self._desk.dialogs.choose_to_save(
            "Export as a motion", MOTION_FILES, "motion.npz", lambda path: self._desk.run("export_motion", path=path)
        )

    def _save_film(self) -> None:
        self._desk.dialogs.choose_to_save(
            "Save a film", FILM_FILES, "film.mp4", lambda path: self._desk.run("save_film", path=path)
        )

    # Keeping up

    def layout(self, width: int) -> None:
        """Fit a bar that is `width` pixels wide."""
        self._motion_bar.layout(width)
        if width == self._width:
            return
        self._width = width
        px = self._desk.theme.px
        left, top = px(14), px(10)
        for item, item_width in self._at_left:
            below = {self._time: 6, self._speed: 3, self._easing: 3, self._add: 1}.get(item, 0)
            dpg.set_item_pos(item, [left, top + px(below)])
            if item == self._easing:
                dpg.set_item_pos(self._clip, [left, top + px(below)])
            left += px(item_width + GAP)
        for place, button in enumerate(reversed(self._at_right), start=1):
            dpg.set_item_pos(button, [width - px(10) - place * px(BUTTON + GAP), top])
        self._track.layout(px(14), px(HEADER), width - px(28))
        for button, row_top in zip(self._row_buttons, self._track.row_places, strict=True):
            dpg.set_item_pos(button, [px(16), round(px(HEADER) + row_top + px(1))])

    def sync(self, state: State) -> None:
        self._motion_bar.sync(state)
        self._track.forget_what_is_gone(state.document.timeline)
        playback, timeline = state.playback, state.document.timeline
        if self._was_empty and (state.recording or not timeline.is_empty):
            self._is_unfolded = True
        self._was_empty = timeline.is_empty and not state.recording
        touched = self._desk.services.playhead.is_touched(state)
        shown = (
            playback, timeline, state.document.body, state.recording, self._track.selected, self._is_unfolded, touched
        )  # fmt: skip
        if shown != self._shown:
            self._shown = shown
            self._show(state, is_touched=touched)
        if self._is_unfolded and playback.motion is None:
            self._track.sync(state)

    def _show(self, state: State, *, is_touched: bool) -> None:
        theme, playback, timeline = self._desk.theme, state.playback, state.document.timeline
        dpg.configure_item(self._own, show=playback.motion is None)
        if playback.motion is not None:
            return
        dpg.configure_item(self._drawing, show=self._is_unfolded)
        dpg.configure_item(self._play, label=Icons.PAUSE if playback.playing else Icons.PLAY)
        dpg.configure_item(self._record, label=Icons.STOP if state.recording else Icons.RECORD)
        dpg.configure_item(self._fold, label=Icons.FOLD if self._is_unfolded else Icons.UNFOLD)
        dpg.set_value(self._time, f"{clock(playback.seconds)} / {clock(timeline.duration)}")
        speed = next((label for label, speed in SPEEDS.items() if speed == playback.speed), f"{playback.speed:g}x")
        dpg.set_value(self._speed, speed)
        for button, is_on in ((self._loop, playback.loop), (self._record, state.recording)):
            dpg.bind_item_theme(button, theme.selected_button if is_on else theme.quiet_button)
        # What the person changed at the playhead is lost when it moves on: the way to keep it is pointed out.
        dpg.bind_item_theme(self._add, theme.primary_button if is_touched else 0)
        chosen = self._track.selected
        is_key = isinstance(chosen, KeyHit)
        dpg.set_value(self._easing, key_at(timeline, chosen.row, chosen.seconds).easing if is_key else "Easing")
        dpg.configure_item(self._easing, enabled=is_key, show=not isinstance(chosen, ClipHit))
        dpg.configure_item(self._clip, show=isinstance(chosen, ClipHit))
        if isinstance(chosen, ClipHit):
            clip = timeline.clips[chosen.index]
            dpg.set_value(self._clip, f"{clip.speed:g}x, fade {clip.fade:g} s")
        for button, is_possible in (
            (self._play, not timeline.is_empty),
            (self._remove, chosen is not None),
            (self._export, not timeline.is_empty),
            (self._add, state.document.body is not None),
            (self._record, state.document.body is not None),
        ):
            dpg.configure_item(button, enabled=is_possible)
