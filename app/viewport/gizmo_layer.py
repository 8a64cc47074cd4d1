"""The joint gizmo in the window: a name under the pointer, and rings that turn the joint that is chosen."""

from __future__ import annotations

import math

import dearpygui.dearpygui as dpg

from ...core.body.joints import JOINT_NAMES
from ..actions import BeginDrag, EndDrag, SelectJoint, SetJoint
from ..services import Services
from ..state import Point, State
from ..theme import CLEAR, Colour, Item, Theme
from .gizmo import Gizmo, Turn, beyond_limits, gizmo_at, grabbed, handle, joint_under, pixels_and_depths, ring

RADIUS = 74
"""Of the rings, in lengths of the design."""
AXIS_COLOURS: tuple[Colour, ...] = ((240, 92, 92, 255), (116, 205, 104, 255), (92, 148, 255, 255))
HELD_COLOUR: Colour = (255, 226, 128, 255)
BEYOND_COLOUR: Colour = (240, 179, 90, 255)
NAME_COLOUR: Colour = (240, 243, 248, 255)
LABEL_BACKDROP: Colour = (16, 18, 23, 215)
BACK_ALPHA = 70
AXES = "xyz"
FINGER = {"1": "base", "2": "middle", "3": "tip"}
SPINE = {"1": "low", "2": "middle", "3": "high"}


def joint_title(joint: int) -> str:
    """`left_index2` reads "Left index, middle"."""
    name = JOINT_NAMES[joint].replace("_", " ").capitalize()
    places = SPINE if name.startswith("Spine") else FINGER
    return f"{name[:-1]}, {places[name[-1]]}" if name[-1] in places else name


def _is_moving(state: State) -> bool:
    """Whether what is shown is not the document's own pose, held still."""
    return state.playback.motion is not None or state.playback.playing or state.driving.pose is not None


class JointGizmo:
    """Main thread only; there while an avatar shows its own pose, not a motion's or a timeline's that plays."""

    def __init__(self, services: Services, theme: Theme, drawlist: Item) -> None:
        self._services = services
        self._theme = theme
        self._layer = dpg.add_draw_layer(parent=drawlist)
        self._size = (1, 1)
        self._turn: Turn | None = None
        self._hovered_axis: int | None = None
        self._hovered_joint: int | None = None
        self._looked_for: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()

    @property
    def is_turning(self) -> bool:
        return self._turn is not None

    @property
    def hovered_joint(self) -> int | None:
        return self._hovered_joint

    def pressed(self, position: Point) -> bool:
        """The left button went down: whether a ring was taken hold of."""
        gizmo = self._gizmo(self._services.store.state)
        axis = grabbed(gizmo, position) if gizmo is not None else None
        if gizmo is None or axis is None:
            return False
        self._turn = Turn(gizmo=gizmo, axis=axis, start=position)
        self._services.store.dispatch(BeginDrag())
        return True

    def moved(self, position: Point) -> None:
        if self._turn is not None:
            rotation = self._turn.rotation(position)
            self._services.store.dispatch(SetJoint(joint=self._turn.gizmo.joint, rotation=rotation))

    def released(self) -> None:
        if self._turn is not None:
            self._turn = None
            self._services.store.dispatch(EndDrag())

    def clicked(self, position: Point) -> None:
        """Choose the joint that is there, or none."""
        self._services.store.dispatch(SelectJoint(joint=self._joint_at(self._services.store.state, position)))

    def cancel(self) -> None:
        """Give up the drag that goes on, or the joint that is chosen."""
        if self._turn is not None:
            gizmo = self._turn.gizmo
            self._services.store.dispatch(SetJoint(joint=gizmo.joint, rotation=gizmo.rotation))
            self.released()
        elif self._services.store.state.selected_joint is not None:
            self._services.store.dispatch(SelectJoint(joint=None))

    def handles(self, state: State) -> dict[str, list[float]]:
        """The point of each ring's near half that is farthest from the other rings, in pixels of the picture."""
        gizmo = self._gizmo(state)
        return {} if gizmo is None else {AXES[axis]: list(handle(gizmo, axis)) for axis in range(3)}

    def sync(self, state: State, size: tuple[int, int], pointer: Point | None) -> None:
        """Draw what has changed; `pointer` is None while it is not over the picture, or drags the camera."""
        self._size = size
        if self._turn is not None and self._gizmo(state) is None:
            self.released()
        self._look_under(state, pointer)
        gizmo = self._gizmo(state)
        held = self._turn.axis if self._turn is not None else self._hovered_axis
        rotation = None if gizmo is None else gizmo.rotation
        hint = self._hovered_joint if gizmo is None or self._hovered_joint != gizmo.joint else None
        place = pointer if hint is not None else None
        shown = (gizmo is None, state.selected_joint, rotation, self._posed(state), state.view.orbit, size, held, hint)
        shown = (*shown, place)
        if shown == self._drawn:
            return
        self._drawn = shown
        dpg.delete_item(self._layer, children_only=True)
        if gizmo is not None:
            self._draw(gizmo, held)
        if hint is not None and pointer is not None:
            px = self._theme.px
            self._label([(joint_title(hint), NAME_COLOUR)], (pointer[0] + px(16), pointer[1] + px(14)))

    def _look_under(self, state: State, pointer: Point | None) -> None:
        looked_for = (pointer, self._size, state.view.orbit, state.selected_joint, self._posed(state), state.playback)
        if self._turn is not None or looked_for == self._looked_for:
            return
        self._looked_for = looked_for
        gizmo = self._gizmo(state) if pointer is not None else None
        self._hovered_axis = grabbed(gizmo, pointer) if gizmo is not None and pointer is not None else None
        look = pointer is not None and self._hovered_axis is None
        self._hovered_joint = self._joint_at(state, pointer) if look and pointer is not None else None

    def _posed(self, state: State) -> object:
        return self._services.scene.posed(state)

    def _joint_at(self, state: State, position: Point) -> int | None:
        subject = self._services.scene.subject(state)
        body = state.document.body
        if subject is None or subject.mesh is None or body is None or _is_moving(state):
            return None
        return joint_under(subject.mesh, body, state.view.orbit.camera(*self._size), position)

    def _gizmo(self, state: State) -> Gizmo | None:
        posed, joint = self._services.scene.posed(state), state.selected_joint
        if posed is None or joint is None or _is_moving(state):
            return None
        camera = state.view.orbit.camera(*self._size)
        return gizmo_at(posed, joint, state.document.rotations[joint], camera, float(self._theme.px(RADIUS)))

    def _draw(self, gizmo: Gizmo, held: int | None) -> None:
        px = self._theme.px
        for near in (False, True):
            for axis in range(3):
                self._draw_ring(gizmo, axis, held=held == axis, near=near)
        (center,), _ = pixels_and_depths(gizmo.camera, gizmo.center[None])
        dpg.draw_circle(center.tolist(), px(4), color=CLEAR, fill=NAME_COLOUR, parent=self._layer)
        beyond = beyond_limits(gizmo.joint, gizmo.rotation)
        words = [(joint_title(gizmo.joint), NAME_COLOUR)]
        for axis, radians in enumerate(gizmo.rotation):
            colour = BEYOND_COLOUR if beyond[axis] else AXIS_COLOURS[axis]
            words.append((f"{AXES[axis]} {math.degrees(radians):.0f}°", colour))
        self._label(words, (float(center[0]) - px(70), float(center[1]) + px(RADIUS + 16)))

    def _draw_ring(self, gizmo: Gizmo, axis: int, *, held: bool, near: bool) -> None:
        """The stretches of a ring that are nearer than the joint, or those beyond it."""
        red, green, blue, _ = HELD_COLOUR if held else AXIS_COLOURS[axis]
        colour = (red, green, blue, 255 if near else BACK_ALPHA)
        thickness = self._theme.px(4 if held else 3) if near else self._theme.px(2)
        pixels, nearness = ring(gizmo, axis)
        stretch: list[list[float]] = []
        for index in range(len(pixels) - 1):
            if (nearness[index] + nearness[index + 1] >= 0.0) == near:
                stretch = stretch or [pixels[index].tolist()]
                stretch.append(pixels[index + 1].tolist())
            elif stretch:
                dpg.draw_polyline(stretch, color=colour, thickness=thickness, parent=self._layer)
                stretch = []
        if stretch:
            dpg.draw_polyline(stretch, color=colour, thickness=thickness, parent=self._layer)

    def _label(self, words: list[tuple[str, Colour]], place: Point) -> None:
        """Words side by side on a dark ground, kept inside the picture."""
        px, font = self._theme.px, self._theme.fonts.small
        widths = [(dpg.get_text_size(word, font=font) or (0.0, 0.0))[0] for word, _ in words]
        width, height = sum(widths) + px(10) * (len(words) - 1) + 2 * px(9), px(26)
        left = min(max(place[0], 0.0), self._size[0] - width)
        top = min(max(place[1], 0.0), self._size[1] - height)
        dpg.draw_rectangle(
            (left, top),
            (left + width, top + height),
            fill=LABEL_BACKDROP,
            color=CLEAR,
            rounding=px(6),
            parent=self._layer,
        )
        x = left + px(9)
        for (word, colour), word_width in zip(words, widths, strict=True):
            item = dpg.draw_text((round(x), top + px(6)), word, color=colour, size=px(14), parent=self._layer)
            dpg.bind_item_font(item, font)
            x += word_width + px(10)
