"""Which views of a person are still wanted, what to say to them, and when to press the shutter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from .selection import look
from .shot import Box, Mode, Shot

_STRAIGHT, _LEVEL = 10.0, 20.0
"""Degrees of yaw and pitch within which a face looks at the camera; a stranger's pitch is known to 8 degrees only."""
_TURNED, _MOST_TURNED = 20.0, 60.0
"""Degrees; beyond, the points of the face are guessed."""
_RAISED, _MOST_RAISED = 10.0, 40.0
"""Degrees beside the view from the front."""
_SMILES, _BROADEST = 0.35, 0.95
"""More than in the view from the front."""
_OPEN, _SHUT = 0.5, 0.35
_SHUT_EYES = 0.6
_SIDEWAYS, _FACING = 35.0, 30.0
"""Degrees by which a whole person may stand off the wanted direction."""
_NEW = 1.2
"""How different from all others a picture is worth taking when no view is wanting; see `selection.look`."""
_HOLD_SECONDS = 0.4
_MOVED, _TURNED_ON, _MADE_A_FACE = 0.05, 5.0, 0.25
"""While holding still: parts of the height, degrees, and parts of a smile."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One of the wanted views."""

    name: str
    text: str
    """What to ask for; left and right are the person's own, as a mirror shows them."""
    _fits: Callable[[Shot, Shot | None], bool]

    def fits(self, shot: Shot, front: Shot | None) -> bool:
        """Whether the shot shows it; `front` is the first that was taken from the front.

        With several people in it, it may show somebody else.
        """
        return shot.num_faces <= 1 and self._fits(shot, front)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to say of the picture that is seen just now."""

    text: str
    wanted: View | None
    """The next one; None where all were taken."""
    view: View | None
    """That the picture shows, and that was not taken yet."""
    is_new: bool
    """Whether it shows what the pictures taken do not."""
    is_good: bool
    """Whether nothing is wrong with it."""


def _is_front(shot: Shot, front: Shot | None) -> bool:  # noqa: ARG001
    face = shot.face
    return face is not None and abs(face.yaw) < _STRAIGHT and abs(face.pitch) < _LEVEL and face.mouth_open < _SHUT


def _turned(side: float) -> Callable[[Shot, Shot | None], bool]:
    def fits(shot: Shot, front: Shot | None) -> bool:  # noqa: ARG001
        return shot.face is not None and _TURNED <= side * shot.face.yaw <= _MOST_TURNED

    return fits


def _raised(side: float) -> Callable[[Shot, Shot | None], bool]:
    def fits(shot: Shot, front: Shot | None) -> bool:
        face = shot.face
        if face is None or abs(face.yaw) > _TURNED:
            return False
        level = front.face.pitch if front is not None and front.face is not None else 0.0
        return _RAISED <= side * (face.pitch - level) <= _MOST_RAISED

    return fits


def _smiles(shot: Shot, front: Shot | None) -> bool:
    face = shot.face
    rest = front.face.smile if front is not None and front.face is not None else 0.2
    return face is not None and abs(face.yaw) < _TURNED and face.smile >= min(rest + _SMILES, _BROADEST)


def _opens(shot: Shot, front: Shot | None) -> bool:  # noqa: ARG001
    return shot.face is not None and abs(shot.face.yaw) < _TURNED and shot.face.mouth_open >= _OPEN


def _stands(yaw: float, tolerance: float) -> Callable[[Shot, Shot | None], bool]:
    def fits(shot: Shot, front: Shot | None) -> bool:  # noqa: ARG001
        return shot.body is not None and abs((shot.body.yaw - yaw + 180.0) % 360.0 - 180.0) <= tolerance

    return fits


WANTED: Mapping[Mode, tuple[View, ...]] = MappingProxyType(
    {
        "face": (
            View(name="front", text="look straight at the camera, mouth closed", _fits=_is_front),
            View(name="left", text="turn your head to the left", _fits=_turned(1.0)),
            View(name="right", text="turn your head to the right", _fits=_turned(-1.0)),
            View(name="up", text="raise your chin", _fits=_raised(1.0)),
            View(name="down", text="lower your chin", _fits=_raised(-1.0)),
            View(name="smile", text="smile broadly, teeth and all", _fits=_smiles),
            View(name="open mouth", text="open your mouth wide", _fits=_opens),
        ),
        "body": (
            View(name="front", text="face the camera, arms a little away from the body", _fits=_stands(0.0, _FACING)),
            View(name="left", text="turn left until you stand sideways", _fits=_stands(90.0, _SIDEWAYS)),
            View(name="back", text="turn your back to the camera", _fits=_stands(180.0, _FACING)),
            View(name="right", text="turn on until you stand sideways again", _fits=_stands(-90.0, _SIDEWAYS)),
        ),
    }
)


def missing(taken: Sequence[Shot], mode: Mode) -> tuple[View, ...]:
    """The views that none of these pictures shows, in the order in which they are asked for."""
    front = _front(taken, mode)
    return tuple(view for view in WANTED[mode] if not any(view.fits(each, front) for each in taken))


def _front(taken: Sequence[Shot], mode: Mode) -> Shot | None:
    return next((each for each in taken if WANTED[mode][0].fits(each, None)), None)


def advice(shot: Shot, taken: Sequence[Shot], mode: Mode) -> Advice:
    """What to say now, with these pictures taken already."""
    front, lacking = _front(taken, mode), missing(taken, mode)
    wanted = lacking[0] if lacking else None
    view = next((view for view in lacking if view.fits(shot, front)), None)
    is_new = view is not None or (not lacking and _differs(shot, taken))
    troubles = shot.troubles
    shuts_eyes = mode == "face" and shot.face is not None and shot.face.blink > _SHUT_EYES
    if troubles:
        text = f"{troubles[0].message}: {troubles[0].hint}"
    elif is_new:
        text = "open your eyes" if shuts_eyes else "very good: hold still"
    elif wanted is not None:
        text = _closer(wanted, shot) or wanted.text
    else:
        text = "all views are taken; more of other faces and turns make it better"
    return Advice(text=text, wanted=wanted, view=view, is_new=is_new, is_good=not troubles and not shuts_eyes)


def _differs(shot: Shot, taken: Sequence[Shot]) -> bool:
    return all(np.linalg.norm(look(shot) - look(each)) > _NEW for each in taken)


def _closer(wanted: View, shot: Shot) -> str | None:
    """For somebody who is on the way, or went too far."""
    if shot.face is None or wanted.name not in ("left", "right") or shot.mode == "body":
        return None
    turn = shot.face.yaw if wanted.name == "left" else -shot.face.yaw
    if turn > _MOST_TURNED:
        return "not quite so far"
    return f"a little more to the {wanted.name}" if turn > 0.4 * _TURNED else None


class Shutter:
    """Presses itself when a new and good view was held still for a moment."""

    def __init__(self) -> None:
        self._held: Shot | None = None
        """The first picture of those in which nothing has moved since."""
        self._view: View | None = None

    def release(self, shot: Shot, told: Advice) -> bool:
        """Whether to take this picture; asked for each, in their order, with what `advice` says of it."""
        if not (told.is_good and told.is_new):
            self._held = None
            return False
        if self._held is None or self._view is not told.view or _moved(self._held, shot):
            self._held, self._view = shot, told.view
            return False
        if shot.seconds - self._held.seconds < _HOLD_SECONDS:
            return False
        self._held = None
        return True


def _moved(before: Shot, now: Shot) -> bool:
    if (before.face is None) != (now.face is None) or (before.body is None) != (now.body is None):
        return True
    if before.face is not None and now.face is not None:
        first, second = before.face, now.face
        turns = [second.yaw - first.yaw, second.pitch - first.pitch, second.roll - first.roll]
        faces = [second.smile - first.smile, second.mouth_open - first.mouth_open]
        if np.abs(turns).max() > _TURNED_ON or np.abs(faces).max() > _MADE_A_FACE or _shifted(first.box, second.box):
            return True
    return before.body is not None and now.body is not None and _shifted(before.body.box, now.body.box)


def _shifted(first: Box, second: Box) -> bool:
    moves = np.abs(np.subtract(second, first))
    return bool(moves.max() > _MOVED * max(first[3] - first[1], 1.0))
