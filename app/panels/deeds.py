"""The one list of what can be asked for from anywhere; the menu, the keyboard and the help are made from it."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..shortcuts import Deed, Menu
from .capture import CapturePanel
from .desk import Desk
from .drive import DrivePanel
from .file import FileActions
from .refine import toggle_refining
from .timeline import TimelinePanel


def deeds_of(
    desk: Desk,
    files: FileActions,
    timeline: TimelinePanel,
    drive: DrivePanel,
    capture: CapturePanel,
    *,
    frame: Callable[[str], object],
    show_panel: Callable[[str], object],
    leave: Callable[[], object],
) -> tuple[Deed, ...]:
    """In the order in which the menus show them; a label that comes twice is one thing with two ways to type it."""
    return (
        *_file_deeds(desk, files, leave),
        *_capture_deeds(desk, capture),
        *_edit_deeds(desk),
        *_view_deeds(frame),
        *_timeline_deeds(desk, files, timeline),
        *_drive_deeds(desk, drive),
        *_refine_deeds(desk),
        Deed(label="Keys and mouse", menu="Help", key=dpg.mvKey_F1, action=lambda: show_panel("Help")),
        Deed(label="What was said", menu="Help", action=lambda: show_panel("Log")),
        Deed(label="Settings", menu="Help", action=lambda: show_panel("Settings")),
    )


def _file_deeds(desk: Desk, files: FileActions, leave: Callable[[], object]) -> tuple[Deed, ...]:
    menu: Menu = "File"

    def has_gaussians() -> bool:
        document = desk.store.state.document
        return document.avatar is not None or document.static is not None

    def has_avatar() -> bool:
        return desk.store.state.document.avatar is not None

    return (
        Deed(label="New", menu=menu, key=dpg.mvKey_N, control=True, action=files.new),
        Deed(label="Open…", menu=menu, key=dpg.mvKey_O, control=True, action=files.open),
        Deed(label="Avatar from a photo…", menu=menu, action=files.create_from_photo),
        Deed(label="Save", menu=menu, key=dpg.mvKey_S, control=True, action=files.save),
        Deed(label="Save as…", menu=menu, key=dpg.mvKey_S, control=True, shift=True, action=files.save_as),
        Deed(
            label="Export splats (PLY)…",
            menu=menu,
            key=dpg.mvKey_E,
            control=True,
            action=lambda: files.export_ply(rigged=False, up="y"),
            is_possible=has_gaussians,
        ),
        Deed(
            label="Export with the rig (PLY)…",
            menu=menu,
            action=lambda: files.export_ply(rigged=True, up="y"),
            is_possible=has_avatar,
        ),
        Deed(label="Quit", menu=menu, key=dpg.mvKey_Q, control=True, action=leave),
    )


def _capture_deeds(desk: Desk, capture: CapturePanel) -> tuple[Deed, ...]:
    menu: Menu = "Capture"

    def is_looking() -> bool:
        return desk.store.state.capturing.phase == "running"

    def has_pictures() -> bool:
        return bool(desk.store.state.capturing.pictures)

    def take() -> None:
        desk.run("take_picture")

    def is_correcting() -> bool:
        return desk.store.state.correcting is not None

    return (
        Deed(label="Start or stop the camera", menu=menu, key=dpg.mvKey_P, action=capture.toggle_camera),
        Deed(label="Take a picture (Space)", menu=menu, action=take, is_possible=is_looking),
        Deed(label="Photo or film of yourself…", menu=menu, action=capture.import_file),
        Deed(label="Make my avatar", menu=menu, action=capture.make_avatar, is_possible=has_pictures),
        Deed(
            label="Smaller brush",
            menu=menu,
            key=dpg.mvKey_Open_Brace,
            action=lambda: desk.run("resize_outline_brush", notches=-1.0),
            is_possible=is_correcting,
        ),
        Deed(
            label="Larger brush",
            menu=menu,
            key=dpg.mvKey_Close_Brace,
            action=lambda: desk.run("resize_outline_brush", notches=1.0),
            is_possible=is_correcting,
        ),
    )


def _edit_deeds(desk: Desk) -> tuple[Deed, ...]:
    store = desk.store
    menu: Menu = "Edit"

    def undo() -> None:
        """Of the picture that is painted on, while one is."""
        desk.run("undo" if store.state.correcting is None else "step_outline_back")

    def redo() -> None:
        if store.state.correcting is None:
            desk.run("redo")

    def has_body() -> bool:
        return store.state.document.body is not None

    def deed(label: str, command: str) -> Deed:
        return Deed(label=label, menu=menu, action=lambda: desk.run(command), is_possible=has_body)

    def can_undo() -> bool:
        correcting = store.state.correcting
        return store.can_undo if correcting is None else bool(correcting.past)

    def can_redo() -> bool:
        return store.can_redo and store.state.correcting is None

    return (
        Deed(label="Undo", menu=menu, key=dpg.mvKey_Z, control=True, action=undo, is_possible=can_undo),
        Deed(label="Redo", menu=menu, key=dpg.mvKey_Z, control=True, shift=True, action=redo, is_possible=can_redo),
        Deed(label="Redo", menu=menu, key=dpg.mvKey_Y, control=True, action=redo, is_possible=can_redo),
        deed("Swap left and right", "mirror_pose"),
        deed("Reset the pose", "reset_pose"),
        deed("Reset the expression", "reset_expression"),
        deed("Reset the shape", "reset_shape"),
    )


def _view_deeds(frame: Callable[[str], object]) -> tuple[Deed, ...]:
    return (
        Deed(label="Whole body", menu="View", key=dpg.mvKey_F, action=lambda: frame("body")),
        Deed(label="Head", menu="View", key=dpg.mvKey_H, action=lambda: frame("head")),
        Deed(label="Left hand", menu="View", action=lambda: frame("left hand")),
        Deed(label="Right hand", menu="View", action=lambda: frame("right hand")),
    )


def _timeline_deeds(desk: Desk, files: FileActions, timeline: TimelinePanel) -> tuple[Deed, ...]:
    menu: Menu = "Timeline"

    def has_body() -> bool:
        return desk.store.state.document.body is not None

    def can_change() -> bool:
        """There is an avatar, and no picture over it that is painted on."""
        return has_body() and desk.store.state.correcting is None

    def is_capturing() -> bool:
        return desk.store.state.capturing.is_on

    def can_play() -> bool:
        state = desk.store.state
        return is_capturing() or state.playback.motion is not None or not state.document.timeline.is_empty

    def play() -> None:
        """Or press the shutter: who looks into a camera finds the largest key."""
        desk.run("take_picture") if is_capturing() else timeline.toggle()

    return (
        Deed(label="Play or pause", menu=menu, key=dpg.mvKey_Spacebar, action=play, is_possible=can_play),
        Deed(label="Add a key", menu=menu, key=dpg.mvKey_K, action=timeline.add_key, is_possible=can_change),
        Deed(label="Record", menu=menu, key=dpg.mvKey_R, action=timeline.toggle_recording, is_possible=can_change),
        Deed(
            label="Remove key or clip",
            menu=menu,
            key=dpg.mvKey_Delete,
            action=timeline.remove_selected,
            is_possible=can_change,
        ),
        Deed(label="Open a motion…", menu=menu, action=files.open_motion, is_possible=has_body),
    )


def _drive_deeds(desk: Desk, drive: DrivePanel) -> tuple[Deed, ...]:
    menu: Menu = "Drive"

    def has_body() -> bool:
        return desk.store.state.document.body is not None

    def is_driven() -> bool:
        return desk.store.state.driving.phase == "running"

    def calibrate() -> None:
        desk.run("calibrate_driving")

    def hand_back() -> None:
        desk.run("hand_back")

    def take_pose() -> None:
        desk.run("take_pose")

    return (
        Deed(
            label="Start or stop driving", menu=menu, key=dpg.mvKey_D, action=drive.toggle_driving, is_possible=has_body
        ),
        Deed(label="Calibrate the face", menu=menu, key=dpg.mvKey_C, action=calibrate, is_possible=is_driven),
        Deed(label="Take this pose over", menu=menu, action=take_pose, is_possible=is_driven),
        Deed(label="Hand all joints back", menu=menu, action=hand_back, is_possible=is_driven),
    )


def _refine_deeds(desk: Desk) -> tuple[Deed, ...]:
    menu: Menu = "Refine"

    def can_start() -> bool:
        refining = desk.store.state.refining
        return refining.is_on or refining.num_pictures > 0

    def is_refining() -> bool:
        return desk.store.state.refining.phase == "refining"

    def has_made_something() -> bool:
        return desk.store.state.refining.avatar is not None

    def toggle() -> None:
        toggle_refining(desk)

    def toggle_pause() -> None:
        desk.run("resume_refining" if desk.store.state.refining.is_paused else "pause_refining")

    def compare() -> None:
        desk.run("show_before", on=not desk.store.state.refining.shows_before)

    def revert() -> None:
        desk.run("revert_refining")

    return (
        Deed(label="Start, or stop and keep it", menu=menu, key=dpg.mvKey_G, action=toggle, is_possible=can_start),
        Deed(label="Pause or go on", menu=menu, action=toggle_pause, is_possible=is_refining),
        Deed(label="Before or after", menu=menu, key=dpg.mvKey_B, action=compare, is_possible=has_made_something),
        Deed(label="Throw away what was made", menu=menu, action=revert, is_possible=is_refining),
    )
