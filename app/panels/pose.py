"""Pose: where the body stands and how each of its 55 joints turns, in degrees."""

from __future__ import annotations

import math

import dearpygui.dearpygui as dpg

from ...core.body.joints import JOINT_GROUPS, JOINT_LIMITS_DEGREES, JOINT_NAMES
from ..actions import HandBack, ResetJoints, SetJoint, SetTranslation, TakeOver
from ..state import REST_ROTATIONS, State, Vector
from ..theme import ACCENT_HOVERED, MUTED, TEXT, Icons, Item
from .controls import (
    DragSlider,
    FoldingGroup,
    hand_back_button,
    icon_button,
    search_field,
    small_text,
)
from .desk import Desk
from .presets import pose_presets

AXES = ("x", "y", "z")
FRAMES_TO_UNFOLD = 3
"""Until a group that was opened has its place on the screen."""
FARTHEST = 3.0
"""Metres that the sliders move the body."""
OPEN_AT_FIRST = ("head", "left arm", "right arm")
LABELS = {
    "pelvis": "Pelvis (turns the whole body)",
    "spine1": "Spine, low",
    "spine2": "Spine, middle",
    "spine3": "Spine, high",
    "left_eye": "Left eye",
    "right_eye": "Right eye",
}
FINGER_PARTS = {"1": "base", "2": "middle", "3": "tip"}


def joint_label(joint: int) -> str:
    """`left_index2` reads "Index, middle": the side stands in the heading of its group."""
    name = JOINT_NAMES[joint]
    if name in LABELS:
        return LABELS[name]
    name = name.removeprefix("left_").removeprefix("right_")
    if name[-1] in FINGER_PARTS:
        return f"{name[:-1].capitalize()}, {FINGER_PARTS[name[-1]]}"
    return name.capitalize()


class JointRow:
    """A joint's name, its reset button and its three sliders."""

    def __init__(self, desk: Desk, joint: int) -> None:
        self.joint = joint
        self.label = joint_label(joint).lower()
        self._desk = desk
        self._shown: Vector = REST_ROTATIONS[joint]
        self._turned = self._selected = self._is_held = False
        theme = desk.theme
        with dpg.group() as self.group:
            dpg.bind_item_theme(self.group, theme.tight)
            with dpg.group(horizontal=True, xoffset=desk.inner_width - theme.px(24)):
                self._name = dpg.add_text(joint_label(joint), color=MUTED)
                with dpg.group(horizontal=True):
                    self._reset = icon_button(theme, Icons.RESET, "Reset this joint", self._reset_joint, small=True)
                    self._back = hand_back_button(desk, HandBack(joints=(joint,)))
            with dpg.group(horizontal=True, horizontal_spacing=theme.px(6)):
                limits = JOINT_LIMITS_DEGREES[joint].tolist()
                self._sliders = [self._slider(axis, low, high) for axis, (low, high) in enumerate(limits)]
            dpg.add_spacer(height=theme.px(2))
        dpg.hide_item(self._reset)

    def _slider(self, axis: int, low: float, high: float) -> DragSlider:
        width = (self._desk.inner_width - 2 * self._desk.theme.px(6)) // 3

        def change(degrees: float) -> SetJoint:
            x, y, z = self._desk.store.state.shown.rotations[self.joint]
            rotation = [x, y, z]
            rotation[axis] = math.radians(degrees)
            return SetJoint(joint=self.joint, rotation=(rotation[0], rotation[1], rotation[2]))

        name = f"{JOINT_NAMES[self.joint]} {AXES[axis]}"
        return DragSlider(
            self._desk,
            name,
            low=low,
            high=high,
            text=f"{AXES[axis]}  %.0f°",
            width=width,
            change=change,
            takes_over=TakeOver(joints=(self.joint,)),
            is_narrow=True,
        )

    def _reset_joint(self) -> None:
        self._desk.send(ResetJoints(joints=(self.joint,)))

    def show(self, rotation: Vector, *, is_held: bool) -> None:
        """`is_held`: the person took it over from the camera."""
        if rotation is self._shown and is_held is self._is_held:
            return
        self._shown = rotation
        if is_held is not self._is_held:
            self._is_held = is_held
            dpg.configure_item(self._back, show=is_held)
        for slider, radians in zip(self._sliders, rotation, strict=True):
            slider.show(math.degrees(radians))
        turned = any(rotation)
        if turned is not self._turned:
            self._turned = turned
            self._show_name()
        dpg.configure_item(self._reset, show=turned and not is_held)

    def show_selected(self, is_selected: bool) -> None:
        """Whether this is the joint that is chosen over the picture."""
        self._selected = is_selected
        self._show_name()

    def _show_name(self) -> None:
        colour = ACCENT_HOVERED if self._selected else TEXT if self._turned else MUTED
        dpg.configure_item(self._name, color=colour)
        dpg.bind_item_font(self._name, self._desk.theme.fonts.strong if self._selected else self._desk.theme.fonts.text)


class PosePanel:
    name = "Pose"
    icon = Icons.BODY

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: tuple[object, ...] = (None, None, None)
        self._rows: dict[int, JointRow] = {}
        self._selected: int | None = None
        self._frames_to_scroll = 0

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        self._notice = small_text(theme, "A motion is shown: its pose, not this one.")
        search_field("search joint", "Search joints", self._filter)
        with dpg.child_window(width=-1, height=-1, parent=parent) as self._list:
            dpg.bind_item_theme(self._list, theme.scroll_area)
            pose_presets(self._desk)
            self._groups = [self._build_group(name, joints) for name, joints in JOINT_GROUPS.items()]
            with dpg.collapsing_header(label="Position"):
                self._place = self._build_place()

    def _build_group(self, name: str, joints: tuple[int, ...]) -> FoldingGroup:
        desk = self._desk

        def rows() -> list[JointRow]:
            with dpg.group(horizontal=True, xoffset=desk.inner_width - desk.theme.px(24)):
                small_text(desk.theme, f"{len(joints)} joints")
                reset = ResetJoints(joints=joints)
                icon_button(desk.theme, Icons.RESET, f"Reset {name}", lambda: desk.send(reset), small=True)
            made = [JointRow(desk, joint) for joint in joints]
            self._rows.update({row.joint: row for row in made})
            return made

        return FoldingGroup(name.capitalize(), is_open=name in OPEN_AT_FIRST, build=rows)

    def _build_place(self) -> list[DragSlider]:
        desk = self._desk

        def change(axis: int, metres: float) -> SetTranslation:
            place = list(desk.store.state.document.translation)
            place[axis] = metres
            return SetTranslation(translation=(place[0], place[1], place[2]))

        small_text(desk.theme, "Metres from the middle of the floor")
        width = (desk.inner_width - 2 * desk.theme.px(6)) // 3
        with dpg.group(horizontal=True, horizontal_spacing=desk.theme.px(6)):
            return [
                DragSlider(
                    desk,
                    f"place {AXES[axis]}",
                    low=-FARTHEST,
                    high=FARTHEST,
                    text=f"{AXES[axis]}  %.2f",
                    is_narrow=True,
                    width=width,
                    change=lambda metres, axis=axis: change(axis, metres),
                )
                for axis in range(3)
            ]

    def _filter(self, text: str) -> None:
        for group in self._groups:
            group.filter(text)

    def actions(self) -> None:
        """The buttons beside the panel's title."""
        icon_button(self._desk.theme, Icons.MIRROR, "Swap left and right", lambda: self._desk.run("mirror_pose"))
        icon_button(self._desk.theme, Icons.RESET, "Reset the whole pose", lambda: self._desk.run("reset_pose"))

    def sync(self, state: State) -> None:
        is_motion = state.playback.motion is not None and state.driving.pose is None
        dpg.configure_item(self._notice, show=is_motion)
        for slider, metres in zip(self._place, state.document.translation, strict=True):
            slider.show(metres)
        self._show_selected(state.selected_joint)
        driving = state.driving
        shown = (state.document.rotations, driving.pose, driving.held_joints)
        if all(new is old for new, old in zip(shown, self._shown, strict=True)):
            return
        self._shown = shown
        rotations = state.shown.rotations
        for joint, row in self._rows.items():
            row.show(rotations[joint], is_held=joint in driving.held_joints)

    def _show_selected(self, joint: int | None) -> None:
        """Open the group of the joint that is chosen over the picture, and bring its row into view."""
        if self._frames_to_scroll > 0:
            self._frames_to_scroll -= 1
            if self._frames_to_scroll == 0 and joint is not None:
                self._scroll_to(self._rows[joint].group)
        if joint == self._selected:
            return
        if self._selected is not None:
            self._rows[self._selected].show_selected(False)
        self._selected = joint
        if joint is not None:
            self._rows[joint].show_selected(True)
            groups = zip(self._groups, JOINT_GROUPS.values(), strict=True)
            next(group for group, joints in groups if joint in joints).open()
            self._frames_to_scroll = FRAMES_TO_UNFOLD

    def _scroll_to(self, row: Item) -> None:
        if not dpg.is_item_visible(row):
            wanted = dpg.get_item_pos(row)[1] - self._desk.theme.px(120)
            dpg.set_y_scroll(self._list, min(max(wanted, 0.0), dpg.get_y_scroll_max(self._list)))
