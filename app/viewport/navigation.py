"""Turning mouse movements over the picture into cameras; knows nothing of the window."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from ...core.cameras import OrbitCamera, orbited, panned, zoomed

RADIANS_PER_HEIGHT = math.pi
"""A drag over the picture's whole height turns by half a circle."""
ZOOM_PER_NOTCH = 0.88

Gesture = Literal["orbit", "pan", "zoom"]

MOUSE = {
    "Mouse over the picture": {
        "Drag": "Look from another side",
        "Right or middle drag, Shift+drag": "Move the view",
        "Wheel, Ctrl+drag": "Nearer or farther",
        "Double click": "Show the whole body",
        "Click a part": "Choose its joint",
        "Drag a ring": "Turn the chosen joint",
        "Escape": "Let go of the joint",
    },
    "Mouse over a picture whose outline is corrected": {
        "Drag": "Paint what is me, or not me",
        "Shift+drag, right drag": "Take back what was painted",
        "Wheel": "Size of the brush",
        "Escape": "Done",
    },
    "Mouse over sliders": {
        "Drag": "Change; one drag is one step of undo",
        "Ctrl+click": "Type the number",
    },
    "Mouse over the timeline": {
        "Click, drag": "Move the playhead",
        "Click a key or clip": "Choose it",
        "Drag a key or clip": "Move it to another moment",
        "Drag an end": "Make a clip or the timeline longer or shorter",
    },
}
"""What the mouse does, for the help: by place, what is done with it and what comes of that."""


def gesture_of(button: int, *, shift: bool, control: bool) -> Gesture:
    """Left turns; right, middle or shift moves; control zooms. Buttons are counted left, right, middle, from 0."""
    if control:
        return "zoom"
    return "pan" if shift or button != 0 else "orbit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drag:
    """A gesture that goes on: every camera in it is computed from the one it began with, so nothing adds up."""

    gesture: Gesture
    start: tuple[float, float]
    """Pixels."""
    orbit: OrbitCamera
    """The camera when it began."""
    height: int
    """The picture's, in the same pixels."""

    def camera(self, position: tuple[float, float]) -> OrbitCamera:
        """The camera when the mouse is at `position`."""
        right = (position[0] - self.start[0]) / self.height
        down = (position[1] - self.start[1]) / self.height
        if self.gesture == "orbit":
            return orbited(self.orbit, yaw=-RADIANS_PER_HEIGHT * right, pitch=RADIANS_PER_HEIGHT * down)
        if self.gesture == "pan":
            return panned(self.orbit, right=-right, up=down)
        return zoomed(self.orbit, math.exp(2.0 * down))


def zoomed_at(
    orbit: OrbitCamera, notches: float, *, position: tuple[float, float], width: int, height: int
) -> OrbitCamera:
    """Nearer by so many notches of the wheel; what lies under the mouse, at the target's depth, stays under it."""
    nearer = zoomed(orbit, ZOOM_PER_NOTCH**notches)
    share = 1.0 - nearer.distance / orbit.distance
    right = (position[0] - width / 2.0) / height
    up = (height / 2.0 - position[1]) / height
    return replace(nearer, target=panned(orbit, right=share * right, up=share * up).target)
