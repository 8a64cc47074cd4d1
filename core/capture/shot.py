"""What is seen of the person in one picture, and what is wrong with it, in words for the person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["face", "body"]
"""What is being photographed: head and shoulders, or the whole person."""

TroubleKind = Literal[
    "black",
    "nobody",
    "several people",
    "too far",
    "too near",
    "cut head",
    "cut body",
    "too dark",
    "too bright",
    "blurred",
    "covered eyes",
]

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the whole picture."""

BLACK = 0.03
"""Mean of the picture, 0..1; a room lit by a screen has 0.08 and more."""
DARK, BRIGHT = 0.10, 0.92
"""Mean of the skin; dark skin in a lit room has 0.18 and more."""
MOST_CLIPPED = 0.15
"""Share of the skin."""
LEAST_SHARPNESS = 0.4
"""A blur of about 1.2 % of the face's height."""
LEAST_HEIGHT, LEAST_SHARE, MOST_SHARE = 80.0, 0.14, 0.78
"""Of a face: in pixels, and in parts of the picture's height."""
LEAST_BODY_SHARE = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceView:
    """The followed face. Angles as the camera sees the head, in degrees; sides are the person's own."""

    box: Box
    yaw: float
    """Turned to the person's left is positive."""
    pitch: float
    """Raised is positive."""
    roll: float
    """Tilted to the left shoulder is positive."""
    smile: float
    """0..1."""
    mouth_open: float
    """0..1."""
    blink: float
    """0..1 of the eye that is more open: 1 is both eyes shut."""
    sharpness: float
    """0..1, whatever the face's size: 1 is as sharp as pixels can be, 0.5 a blur of 0.9 % of the face's height."""
    brightness: float
    """Mean of the skin, 0..1."""
    clipped: float
    """Share of the skin that is quite white or quite black."""
    share: float
    """The face's height in parts of the picture's."""
    is_cut: bool
    """Whether the head reaches beyond the picture."""
    has_covered_eyes: bool
    """By sunglasses, say."""
    fingerprint: int
    """64 bits that differ little between pictures in which the face looks the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyView:
    """The whole person."""

    box: Box
    yaw: float
    """Degrees: 0 faces the camera, 90 shows the right side (turned to the person's left), 180 the back."""
    is_whole: bool
    """Whether head and feet are in the picture."""
    sharpness: float
    """As of a face, in parts of the person's height."""
    share: float
    """The person's height in parts of the picture's."""
    fingerprint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a picture is not as good as it could be."""

    kind: TroubleKind
    message: str
    hint: str
    is_fatal: bool = False
    """Whether nothing can be made of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What is seen in one picture."""

    mode: Mode
    width: int
    height: int
    seconds: float
    """Of the picture in its source."""
    brightness: float
    """Mean of the picture, 0..1."""
    num_faces: int
    """Of those about as large as the largest."""
    face: FaceView | None = None
    body: BodyView | None = None
    """Looked for in the mode "body" only."""

    def of_what_it_shows(self) -> Shot:
        """For who did not ask for the one or the other: where a face is large, it is no bad picture of the body."""
        is_of_face = self.face is not None and self.face.share >= LEAST_SHARE
        return replace(self, mode="face", body=None) if is_of_face else self

    @property
    def is_usable(self) -> bool:
        """Whether something can be made of it."""
        return not any(trouble.is_fatal for trouble in self.troubles)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """The gravest first; none where the picture is good."""
        if self.brightness < BLACK:
            return (_trouble("black", self.mode),)
        if self.face is None and self.body is None:
            return (_trouble("nobody", self.mode),)
        kinds: list[TroubleKind] = ["several people"] if self.num_faces > 1 else []
        kinds += self._body_troubles() if self.mode == "body" else self._face_troubles()
        return tuple(_trouble(kind, self.mode) for kind in kinds)

    def _face_troubles(self) -> list[TroubleKind]:
        face = self.face
        assert face is not None
        _, top, _, bottom = face.box
        found: list[tuple[TroubleKind, bool]] = [
            ("too far", face.share < LEAST_SHARE or bottom - top < LEAST_HEIGHT),
            ("too near", face.share > MOST_SHARE),
            ("cut head", face.is_cut),
            *self._light_troubles(),
            ("blurred", face.sharpness < LEAST_SHARPNESS),
            ("covered eyes", face.has_covered_eyes),
        ]
        return [kind for kind, is_so in found if is_so]

    def _body_troubles(self) -> list[TroubleKind]:
        body = self.body
        if body is None:
            return ["cut body"]
        found: list[tuple[TroubleKind, bool]] = [
            ("cut body", not body.is_whole),
            ("too far", body.share < LEAST_BODY_SHARE),
            *self._light_troubles(),
            ("blurred", body.sharpness < LEAST_SHARPNESS),
        ]
        return [kind for kind, is_so in found if is_so]

    def _light_troubles(self) -> list[tuple[TroubleKind, bool]]:
        brightness, clipped = (self.brightness, 0.0) if self.face is None else (self.face.brightness, self.face.clipped)
        is_bright = brightness > BRIGHT or (clipped > MOST_CLIPPED and brightness > 0.5)
        return [("too dark", brightness < DARK), ("too bright", is_bright)]


_WORDS: dict[TroubleKind, tuple[str, str]] = {
    "black": ("the picture is black", "open the camera's shutter, or switch on a light"),
    "nobody": ("nobody is seen", "show your face, from the front or from a side"),
    "several people": ("there are several people", "be alone in the picture; else the largest face is taken for yours"),
    "too far": ("you are too far away", "come nearer"),
    "too near": ("you are too near", "go back a little"),
    "cut head": (
        "part of your head is outside of the picture",
        "bring the whole head into the picture, with the hair",
    ),
    "cut body": ("you are not in the picture from head to feet", "step back until your feet are seen"),
    "too dark": ("it is too dark", "switch on a light, or turn towards the window"),
    "too bright": ("it is too bright: your skin is quite white", "turn away from the light, or dim it"),
    "blurred": ("the picture is blurred", "keep still; wipe the lens; more light helps too"),
    "covered eyes": ("your eyes are covered", "take the sunglasses off"),
}
_BODY_HINTS: dict[TroubleKind, str] = {
    "nobody": "step into the picture, from head to feet",
    "several people": "be alone in the picture",
}
_FATAL = ("black", "nobody")


def _trouble(kind: TroubleKind, mode: Mode) -> Trouble:
    message, hint = _WORDS[kind]
    if mode == "body":
        hint = _BODY_HINTS.get(kind, hint)
    return Trouble(kind=kind, message=message, hint=hint, is_fatal=kind in _FATAL)
