"""Shapes of a hand: how far each finger bends, by name."""

from __future__ import annotations

from types import MappingProxyType

from .joints import JOINT_NAMES

Degrees = tuple[float, float, float]
Bend = tuple[float, float, float]
"""Degrees by which a finger's base, middle and tip curl into the palm."""

STRAIGHT: Bend = (0.0, 2.0, 2.0)
CURLED: Bend = (80.0, 100.0, 65.0)
AT_REST: tuple[Degrees, ...] = ((0.0, 0.0, 0.0),) * 3
OVER_FINGERS: tuple[Degrees, ...] = ((20.0, 34.0, -40.0), (0.0, 45.0, -20.0), (0.0, 62.0, 0.0))
CLOSED = (6.0, 0.0, -7.0, -13.0)
"""Degrees by which the fingers, which rest slightly spread, turn towards each other."""


def _hand(
    index: Bend,
    middle: Bend,
    ring: Bend,
    little: Bend,
    *,
    thumb: tuple[Degrees, ...] = AT_REST,
    spread: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
) -> dict[str, Degrees]:
    """Axis-angle in degrees of the left hand's joints: fingers curl about -z and part about y."""
    shape: dict[str, Degrees] = {}
    for finger, bend, apart in zip(
        ("index", "middle", "ring", "pinky"), (index, middle, ring, little), spread, strict=True
    ):
        base, knuckle, tip = bend
        shape |= {f"left_{finger}1": (0.0, apart, -base), f"left_{finger}2": (0.0, 0.0, -knuckle)}
        shape[f"left_{finger}3"] = (0.0, 0.0, -tip)
    return shape | {f"left_thumb{number}": rotation for number, rotation in enumerate(thumb, start=1)}


def mirrored_names(rotations: dict[str, Degrees]) -> dict[str, Degrees]:
    """The same on the other side."""
    swapped = {"left": "right", "right": "left"}
    mirrored: dict[str, Degrees] = {}
    for name, (x, y, z) in rotations.items():
        side, _, rest = name.partition("_")
        mirrored[f"{swapped[side]}_{rest}" if side in swapped else name] = (x, 0.0 - y, 0.0 - z)
    assert set(mirrored) <= set(JOINT_NAMES)
    return mirrored


SOFT = _hand(
    (8.0, 12.0, 8.0), (8.0, 12.0, 8.0), (8.0, 12.0, 8.0), (8.0, 12.0, 8.0),
    thumb=((0.0, 5.0, 0.0), (0.0, 5.0, 0.0), (0.0, 10.0, 0.0)),
)  # fmt: skip
"""Of a hand that lies on something."""

LEFT_HAND_SHAPES: MappingProxyType[str, dict[str, Degrees]] = MappingProxyType(
    {
        "Flat": _hand(
            STRAIGHT, STRAIGHT, STRAIGHT, STRAIGHT,
            thumb=((0.0, 14.0, -4.0), (0.0, 6.0, 0.0), (0.0, 4.0, 0.0)), spread=(9.0, 1.0, -8.0, -13.0),
        ),
        "Relaxed": _hand(
            (16.0, 22.0, 14.0), (20.0, 26.0, 16.0), (24.0, 30.0, 18.0), (28.0, 32.0, 18.0),
            thumb=((0.0, 8.0, -6.0), (0.0, 8.0, 0.0), (0.0, 14.0, 0.0)),
        ),
        "Spread": _hand(
            (-5.0, 0.0, 0.0), (-5.0, 0.0, 0.0), (-5.0, 0.0, 0.0), (-5.0, 0.0, 0.0),
            thumb=((0.0, -22.0, 8.0), (0.0, -8.0, 0.0), (0.0, -5.0, 0.0)), spread=(-16.0, -2.0, 12.0, 24.0),
        ),
        "Fist": _hand(CURLED, CURLED, CURLED, CURLED, thumb=OVER_FINGERS, spread=CLOSED),
        "Point": _hand(STRAIGHT, CURLED, CURLED, CURLED, thumb=OVER_FINGERS, spread=CLOSED),
        "Thumbs up": _hand(
            CURLED, CURLED, CURLED, CURLED,
            thumb=((0.0, -28.0, 22.0), (0.0, -15.0, 5.0), (0.0, -10.0, 0.0)), spread=CLOSED,
        ),
        "Peace": _hand(STRAIGHT, STRAIGHT, CURLED, CURLED, thumb=OVER_FINGERS, spread=(-14.0, 8.0, -7.0, -13.0)),
        "OK": _hand(
            (52.0, 58.0, 32.0), (12.0, 14.0, 8.0), (6.0, 8.0, 6.0), (0.0, 6.0, 4.0),
            thumb=((15.0, 14.0, -22.0), (0.0, 14.0, -8.0), (0.0, 28.0, 0.0)), spread=(0.0, 0.0, 6.0, 12.0),
        ),
        "Grip": _hand(
            (48.0, 55.0, 35.0), (48.0, 55.0, 35.0), (48.0, 55.0, 35.0), (48.0, 55.0, 35.0),
            thumb=((15.0, 18.0, -25.0), (0.0, 15.0, -5.0), (0.0, 20.0, 0.0)), spread=CLOSED,
        ),
        "Horns": _hand(STRAIGHT, CURLED, CURLED, STRAIGHT, thumb=OVER_FINGERS, spread=(-6.0, 0.0, -7.0, 12.0)),
    }
)  # fmt: skip
"""Axis-angle in degrees of the left hand's fifteen joints."""
