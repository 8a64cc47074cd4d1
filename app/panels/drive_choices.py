"""What follows the person, how calmly, how strongly, and what other programs see of it: a part of the Drive panel."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ...core.tracking.tracker_settings import Method, Parts
from ..settings import MAX_GAIN, DriveSettings
from ..state import State
from ..theme import Item
from .controls import TO_THE_RIGHT, heading, labelled, small_text, tooltip
from .desk import Desk
from .view import BACKGROUNDS

PARTS: dict[str, Parts] = {"Face and head": "face", "Upper body": "upper", "Whole body": "whole"}
METHODS: dict[str, Method] = {"Landmarks": "landmarks", "Network (NLF)": "nlf"}
PLACES = {"Stays where it stands": False, "Goes where I go": True}
SWITCHES = {
    "mirror": ("Mirror", "The avatar is your mirror image: your right hand is at its left"),
    "loop": ("Repeat films", "A film begins anew at its end"),
    "inset": ("Source in the corner", "The camera's picture stands in a corner of the avatar's"),
}
SMOOTHING = {
    "Head": ("head", "How calm the head is; calmer is later"),
    "Face": ("face", "How calm mouth, lids and brows are; calmer is later"),
    "Body": ("body", "How calm the body is; calmer is later"),
    "Hands": ("hands", "How calm the fingers are; calmer is later"),
}
GAINS = {
    "Head": ("head", "How far the head turns: 1 as you do, 0 not at all"),
    "Brows": ("brows", "How far the brows move: 1 as yours, 0 not at all"),
    "Eyes": ("eyes", "How far lids and gaze move: 1 as yours, 0 not at all"),
    "Mouth": ("mouth", "How far mouth and jaw move: 1 as yours, 0 not at all"),
    "Body": ("body", "How far the body moves: 1 as you do, 0 not at all"),
}
TRANSPARENT = "Transparent"


class DriveChoices:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._switches: dict[str, Item] = {}
        self._smoothing: dict[str, Item] = {}
        self._gains: dict[str, Item] = {}
        self._shown: tuple[object, ...] = ()

    def build(self) -> None:
        desk, theme = self._desk, self._desk.theme
        heading(theme, "What follows you")
        with labelled(desk, "Parts") as width:
            self._parts = dpg.add_combo(
                tuple(PARTS),
                tag="drive parts",
                width=width,
                callback=lambda _sender, label: desk.run("set_drive", parts=PARTS[label]),
            )
            tooltip(theme, self._parts, "Less is faster; what is not seen rests")
        with labelled(desk, "Tracker") as width:
            self._method = dpg.add_combo(
                tuple(METHODS),
                tag="drive method",
                width=width,
                callback=lambda _sender, label: desk.run("set_drive", method=METHODS[label]),
            )
            tooltip(
                theme, self._method, "The network finds the body's surface as well: slower, for upper and whole body"
            )
        self._no_network = small_text(
            theme, "The network finds bodies: choose the upper or the whole body for it", wrap=desk.inner_width
        )
        with labelled(desk, "The avatar") as width:
            self._place = dpg.add_combo(
                tuple(PLACES),
                tag="drive place",
                width=width,
                callback=lambda _sender, label: desk.run("set_drive", follows_place=PLACES[label]),
            )
            tooltip(theme, self._place, "Whether it walks when you do; Calibrate makes your place its own")
        for field, (label, tip) in SWITCHES.items():
            self._switches[field] = dpg.add_checkbox(
                label=label,
                tag=f"drive {field}",
                callback=lambda _sender, on, field: desk.run("set_drive", **{field: on}),
                user_data=field,
            )
            tooltip(theme, self._switches[field], tip)
        heading(theme, "How calmly")
        for label, (field, tip) in SMOOTHING.items():
            self._smoothing[field] = self._slider(
                label, f"calm {field}", 1.0, tip, lambda value, field=field: {"smoothing": {field: value}}
            )
        heading(theme, "How strongly")
        for label, (field, tip) in GAINS.items():
            self._gains[field] = self._slider(
                label, f"strength {field}", MAX_GAIN, tip, lambda value, field=field: {"gains": {field: value}}
            )
        self._build_stream()

    def _slider(
        self, label: str, name: str, highest: float, tip: str, change: Callable[[float], dict[str, dict[str, float]]]
    ) -> Item:
        with labelled(self._desk, label) as width:
            slider = dpg.add_slider_float(
                tag=name,
                max_value=highest,
                clamped=True,
                format=f"{TO_THE_RIGHT}%.2f",
                width=width,
                callback=lambda _sender, value: self._desk.run("set_drive", **change(value)),
            )
        tooltip(self._desk.theme, slider, tip)
        return slider

    def _build_stream(self) -> None:
        desk, theme = self._desk, self._desk.theme
        heading(theme, "For other programs")
        with labelled(desk, "Background") as width:
            self._background = dpg.add_combo(
                (*BACKGROUNDS, TRANSPARENT),
                tag="drive background",
                width=width,
                callback=lambda _sender, label: self._set_background(label),
            )
            tooltip(theme, self._background, "Green is cut out by streaming programs; the View panel has more")
        self._output = dpg.add_checkbox(
            label="Virtual camera",
            tag="virtual camera",
            callback=lambda _sender, on: desk.run("set_virtual_camera", on=on),
        )
        tooltip(theme, self._output, "Meetings and streams see the avatar as a camera, 1280 x 720")
        self._device = small_text(theme, wrap=desk.inner_width)

    def _set_background(self, label: str) -> None:
        self._desk.run("set_display", transparent=label == TRANSPARENT)
        if label != TRANSPARENT:
            self._desk.run("set_view", background=BACKGROUNDS[label])

    def sync(self, state: State) -> None:
        drive, view, output = state.settings.drive, state.view, state.driving.output
        phase = state.driving.output_phase
        shown = (drive, view.background, view.display.transparent, output, phase)
        if shown == self._shown:
            return
        self._shown = shown
        self._show(drive)
        colour = next((label for label, rgb in BACKGROUNDS.items() if rgb == view.background), "")
        dpg.set_value(self._background, TRANSPARENT if view.display.transparent else colour)
        dpg.set_value(self._output, phase in ("opening", "on"))
        dpg.set_value(self._device, f"Seen by others as {output}" if output else "")
        dpg.configure_item(self._device, show=bool(output))

    def _show(self, drive: DriveSettings) -> None:
        tracker = drive.tracker
        dpg.set_value(self._parts, next(label for label, parts in PARTS.items() if parts == tracker.parts))
        dpg.set_value(self._method, next(label for label, method in METHODS.items() if method == tracker.method))
        finds_body = tracker.parts != "face"
        dpg.configure_item(self._method, enabled=finds_body)
        dpg.configure_item(self._no_network, show=not finds_body)
        dpg.set_value(self._place, next(label for label, goes in PLACES.items() if goes is drive.follows_place))
        for field, box in self._switches.items():
            dpg.set_value(box, getattr(drive, field))
        for values, sliders in ((tracker.smoothing, self._smoothing), (tracker.gains, self._gains)):
            for field, slider in sliders.items():
                if not dpg.is_item_active(slider):
                    dpg.set_value(slider, getattr(values, field))
