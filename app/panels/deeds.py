"""The one list of what can be asked for from anywhere; the menu, the keyboard and the help are made from it."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..shortcuts import Deed, Menu
from .desk import Desk
from .drive import DrivePanel
from .file import FileActions
from .timeline import TimelinePanel


def deeds_of(
    desk: Desk,
    files: FileActions,
    timeline: TimelinePanel,
    drive: DrivePanel,
    *,
    frame: Callable[[str], object],
    show_panel: Callable[[str], object],
    leave: Callable[[], object],
) -> tuple[Deed, ...]:
    """In the order in which the menus show them; a label that comes twice is one thing with two ways to type it."""
    return (
        *_file_deeds(desk, files, leave),
        *_edit_deeds(desk),
        *_view_deeds(frame),
        *_timeline_deeds(desk, files, timeline),
        *_drive_deeds(desk, drive),
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


def _edit_deeds(desk: Desk) -> tuple[Deed, ...]:
    store = desk.store
    menu: Menu = "Edit"

    def undo() -> None:
        desk.run("undo")

    def redo() -> None:
        desk.run("redo")

    def has_body() -> bool:
        return store.state.document.body is not None

    def deed(label: str, command: str) -> Deed:
        return Deed(label=label, menu=menu, action=lambda: desk.run(command), is_possible=has_body)

    can_undo, can_redo = (lambda: store.can_undo), (lambda: store.can_redo)
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

    def can_play() -> bool:
        state = desk.store.state
        return state.playback.motion is not None or not state.document.timeline.is_empty

    return (
        Deed(label="Play or pause", menu=menu, key=dpg.mvKey_Spacebar, action=timeline.toggle, is_possible=can_play),
        Deed(label="Add a key", menu=menu, key=dpg.mvKey_K, action=timeline.add_key, is_possible=has_body),
        Deed(label="Record", menu=menu, key=dpg.mvKey_R, action=timeline.toggle_recording, is_possible=has_body),
        Deed(label="Remove key or clip", menu=menu, key=dpg.mvKey_Delete, action=timeline.remove_selected),
        Deed(label="Open a motion…", menu=menu, action=files.open_motion, is_possible=has_body),
    )


def _drive_deeds(desk: Desk, drive: DrivePanel) -> tuple[Deed, ...]:
    menu: Menu = "Drive"

    def has_body() -> bool:
        return desk.store.state.document.body is not None

    def is_driven() -> bool:
        return desk.store.state.driving.phase == "driving"

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
