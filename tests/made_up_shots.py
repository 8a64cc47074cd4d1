"""What might have been seen in a picture, for tests that need no detector."""

from __future__ import annotations

from nlfgs_studio.core.capture.shot import BodyView, FaceView, Shot

GOOD_FACE = {
    "box": (500.0, 200.0, 760.0, 540.0),
    "yaw": 0.0,
    "pitch": 0.0,
    "roll": 0.0,
    "smile": 0.1,
    "mouth_open": 0.0,
    "blink": 0.0,
    "sharpness": 0.8,
    "brightness": 0.5,
    "clipped": 0.0,
    "share": 0.47,
    "is_cut": False,
    "has_covered_eyes": False,
    "fingerprint": 0,
}
GOOD_BODY = {
    "box": (500.0, 40.0, 780.0, 690.0),
    "yaw": 0.0,
    "is_whole": True,
    "sharpness": 0.8,
    "share": 0.9,
    "fingerprint": 0,
}


def face_shot(*, seconds: float = 0.0, brightness: float = 0.4, num_faces: int = 1, **face) -> Shot:
    """A good picture of a face but for what is said."""
    view = FaceView(**{**GOOD_FACE, **face})
    return Shot(
        mode="face",
        width=1280,
        height=720,
        seconds=seconds,
        brightness=brightness,
        num_faces=num_faces,
        face=view,
    )


def body_shot(*, seconds: float = 0.0, **body) -> Shot:
    """A good picture of a whole person but for what is said."""
    view = BodyView(**{**GOOD_BODY, **body})
    return Shot(mode="body", width=1280, height=720, seconds=seconds, brightness=0.4, num_faces=0, body=view)


def empty_shot(*, brightness: float = 0.4) -> Shot:
    """A picture without anybody."""
    return Shot(mode="face", width=1280, height=720, seconds=0.0, brightness=brightness, num_faces=0)
